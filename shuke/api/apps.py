"""Django's name for this module."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The programs' surface."""

    name = "shuke.api"
    label = "api"
