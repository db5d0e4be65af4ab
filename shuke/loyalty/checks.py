"""What must always hold of points and levels: the ledger says what the rules say of the orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shuke.core import clock, facts, progress, sql
from shuke.core.checks import Violation
from shuke.ledger import queries as ledger
from shuke.loyalty.actions import BACKFILL, REVIEW_ALL
from shuke.loyalty.queries.owned import terms_of
from shuke.loyalty.queries.reckoning import reckon, reviewed
from shuke.loyalty.queries.redemptions import read
from shuke.loyalty.queries.rulebook import GROWTH, POINTS, level_rule, order_source, point_versions, zone_of
from shuke.loyalty.rules.membership import chained
from shuke.members.queries import roll as members
from shuke.trade import queries as trade

WHOLE_UP_TO = 20_000
"""Members up to which everybody is looked at; above, one in so many that about this number is."""

_PAGE = 2000


def run(merchant_id: int) -> list[Violation]:
    """All checks of one merchant, within her scope."""
    return [violation for check in CHECKS for violation in check(merchant_id)]


def ledger_yields_are_what_rules_say(merchant_id: int) -> Iterator[Violation]:
    """Each order has yielded exactly what its rule gives it; not asked while changes or a backfill are on their way."""
    versions = point_versions(merchant_id)
    if not versions or _is_moving(merchant_id, BACKFILL):
        return
    for member_ids in _pages(merchant_id):
        lines = trade.earning_lines(merchant_id, trade.order_ids_of_members(merchant_id, member_ids))
        found = reckon(merchant_id, lines, versions)
        sources = [order_source(one.order_id) for one in found]
        for asset, amounts in ((POINTS, [one.points for one in found]), (GROWTH, [one.growth for one in found])):
            standing = ledger.by_source(merchant_id, asset, sources)
            for source, amount in zip(sources, amounts, strict=True):
                stands = standing[source].amount if source in standing else 0
                if stands != amount:
                    yield Violation(
                        "ledger yields = rules(orders)",
                        f"{asset} of {source}: {stands} instead of {amount}",
                        1,
                    )


def levels_are_what_figures_say(merchant_id: int) -> Iterator[Violation]:
    """Nobody stands below the level her figures reach; what only time takes away is the hourly job's."""
    rule = level_rule(merchant_id)
    if rule is None or _is_moving(merchant_id, REVIEW_ALL) or _is_moving(merchant_id, BACKFILL):
        return
    for member_ids in _pages(merchant_id):
        for one in reviewed(merchant_id, member_ids, rule):
            if one.after.level_no > one.before.level_no and not one.before.is_manual:
                yield Violation(
                    "level = f(figures)",
                    f"member {one.member_id}: level {one.before.level_no} instead of {one.after.level_no}",
                    1,
                )


def standings_are_the_last_change(merchant_id: int) -> Iterator[Violation]:
    """A standing's level is where the member's last change led."""
    for member_id, stands, led in sql.rows(
        """
        SELECT s.member_id, s.level_no, c.after_no
        FROM loyalty_standing s
        LEFT JOIN LATERAL (
            SELECT after_no FROM loyalty_levelchange c
            WHERE c.merchant_id = s.merchant_id AND c.member_id = s.member_id ORDER BY at DESC, id DESC LIMIT 1
        ) c ON true
        WHERE s.merchant_id = %(merchant_id)s AND s.level_no <> coalesce(c.after_no, 0) LIMIT 20
        """,
        {"merchant_id": merchant_id},
    ):
        yield Violation("standing = last change", f"member {member_id}: level {stands}, last change to {led}", 1)


def redemptions_agree_with_the_ledger(merchant_id: int) -> Iterator[Violation]:
    """Points of a code are held or spent exactly as its row says; a hold whose time is over may be gone already."""
    after_id = 0
    while page := read(merchant_id, "id > %(after)s", {"after": after_id}, order=f"id LIMIT {_PAGE}"):
        after_id = page[-1].id
        taken = ledger.taken_under(merchant_id, POINTS, [one.ledger_key for one in page])
        for one in page:
            state, amount = taken.get(one.ledger_key, ("", 0))
            wanted = {"reserved": ("reserved", one.points), "spent": ("spent", one.points - one.returned_points)}
            stands = (state, amount) if state == "reserved" or (amount and state == "spent") else ("none", 0)
            is_over = one.hold == "reserved" and state == "released" and one.held_until_at <= clock.now()
            if stands != wanted.get(one.hold, ("none", 0)) and not is_over and (one.spent_points or stands[1]):
                yield Violation("redemption = ledger", f"redemption {one.id}: {one.hold}, but {state} {amount}", 1)


def redemptions_stand_as_their_state_says(merchant_id: int) -> Iterator[Violation]:
    """Open codes hold points, used ones have spent them, free ones neither."""
    for one in read(
        merchant_id,
        "(state IN ('reserved', 'bound') AND hold <> 'reserved' OR state = 'committed' AND hold <> 'spent'"
        " OR state = 'released' AND hold <> 'none')",
        {},
        order="id LIMIT 20",
    ):
        yield Violation("redemption's state = its hold", f"redemption {one.id}: {one.state}, {one.hold}", 1)


def one_redemption_an_order(merchant_id: int) -> Iterator[Violation]:
    """No order was paid with two codes."""
    for order_no, count in sql.rows(
        "SELECT order_no, count(*) FROM loyalty_redemption WHERE merchant_id = %(merchant_id)s AND order_no <> ''"
        " AND state IN ('bound', 'committed', 'mismatch') GROUP BY order_no HAVING count(*) > 1",
        {"merchant_id": merchant_id},
    ):
        yield Violation("one redemption an order", f"order {order_no}", count)


def redemption_counters_add_up(merchant_id: int) -> Iterator[Violation]:
    """A day's counters, of each member and of all, are the points of its codes that are not free again."""
    for on, member_id, counted, stands in sql.rows(
        """
        SELECT asked_on, member_id, sum(counted)::bigint, sum(points)::bigint FROM (
            SELECT asked_on, member_id, points AS counted, 0 AS points FROM loyalty_redemptioncount
            WHERE merchant_id = %(merchant_id)s
            UNION ALL
            SELECT asked_on, unnest(ARRAY[member_id, 0]), 0, points FROM loyalty_redemption
            WHERE merchant_id = %(merchant_id)s AND state <> 'released'
        ) both_sides GROUP BY asked_on, member_id HAVING sum(counted) <> sum(points) LIMIT 20
        """,
        {"merchant_id": merchant_id},
    ):
        yield Violation("counters = redemptions", f"{on}, member {member_id}: {counted} instead of {stands}", 1)


def terms_follow_each_other(merchant_id: int) -> Iterator[Violation]:
    """Every bought term begins when the one before it ends, and ends when its days are over."""
    zone, after_id = zone_of(merchant_id), 0
    while member_ids := _holders(merchant_id, after_id):
        for member_id, terms in terms_of(merchant_id, member_ids).items():
            if chained(terms, zone) != sorted(terms, key=lambda one: (one.bought_at, one.id)):
                yield Violation("terms = chained(purchases)", f"member {member_id}", 1)
        after_id = member_ids[-1]


def approved_requests_are_posted(merchant_id: int) -> Iterator[Violation]:
    """An approved request is one adjustment by another person than who asked, and no other request is any."""
    for request_id, state, count in sql.rows(
        """
        SELECT r.id, r.state, count(a.id) FROM loyalty_adjustmentrequest r
        LEFT JOIN loyalty_adjustment a ON a.merchant_id = r.merchant_id AND a.key = 'request:' || r.id
            AND a.by <> r.asked_by
        WHERE r.merchant_id = %(merchant_id)s GROUP BY r.id, r.state
        HAVING count(a.id) <> (r.state = 'approved')::int LIMIT 20
        """,
        {"merchant_id": merchant_id},
    ):
        yield Violation("approved request = one adjustment", f"request {request_id}: {state}, {count} posted", 1)


def _holders(merchant_id: int, after_id: int) -> list[int]:
    return [
        row[0]
        for row in sql.rows(
            "SELECT DISTINCT member_id FROM loyalty_term WHERE merchant_id = %(m)s AND member_id > %(after)s"
            " ORDER BY member_id LIMIT %(limit)s",
            {"m": merchant_id, "after": after_id, "limit": _PAGE},
        )
    ]


def _is_moving(merchant_id: int, kind: str) -> bool:
    job = progress.latest(merchant_id, kind)
    if job is not None and job.state in {progress.WAITING, progress.RUNNING}:
        return True
    return facts.pending_count(merchant_id) > len(facts.stuck(merchant_id))


def _pages(merchant_id: int) -> Iterator[list[int]]:
    every = 1 + (members.member_count(merchant_id) - 1) // WHOLE_UP_TO
    after_id = 0
    while page := members.member_ids(merchant_id, after_id=after_id, limit=_PAGE * every):
        yield page[::every]
        after_id = page[-1]


CHECKS: list[Callable[[int], Iterator[Violation]]] = [
    ledger_yields_are_what_rules_say,
    levels_are_what_figures_say,
    standings_are_the_last_change,
    redemptions_agree_with_the_ledger,
    redemptions_stand_as_their_state_says,
    one_redemption_an_order,
    redemption_counters_add_up,
    terms_follow_each_other,
    approved_requests_are_posted,
]
