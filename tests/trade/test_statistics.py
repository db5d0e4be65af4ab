"""After an import the planner knows the merchant, though all it had seen before was another's."""

from __future__ import annotations

from pathlib import Path

import pytest

from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.trade import queries
from tests.conftest import owner_connection
from tests.loyalty.make_trade import record
from tests.loyalty.make_trade import take as take_records
from tests.make import Place
from tests.trade.exports import take, written

pytestmark = pytest.mark.django_db(transaction=True)


def expected(place: Place, table: str) -> int:
    """How many rows of hers PostgreSQL reckons with."""
    with tenant(place.merchant_id):
        [[[plan]]] = sql.rows(f"EXPLAIN (FORMAT JSON) SELECT FROM {table} WHERE merchant_id = {place.merchant_id}")
    return int(plan["Plan"]["Plan Rows"])


def test_a_second_merchants_rows_are_reckoned_with(alice: Place, charlie: Place, tmp_path: Path) -> None:
    files = written(tmp_path)
    for path in files:
        take(alice, path)
    with owner_connection() as connection:
        connection.execute("ANALYZE")
    assert expected(charlie, "trade_order") < 10
    for path in files:
        take(charlie, path)
    assert {table: expected(charlie, table) > 100 for table in ("trade_order", "trade_line", "members_identity")} == {
        "trade_order": True, "trade_line": True, "members_identity": True,
    }  # fmt: skip


def test_what_the_planner_does_not_know_of_yet_is_not_read_again_for_every_order(alice: Place, charlie: Place) -> None:
    """While a first import runs, its story and the next figures ask about rows that no statistics have seen."""
    with tenant(alice.merchant_id):
        take_records(alice, *(record(f"7{number:018}", f"买家{number}") for number in range(300)))
    with owner_connection() as connection:
        connection.execute("ANALYZE")
    with tenant(charlie.merchant_id):
        ids = take_records(charlie, *(record(f"8{number:018}", f"买家{number}") for number in range(300)))
        assert len(queries.earning_lines(charlie.merchant_id, ids)) == 300
        loyalty.settle_orders(charlie.merchant_id, ids)
        read = dict(
            sql.rows(
                "SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
                " WHERE schemaname = 'public' AND seq_tup_read + coalesce(idx_tup_fetch, 0) > 10000"
            )
        )
    assert read == {}
