"""Orders that go from one buyer to another, or to nobody: the books of both are what the rules say, whenever it is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shuke.core import facts, sql
from shuke.core.tenancy import tenant
from shuke.ledger import queries as ledger
from shuke.loyalty import actions as loyalty
from shuke.loyalty import checks
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec
from shuke.trade import actions as trade
from shuke.trade.actions.undoing import run_undo_to_end
from tests.make import Place
from tests.stories.test_orders import tell
from tests.trade.exports import take, written
from tests.trade.test_read_anew import RIGHT, take_as

HEADER = "单号,下单日期,完成日期,交易状态,会员手机,货品名称,应付,实付,退"
LIN, CHEN = "13900000001", "13900000002"


@pytest.fixture
def capped(alice: Place) -> Place:
    """At most 150 points a day for a customer, and levels."""
    with tenant(alice.merchant_id):
        spec = PointsRuleSpec.model_validate({"start_on": date(2020, 1, 1), "cap_per_day": 150, "counts_when": "paid"})
        loyalty.save_points_rule(alice.merchant_id, spec, by=alice.by)
        loyalty.save_level_rule(alice.merchant_id, LevelRuleSpec(), by=alice.by)
    return alice


def told(place: Place, folder: Path, order_no: str, phone: str) -> int:
    """Import a file of one order of ¥100; its import's id."""
    path = folder / "门店.csv"
    path.write_text(f"{HEADER}\n{order_no},2026-11-01 1{order_no}:00,,已发货,{phone},龙井绿茶,100.00,100.00,\n")
    return take_as(place, path, RIGHT)


def undone(place: Place, import_id: int) -> None:
    with tenant(place.merchant_id):
        trade.undo(place.merchant_id, import_id, by=place.by)
    run_undo_to_end(place.merchant_id, import_id)


def points(place: Place) -> dict[str, int]:
    """What everybody holds, by the last orders of hers."""
    with tenant(place.merchant_id):
        assert checks.run(place.merchant_id) == []
        people = dict(sql.rows("SELECT order_no, member_id FROM trade_order WHERE removed_at IS NULL"))
        found = ledger.balances(place.merchant_id, "points", list(people.values()))
        return {no: found[one].active + found[one].pending for no, one in people.items()}


def everybody(place: Place) -> list[int]:
    """What everybody holds who ever had points, also who is no customer any more; the one who came first first."""
    with tenant(place.merchant_id):
        assert checks.run(place.merchant_id) == []
        people = [row[0] for row in sql.rows("SELECT DISTINCT member_id FROM ledger_transfer ORDER BY member_id")]
        found = ledger.balances(place.merchant_id, "points", people)
        return [found[one].active + found[one].pending for one in people]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("told_between", [False, True])
def test_an_order_that_goes_to_another_buyer_leaves_room_under_the_cap(
    capped: Place, tmp_path: Path, *, told_between: bool
) -> None:
    first = told(capped, tmp_path, "1", LIN)
    told(capped, tmp_path, "2", LIN)
    tell(capped)
    assert points(capped) == {"1": 150, "2": 150}
    undone(capped, first)
    if told_between:
        tell(capped)
    told(capped, tmp_path, "1", CHEN)
    tell(capped)
    assert points(capped) == {"1": 100, "2": 100}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("told_between", [False, True])
def test_welcome_points_that_hung_on_the_order_go_with_it(alice: Place, tmp_path: Path, *, told_between: bool) -> None:
    with tenant(alice.merchant_id):
        values = {"start_on": date(2020, 1, 1), "signup_points": 20, "signup_condition": "first_order"}
        spec = PointsRuleSpec.model_validate({**values, "counts_when": "paid"})
        loyalty.save_points_rule(alice.merchant_id, spec, by=alice.by)
    first = told(alice, tmp_path, "1", LIN)
    tell(alice)
    assert everybody(alice) == [120]
    undone(alice, first)
    if told_between:
        tell(alice)
        assert everybody(alice) == [0]
    told(alice, tmp_path, "1", CHEN)
    tell(alice)
    assert everybody(alice) == [0, 120]


@pytest.mark.django_db(transaction=True)
def test_an_order_whose_list_is_undone_while_its_lines_stay_yields_nothing(capped: Place, tmp_path: Path) -> None:
    order_list, details = written(tmp_path, orders=30, buyers=10)
    take(capped, details)
    import_id = take(capped, order_list)
    tell(capped)
    with tenant(capped.merchant_id):
        assert sql.scalar('SELECT sum("left") FROM ledger_lot') > 0
    undone(capped, import_id)
    tell(capped)
    with tenant(capped.merchant_id):
        assert sql.scalar("SELECT count(*) FROM trade_order WHERE member_id IS NOT NULL AND removed_at IS NULL") == 0
        assert sql.scalar('SELECT sum("left") FROM ledger_lot') == 0
        assert facts.pending_count(capped.merchant_id) == 0
        assert checks.run(capped.merchant_id) == []
    take(capped, order_list)
    tell(capped)
    with tenant(capped.merchant_id):
        assert sql.scalar('SELECT sum("left") FROM ledger_lot') > 0
        assert checks.run(capped.merchant_id) == []
