"""Django's name for this module."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Registers the module."""

    name = "shuke.ledger"
    label = "ledger"
