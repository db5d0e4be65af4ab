"""Members with points, codes and orders for the tests of paying with points."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import pytest
from django.db import transaction

from shuke.core import facts, sql
from shuke.core.errors import Refused
from shuke.ledger import actions as ledger
from shuke.ledger import queries as balances
from shuke.loyalty import actions as loyalty
from shuke.loyalty import checks, queries
from shuke.loyalty.queries import Redemption
from shuke.loyalty.specs.redemption import RedemptionRuleSpec
from shuke.platforms.platform import OrderRecord
from tests.conftest import NOW
from tests.loyalty.make_trade import DAY, member, record, take
from tests.make import Place

HOUR = DAY / 24
NO = "3900000000000005001"


def rule(place: Place, **more: Any) -> None:
    """100 points pay ¥2, from 100 up in hundreds, as the rule proposes."""
    loyalty.save_redemption_rule(place.merchant_id, RedemptionRuleSpec(is_on=True, **more), by=place.by)


def rich(place: Place, nick: str = "小荷", points: int = 1000, key: str = "") -> int:
    """A member with points that lapse in a hundred days."""
    take(place, record(f"39{crc32(nick.encode()):017d}", nick, 1, state="closed", paid_at=None, paid_fen=0))
    member_id = member(place, nick)
    give(place, member_id, points, key or nick)
    return member_id


def give(place: Place, member_id: int, points: int, key: str) -> None:
    """Points that lapse in a hundred days."""
    posting = ledger.Posting(
        member_id=member_id, amount=points, kind="bonus", key=f"rich:{key}", expires_at=NOW + 100 * DAY
    )
    ledger.post(place.merchant_id, "points", [posting], by=place.by)


def ask(place: Place, member_id: int, points: int = 300, key: str = "k1") -> Redemption:
    """A code."""
    return loyalty.reserve_redemption(place.merchant_id, member_id, points, key=key, by=place.by)


def bind(place: Place, one: Redemption, order_no: str = NO, price_fen: int = 12800, post_fen: int = 0) -> Redemption:
    """The price of an order changed for a code."""
    return loyalty.bind_redemption(place.merchant_id, one.id, order_no, price_fen, post_fen, by=place.by)


def bought(order_no: str = NO, paid_fen: int = 12200, nick: str = "小荷", **more: Any) -> OrderRecord:
    """An order of today, paid at noon by the lowered price unless told otherwise."""
    state = more.pop("state", "paid")
    refund_fen = more.get("refund_fen", 0)
    is_paid = more.pop("is_paid", state != "unpaid")
    values: dict[str, Any] = {
        "state": state, "placed_at": NOW - HOUR, "paid_at": NOW + HOUR if is_paid else None, "goods_fen": paid_fen,
        "total_fen": paid_fen, "paid_fen": paid_fen - refund_fen if is_paid else 0, "finished_at": None,
    }  # fmt: skip
    return record(order_no, nick, **{**values, **more})


def told(place: Place, *records: OrderRecord) -> list[int]:
    """Orders taken and their stories told."""
    ids = take(place, *records)
    drain(place)
    return ids


def drain(place: Place) -> None:
    """Tell what waits to be told, within the test's own transaction."""
    order_ids = facts_of_orders(place)
    loyalty.settle_orders(place.merchant_id, order_ids)
    loyalty.settle_redemptions(place.merchant_id, order_ids)


def facts_of_orders(place: Place) -> list[int]:
    """Orders that any fact speaks of."""
    return [row[0] for row in sql.rows(
        "SELECT DISTINCT subject_id FROM core_fact WHERE merchant_id = %(m)s AND kind LIKE 'trade.order_%%'",
        {"m": place.merchant_id},
    )]  # fmt: skip


def again(place: Place, one: Redemption) -> Redemption:
    """A redemption as it stands now."""
    found = queries.redemption(place.merchant_id, one.id)
    assert found is not None
    return found


def pools(place: Place, member_id: int) -> tuple[int, int]:
    """What a member can use, and what is set aside."""
    found = balances.balance(place.merchant_id, "points", member_id)
    return found.active, found.reserved


def sound(place: Place) -> None:
    """Every invariant holds."""
    assert checks.run(place.merchant_id) == []


def sentences(place: Place, member_id: int, kind: str = "loyalty.redemption") -> list[str]:
    """What her timeline says of codes, the latest first."""
    found = [one for one in facts.timeline(place.merchant_id, member_id) if one.kind.startswith(kind)]
    return [one.sentence() for one in found]


def refused(code: str, act: Any, *args: Any, **more: Any) -> str:
    """An act is refused with this code; what it says."""
    with pytest.raises(Refused) as caught, transaction.atomic():
        act(*args, **more)
    assert caught.value.code == code
    return caught.value.message


def coming(place: Place, member_id: int) -> int:
    """Points that are not usable yet."""
    return balances.balance(place.merchant_id, "points", member_id).pending
