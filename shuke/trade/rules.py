"""Arithmetic of orders: how an order's money falls on its lines, which telling of an order wins, which group she is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

UNPAID, PAID, PART_SHIPPED, SHIPPED, SIGNED, FINISHED, CLOSED = (
    "unpaid", "paid", "part_shipped", "shipped", "signed", "finished", "closed",
)  # fmt: skip

REFUNDED = "refunded"

REFUND_STATE_LABELS: dict[str, str | Promise] = {
    "asked": _("refund asked for"),
    "returning": _("goods on their way back"),
    REFUNDED: _("refunded"),
    "refused": _("refund refused"),
    CLOSED: _("refund withdrawn"),
}

RANK = {UNPAID: 0, PAID: 1, PART_SHIPPED: 2, SHIPPED: 3, SIGNED: 4, FINISHED: 5, CLOSED: 6}

STATE_LABELS: dict[str, str | Promise] = {
    UNPAID: _("Waiting for payment"),
    PAID: _("Waiting to be shipped"),
    PART_SHIPPED: _("Partly shipped"),
    SHIPPED: _("Shipped"),
    SIGNED: _("Signed for"),
    FINISHED: _("Finished"),
    CLOSED: _("Closed"),
}

LOYAL, NEW, CALLBACK, LAPSED, OTHER = "loyal", "new", "callback", "lapsed", "other"

LIFECYCLE_LABELS: dict[str, str | Promise] = {
    LOYAL: _("Loyal"),
    NEW: _("New"),
    CALLBACK: _("To call back"),
    LAPSED: _("Long absent"),
    OTHER: _("Bought once"),
}

REASONS: dict[str, str | Promise] = {
    "price": _("Too dear"),
    "postage": _("Postage too high"),
    "size": _("Unsure about size or model"),
    "payment": _("Trouble with paying"),
    "elsewhere": _("Bought elsewhere"),
    "waiting": _("Waits for a promotion"),
    "mistake": _("Ordered by mistake"),
    "service": _("Question not answered"),
    "other": _("Other reason"),
}


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split a whole amount (≥ 0) by weights (≥ 0) into parts that add up exactly, by largest remainder.

    Ties go to the earlier part; where all weights are 0 the parts are as equal as whole numbers allow.
    """
    if not weights:
        return []
    total = sum(weights)
    if total == 0:
        weights, total = [1] * len(weights), len(weights)
    parts = [amount * weight // total for weight in weights]
    remainders = [amount * weight % total for weight in weights]
    short = amount - sum(parts)
    for place in sorted(range(len(parts)), key=lambda place: (-remainders[place], place))[:short]:
        parts[place] += 1
    return parts


def goods_gross(state: str, paid_at: datetime | None, paid: int, refund: int, post: int, total: int) -> int:
    """What was paid for goods before refunds, by an order's amounts in fen; 0 when it was never paid.

    A file that contradicts itself (paid in full and yet refunded) never makes it more than the order's total.
    """
    was_paid = paid_at is not None or RANK[PAID] <= RANK[state] <= RANK[FINISHED]
    gross = max(0, paid + refund - post) if was_paid else 0
    return min(gross, max(0, total - post)) if total else gross


def allocate(goods_fen: int, refund_fen: int, lines: Sequence[tuple[int, int | None, bool]]) -> list[tuple[int, int]]:
    """Each line's (gross, refunded) share of an order's goods money, both adding up exactly.

    `lines` are (weight, told refund or None, closed): weight is what the file says was paid or due for the line. The
    refund falls first on lines that tell one, then on closed lines, then on all others pro rata, on none more than
    its gross; what is left after all lines was refunded postage.
    """
    gross = split(goods_fen, [weight for weight, _told, _closed in lines])
    refunded = [0] * len(lines)
    left = min(refund_fen, goods_fen)
    tiers = (
        [told or 0 for _weight, told, _closed in lines],
        [gross[place] if closed else 0 for place, (_weight, _told, closed) in enumerate(lines)],
        list(gross),
    )
    for wanted in tiers:
        room = [min(wish, gross[place]) - refunded[place] for place, wish in enumerate(wanted)]
        room = [max(0, free) for free in room]
        given = split(min(left, sum(room)), room) if sum(room) else [0] * len(lines)
        refunded = [old + new for old, new in zip(refunded, given, strict=True)]
        left -= sum(given)
    return list(zip(gross, refunded, strict=True))


def least_state(states: Sequence[str]) -> str:
    """The state of an order by those of its lines: as far as the least of its open lines, closed when all are."""
    still = [state for state in states if state != CLOSED]
    return min(still, key=RANK.__getitem__) if still else CLOSED


def is_older_refund(state: str, known_state: str) -> bool:
    """Whether a refund is told in an earlier state than is known: what is refunded stays so."""
    return known_state == REFUNDED and state != REFUNDED


def is_older(state: str, refund_fen: int | None, known_state: str, known_refund_fen: int) -> bool:
    """Whether a telling of an order is behind what is known, so that it may fill gaps but move nothing back.

    States only go forward, and refunds are never unmade.
    """
    if RANK[state] != RANK[known_state]:
        return RANK[state] < RANK[known_state]
    return refund_fen is not None and refund_fen < known_refund_fen


def merge(stored: Mapping[str, Any], told: Mapping[str, Any], *, older: bool) -> dict[str, Any]:
    """What is known of an order after it was told again: a told value wins unless it is empty; an older telling
    only fills what was empty.
    """
    merged = dict(stored)
    for name, value in told.items():
        is_gap = stored.get(name) in (None, "", 0)
        if value not in (None, "") and (is_gap or not older):
            merged[name] = value
    return merged


class Timed(Protocol):
    """An order's state and times, as records and stored orders have them."""

    @property
    def state(self) -> str:
        """Its state."""
        ...

    @property
    def placed_at(self) -> datetime | None:
        """When it was placed."""
        ...

    @property
    def paid_at(self) -> datetime | None:
        """When it was paid."""
        ...

    @property
    def shipped_at(self) -> datetime | None:
        """When it was shipped."""
        ...

    @property
    def finished_at(self) -> datetime | None:
        """When it was finished."""
        ...


def since(record: Timed) -> datetime | None:
    """When an order came into the state it is told in, as nearly as the file knows."""
    if record.state == FINISHED:
        return record.finished_at or record.shipped_at or record.paid_at or record.placed_at
    if record.state in {SHIPPED, PART_SHIPPED, SIGNED}:
        return record.shipped_at or record.paid_at or record.placed_at
    return record.paid_at or record.placed_at


def short_title(titles: Sequence[str]) -> str:
    """The goods of an order in one line of at most 200 characters."""
    return "，".join(titles)[:200]


def lifecycle(
    order_count: int,
    first_order_at: datetime | None,
    last_order_at: datetime | None,
    last_unpaid_at: datetime | None,
    *,
    now: datetime,
    new_days: int,
    lapsed_days: int,
    callback_days: int,
) -> str:
    """The lifecycle group of a member: 待回访 (did not pay lately and bought nothing since), 久未来访, 忠实, 新, or none.

    The same order of questions as in the set-wise SQL of actions/figures.py; a test compares the two.
    """
    bought_since = last_order_at is not None and last_unpaid_at is not None and last_order_at >= last_unpaid_at
    if last_unpaid_at is not None and not bought_since and last_unpaid_at > now - timedelta(days=callback_days):
        return CALLBACK
    if last_order_at is None or first_order_at is None:
        return OTHER
    if last_order_at <= now - timedelta(days=lapsed_days):
        return LAPSED
    if order_count >= 2:
        return LOYAL
    return NEW if first_order_at > now - timedelta(days=new_days) else OTHER


def claims(known: Mapping[str, str], fact: str) -> bool:
    """Whether a fact (the last four digits of a phone, or a whole name) is of an order's receiver; takes as long either way."""
    word = "".join(fact.split()).casefold()
    tails = ["".join(filter(str.isdigit, known.get(field, "").partition("-")[0]))[-4:]
             for field in ("phone", "phone_masked")]  # fmt: skip
    name = "".join(known.get("name", "").split()).casefold()
    answers = [one for one in tails if len(one) == 4] + ([name] if len(name) > 1 and "*" not in name else [])
    same = [compare_digest(word.encode(), one.encode()) for one in answers]
    return any(same)
