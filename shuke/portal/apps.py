"""Django's name for this module."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Registers the module."""

    name = "shuke.portal"
    label = "portal"
