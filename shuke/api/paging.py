"""Lists in parts: where one goes on is signed, so that a program can only hand back what it was given for the same list."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.core import signing
from django.utils.translation import gettext_lazy as _

from shuke.api.shapes import Page
from shuke.core.errors import Refused

Found = TypeVar("Found")
Item = TypeVar("Item")


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


def page(
    merchant_id: int,
    of: str,
    found: Sequence[Found],
    limit: int,
    told: Callable[[Found], Item],
    place: Callable[[Found], Any] = operator.attrgetter("id"),
) -> Page[Item]:
    """A part of a list and where the next one begins; `found` has one more than `limit` where the list goes on.

    `place` says in plain JSON where a found thing stands in the list.
    """
    shown = found[:limit]
    following = seal(merchant_id, of, place(shown[-1])) if len(found) > limit else None
    return Page(items=[told(one) for one in shown], next=following)


def instant(place: Any) -> tuple[datetime, int] | None:
    """A place of an instant and an id."""
    return None if place is None else (datetime.fromisoformat(place[0]), int(place[1]))
