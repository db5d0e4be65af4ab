"""What the birthday benefit would cost, and what it has given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from shuke.core import clock, sql
from shuke.loyalty.queries.rulebook import level_rule, points_rule, zone_of
from shuke.loyalty.queries.standings import standings_of
from shuke.loyalty.queries.worth import worth
from shuke.loyalty.rules.birthdays import feast
from shuke.loyalty.specs import BirthdaySpec
from shuke.members.queries import roll as members
from shuke.members.queries.birthdays import birthday_count, born_on
from shuke.trade import queries as trade

_EVERY_DAY = [month * 100 + day for month in range(1, 13) for day in range(1, 32)]


@dataclass(frozen=True, slots=True)
class BirthdayPreview:
    """What a benefit would give in a year: to how many, how many points, and what they cost in fen.

    `extra_points` are those of the multiplier on orders like the last year's, spread evenly over its days.
    """

    known_count: int
    member_count: int
    getting_count: int
    points: int
    extra_points: int
    cost_fen: int


def preview_birthdays(merchant_id: int, spec: BirthdaySpec) -> BirthdayPreview:
    """What a benefit would give in a year to who is a customer now; nothing is written."""
    now = clock.now()
    born = dict(born_on(merchant_id, _EVERY_DAY, known_since=now - timedelta(days=spec.known_days)))
    buyers = {one.member_id for one in trade.figures(merchant_id, born).values() if one.finished_count}
    getting = [member_id for member_id in born if not spec.only_buyers or member_id in buyers]
    levels, ladder = standings_of(merchant_id, getting), level_rule(merchant_id)
    by_level = Counter(levels[one].level_no if one in levels else 0 for one in getting)
    extra = [row.birthday_points for row in ladder.spec.levels] if ladder else [0]
    points = sum(count * (spec.points + extra[min(no, len(extra) - 1)]) for no, count in by_level.items())
    more = _more_for_orders(merchant_id, getting, spec)
    is_given = spec.is_on or any(extra)
    cost_fen = worth(merchant_id).fen(points + more)
    return BirthdayPreview(
        birthday_count(merchant_id), members.member_count(merchant_id), len(getting) if is_given else 0, points, more,
        cost_fen,
    )  # fmt: skip


def given_this_year(merchant_id: int) -> tuple[int, int]:
    """To how many members this year's benefit was given, and how many points."""
    year = clock.today(zone_of(merchant_id)).year
    found = sql.rows(
        "SELECT count(*), coalesce(sum(points), 0)::bigint FROM loyalty_birthdaygift"
        " WHERE merchant_id = %(m)s AND year = %(year)s",
        {"m": merchant_id, "year": year},
    )
    return found[0][0], found[0][1]


def _more_for_orders(merchant_id: int, member_ids: list[int], spec: BirthdaySpec) -> int:
    rule = points_rule(merchant_id)
    if rule is None or spec.times == 1 or not member_ids:
        return 0
    now = clock.now()
    figures = trade.level_figures(merchant_id, member_ids, since=now - timedelta(days=365), until=now)
    paid_fen = sum(paid for paid, _count in figures.values())
    days = feast(615, now.year, spec.stretch)
    share = Fraction((days.last_on - days.first_on).days + 1, 365)
    return int(paid_fen * rule.spec.terms().points_per_fen * (spec.multiple - 1) * share)
