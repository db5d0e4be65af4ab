"""Django's name for this module."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """Customers."""

    name = "shuke.members"
    label = "members"
