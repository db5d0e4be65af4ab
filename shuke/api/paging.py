"""Cursors: where a list goes on, signed so that a program can only hand back what it was given for the same list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core import signing
from django.utils.translation import gettext_lazy as _

from shuke.core.errors import Refused


def seal(merchant_id: int, of: str, place: Any) -> str:
    """A cursor for one list of one merchant; `place` is plain JSON."""
    return signing.dumps(place, salt=f"shuke.api.cursor|{merchant_id}|{of}")


def opened(merchant_id: int, of: str, cursor: str) -> Any:
    """The place in a cursor, None for an empty one. Refused `bad_cursor` for one that was not given for this list."""
    if not cursor:
        return None
    try:
        return signing.loads(cursor, salt=f"shuke.api.cursor|{merchant_id}|{of}")
    except (signing.BadSignature, ValueError) as error:
        raise Refused("bad_cursor", _("This cursor is not one of this list.")) from error


def instant(place: Any) -> tuple[datetime, int] | None:
    """A place of an instant and an id."""
    return None if place is None else (datetime.fromisoformat(place[0]), int(place[1]))
