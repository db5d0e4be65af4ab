"""Django's name for this module."""

from __future__ import annotations

from datetime import UTC, datetime

from django.apps import AppConfig
from django.db.backends.postgresql.psycopg_any import BaseTzLoader, get_adapters_template
from psycopg.abc import Buffer


class CoreConfig(AppConfig):
    """What knows no business."""

    name = "shuke.core"
    label = "core"

    def ready(self) -> None:
        """Read instants with Python's own parser: every connection speaks UTC, where it takes a tenth of the time."""
        get_adapters_template(True, UTC).register_loader("timestamptz", InstantLoader)


class InstantLoader(BaseTzLoader):  # type: ignore[misc]  # Django has no annotations
    """An instant as PostgreSQL writes it in UTC; anything else (BC, infinity) as Django reads it."""

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        """The instant."""
        try:
            return datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            found: datetime = super().load(data)
            return found
