"""Django's name for this module."""

from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    """Registers the module."""

    name = "shuke.loyalty"
    label = "loyalty"
