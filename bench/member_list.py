"""spine-6: one page of the member list at a million members, for every filter and every sort order.

    python bench/member_list.py [--members 1000000] [--rounds 3]

Prints one line; the slowest combinations go to standard error with --slow.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from datetime import date
from typing import Any

import psycopg
from ground import Ground, ground
from psycopg.conninfo import make_conninfo

SHARES = {
    "members_member": """
        INSERT INTO members_member (merchant_id, id, display_name, relation_source, status, status_reason, province, city,
            gender, joined_at, source, seen_at, seen_source)
        SELECT %(m)s, g, '买家' || chr(19968 + (g::bigint * 7919 %% 3000)::int) || chr(19968 + (g::bigint * 104729 %% 2999)::int) || g,
            (ARRAY['traded','traded','traded','traded','traded','traded','traded','traded','untraded','recruited'])
                [1 + g %% 10], CASE WHEN g %% 500 = 0 THEN 'blacklist' ELSE 'normal' END, '',
            (ARRAY['浙江省','江苏省','广东省','北京市','上海市','四川省','湖北省','西藏自治区'])
                [1 + floor(7.02 * power(((g::bigint * 2654435761) %% 1000003) / 1000003.0, 1.4))::int],
            '某市', '', now() - g * interval '1 minute', 'import:1', now() - g * interval '1 minute', 'import:1'
        FROM generate_series(1, %(n)s) g""",
    "members_identity": """
        INSERT INTO members_identity (merchant_id, member_id, kind, shop_id, value, source, created_at)
        SELECT %(m)s, id, 'nick', %(shop)s, display_name, 'import:1', joined_at FROM members_member""",
    "trade_figures": """
        INSERT INTO trade_figures (merchant_id, member_id, order_count, paid_fen, refund_fen, average_fen, item_count,
            finished_count, closed_count, unpaid_count, first_order_at, last_order_at, lifecycle)
        SELECT %(m)s, id, n, n * a, 0, CASE WHEN n > 0 THEN a ELSE 0 END, n, n, 0, 0, CASE WHEN n > 0 THEN t END,
            CASE WHEN n > 0 THEN t END,
            CASE WHEN n = 0 THEN CASE WHEN id %% 3 = 0 THEN 'callback' ELSE 'other' END
                WHEN t < now() - interval '180 days' THEN 'lapsed' WHEN n >= 2 THEN 'loyal'
                WHEN t > now() - interval '30 days' THEN 'new' ELSE 'other' END
        FROM (SELECT id, CASE WHEN relation_source = 'traded' THEN 1 + floor(-ln(1 - r1) * 1.2)::int ELSE 0 END AS n,
                (2000 + 30000 * r2 * r2)::bigint AS a, now() - r3 * interval '720 days' AS t
            FROM (SELECT id, relation_source, random() AS r1, random() AS r2, random() AS r3
                FROM members_member WHERE id %% 20 <> 0) x) y""",
    "ledger_balance": """
        INSERT INTO ledger_balance (merchant_id, asset, member_id, active, pending, reserved, debt)
        SELECT merchant_id, 'points', member_id, paid_fen / 100, 0, 0, 0 FROM trade_figures WHERE paid_fen > 0""",
    "loyalty_standing": """
        INSERT INTO loyalty_standing (merchant_id, member_id, level_no, since_at, reason, is_manual, evidence, note, set_by)
        SELECT merchant_id, member_id, CASE WHEN paid_fen > 100000 THEN 4 WHEN paid_fen > 60000 THEN 3
            WHEN paid_fen > 30000 THEN 2 ELSE 1 END, now(), 'threshold', false, '{}', '', 'system'
        FROM trade_figures WHERE paid_fen > 10000""",
    "members_tag": "INSERT INTO members_tag (merchant_id, id, name) VALUES (%(m)s, 1, '常用'), (%(m)s, 2, '少见')",
    "members_membertag": """
        INSERT INTO members_membertag (merchant_id, tag_id, member_id, by, added_at)
        SELECT merchant_id, CASE WHEN id %% 1000 = 7 THEN 2 ELSE 1 END, id, 'staff:1', now() FROM members_member
        WHERE id %% 10 = 7""",
    "members_group": """
        INSERT INTO members_group (merchant_id, id, name, note, offer, strategy) VALUES (%(m)s, 3, '老客', '', '', '')""",
    "members_membergroup": """
        INSERT INTO members_membergroup (merchant_id, group_id, member_id, by, added_at)
        SELECT merchant_id, 3, id, 'staff:1', now() FROM members_member WHERE id %% 50 = 3""",
}  # fmt: skip

FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "text": {"text": "丁九"},
    "text rare": {"text": "买家没有"},
    "text common": {"text": "买家"},
    "phone tail": {"text": "1234"},
    "loyal": {"lifecycle": "loyal"},
    "new": {"lifecycle": "new"},
    "callback": {"lifecycle": "callback"},
    "lapsed": {"lifecycle": "lapsed"},
    "other": {"lifecycle": "other"},
    "level 0": {"level_no": 0},
    "level 2": {"level_no": 2},
    "level 4": {"level_no": 4},
    "tag common": {"tag_id": 1},
    "tag rare": {"tag_id": 2},
    "group": {"group_id": 3},
    "blacklist": {"status": "blacklist"},
    "normal": {"status": "normal"},
    "recruited": {"relation_source": "recruited"},
    "province common": {"province": "浙江省"},
    "province rare": {"province": "西藏自治区"},
    "amount from": {"amount_from_fen": 100000},
    "amount to": {"amount_to_fen": 5000},
    "orders from": {"orders_from": 5},
    "points range": {"points_from": 100, "points_to": 120},
    "last order window": {"last_order_from_on": date(2025, 6, 1), "last_order_to_on": date(2025, 6, 7)},
    "loyal level 4 province": {"lifecycle": "loyal", "level_no": 4, "province": "浙江省"},
    "lapsed tag": {"lifecycle": "lapsed", "tag_id": 1},
    "nobody": {"lifecycle": "new", "orders_from": 5, "amount_to_fen": 2000},
}


MUST_MS = 150


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--members", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--slow", action="store_true")
    given = arguments.parse_args()
    with ground() as here:
        fill(here, given.members)
        measure(here, given.rounds, slow=given.slow)


def fill(here: Ground, members: int) -> None:
    """Make the members, set-wise, as the tables' owner, and let the list follow as the worker does."""
    from shuke.analytics.jobs import bring_up_to_date
    from shuke.core import database

    params = {"m": here.merchant_id, "shop": here.shop_id, "n": members}
    address = make_conninfo(**database.EmbeddedServer(here.home).address(database.OWNER))
    with psycopg.connect(address, autocommit=True) as owner:
        for statement in SHARES.values():
            owner.execute("SELECT setseed(0.5)")
            owner.execute(statement, params)
        owner.execute("VACUUM ANALYZE")
        began = time.perf_counter()
        bring_up_to_date(here.merchant_id)
        print(f"member rows {members / (time.perf_counter() - began):.0f}/s", file=sys.stderr)
        owner.execute("VACUUM ANALYZE")


def measure(here: Ground, rounds: int, *, slow: bool) -> None:
    """Every filter with every sort order both ways, the second page too; milliseconds."""
    from shuke.analytics.queries import member_list
    from shuke.analytics.specs import SORTS, MemberFilter
    from shuke.core import sql
    from shuke.core.tenancy import tenant

    taken: dict[str, list[float]] = {}
    trips: list[float] = []
    for _ in range(rounds):
        for (name, chosen), sort, descending in itertools.product(FILTERS.items(), SORTS, (True, False)):
            page = ""
            for number in (1, 2):
                with tenant(here.merchant_id):
                    began = time.perf_counter()
                    sql.scalar("SELECT 1")
                    middle = time.perf_counter()
                    found = member_list(
                        here.merchant_id, MemberFilter(**chosen), sort=sort, descending=descending, page=page
                    )
                    ended = time.perf_counter()
                trips.append((middle - began) * 1000)
                label = f"{name}/{sort} {'down' if descending else 'up'} page {number}"
                taken.setdefault(label, []).append((ended - middle) * 1000)
                page = found.next
                if not page:
                    break
    report(taken, trips, slow=slow)


def report(taken: dict[str, list[float]], trips: list[float], *, slow: bool) -> None:
    """The line of spine-6: over the best time of each combination's rounds, and over all times."""
    everything = sorted(itertools.chain.from_iterable(taken.values()))
    typical = {label: statistics.median(times) for label, times in taken.items()}
    ranked = sorted(typical, key=typical.__getitem__, reverse=True)
    if slow:
        for label in ranked[:40]:
            print(f"{typical[label]:8.1f} ms  {label}", file=sys.stderr)
    p95, p50 = (everything[int(len(everything) * share)] for share in (0.95, 0.50))
    verdict = "pass" if p95 <= MUST_MS else "miss"
    print(f"spine-6 {verdict} must_ms={MUST_MS} p95_ms={p95:.1f} p50_ms={p50:.1f} worst={ranked[0]!r} worst_ms={typical[ranked[0]]:.1f}"
          f" select1_ms={statistics.median(trips):.2f} combinations={len(taken)}")  # fmt: skip


if __name__ == "__main__":
    main()
