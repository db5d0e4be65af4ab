"""What the database itself does not allow, and what one merchant sees of another."""

from __future__ import annotations

import psycopg.errors
import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.ledger import actions, checks, queries
from shuke.ledger.actions import Posting, Spend
from shuke.ledger.queries import Balance
from tests.conftest import owner_connection
from tests.make import Place

POINTS, LI = "points", 7


@pytest.fixture
def held(shop: Place) -> Place:
    """Li holds 6 of 10, having spent 4."""
    actions.post(shop.merchant_id, POINTS, [Posting(member_id=LI, amount=10, kind="bonus", key="bonus")], by=shop.by)
    actions.spend(shop.merchant_id, POINTS, [Spend(member_id=LI, amount=4, key="buy")], by=shop.by)
    return shop


@pytest.mark.parametrize("table", ["ledger_transfer", "ledger_allocation"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET amount = amount + 1", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_was_written_stays(held: Place, table: str, statement: str) -> None:
    with pytest.raises(ProgrammingError) as refused, transaction.atomic():
        sql.run(statement.format(table))
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)
    assert checks.run(held.merchant_id) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_balance SET active = -1",
        "UPDATE ledger_balance SET debt = 1",
        "UPDATE ledger_balance SET pending = -1",
        "UPDATE ledger_balance SET reserved = -1",
        'UPDATE ledger_lot SET "left" = amount + 1',
        "UPDATE ledger_lot SET revoked = amount + 1",
        "UPDATE ledger_lot SET state = 'empty'",
        (
            "INSERT INTO ledger_transfer (merchant_id, member_id, asset, kind, from_state, to_state, amount, source, key,"
            " happened_at, by) SELECT merchant_id, member_id, asset, kind, 'spent', 'issued', 1, '', 'x', now(), 'x'"
            " FROM ledger_balance"
        ),
        (
            "INSERT INTO ledger_transfer (merchant_id, member_id, asset, kind, from_state, to_state, amount, source, key,"
            " happened_at, by) SELECT merchant_id, member_id, asset, 'x', 'issued', 'active', 1, '', 'buy', now(), 'x'"
            " FROM ledger_balance"
        ),
    ],
)
def test_the_tables_refuse_what_cannot_be(held: Place, statement: str) -> None:
    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
        sql.run(statement)


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE ledger_balance SET active = active + 1", "balance = Σ transfers"),
        ("UPDATE ledger_balance SET active = active + 1", "balance = Σ lots"),
        ("UPDATE ledger_balance SET active = active + 1", "issued = where it went"),
        ('UPDATE ledger_lot SET "left" = "left" - 1', "lot = Σ its parts"),
        ("UPDATE ledger_lot SET member_id = 8", "nothing crosses members"),
        ("UPDATE ledger_lot SET state = 'pending'", "balance = Σ lots"),
    ],
)
def test_a_forged_row_is_found(held: Place, statement: str, check: str) -> None:
    assert checks.run(held.merchant_id) == []
    sql.run(statement)
    assert check in {violation.check for violation in checks.run(held.merchant_id)}


def test_another_merchant_sees_and_changes_nothing(alice: Place, charlie: Place) -> None:
    with tenant(alice.merchant_id):
        actions.post(alice.merchant_id, POINTS, [Posting(member_id=LI, amount=10, kind="bonus", key="bonus")])
    with tenant(charlie.merchant_id):
        assert queries.balance(charlie.merchant_id, POINTS, LI) == Balance()
        assert queries.statement(alice.merchant_id, POINTS, LI) == []
        assert queries.totals(alice.merchant_id, POINTS) == queries.Totals()
        assert sql.run("UPDATE ledger_balance SET active = 0") == 0
        actions.post(charlie.merchant_id, POINTS, [Posting(member_id=LI, amount=1, kind="bonus", key="bonus")])
    with tenant(alice.merchant_id):
        assert queries.balance(alice.merchant_id, POINTS, LI) == Balance(active=10)


@pytest.mark.parametrize("table", ["transfer", "allocation", "lot", "balance", "reservation"])
def test_every_table_has_both_walls(db: None, table: str) -> None:
    with owner_connection() as connection:
        found = connection.execute(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s", [f"ledger_{table}"]
        ).fetchone()
    assert found == (True, True)
