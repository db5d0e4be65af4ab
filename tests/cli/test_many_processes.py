"""Two web servers and two workers on one PostgreSQL server, as on several machines."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from shuke.core.database import OWNER, EmbeddedServer
from tests.cli.running import Running, answers, free_port

pytestmark = pytest.mark.slow
ORDERS = 3000


@pytest.fixture
def machines(ground: Path) -> Iterator[tuple[Running, Running]]:
    """Two data folders, the same keys and shared uploads, one server reached over TCP by two plain roles."""
    port = free_port()
    server = EmbeddedServer(ground / "server", {"listen_addresses": "127.0.0.1", "port": str(port)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPORT", str(port))
        server.start()
        try:
            with psycopg.connect(
                make_conninfo(**server.address(OWNER, "postgres"), port=port), autocommit=True
            ) as connection:
                connection.execute("CREATE ROLE keeper LOGIN CREATEDB CREATEROLE BYPASSRLS")
                connection.execute("CREATE ROLE shuke_app LOGIN")
                connection.execute("CREATE DATABASE shop OWNER keeper")
            more = {
                "DATABASE_URL": f"postgres://shuke_app@127.0.0.1:{port}/shop",
                "DATABASE_OWNER_URL": f"postgres://keeper@127.0.0.1:{port}/shop",
                "SHUKE_KEY": "07" * 32,
                "SHUKE_SECRET_KEY": "08" * 32,
            }
            first, second = (Running(ground / name, **more) for name in ("first", "second"))
            (first.home / "uploads").mkdir()
            (second.home / "uploads").symlink_to(first.home / "uploads")
            yield first, second
        finally:
            server.stop()


def rows(place: Running, statement: str) -> list[tuple[int, ...]]:
    """What the owner sees on the server."""
    with psycopg.connect(place.more["DATABASE_OWNER_URL"]) as connection:
        return connection.execute(statement).fetchall()


def test_two_machines_share_the_work_and_the_pages(machines: tuple[Running, Running]) -> None:
    first, second = machines
    first.shuke("migrate")
    first.begin()
    started = []
    try:
        ports = []
        for place in machines:
            ports.append(free_port())
            started += [place.start("serve", "--web-only", "--port", str(ports[-1])), place.start("work")]
        for place, port in zip(machines, ports, strict=True):
            place.until(lambda port=port: answers(port))  # type: ignore[misc]  # bound now, called now
        first.until(lambda: rows(first, "SELECT count(*) FROM procrastinate_workers")[0][0] >= 2)
        first.shuke("import", first.export(orders=ORDERS, seed=3))
        second.shuke("import", second.export(orders=ORDERS, seed=3))
        assert rows(first, "SELECT count(*) FROM trade_order") == [(ORDERS,)]
        for port in ports:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
                assert json.loads(answer.read()) == {
                    "database": True, "migrations": True, "worker": True, "ready": True,
                }  # fmt: skip
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
                assert b"shuke_facts_pending 0.0" in answer.read()
        assert "All is well." in second.shuke("doctor").stdout
        made = first.shuke("backup").stdout
        assert " rows, " in made
    finally:
        for process in started:
            process.terminate()
        for process in started:
            assert process.wait(120) is not None
