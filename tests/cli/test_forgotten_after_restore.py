"""The drill: somebody is forgotten, an older backup is put back, and she stays forgotten, her old orders or not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import LONG, ROOT, Running

pytestmark = pytest.mark.slow
ERASE = """
import sys, django; django.setup()
from shuke.cli.home import database_open
from shuke.core.actors import SYSTEM
from shuke.members import actions as members
with database_open():
    members.erase(1, int(sys.argv[1]), by=SYSTEM)
"""
KNOWN = "SELECT count(*) FROM members_identity"


def test_whoever_was_forgotten_since_the_backup_stays_forgotten(ground: Path) -> None:
    shop = Running(ground / "shop")
    shop.begin()
    export = shop.export(orders=20, seed=5)
    shop.shuke("import", export)
    path = Path(shop.shuke("backup").stdout.split("✓ ")[1].split(": ")[0])
    shop.server.start()
    try:
        [(member_id, name)] = shop.rows("SELECT id, display_name FROM members_member ORDER BY id LIMIT 1")
        known = shop.number(KNOWN)
        of_her = shop.number(f"{KNOWN} WHERE member_id = {member_id}")
    finally:
        shop.server.stop()
    assert of_her > 0
    environment = shop.environment({"DJANGO_SETTINGS_MODULE": "shuke.settings"})
    subprocess.run([sys.executable, "-c", ERASE, str(member_id)], env=environment, cwd=ROOT, check=True, timeout=LONG)

    assert shop.shuke("restore", str(path), "--yes").stdout.endswith("✓ All is well.\n")
    shop.shuke("import", export)
    assert shop.run("doctor", "--quiet").stdout == "All is well.\n"
    shop.server.start()
    try:
        assert shop.number(KNOWN) == known - of_her
        assert shop.number(f"SELECT count(*) FROM members_member WHERE id = {member_id} AND erased_at IS NOT NULL") == 1
        assert name not in [row[0] for row in shop.rows("SELECT display_name FROM members_member")]
        assert shop.number("SELECT count(*) FROM trade_order") == 20
    finally:
        shop.server.stop()
