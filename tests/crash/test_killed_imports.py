"""Worker and PostgreSQL killed with -9 in the middle of an import: it goes on and ends the same."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shuke.cli.sample_exports import write_exports
from tests.crash.stage import Stage

ORDERS = 11_000

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    return write_exports(folder, orders=ORDERS, buyers=6_000, months=12, until=date(2026, 6, 30), lines=None)[0]


def test_an_import_killed_with_its_worker_and_with_postgres_ends_the_same(stage: Stage, export: Path) -> None:
    undisturbed, its_import = stage.play("begin", str(export))
    stage.work()
    assert stage.wait(its_import, lambda _done, state, _rows: state == "done") == ORDERS
    stage.settle(undisturbed)
    stage.kill_workers()

    merchant, import_id = stage.play("begin", str(export))
    stage.work()
    stage.wait(import_id, lambda done, _state, _rows: done > 0)
    stage.kill_workers()
    killed_at, state, _rows = stage.look(import_id)
    assert state == "running"
    assert 0 < killed_at < ORDERS
    stage.work()
    stage.wait(import_id, lambda done, _state, _rows: done > killed_at)
    stage.kill_postgres()
    stage.server.start()
    stage.kill_workers()
    stage.work()
    assert stage.wait(import_id, lambda _done, state, _rows: state == "done") == ORDERS
    stage.settle(merchant)

    assert stage.play("digest", str(merchant)) == stage.play("digest", str(undisturbed))
