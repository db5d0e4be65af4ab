"""Django's name for this module."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """Registers the module."""

    name = "shuke.members"
    label = "members"
