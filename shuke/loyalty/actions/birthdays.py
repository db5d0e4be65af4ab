"""The birthday benefit: points, and more points for orders, once a year for every member whose birthday is known."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from shuke.core import clock, facts, sql
from shuke.core.actors import SYSTEM
from shuke.core.tenancy import tenant
from shuke.ledger import actions as ledger
from shuke.loyalty.actions.settling import lock, settle_orders
from shuke.loyalty.events import BirthdayCelebrated
from shuke.loyalty.queries.rulebook import POINTS, gift_lapses_at, level_rule, zone_of
from shuke.loyalty.queries.standings import standings_of
from shuke.loyalty.rules.birthdays import celebrating, feast_on
from shuke.loyalty.rules.levels import midnight
from shuke.loyalty.specs import BirthdaySpec
from shuke.members import queries as members
from shuke.members.queries.birthdays import born_on
from shuke.merchants import queries as merchants
from shuke.trade import queries as trade

BIRTHDAY = "birthday"
CHUNK = 2000
_DAY = timedelta(days=1)


def celebrate(merchant_id: int) -> int:
    """Give everybody who celebrates today what the shop gives, unless she has it for this year; to how many.

    Looked at every hour in the merchant's zone. The gift's row and its points are one transaction, chunk by chunk:
    killed anywhere, the next look goes on; nobody gets it twice, whatever birthday she says she has.
    """
    count = after_id = 0
    while True:
        with tenant(merchant_id):
            found = _due(merchant_id, after_id)
            if not found:
                return count
            count += _give(merchant_id, found)
            after_id = max(found)


def _due(merchant_id: int, after_id: int) -> dict[int, int]:
    """The next members who celebrate today, with their birthdays; those who have their gift are left to `_give`."""
    spec = merchants.setting(merchant_id, BirthdaySpec)
    rule = level_rule(merchant_id)
    if not spec.is_on and not (rule and any(row.birthday_points for row in rule.spec.levels)):
        return {}
    today = clock.today(zone_of(merchant_id))
    known_since = clock.now() - timedelta(days=spec.known_days)
    born = born_on(merchant_id, celebrating(today, spec.stretch), known_since=known_since)
    return dict([one for one in born if one[0] > after_id][:CHUNK])


def _give(merchant_id: int, found: Mapping[int, int]) -> int:
    lock(merchant_id)
    spec, zone = merchants.setting(merchant_id, BirthdaySpec), zone_of(merchant_id)
    today, rule = clock.today(zone), level_rule(merchant_id)
    standings = standings_of(merchant_id, found)
    buyers = _buyers(merchant_id, found) if spec.only_buyers else set(found)
    rows: list[dict[str, Any]] = []
    for member_id, month_day in found.items():
        feast = feast_on(month_day, today, spec.stretch)
        level_no = standings[member_id].level_no if member_id in standings else 0
        extra = rule.spec.levels[min(level_no, rule.policy.top)].birthday_points if rule else 0
        if feast is None or member_id not in buyers or not (spec.is_on or extra):
            continue
        starts_at, ends_at = midnight(feast.first_on, zone), midnight(feast.last_on + _DAY, zone)
        rows.append({"member_id": member_id, "year": feast.year, "points": spec.points + extra,
                     "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()})  # fmt: skip
    given = _write(merchant_id, rows, times=str(spec.multiple))
    _post(merchant_id, given)
    if spec.times != 1:
        # Orders that were paid today before this look.
        settle_orders(merchant_id, trade.order_ids_of_members(merchant_id, [row[0] for row in given]))
    now = clock.now()
    facts.publish(
        merchant_id,
        [
            BirthdayCelebrated(member_id=member_id, happened_at=now, points=points, times=f"{spec.times.normalize():f}")
            for member_id, _year, points in given
        ],
    )
    return len(given)


def _buyers(merchant_id: int, member_ids: Collection[int]) -> set[int]:
    return {one.member_id for one in trade.figures(merchant_id, member_ids).values() if one.finished_count}


def _write(merchant_id: int, rows: list[dict[str, Any]], *, times: str) -> list[tuple[int, int, int]]:
    guests = members.guests(merchant_id, {row["member_id"] for row in rows})
    return [
        (row[0], row[1], row[2])
        for row in sql.rows(
            """
            INSERT INTO loyalty_birthdaygift (merchant_id, member_id, year, points, times, starts_at, ends_at, given_at)
            SELECT %(m)s, member_id, year, points, %(times)s, starts_at, ends_at, %(now)s
            FROM jsonb_to_recordset(%(rows)s::jsonb) AS f (member_id bigint, year smallint, points int,
                starts_at timestamptz, ends_at timestamptz)
            WHERE NOT EXISTS (SELECT FROM unnest(%(guests)s::bigint[], %(hosts)s::bigint[]) AS g (id, host_id)
                JOIN loyalty_birthdaygift b ON b.merchant_id = %(m)s AND b.member_id = g.id AND b.year = f.year
                WHERE g.host_id = f.member_id)
            ON CONFLICT (merchant_id, member_id, year) DO NOTHING RETURNING member_id, year, points
            """,
            {
                "m": merchant_id,
                "times": times,
                "now": clock.now(),
                "rows": json.dumps(rows),
                "guests": sql.numbers(guests),
                "hosts": sql.numbers(guests.values()),
            },
        )
    ]


def _post(merchant_id: int, given: Collection[tuple[int, int, int]]) -> None:
    now = clock.now()
    lapses_at = gift_lapses_at(merchant_id, now)
    postings = [
        ledger.Posting(
            member_id=member_id, amount=points, kind=BIRTHDAY, key=f"{BIRTHDAY}:{member_id}:{year}", source=BIRTHDAY,
            expires_at=lapses_at, happened_at=now, note={"year": year},
        )
        for member_id, year, points in given
        if points
    ]  # fmt: skip
    if postings:
        ledger.post(merchant_id, POINTS, postings, by=SYSTEM)
