"""Django's name for this module."""

from django.apps import AppConfig


class PlatformsConfig(AppConfig):
    """Registers the module."""

    name = "shuke.platforms"
    label = "platforms"
