"""A PostgreSQL of the run's own, migrated once and copied for each process; Alice's shop and Charlie's."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as drawing
from psycopg.conninfo import make_conninfo

from shuke.core import clock, database
from shuke.core.tenancy import tenant
from shuke.merchants.actions import factors
from tests import make

HOME_VARIABLE = "SHUKE_TEST_HOME"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)

# How long a machine takes decides no test. Fixtures that examples share are empty folders and rules of a merchant.
drawing.register_profile(
    "shuke", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
drawing.load_profile("shuke")


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process names the folder; its workers inherit it."""
    if not hasattr(config, "workerinput"):
        os.environ[HOME_VARIABLE] = tempfile.mkdtemp(prefix="shuke-test-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The controlling process clears up."""
    if not hasattr(config, "workerinput") and HOME_VARIABLE in os.environ:
        shutil.rmtree(os.environ[HOME_VARIABLE], ignore_errors=True)


def pytest_collection_finish() -> None:
    """What stands by now stays until the end, so that no collection of garbage need look at it again."""
    gc.collect()
    gc.freeze()


def server() -> database.EmbeddedServer:
    """The process's own PostgreSQL; nothing of it is kept, so it neither waits for disks nor vacuums.

    Each process has one, because facts are told only when every older transaction of the whole server has ended.
    """
    speed = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal",
             "max_wal_senders": "0", "autovacuum": "off", "shared_buffers": "128MB"}  # fmt: skip
    return database.EmbeddedServer(
        Path(os.environ[HOME_VARIABLE], os.environ.get("PYTEST_XDIST_WORKER", "main")), speed
    )


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """Replaces pytest-django's: our roles, our migrations, in this process's own server."""
    settings.SHUKE_HOME = server().home
    # Argon2 is slow on purpose; no test depends on which hash it is, or how dear.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    factors.MEMORY_COST = 8
    with django_db_blocker.unblock():
        server().start()
        database.prepare(server().address(database.OWNER))
        _point_at(database.DATABASE)
        call_command("migrate", database="owner", verbosity=0)
        connections.close_all()
        yield
        connections.close_all()
        server().stop()


def _point_at(name: str) -> None:
    connections.close_all()
    for alias, user in (("default", database.APP), ("owner", database.OWNER)):
        address: dict[str, Any] = server().address(user, name)
        connections[alias].settings_dict.update(HOST=address["host"], USER=user, NAME=name)
        settings.DATABASES[alias].update(HOST=address["host"], USER=user, NAME=name)


def _empty_all_tables(self: TransactionTestCase) -> None:
    """The application may neither truncate nor delete ledger rows, so the owner clears up after committing tests."""
    with owner_connection() as connection:
        # Emptying a table costs files for it and each of its indexes, and most tests fill few tables.
        filled = [
            row[0]
            for row in connection.execute(
                "SELECT format('%I', relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind = 'r' AND relname <> 'django_migrations' AND pg_relation_size(oid) > 0 ORDER BY 1"
            )
        ]
        if filled:
            connection.execute(f"TRUNCATE {', '.join(filled)} RESTART IDENTITY CASCADE")


setattr(TransactionTestCase, "_fixture_teardown", _empty_all_tables)  # noqa: B010 - Django keeps it out of its stubs


def owner_connection() -> psycopg.Connection[tuple[Any, ...]]:
    """A connection as the tables' owner, for looking behind the walls and breaking things on purpose."""
    address = server().address(database.OWNER, connections["default"].settings_dict["NAME"])
    return psycopg.connect(make_conninfo(**address), autocommit=True)


@pytest.fixture
def at_noon() -> Iterator[datetime]:
    """Hold the clock at noon of 22 November 2026 in Shanghai."""
    with clock.frozen(NOW):
        yield NOW


@pytest.fixture
def alice(db: None, at_noon: datetime) -> make.Place:
    """Alice owns a merchant with one Taobao shop; Bob is an agent there. No scope is open."""
    return make.place("Alice", agent="Bob")


@pytest.fixture
def charlie(db: None, at_noon: datetime) -> make.Place:
    """Charlie owns another merchant."""
    return make.place("Charlie")


@pytest.fixture
def shop(alice: make.Place) -> Iterator[make.Place]:
    """Alice's place with her scope open, as within a request of hers."""
    with tenant(alice.merchant_id):
        yield alice
