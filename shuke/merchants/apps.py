"""Django's name for this module."""

from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    """Merchants, shops, staff."""

    name = "shuke.merchants"
    label = "merchants"
