"""Her home: level, points, and what came last."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse

from shuke.core import clock
from shuke.ledger import queries as ledger
from shuke.loyalty import queries as loyalty
from shuke.loyalty.queries import explain, redemptions
from shuke.loyalty.queries.gains import explain_gain, explain_parts, level_gain
from shuke.loyalty.queries.memberdays import explain_member_day, next_member_day
from shuke.loyalty.queries.memberships import explain_membership, memberships
from shuke.loyalty.queries.rulewords import benefits_of
from shuke.members import queries as members
from shuke.portal.steps import tier
from shuke.portal.visit import Visit, page

LATEST = 5
SOON = timedelta(days=60)


@page
def show(visit: Visit) -> HttpResponse:
    """Everything that matters, on one screen."""
    merchant_id, member_id = visit.merchant_id, visit.member_id
    rule = loyalty.points_rule(merchant_id)
    summary = loyalty.points_summary(merchant_id, member_id)
    return visit.show(
        "portal/home.html",
        name=members.names(merchant_id, [member_id]).get(member_id, ""),
        level=level_card(visit),
        member_day=member_day(visit),
        membership=membership(visit),
        has_points=rule is not None or bool(summary.left or summary.earned),
        summary=summary,
        coming=ledger.coming(merchant_id, loyalty.POINTS, member_id),
        expiring=ledger.expiring(merchant_id, loyalty.POINTS, member_id, clock.now() + SOON),
        may_redeem=not visit.is_paused and redemptions.offer(merchant_id, member_id) is not None,
        latest=explain.history(merchant_id, member_id, limit=LATEST),
    )


def member_day(visit: Visit) -> str:
    """When the next member day that counts for her is; nothing while there is none."""
    view = loyalty.level_of(visit.merchant_id, visit.member_id)
    found = next_member_day(visit.merchant_id, level_no=view.standing.level_no if view else 0)
    return explain_member_day(found) if found else ""


def membership(visit: Visit) -> str:
    """What she has paid for, and until when."""
    found = memberships(visit.merchant_id, [visit.member_id]).get(visit.member_id)
    rule = loyalty.level_rule(visit.merchant_id)
    if found is None:
        return ""
    name = rule.name(found.level_no) if rule and found.level_no else ""
    return explain_membership(found, visit.merchant_id, name)


def level_card(visit: Visit) -> dict[str, object] | None:
    """What the level card shows; None while the shop has no levels."""
    view = loyalty.level_of(visit.merchant_id, visit.member_id)
    rule = loyalty.level_rule(visit.merchant_id)
    if view is None or rule is None:
        return None
    no = min(view.standing.level_no, rule.policy.top)
    points = loyalty.points_rule(visit.merchant_id)
    way = view.way
    return {
        "view": view,
        "no": no,
        "tier": tier(no, rule.policy.top),
        "benefits": benefits_of(rule.spec.levels[no]),
        "gain": (gain := level_gain(visit.merchant_id, visit.member_id)),
        "gain_title": explain_gain(gain, view.name),
        "gain_words": explain_parts(gain),
        "warning": warning_of(visit, rule.spec.measure),
        "next": {"name": way.next_name, "percent": way.percent, "missing": explain.amount(view.measure, way.missing),
                 "figure": explain.amount(view.measure, way.figure),
                 "threshold": explain.amount(view.measure, way.threshold),
                 "discount_permille": rule.spec.levels[way.next_no].discount_permille} if way else None,
        "until": view.standing.grace_until_at or view.standing.until_at,
        "is_in_grace": view.standing.grace_until_at is not None,
        "per_100": {"saved_fen": 10000 - 10 * view.discount_permille,
                    "points": int(points.spec.points_per_yuan * 100) if points else 0},
    }  # fmt: skip


def warning_of(visit: Visit, measure: str) -> str:
    """When she will lose her level and what keeps it; nothing while she will not."""
    found = loyalty.warned_of(visit.merchant_id, visit.member_id)
    return explain.explain_warning(found, measure, zone=visit.zone) if found else ""
