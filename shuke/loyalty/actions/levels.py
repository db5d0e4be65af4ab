"""Levels: reviewing them against figures, setting them by hand, saving their rule."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from shuke.core import clock, facts, progress, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.loyalty.actions.settling import lock
from shuke.loyalty.events import LevelChanged
from shuke.loyalty.queries.reckoning import Change, reviewed
from shuke.loyalty.queries.rulebook import SavedLevelRule, level_rule, spec_value, zone_of
from shuke.loyalty.queries.standings import standings_of
from shuke.loyalty.rules import levels as rules
from shuke.loyalty.rules.levels import Standing
from shuke.loyalty.specs import LevelRuleSpec
from shuke.members.queries import roll as members
from shuke.merchants import actions as merchants

REVIEW_ALL = "loyalty.review_all"
CHUNK = 5000


def review_levels(merchant_id: int, member_ids: Collection[int], *, by: Actor = SYSTEM) -> list[Change]:
    """Bring these members' levels to what follows from their figures now; what changed.

    A reached level is given at once; a level is lost only after its validity and grace. Repeating changes nothing.
    """
    if not member_ids:
        return []
    lock(merchant_id)
    rule = level_rule(merchant_id)
    if rule is None:
        return []
    changes = reviewed(merchant_id, member_ids, rule)
    _keep(merchant_id, rule, changes, by=by)
    return changes


def set_level(
    merchant_id: int,
    member_ids: Collection[int],
    level_no: int,
    *,
    reason: str,
    until_on: date | None = None,
    by: Actor,
) -> list[Change]:
    """Put members on a level by hand until the end of a day (None: until taken off by hand).

    Refused `no_levels`, `no_level`, `reason_missing`, `until_past`.
    """
    lock(merchant_id)
    rule = level_rule(merchant_id)
    if rule is None:
        raise Refused("no_levels", _("There is no level rule yet."))
    if not 0 <= level_no <= rule.policy.top:
        raise Refused("no_level", _("There is no level %(no)s."), no=level_no)
    if not reason.strip():
        raise Refused("reason_missing", _("Please give a reason."))
    now, zone = clock.now(), zone_of(merchant_id)
    until = rules.midnight(until_on + timedelta(days=1), zone) if until_on else None
    if until is not None and until <= now:
        raise Refused("until_past", _("This day is over already."))
    standings = standings_of(merchant_id, member_ids)
    after = Standing(level_no, now, until, "manual", is_manual=True)
    changes = [
        Change(member_id, standings.get(member_id, rules.START), after, {"rule": rule.number}, reason.strip())
        for member_id in dict.fromkeys(member_ids)
    ]
    _keep(merchant_id, rule, changes, by=by)
    _audit(merchant_id, "level.set", changes, by=by, level_no=level_no, reason=reason.strip())
    return changes


def release_level(merchant_id: int, member_ids: Collection[int], *, by: Actor) -> list[Change]:
    """End a setting by hand: the level follows from the figures again."""
    lock(merchant_id)
    sql.run(
        "UPDATE loyalty_standing SET until_at = %(now)s WHERE merchant_id = %(merchant_id)s"
        " AND member_id = ANY(%(member_ids)s::bigint[]) AND is_manual",
        {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids), "now": clock.now()},
    )
    changes = review_levels(merchant_id, member_ids, by=by)
    _audit(merchant_id, "level.released", changes, by=by)
    return changes


def forget_levels(merchant_id: int, member_ids: Collection[int]) -> None:
    """Members who are no more hold no level; what was stays in the history."""
    sql.run(
        "DELETE FROM loyalty_standing WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(member_ids)s::bigint[])",
        {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids)},
    )


def save_level_rule(merchant_id: int, spec: LevelRuleSpec, *, by: Actor) -> int:
    """Keep a new version of the level rule, in force from now on; its number. Everybody is reviewed by a job.

    A level that the new rule no longer gives is lost as the new rule says: after its validity and grace, if any.
    """
    lock(merchant_id)
    number = int(
        sql.scalar(
            "INSERT INTO loyalty_levelrule (merchant_id, number, spec, saved_at, saved_by)"
            " SELECT %(merchant_id)s, coalesce(max(number), 0) + 1, %(spec)s, %(now)s, %(by)s"
            " FROM loyalty_levelrule WHERE merchant_id = %(merchant_id)s RETURNING number",
            {"merchant_id": merchant_id, "spec": spec_value(spec), "now": clock.now(), "by": by.label},
        )
    )
    merchants.audit(
        merchant_id, "level_rule.saved", by=by, object_kind="level_rule", number=number,
        spec=spec.model_dump(mode="json"),
    )  # fmt: skip
    start_review(merchant_id, by=by)
    return number


def start_review(merchant_id: int, *, by: Actor = SYSTEM) -> int:
    """Have everybody's level reviewed after this transaction; the id of the Progress row."""
    latest = progress.latest(merchant_id, REVIEW_ALL)
    if latest is not None and latest.state == progress.WAITING:
        return latest.id
    progress_id = progress.begin(merchant_id, REVIEW_ALL, total=members.member_count(merchant_id), by=by)
    app.configure_task(REVIEW_ALL, queue="jobs", lock=f"{REVIEW_ALL}:{merchant_id}").defer(
        merchant_id=merchant_id, progress_id=progress_id
    )
    return progress_id


def review_all(merchant_id: int, progress_id: int) -> None:
    """Review everybody, chunk by chunk, going on from the checkpoint after a crash."""
    while _review_chunk(merchant_id, progress_id):
        pass


def review_due(merchant_id: int) -> int:
    """Review the members whose validity, grace or setting by hand has ended, those whose window moved, and those whose
    next card with a level has begun; how many.
    """
    after_id = count = 0
    while True:
        with tenant(merchant_id):
            rule = level_rule(merchant_id)
            due = _due(merchant_id, rule, after_id) if rule else []
            if not due:
                return count
            review_levels(merchant_id, due)
            after_id, count = due[-1], count + len(due)


def _review_chunk(merchant_id: int, progress_id: int) -> bool:
    with tenant(merchant_id):
        job = progress.get(merchant_id, progress_id)
        if job is None or job.state == progress.DONE:
            return False
        member_ids = members.member_ids(merchant_id, after_id=job.checkpoint.get("after_id", 0), limit=CHUNK)
        if not member_ids:
            progress.advance(merchant_id, progress_id, state=progress.DONE)
            return False
        review_levels(merchant_id, member_ids)
        progress.advance(
            merchant_id, progress_id, done=job.done_count + len(member_ids), checkpoint={"after_id": member_ids[-1]}
        )
        return True


def _due(merchant_id: int, rule: SavedLevelRule, after_id: int) -> list[int]:
    # Without validity a moving window takes levels away on any day, so everybody above the start is looked at.
    moves = rule.policy.window != "lifetime" and not rule.policy.validity_months
    return [
        row[0]
        for row in sql.rows(
            """
            SELECT member_id FROM loyalty_standing WHERE merchant_id = %(merchant_id)s AND member_id > %(after_id)s
                AND (until_at <= %(now)s OR grace_until_at <= %(now)s OR (%(moves)s AND level_no > 0))
            UNION
            SELECT t.member_id FROM loyalty_term t
            LEFT JOIN loyalty_standing s ON s.merchant_id = t.merchant_id AND s.member_id = t.member_id
            WHERE t.merchant_id = %(merchant_id)s AND t.member_id > %(after_id)s AND t.taken_back_at IS NULL
                AND t.starts_at <= %(now)s AND t.ends_at > %(now)s AND NOT coalesce(s.is_manual, false)
                AND least(t.level_no, %(top)s) > coalesce(s.level_no, 0)
            ORDER BY member_id LIMIT %(limit)s
            """,
            {"merchant_id": merchant_id, "after_id": after_id, "now": clock.now(), "moves": moves,
             "top": rule.policy.top, "limit": CHUNK},
        )
    ]  # fmt: skip


def _keep(merchant_id: int, rule: SavedLevelRule, changes: Sequence[Change], *, by: Actor) -> None:
    if not changes:
        return
    _upsert(merchant_id, changes, by)
    moved = [change for change in changes if change.after.level_no != change.before.level_no]
    if not moved:
        return
    _remember(merchant_id, moved, by)
    facts.publish(merchant_id, (_fact(rule, change) for change in moved), by=by)


def _upsert(merchant_id: int, changes: Iterable[Change], by: Actor) -> None:
    rows = [
        {"member_id": one.member_id, "level_no": one.after.level_no, "since_at": _iso(one.after.since_at),
         "until_at": _iso(one.after.until_at), "grace_until_at": _iso(one.after.grace_until_at),
         "reason": one.after.reason, "is_manual": one.after.is_manual, "evidence": one.evidence, "note": one.note,
         "under": _kept(one.after.under)}
        for one in changes
    ]  # fmt: skip
    sql.run(
        """
        INSERT INTO loyalty_standing (merchant_id, member_id, level_no, since_at, until_at, grace_until_at, reason,
            is_manual, evidence, note, under, set_by)
        SELECT %(merchant_id)s, member_id, level_no, since_at, until_at, grace_until_at, reason, is_manual, evidence,
            note, under, %(by)s
        FROM jsonb_to_recordset(%(rows)s::jsonb) AS f (member_id bigint, level_no smallint, since_at timestamptz,
            until_at timestamptz, grace_until_at timestamptz, reason text, is_manual boolean, evidence jsonb, note text,
            under jsonb)
        ON CONFLICT (merchant_id, member_id) DO UPDATE SET level_no = excluded.level_no, since_at = excluded.since_at,
            until_at = excluded.until_at, grace_until_at = excluded.grace_until_at, reason = excluded.reason,
            is_manual = excluded.is_manual, evidence = excluded.evidence, note = excluded.note, under = excluded.under,
            set_by = excluded.set_by
        """,
        {"merchant_id": merchant_id, "by": by.label, "rows": json.dumps(rows)},
    )


def _remember(merchant_id: int, moved: Iterable[Change], by: Actor) -> None:
    rows = [
        {"member_id": one.member_id, "before_no": one.before.level_no, "after_no": one.after.level_no,
         "reason": one.after.reason, "evidence": one.evidence, "note": one.note}
        for one in moved
    ]  # fmt: skip
    sql.run(
        """
        INSERT INTO loyalty_levelchange (merchant_id, member_id, at, before_no, after_no, reason, evidence, note, by)
        SELECT %(merchant_id)s, member_id, %(now)s, before_no, after_no, reason, evidence, note, %(by)s
        FROM jsonb_to_recordset(%(rows)s::jsonb) AS f (member_id bigint, before_no smallint, after_no smallint,
            reason text, evidence jsonb, note text)
        """,
        {"merchant_id": merchant_id, "now": clock.now(), "by": by.label, "rows": json.dumps(rows)},
    )


def _kept(under: Standing | None) -> dict[str, Any] | None:
    if under is None:
        return None
    return {
        "level_no": under.level_no, "since_at": _iso(under.since_at), "until_at": _iso(under.until_at),
        "grace_until_at": _iso(under.grace_until_at), "reason": under.reason, "is_manual": under.is_manual,
    }  # fmt: skip


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _fact(rule: SavedLevelRule, change: Change) -> LevelChanged:
    before, after = change.before.level_no, change.after.level_no
    return LevelChanged(
        member_id=change.member_id, happened_at=change.after.since_at, before_no=before, after_no=after,
        before_name=rule.name(before), after_name=rule.name(after), reason=change.after.reason,
    )  # fmt: skip


def _audit(merchant_id: int, act: str, changes: Iterable[Change], *, by: Actor, **details: Any) -> None:
    for change in changes:
        merchants.audit(merchant_id, act, by=by, object_kind="member", object_id=change.member_id, **details)
