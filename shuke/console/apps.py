"""Django's name for this module."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConsoleConfig(AppConfig):
    """The seller's pages."""

    name = "shuke.console"
    label = "console"

    def ready(self) -> None:
        """Load every module's specs, which register their settings."""
        autodiscover_modules("specs")
