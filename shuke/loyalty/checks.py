"""What must always hold of points and levels: the ledger says what the rules say of the orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shuke.core import facts, progress, sql
from shuke.core.checks import Violation
from shuke.ledger import queries as ledger
from shuke.loyalty.actions import BACKFILL, REVIEW_ALL
from shuke.loyalty.queries.reckoning import reckon, reviewed
from shuke.loyalty.queries.rulebook import GROWTH, POINTS, level_rule, order_source, point_versions
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
]
