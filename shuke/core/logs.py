"""What the program writes into its log: one line or one JSON object an event, and never anything about a customer.

Exceptions are told by their kind and place; their messages may quote rows. Addresses are told by their pattern; they may
hold tokens. What is searched and posted is never told.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import structlog
from django.conf import settings

Exception_ = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@contextmanager
def about(**known: str) -> Iterator[None]:
    """Put these words beside everything that is logged within the block."""
    tokens = structlog.contextvars.bind_contextvars(**known)
    try:
        yield
    finally:
        structlog.contextvars.reset_contextvars(**tokens)


class WithoutPaths(logging.Filter):
    """Puts the pattern of an address where Django logs the address itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets it pass, changed."""
        request = getattr(record, "request", None)
        if request is not None and isinstance(record.args, tuple) and record.args:
            match = getattr(request, "resolver_match", None)
            record.args = (*record.args[:-1], f"/{match.route}" if match is not None else "an unknown address")
            vars(record).pop("request")
        return True


class Line(logging.Formatter):
    """Plain lines; exceptions without their messages."""

    def formatException(self, ei: Exception_) -> str:  # noqa: N802 - Python's name
        """Kinds and places, the innermost last."""
        return "\n".join(told(ei[1])) if ei[1] is not None else ""


class Json(structlog.stdlib.ProcessorFormatter):
    """One JSON object a line."""

    def __init__(self, **_options: Any) -> None:
        shared: list[structlog.typing.Processor] = [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=("method", "route", "status", "ms")),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _told_exception,
        ]
        super().__init__(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=shared,
        )


def told(error: BaseException) -> list[str]:
    """An exception and its causes without their messages: `ValueError in save (shuke/x.py:12)`."""
    if settings.DEBUG:
        return "".join(traceback.format_exception(error)).splitlines()
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(lines) < 200:
        frames = traceback.extract_tb(cause.__traceback__)
        lines += [f"  {frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or cause.__context__
    return lines


def _told_exception(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found if isinstance(found, BaseException) else None
    if error is not None:
        event["exception"] = told(error)
    return event
