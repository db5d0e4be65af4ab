"""The only source of the present instant, so that tests and replays can hold it still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def today(zone: str | ZoneInfo) -> date:
    """The present day in a merchant's zone."""
    return now().astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone).date()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold `now()` at an aware instant within the block."""
    if at.tzinfo is None:
        raise ValueError("an aware instant is needed")
    token = _frozen.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
