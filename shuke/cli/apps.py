"""Django's name for this module."""

from django.apps import AppConfig


class CliConfig(AppConfig):
    """Registers the module."""

    name = "shuke.cli"
    label = "cli"
