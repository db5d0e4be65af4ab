"""After an import the planner knows the merchant, though all it had seen before was another's."""

from __future__ import annotations

from pathlib import Path

import pytest

from shuke.core import sql
from shuke.core.tenancy import tenant
from tests.conftest import owner_connection
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
