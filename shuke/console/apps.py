"""Django's name for this module."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Registers the module."""

    name = "shuke.console"
    label = "console"
