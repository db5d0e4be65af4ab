"""Files of every platform through the real importer: rows add up, orders and lines stand, again changes nothing, undone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from shuke.cli.sample_platforms import PlatformFile, write_platform
from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.trade import actions as trade
from shuke.trade import queries
from shuke.trade.actions.undoing import run_undo_to_end
from tests.make import Place
from tests.trade.exports import UNTIL, take
from tests.trade.test_importing import counts, stand

WITH_BUYERS: tuple[PlatformFile, ...] = ("youzan", "jd", "shopify", "woocommerce")
EVERY: tuple[PlatformFile, ...] = (*WITH_BUYERS, "pinduoduo", "douyin")


def written(folder: Path, kind: PlatformFile, *, as_of: datetime | None = None) -> Path:
    return write_platform(folder, kind, orders=120, buyers=50, until=UNTIL, as_of=as_of)


@pytest.mark.parametrize("kind", EVERY)
def test_orders_lines_and_buyers_stand(alice: Place, tmp_path: Path, kind: PlatformFile) -> None:
    import_id = take(alice, written(tmp_path, kind))
    rows, new, changed, same, older, rejected = counts(alice, import_id)
    assert (new, changed, same, older, rejected) == (rows, 0, 0, 0, 0)
    with tenant(alice.merchant_id):
        assert sql.scalar("SELECT count(*) FROM trade_order WHERE doubts LIKE '%unreadable%'") == 0
        named = sql.scalar("SELECT count(*) FROM trade_order WHERE member_id IS NOT NULL")
        orders = sql.scalar("SELECT count(*) FROM trade_order")
        assert named == (orders if kind in WITH_BUYERS else 0)
        # What was paid for goods falls whole on the lines.
        assert sql.rows(
            "SELECT o.order_no FROM trade_order o JOIN (SELECT order_id, sum(gross_fen) g, sum(refund_fen) r FROM trade_line"
            " WHERE NOT is_vanished GROUP BY 1) l ON l.order_id = o.id WHERE o.paid_at IS NOT NULL"
            " AND (l.g <> o.paid_fen + o.refund_fen - o.post_fen OR l.r <> least(o.refund_fen, l.g))"
        ) == []  # fmt: skip
        assert queries.reject_summary(alice.merchant_id, import_id) == []


@pytest.mark.parametrize("kind", EVERY)
def test_again_changes_nothing_later_moves_on_and_undoing_goes_back(
    alice: Place, tmp_path: Path, kind: PlatformFile
) -> None:
    early = written(tmp_path / "early", kind, as_of=datetime(2026, 9, 1))  # noqa: DTZ001 - the shop's wall clock
    late = written(tmp_path / "late", kind)
    first = take(alice, early)
    stood = stand(alice)
    rows, *_ = counts(alice, first)
    again = take(alice, early)
    assert counts(alice, again) == (rows, 0, 0, rows, 0, 0)
    assert stand(alice) == stood
    second = take(alice, late)
    moved = stand(alice)
    assert moved != stood
    third = take(alice, early)
    assert counts(alice, third)[1:3] == (0, 0)
    assert stand(alice) == moved
    for import_id, expected in (
        (third, moved["orders"]),
        (second, stood["orders"]),
        (again, stood["orders"]),
        (first, []),
    ):
        with tenant(alice.merchant_id):
            trade.undo(alice.merchant_id, import_id, by=alice.by)
        run_undo_to_end(alice.merchant_id, import_id)
        assert stand(alice)["orders"] == expected
    with tenant(alice.merchant_id):
        assert sql.scalar("SELECT count(*) FROM members_member") == 0


def test_one_person_on_two_platforms_is_one_customer(alice: Place, tmp_path: Path) -> None:
    take(alice, written(tmp_path, "youzan"))
    with tenant(alice.merchant_id):
        before = sql.scalar("SELECT count(*) FROM members_member")
    take(alice, written(tmp_path, "woocommerce"))
    take(alice, written(tmp_path, "shopify"))
    with tenant(alice.merchant_id):
        assert sql.scalar("SELECT count(*) FROM members_member") == before


@pytest.mark.parametrize("kind", ["youzan_customers", "shopify_customers"])
def test_customers_become_members_and_go_again(alice: Place, tmp_path: Path, kind: PlatformFile) -> None:
    path = written(tmp_path, kind)
    first = take(alice, path)
    rows, new, changed, same, older, rejected = counts(alice, first)
    assert (new, changed, same, older, rejected) == (rows, 0, 0, 0, 0)
    assert counts(alice, take(alice, path))[1:] == (0, 0, rows, 0, 0)
    with tenant(alice.merchant_id):
        assert sql.scalar("SELECT count(*) FROM members_member") == rows
        if kind == "youzan_customers":
            assert sql.scalar("SELECT count(*) FROM members_member WHERE birth_month_day IS NOT NULL") > 0
            assert sql.scalar("SELECT count(*) FROM members_member WHERE gender <> ''") > 0
        assert sql.scalar("SELECT count(*) FROM members_membertag") > 0
        trade.undo(alice.merchant_id, first, by=alice.by)
    run_undo_to_end(alice.merchant_id, first)
    with tenant(alice.merchant_id):
        assert sql.scalar("SELECT count(*) FROM members_member WHERE source = %(s)s", {"s": f"import:{first}"}) == 0


def test_customers_and_orders_meet(alice: Place, tmp_path: Path) -> None:
    take(alice, written(tmp_path, "youzan_customers"))
    with tenant(alice.merchant_id):
        before = sql.scalar("SELECT count(*) FROM members_member")
    take(alice, written(tmp_path, "youzan"))
    with tenant(alice.merchant_id):
        assert sql.scalar("SELECT count(*) FROM members_member") == before
