"""Opening the books that requests are about, wherever they are kept by now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from shuke.ledger.actions.book import Book, member_moved, open_book
from shuke.ledger.actions.homes import at_home
from shuke.ledger.actions.requests import Posting, Spend

R = TypeVar("R", Posting, Spend)


def opened(merchant_id: int, asset: str, requests: Sequence[R], now: datetime) -> tuple[list[R], dict[int, int], Book]:
    """The requests, made for whoever keeps the books of the member they name; her family where she has one; the locked books.

    Nearly always nobody was joined to another one, and all this is one way to the database. Refused `member_moved`.
    """
    members, keys = [one.member_id for one in requests], [one.key for one in requests]
    book = open_book(merchant_id, asset, members, now, keys=keys, only_at_home=True)
    if not book.is_elsewhere:
        return list(requests), book.families, book
    moved, families = at_home(merchant_id, requests)
    book = open_book(merchant_id, asset, [one.member_id for one in moved], now, keys=keys)
    if at_home(merchant_id, requests)[0] != moved:
        raise member_moved()
    return moved, families, book
