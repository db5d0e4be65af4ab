"""Django's name for this module."""

from django.apps import AppConfig


class StoriesConfig(AppConfig):
    """Registers the module."""

    name = "shuke.stories"
    label = "stories"
