"""The drill: a backup under load is put back elsewhere and everything is as it was; a damaged one changes nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from shuke.core.backup import dump
from shuke.core.backup.archive import Reader
from shuke.core.database import OWNER, EmbeddedServer
from tests.cli.running import Running

pytestmark = pytest.mark.slow
ORDERS = 60_000


@pytest.fixture(scope="module")
def shop(shared_ground: Path) -> Iterator[Running]:
    """A shop with orders and a worker that is importing more."""
    place = Running(shared_ground / "shop")
    place.begin()
    place.shuke("import", place.export(orders=300, seed=1))
    with place.serving():
        yield place


@pytest.fixture(scope="module")
def backup(shop: Running) -> Path:
    """A backup made while an import is half done."""
    importing = shop.start("import", shop.export(orders=ORDERS, seed=2))
    shop.until(lambda: shop.number("SELECT max(done_count) FROM core_progress WHERE state = 'running'") > 0)
    said = shop.shuke("backup", "--keep", "2")
    path = Path(said.stdout.split("✓ ")[1].split(": ")[0])
    assert importing.wait(240) == 0
    return path


def about(path: Path) -> dict[str, Any]:
    with Reader(path) as reader:
        name, content = next(iter(reader.members()))
        assert name == "about.json"
        found: dict[str, Any] = json.loads(content.read())
    return found


def test_a_restored_backup_counts_what_was_counted_and_the_import_goes_on(
    shop: Running, backup: Path, ground: Path
) -> None:
    told = about(backup)["tables"]
    assert 300 < told["trade_order"]["rows"] < 300 + ORDERS
    elsewhere = Running(ground / "elsewhere")
    done = elsewhere.shuke("restore", str(backup))
    assert done.stdout.endswith("✓ All is well.\n")
    assert "Sending is held" in elsewhere.shuke("doctor").stdout
    server = EmbeddedServer(elsewhere.home)
    server.start()
    try:
        with psycopg.connect(make_conninfo(**server.address(OWNER))) as connection:
            found = dump.census(connection)
    finally:
        server.stop()
    # What the restore itself wrote, and what follows a moment.
    changed = {"core_installation", "django_migrations", "core_factcursor"}
    assert {name for name in told if told[name] != found[name]} <= changed
    assert (elsewhere.home / "secrets/installation.key").read_text() == (
        shop.home / "secrets/installation.key"
    ).read_text()
    uploads = list((elsewhere.home / "uploads").rglob("*.sealed"))
    assert len(uploads) == 1, "the file that is being imported"

    with elsewhere.serving():
        elsewhere.until(lambda: elsewhere.number("SELECT count(*) FROM trade_order") == 300 + ORDERS)
        for place in (shop, elsewhere):
            place.until(lambda place=place: place.number(WAITING) == 0)  # type: ignore[misc]  # bound now, called now
        assert elsewhere.rows(TOTALS) == shop.rows(TOTALS)


WAITING = """
    SELECT count(*) FROM core_fact f LEFT JOIN core_factcursor c USING (merchant_id)
    WHERE (f.xid, f.id) > (coalesce(c.xid, '0'::xid8), coalesce(c.fact_id, 0))
"""
TOTALS = """
    SELECT (SELECT count(*) FROM trade_order), (SELECT sum(paid_fen) FROM trade_order), (SELECT count(*) FROM members_member),
        (SELECT sum(active) FROM ledger_balance), (SELECT sum(pending) FROM ledger_balance),
        (SELECT count(*) FROM loyalty_standing)
"""


def test_a_damaged_backup_is_refused_and_nothing_is_changed(shop: Running, backup: Path, ground: Path) -> None:
    place = Running(ground / "home")
    place.begin()
    place.shuke("import", place.export(orders=20, seed=9))
    key = (place.home / "secrets/installation.key").read_text()
    broken = ground / "broken.tar"
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 255
    broken.write_bytes(content)
    done = place.run("restore", str(broken), "--yes")
    assert (done.returncode, "no whole backup" in done.stderr) == (1, True)
    whole = place.run("restore", str(backup))
    assert (whole.returncode, "There are data here already" in whole.stderr) == (1, True)
    assert (place.home / "secrets/installation.key").read_text() == key
    assert list((place.home / "uploads").rglob("*.sealed")) == []
    assert place.run("doctor", "--quiet").stdout == "All is well.\n"
    assert place.run("restore", str(backup), "--yes").returncode == 0
    assert (place.home / "secrets/installation.key").read_text() != key


def test_a_running_shop_is_not_replaced(shop: Running, backup: Path) -> None:
    before = shop.rows(TOTALS)
    done = shop.run("restore", str(backup), "--yes")
    assert (done.returncode, "still running" in done.stderr) == (1, True)
    assert shop.rows(TOTALS) == before


def test_only_the_newest_backups_are_kept_and_no_half_one(shop: Running, backup: Path) -> None:
    for _turn in range(2):
        assert shop.shuke("backup", "--keep", "2").returncode == 0
    found = sorted(path.name for path in (shop.home / "backups").iterdir())
    assert len(found) == 2
    assert all(name.startswith("shuke-") and name.endswith(".tar") for name in found)
    assert backup.name not in found or len(found) == 2


def test_a_copied_folder_sends_nothing_until_it_is_released(ground: Path) -> None:
    shop = Running(ground / "shop")
    shop.begin()
    assert "Sending to the outside is open" in shop.shuke("doctor").stdout
    subprocess.run(["cp", "-a", str(shop.home), str(ground / "copy")], check=True)
    copied = Running(ground / "copy")
    assert "Sending is held for merchants 1 until" in copied.shuke("doctor").stdout
    assert copied.shuke("release-sending").stdout == "✓ Tea sends again.\nNothing is held.\n"
    assert copied.shuke("release-sending").stdout == "Nothing is held.\n"
    assert "Sending to the outside is open" in copied.shuke("doctor").stdout
    assert "Sending to the outside is open" in shop.shuke("doctor").stdout


def test_an_encrypted_backup_comes_back_with_its_passphrase(shop: Running, ground: Path) -> None:
    phrase = {"SHUKE_BACKUP_PASSPHRASE": "竹外桃花三两枝"}
    assert shop.run("backup", "--to", str(ground / "out"), more=phrase).returncode == 0
    (path,) = (ground / "out").iterdir()
    assert path.name.endswith(".tar.sealed")
    elsewhere = Running(ground / "elsewhere")
    assert elsewhere.run("restore", str(path)).returncode == 1
    assert elsewhere.run("restore", str(path), more=phrase).returncode == 0


def test_a_killed_backup_leaves_nothing_that_looks_like_one(shop: Running, ground: Path) -> None:
    folder = ground / "out"
    process = shop.start("backup", "--to", str(folder))
    shop.until(lambda: folder.exists() and any(folder.iterdir()))
    process.kill()
    process.wait()
    assert [path.name for path in folder.glob("shuke-*")] == []
    assert isinstance(process, subprocess.Popen)
