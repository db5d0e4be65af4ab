"""Whatever file tells of an erased buyer's orders, and in whatever order, nothing of her words or address is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.members import actions as members
from shuke.trade import actions as trade
from tests.loyalty.make_trade import line_record, member, record, take, take_lines
from tests.make import Place
from tests.stories.test_erased_members import tell
from tests.trade.test_refund_report import refund

pytestmark = pytest.mark.django_db(transaction=True)

KNOWN, OTHER = "3900000000000000001", "3900000000000000002"
RECEIVER: dict[str, Any] = {"name": "沈望舒", "phone": "8613677778888", "address": "云南省大理市苍山路7号"}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SHUKE_HOME", tmp_path)


def erased(place: Place) -> int:
    """A buyer with one order, erased."""
    with tenant(place.merchant_id):
        take(place, record(KNOWN, "望舒夜行", **RECEIVER))
        member_id = member(place, "望舒夜行")
    members.erase(place.merchant_id, member_id, by=place.by)
    tell(place)
    return member_id


def test_an_order_whose_lines_came_first_is_bare(alice: Place) -> None:
    member_id = erased(alice)
    with tenant(alice.merchant_id):
        take_lines(alice, line_record(OTHER, "10000000001", 100))
        take(alice, record(OTHER, "望舒夜行", **RECEIVER))
        assert sql.rows("SELECT member_id, private_sealed FROM trade_order ORDER BY order_no") == [
            (member_id, None),
            (member_id, None),
        ]


def test_what_she_wrote_about_a_refund_is_not_kept_of_a_known_order(alice: Place) -> None:
    erased(alice)
    with tenant(alice.merchant_id):
        trade.take_refunds(alice.merchant_id, alice.shop_id, [refund(order_no=KNOWN)], import_id=5, by=alice.by)
        assert sql.rows("SELECT refund_fen, explanation_sealed FROM trade_refund") == [(3000, None)]


def test_nor_of_one_that_comes_after_its_refund(alice: Place) -> None:
    erased(alice)
    with tenant(alice.merchant_id):
        trade.take_refunds(alice.merchant_id, alice.shop_id, [refund(order_no=OTHER)], import_id=5, by=alice.by)
        take(alice, record(OTHER, "望舒夜行", **RECEIVER))
        assert sql.rows("SELECT refund_fen, explanation_sealed FROM trade_refund") == [(3000, None)]


def test_of_everybody_else_it_is_kept(alice: Place) -> None:
    erased(alice)
    with tenant(alice.merchant_id):
        trade.take_refunds(alice.merchant_id, alice.shop_id, [refund(order_no=OTHER)], import_id=5, by=alice.by)
        take(alice, record(OTHER, "小荷"))
        assert sql.scalar("SELECT explanation_sealed IS NOT NULL FROM trade_refund")
