"""What a process of a crash test does, told by its first argument; talks to the database named by SHUKE_HOME."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuke.settings")

import django

django.setup()

# ruff: noqa: E402 - models need Django to be set up first

from shuke.core import facts, sql
from shuke.core.actors import SYSTEM
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.trade import actions as trade

STATE = {
    "orders": "SELECT order_no, state, placed_at, paid_at, total_fen, paid_fen, refund_fen FROM trade_order ORDER BY 1",
    "lines": "SELECT o.order_no, l.line_key, l.gross_fen, l.refund_fen FROM trade_line l JOIN trade_order o"
    " ON o.id = l.order_id WHERE NOT l.is_vanished ORDER BY 1, 2",
    "figures": "SELECT m.display_name, f.order_count, f.paid_fen, f.closed_count, f.lifecycle FROM trade_figures f"
    " JOIN members_member m ON m.id = f.member_id ORDER BY 1",
    "balances": "SELECT m.display_name, b.asset, b.active, b.pending, b.debt FROM ledger_balance b"
    " JOIN members_member m ON m.id = b.member_id ORDER BY 1, 2",
    "levels": "SELECT m.display_name, s.level_no FROM loyalty_standing s JOIN members_member m ON m.id = s.member_id"
    " ORDER BY 1",
}


def begin(path: str) -> None:
    """Make a merchant, upload a file and start its import; prints merchant and import."""
    name = f"crash{os.getpid()}"  # several merchants of one test
    user_id = merchants.create_user(name, "Alice", "correct horse battery")
    merchant_id, _staff_id = merchants.open_merchant("Alice", owner_user_id=user_id)
    with tenant(merchant_id):
        shop_id = merchants.open_shop(merchant_id, "Alice", "taobao", by=SYSTEM)
        import_id = trade.upload(merchant_id, shop_id, Path(path).name, [Path(path).read_bytes()], by=SYSTEM)
        trade.inspect(merchant_id, import_id)
        trade.start(merchant_id, import_id, by=SYSTEM)
    print(json.dumps([merchant_id, import_id]))


def waiting(merchant: str) -> None:
    """Prints how many facts wait to be told."""
    print(json.dumps(facts.pending_count(int(merchant))))


def digest(merchant: str) -> None:
    """Prints a hash of everything that must stand at the end, by kind."""
    with tenant(int(merchant)):
        print(
            json.dumps(
                {kind: hashlib.sha256(repr(sql.rows(text)).encode()).hexdigest() for kind, text in STATE.items()}
            )
        )


if __name__ == "__main__":
    {"begin": begin, "waiting": waiting, "digest": digest}[sys.argv[1]](*sys.argv[2:])
