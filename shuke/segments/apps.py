"""Django's name for this module."""

from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    """Registers the module."""

    name = "shuke.segments"
    label = "segments"
