"""Django's name for this module."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Registers the module."""

    name = "shuke.webhooks"
    label = "webhooks"
