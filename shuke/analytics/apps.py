"""Django's name for this module."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Registers the module."""

    name = "shuke.analytics"
    label = "analytics"
