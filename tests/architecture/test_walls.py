"""Every table of a merchant stands behind both walls, whatever module it belongs to."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps

from shuke.core import sql
from shuke.core.database import APP
from tests.conftest import owner_connection

TENANT_TABLES = """
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'merchant_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname
"""
KEYS = """
    SELECT i.indexrelid::regclass::text, i.indisprimary, i.indisunique,
        (SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[0]),
        (SELECT amname FROM pg_am WHERE oid = k.relam)
    FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid WHERE i.indrelid = %s
"""

EXCEPTED = {("merchants_staff", "user_id")}  # who signs in is asked where she works before any merchant is known


def look(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    """What the owner sees."""
    with owner_connection() as connection:
        return connection.execute(statement, params or None).fetchall()


@pytest.mark.django_db
def test_every_tenant_table_has_forced_row_level_security_and_a_policy() -> None:
    tables = look(TENANT_TABLES)
    assert len(tables) > 5
    policed = {row[0] for row in look("SELECT polrelid FROM pg_policy")}
    assert [name for oid, name, on, forced in tables if not (on and forced and oid in policed)] == []


@pytest.mark.django_db
def test_every_key_and_index_begins_with_the_merchant() -> None:
    wrong = [
        f"{table}: {index}"
        for oid, table, _, _ in look(TENANT_TABLES)
        for index, _, _, first, method in look(KEYS, oid)
        if first != "merchant_id" and method != "brin" and (table, first) not in EXCEPTED
    ]
    unkeyed = [table for oid, table, _, _ in look(TENANT_TABLES) if not any(row[1] for row in look(KEYS, oid))]
    assert wrong + unkeyed == []


@pytest.mark.django_db
def test_a_table_of_ours_without_a_merchant_is_one_of_the_few_that_may_be() -> None:
    tenants = {row[1] for row in look(TENANT_TABLES)}
    ours = {model._meta.db_table for model in apps.get_models() if model.__module__.startswith("shuke.")}
    assert ours - tenants == {
        "merchants_merchant",
        "merchants_user",
        "core_installation",  # where the whole installation stands
        "merchants_signintry",  # counted before it is known who signs in, and where
        # what a person signs in with is hers wherever she works
        "merchants_codeapp",
        "merchants_passkey",
        "merchants_recoverycode",
        "merchants_signin",
    }


@pytest.mark.django_db
def test_the_application_owns_nothing_and_passes_no_wall() -> None:
    assert look("SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = %s", APP) == [
        (False, False, False, False)
    ]
    assert look("SELECT relname FROM pg_class WHERE relowner = %s::regrole", APP) == []
    assert look("SELECT roleid::regrole FROM pg_auth_members WHERE member = %s::regrole", APP) == []
    assert sql.scalar("SELECT current_user") == APP


@pytest.mark.django_db
def test_what_is_written_once_cannot_be_changed_by_the_application() -> None:
    rights = dict(
        look(
            "SELECT c.relname::text, has_table_privilege(%s, c.oid, 'UPDATE') OR has_table_privilege(%s, c.oid, 'DELETE')"
            " OR has_table_privilege(%s, c.oid, 'TRUNCATE') FROM pg_class c"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace",
            APP, APP, APP,
        )
    )  # fmt: skip
    insert_only = {"core_fact", "merchants_auditentry", "ledger_transfer"} & set(rights)
    assert {"core_fact", "merchants_auditentry"} <= insert_only
    assert [table for table in sorted(insert_only) if rights[table]] == []


@pytest.mark.django_db
def test_no_tenant_table_may_be_emptied_by_the_application() -> None:
    assert [
        name
        for oid, name, _, _ in look(TENANT_TABLES)
        if look("SELECT has_table_privilege(%s, %s::oid, 'TRUNCATE')", APP, oid) == [(True,)]
    ] == []
