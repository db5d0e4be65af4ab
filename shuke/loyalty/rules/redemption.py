"""Paying part of an order with points (积分抵现): the code, the price to set, and what follows from what the order says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

RESERVED, BOUND, COMMITTED, RELEASED, MISMATCH = "reserved", "bound", "committed", "released", "mismatch"
STATES = (RESERVED, BOUND, COMMITTED, RELEASED, MISMATCH)
COUNTED = (RESERVED, BOUND, COMMITTED, MISMATCH)
"""States that count towards the limits of a day."""

COMMIT, RELEASE, CANCEL = "commit", "release", "cancel"
DECISIONS = (COMMIT, RELEASE)
"""What staff may decide; the member herself may cancel."""

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0 O 1 I L. Its length is a prime, so that the check sign finds every wrong sign and every pair swapped."""

BODY = 8
_GROUP = f"([{ALPHABET}]{{3}})"
_CODE = re.compile(rf"(?<![A-Z0-9]){_GROUP}[-‐-― ]?{_GROUP}[-‐-― ]?{_GROUP}(?![A-Z0-9])")
_BETWEEN = re.compile(r"[\s\-‐-―_.·]")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a redemption was agreed on; prices in fen, None while nobody said what the order cost before."""

    member_id: int
    points: int
    asked_at: datetime
    until_at: datetime
    held_until_at: datetime
    shop_ids: frozenset[int]
    before_fen: int | None
    after_fen: int | None
    is_bound: bool
    decision: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the order; `gross_fen` is what was paid before refunds, 0 while it is unpaid."""

    member_id: int | None
    shop_id: int
    is_gone: bool
    is_closed: bool
    is_paid: bool
    paid_at: datetime | None
    gross_fen: int
    refund_fen: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a redemption stands by now: its state, why, and how many of its points a refund brings back."""

    state: str
    why: str = ""
    returned: int = 0


def verdict(terms: Terms, seen: Seen | None, now: datetime) -> Verdict:
    """What the order says, whatever was known before: the same order always leads to the same state."""
    if terms.decision == RELEASE:
        return Verdict(RELEASED, "decided")
    if terms.decision == CANCEL and not (seen is not None and seen.is_paid and not seen.is_gone):
        return Verdict(RELEASED, "cancelled")
    if seen is None or seen.is_gone or not (seen.is_paid or seen.is_closed):
        return _waiting(terms, now, "unpaid" if seen is not None and not seen.is_gone else "not_seen")
    if seen.is_closed:
        return Verdict(RELEASED, "order_closed")
    returned = back(terms.points, seen.gross_fen, seen.refund_fen)
    if returned == terms.points:
        return Verdict(RELEASED, "refunded")
    why = "" if terms.decision == COMMIT else doubt(terms, seen)
    return Verdict(MISMATCH, why) if why else Verdict(COMMITTED, "", returned)


def doubt(terms: Terms, seen: Seen) -> str:
    """Why a paid order does not fit what was agreed on; "" when it does."""
    if terms.decision == CANCEL:
        return "used_cancelled"
    if seen.member_id is not None and seen.member_id != terms.member_id:
        return "other_customer"
    if terms.shop_ids and seen.shop_id not in terms.shop_ids:
        return "other_shop"
    if seen.paid_at is not None and seen.paid_at < terms.asked_at:
        return "paid_before"
    if seen.paid_at is not None and seen.paid_at >= terms.held_until_at:
        return "paid_late"
    if terms.before_fen is None or terms.after_fen is None:
        return "price_unknown"
    if seen.gross_fen == terms.after_fen:
        return ""
    if seen.gross_fen == terms.before_fen:
        return "full_price"
    return "paid_more" if seen.gross_fen > terms.after_fen else "paid_less"


def back(points: int, gross_fen: int, refund_fen: int) -> int:
    """How many points a refund of so much in all brings back: in proportion, rounded down, all for a whole refund.

    It is reckoned from the sum of all refunds, so that parts add up exactly.
    """
    if refund_fen >= gross_fen:
        return points
    return points * refund_fen // gross_fen


def _waiting(terms: Terms, now: datetime, why: str) -> Verdict:
    if not terms.is_bound:
        return Verdict(RESERVED) if now < terms.until_at else Verdict(RELEASED, "time_over")
    return Verdict(BOUND) if now < terms.held_until_at else Verdict(RELEASED, why)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a rule says of one order: the largest part of its goods in ‰, and the least its goods must cost."""

    part_permille: int
    min_order_fen: int


def fits(limits: Limits, worth_fen: int, price_fen: int, post_fen: int) -> str:
    """Why an order of this price (postage included) may not be lowered by so much; "" when it may."""
    goods_fen = price_fen - post_fen
    if goods_fen <= 0 or post_fen < 0:
        return "no_goods"
    if goods_fen < limits.min_order_fen:
        return "order_small"
    if worth_fen > largest(limits, goods_fen) or worth_fen >= price_fen:
        return "part_large"
    return ""


def largest(limits: Limits, goods_fen: int) -> int:
    """The largest part of an order's goods that points may pay, in fen."""
    return goods_fen * limits.part_permille // 1000


def amounts(spendable: int, *, least: int, step: int, most: int) -> range:
    """The amounts of points she may choose: from the smallest up in steps to the most, or to what she has."""
    top = min(spendable, most)
    return range(least, top + 1, step)


def code_of(digest: bytes) -> str:
    """A code of nine signs out of a keyed digest: eight, and a check sign."""
    number = int.from_bytes(digest)
    signs = []
    for _place in range(BODY):
        number, place = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[place])
    body = "".join(signs)
    return body + check_sign(body)


def check_sign(body: str) -> str:
    """The last sign of a code, a weighted sum of the others."""
    total = sum(weight * ALPHABET.index(sign) for weight, sign in enumerate(body, start=1))
    return ALPHABET[total % len(ALPHABET)]


def shown(code: str) -> str:
    """`K7M4QX9TR` as people read it: `K7M-4QX-9TR`."""
    return "-".join(code[place : place + 3] for place in range(0, len(code), 3))


def read(text: str) -> str:
    """A code as somebody typed, pasted or scanned it, without dashes and blanks; "" when it cannot be one."""
    code = _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()
    fits_form = len(code) == BODY + 1 and set(code) <= set(ALPHABET)
    return code if fits_form and check_sign(code[:BODY]) == code[BODY] else ""


def codes_in(text: str) -> Iterator[str]:
    """Every code that stands somewhere in a text such as a remark."""
    for match in _CODE.finditer(unicodedata.normalize("NFKC", text).upper()):
        if code := read("".join(match.groups())):
            yield code


def shares(total: int, count: int) -> list[int]:
    """A day's limit in so many slots, whole and adding up exactly."""
    return [total // count + (place < total % count) for place in range(count)]
