"""Django's name for this module."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """What knows no business."""

    name = "shuke.core"
    label = "core"
