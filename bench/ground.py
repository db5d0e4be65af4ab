"""A temporary PostgreSQL with one migrated merchant, for benchmarks; nothing of it stays."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Ground:
    """Where a benchmark works."""

    home: Path
    merchant_id: int
    shop_id: int


@contextmanager
def ground() -> Iterator[Ground]:
    """Start, migrate, make a merchant with one shop; stop and remove everything at the end. Durable commits stay on."""
    home = Path(tempfile.mkdtemp(prefix="shuke-bench-"))
    os.environ.update(SHUKE_HOME=str(home), DJANGO_SETTINGS_MODULE="shuke.settings")
    os.environ.pop("DATABASE_URL", None)
    sys.path.insert(0, str(ROOT))
    import django

    from shuke.core import database

    server = database.EmbeddedServer(home)
    try:
        server.start()
        database.prepare(server.address(database.OWNER))
        django.setup()
        from django.core.management import call_command

        from shuke.core.actors import SYSTEM
        from shuke.core.tenancy import tenant
        from shuke.merchants import actions as merchants

        call_command("migrate", database="owner", verbosity=0)
        user_id = merchants.create_user("bench", "Bench", "correct horse battery")
        merchant_id, _staff_id = merchants.open_merchant("Bench", owner_user_id=user_id)
        with tenant(merchant_id):
            shop_id = merchants.open_shop(merchant_id, "Bench", "taobao", by=SYSTEM)
        yield Ground(home, merchant_id, shop_id)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
