"""A member's points account of some days: what there was, every line with its sentence, what is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shuke.core import typed
from shuke.ledger import queries as ledger
from shuke.loyalty.queries.explain import Told, history
from shuke.loyalty.queries.rulebook import POINTS, zone_of
from shuke.loyalty.rules.levels import midnight

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line and what stood after it."""

    told: Told
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A member's account from one day to another, both included: `opening` + all lines = `closing`, exactly.

    Points pending count in, points set aside or owed are taken off.
    """

    first_on: date
    last_on: date
    opening: int
    lines: list[StatementLine]
    closing: int

    @property
    def came(self) -> int:
        """What came."""
        return sum(max(0, one.told.line.amount) for one in self.lines)

    @property
    def went(self) -> int:
        """What went."""
        return sum(max(0, -one.told.line.amount) for one in self.lines)


@dataclass(frozen=True, slots=True)
class Days:
    """The days somebody asks for, both included; `is_turned` when the first was after the last."""

    first_on: date
    last_on: date
    is_turned: bool = False


def days_of(first: str, last: str, today: date) -> Days:
    """The days an address names (`2026-01-31`): what it leaves out is New Year and today; never after today."""
    first_on, last_on = typed.day(first) or today.replace(month=1, day=1), min(typed.day(last) or today, today)
    if first_on > last_on:
        return Days(last_on, last_on, is_turned=True)
    return Days(first_on, last_on)


def statement_of(merchant_id: int, member_id: int, first_on: date, last_on: date) -> Statement:
    """The account of some days in the merchant's zone, the oldest line first; the ledger's own lines, all of them."""
    zone = zone_of(merchant_id)
    since, until = midnight(first_on, zone), midnight(last_on + timedelta(days=1), zone)
    kept: list[Told] = []
    before: tuple[datetime, int] | None = (until, 0)
    while page := history(merchant_id, member_id, before=before, limit=_PAGE):
        within = [told for told in page if told.line.happened_at >= since]
        kept += within
        before = page[-1].line.cursor
        if len(within) < len(page):
            break
    opening = ledger.sum_before(merchant_id, POINTS, member_id, since)
    lines: list[StatementLine] = []
    balance = opening
    for told in reversed(kept):
        balance += told.line.amount
        lines.append(StatementLine(told, balance))
    return Statement(first_on, last_on, opening, lines, balance)
