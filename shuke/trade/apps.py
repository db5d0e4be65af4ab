"""Django's name for this module."""

from django.apps import AppConfig


class TradeConfig(AppConfig):
    """Registers the module."""

    name = "shuke.trade"
    label = "trade"
