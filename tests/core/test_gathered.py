"""What is only written waits for the next statement, and is never overtaken, forgotten or kept when all is undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from shuke.core import sql
from shuke.core.errors import Refused
from shuke.core.tenancy import gathered_tenant, tenant
from shuke.members.models import Member
from shuke.merchants import actions as merchants
from tests import make

LINES = "SELECT act FROM merchants_auditentry WHERE act LIKE 'test.%' ORDER BY id"


def audit(alice: make.Place, act: str) -> None:
    merchants.audit(alice.merchant_id, act, by=alice.by)


@pytest.mark.django_db(transaction=True)
def test_one_way_takes_what_waits_in_its_order(alice: make.Place) -> None:
    ways = list[str]()

    def noted(execute: Callable[..., Any], statement: str, *more: Any) -> Any:
        ways.append(statement)
        return execute(statement, *more)

    with connection.execute_wrapper(noted), gathered_tenant(alice.merchant_id):
        audit(alice, "test.first")
        audit(alice, "test.second")
        assert ways == []
        assert sql.rows(LINES) == [("test.first",), ("test.second",)]
        assert len(ways) == 1
        audit(alice, "test.third")
    assert len(ways) == 2
    with tenant(alice.merchant_id):
        assert [act for (act,) in sql.rows(LINES)] == ["test.first", "test.second", "test.third"]


@pytest.mark.django_db(transaction=True)
def test_no_statement_of_anybody_else_overtakes_it(alice: make.Place) -> None:
    with gathered_tenant(alice.merchant_id):
        assert Member.objects.count() == 0  # the scope's opening went before
        audit(alice, "test.before")
        with connection.cursor() as cursor:
            cursor.execute(LINES)
            assert cursor.fetchall() == [("test.before",)]


def refuse() -> None:
    raise Refused("test", "no")


def fail_midway(alice: make.Place) -> None:
    with gathered_tenant(alice.merchant_id):
        audit(alice, "test.sent")
        sql.rows("SELECT 1", {})
        audit(alice, "test.waiting")
        refuse()


def fail_within(alice: make.Place) -> None:
    with sql.all_or_nothing():
        audit(alice, "test.undone")
        sql.rows("SELECT 1", {})
        refuse()


def fail_within_gathered(alice: make.Place) -> None:
    with gathered_tenant(alice.merchant_id):
        audit(alice, "test.around")
        fail_within(alice)


@pytest.mark.django_db(transaction=True)
def test_what_fails_leaves_nothing_and_nothing_waits_on(alice: make.Place) -> None:
    with pytest.raises(Refused):
        fail_midway(alice)
    with tenant(alice.merchant_id):
        audit(alice, "test.after")
        assert sql.rows(LINES) == [("test.after",)]


@pytest.mark.django_db(transaction=True)
def test_a_part_that_fails_is_undone_alone_or_where_things_are_gathered_with_all(alice: make.Place) -> None:
    with tenant(alice.merchant_id):
        audit(alice, "test.around")
        with pytest.raises(Refused):
            fail_within(alice)
        assert sql.rows(LINES) == [("test.around",)]
    with pytest.raises(Refused):
        fail_within_gathered(alice)
    with tenant(alice.merchant_id):
        assert sql.rows(LINES) == [("test.around",)]
