"""The first page and the levels page of a large shop, with orders, books, levels and paid memberships behind them.

    python bench/pages.py [--members 200000] [--rounds 5]

Prints one line a page: the first look of the day, and the looks after it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from decimal import Decimal
from http import HTTPStatus

import psycopg
from ground import Ground, ground
from member_list import fill
from psycopg.conninfo import make_conninfo

PASSWORD = "correct horse battery"  # noqa: S105 - of the database that is thrown away
PAGES = ("/console/", "/console/levels/", "/console/levels/ladder/")

SHARES = {
    "trade_order": """
        INSERT INTO trade_order (merchant_id, id, shop_id, order_no, member_id, state, placed_at, paid_at, finished_at,
            goods_fen, post_fen, total_fen, paid_fen, refund_fen, item_count, line_count, title, close_reason, doubts)
        SELECT merchant_id, nextval('shuke_ids'), %(shop)s, member_id || '-' || g, member_id,
            CASE WHEN at > now() - interval '10 days' THEN 'paid' ELSE 'finished' END, at, at,
            CASE WHEN at > now() - interval '10 days' THEN NULL ELSE at + interval '9 days' END, paid, 0, paid, paid, 0, 1, 1, '丝巾', '', ''
        FROM (SELECT f.merchant_id, f.member_id, g, f.average_fen AS paid,
                greatest(f.last_order_at - (g - 1) * interval '47 days', now() - interval '800 days') AS at
            FROM trade_figures f, generate_series(1, f.order_count) g WHERE f.order_count > 0) x""",
    "unpaid": """
        INSERT INTO trade_order (merchant_id, id, shop_id, order_no, member_id, state, placed_at, total_fen,
            goods_fen, post_fen, paid_fen, refund_fen, item_count, line_count, title, close_reason, doubts)
        SELECT %(m)s, nextval('shuke_ids'), %(shop)s, 'u' || id, id, 'unpaid', now() - (id %% 1000) * interval '1 hour', 9900,
            9900, 0, 0, 0, 1, 1, '丝巾', '', ''
        FROM members_member WHERE id %% 40 = 1""",
    "trade_line": """
        INSERT INTO trade_line (merchant_id, id, order_id, line_key, title, sku, product_id, outer_id, price_fen,
            quantity, weight_fen, gross_fen, refund_fen, state, is_vanished)
        SELECT merchant_id, nextval('shuke_ids'), id, '1', title, '', '', '', paid_fen * 10 / 9, 1, 0, paid_fen, 0, state, false
        FROM trade_order WHERE paid_at IS NOT NULL""",
    "ledger_transfer": """
        INSERT INTO ledger_transfer (merchant_id, id, member_id, asset, kind, from_state, to_state, amount, source, key,
            happened_at, by, note)
        SELECT merchant_id, nextval('shuke_ids'), member_id, 'points', 'order', 'issued', 'active', 1 + paid_fen / 100, 'order:' || id,
            'o' || id, finished_at, 'system', CASE WHEN id %% 3 = 0 THEN '{"level_times": "3/2"}'::jsonb END
        FROM trade_order WHERE finished_at IS NOT NULL""",
    "ledger_lot": """
        INSERT INTO ledger_lot (merchant_id, id, member_id, asset, source, part, amount, "left", lapsed, revoked, state, expires_at,
            happened_at)
        SELECT merchant_id, id, member_id, asset, source, 0, amount, amount, 0, 0, 'active', happened_at + interval '2 years', happened_at
        FROM ledger_transfer WHERE happened_at > now() - interval '1 year 11 months'""",
    "loyalty_standing": """
        UPDATE loyalty_standing SET since_at = now() - (member_id %% 365) * interval '1 day',
            until_at = now() + ((member_id %% 365) || ' days')::interval WHERE level_no > 0""",
    "loyalty_levelchange": """
        INSERT INTO loyalty_levelchange (merchant_id, id, member_id, at, before_no, after_no, reason, evidence, note, by)
        SELECT merchant_id, nextval('shuke_ids'), member_id, since_at - k * interval '100 days', greatest(0, level_no - k - 1),
            greatest(0, level_no - k), 'reached', '{}', '', 'system'
        FROM loyalty_standing, generate_series(0, 1) k""",
    "loyalty_term": """
        INSERT INTO loyalty_term (merchant_id, id, member_id, plan_id, plan_name, source, quantity, days, price_fen, level_no, times,
            bonus_points, bought_at, starts_at, ends_at, note, by)
        SELECT %(m)s, nextval('shuke_ids'), id, 1, '年卡', 'hand:' || id, 1, 365, 19900, 2, '1', 0, at, at, at + interval '365 days', '', 'system'
        FROM (SELECT id, now() - (id %% 365) * interval '1 day' AS at FROM members_member WHERE id %% 20 = 3) x""",
}  # fmt: skip


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--members", type=int, default=200_000)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    with ground() as here:
        stock(here, given.members)
        measure(given.rounds)


def stock(here: Ground, members: int) -> None:
    """Rules by the shop's actions, then members and all that pages read of them, set-wise, as the tables' owner."""
    from shuke.core import database
    from shuke.core.actors import SYSTEM
    from shuke.core.tenancy import tenant
    from shuke.loyalty import actions as loyalty
    from shuke.loyalty.specs import LevelRuleSpec, LevelSpec, PointsRuleSpec

    ladder = [("店铺客户", 0, 1000), ("普通", 100, 980), ("高级", 300, 950), ("VIP", 600, 920), ("至尊VIP", 1000, 900)]
    with tenant(here.merchant_id):
        loyalty.save_points_rule(here.merchant_id, PointsRuleSpec(), by=SYSTEM)
        loyalty.save_level_rule(
            here.merchant_id,
            LevelRuleSpec(
                for_taobao=False, window="rolling", validity_months=12,
                levels=tuple(LevelSpec(name=name, threshold=Decimal(opens), discount_permille=permille)
                             for name, opens, permille in ladder),
            ),
            by=SYSTEM,
        )  # fmt: skip
    fill(here, members)
    address = make_conninfo(**database.EmbeddedServer(here.home).address(database.OWNER))
    with psycopg.connect(address, autocommit=True) as owner:
        for statement in SHARES.values():
            owner.execute(statement, {"m": here.merchant_id, "shop": here.shop_id})
        owner.execute("VACUUM ANALYZE")


def measure(rounds: int) -> None:
    """Each page the first time, and then the middle of several; milliseconds in one process, without the network."""
    from django.test import Client

    client = Client(HTTP_HOST="localhost")
    client.post("/console/sign-in/", {"username": "bench", "password": PASSWORD})
    for path in PAGES:
        taken = []
        for _ in range(rounds + 1):
            began = time.perf_counter()
            answer = client.get(path)
            taken.append((time.perf_counter() - began) * 1000)
            if answer.status_code != HTTPStatus.OK:
                raise SystemExit(f"{path} answered {answer.status_code}")
        print(f"page {path} first_ms={taken[0]:.0f} again_ms={statistics.median(taken[1:]):.0f}")


if __name__ == "__main__":
    main()
