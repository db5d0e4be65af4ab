"""What becomes of points, growth and levels when members are joined, parted or erased."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.ledger import actions as ledger
from shuke.loyalty.actions.levels import review_levels
from shuke.loyalty.actions.memberships import rehome_terms
from shuke.loyalty.actions.redemption_settling import settle_redemptions_of
from shuke.loyalty.actions.settling import lock, settle_orders
from shuke.loyalty.queries.rulebook import order_source
from shuke.trade import queries as trade

JOINED = "joined"


def rehome(
    merchant_id: int, homes: Mapping[int, int], orders: Mapping[int, int] | None = None, *, by: Actor = SYSTEM
) -> None:
    """Bring books and levels of members (member → who stands for her) to where they belong.

    `orders` says of orders that changed hands whose they are by themselves. A level set by hand comes along if it is
    the higher one, until its end; parted, each has her own again. Orders of all are settled again, since limits, levels
    and the blacklist are those of one person now; levels of all who stand for themselves are reviewed.
    """
    lock(merchant_id)
    firsts = {order_source(order_id): first for order_id, first in (orders or {}).items()}
    ledger.rehome(merchant_id, homes, firsts=firsts, by=by)
    for member_id, home_id in sorted(homes.items()):
        if member_id != home_id:
            _hand_level_over(merchant_id, member_id, home_id, by)
    for member_id, home_id in sorted(homes.items()):
        if member_id == home_id:
            _take_level_back(merchant_id, member_id, homes, by)
    rehome_terms(merchant_id, homes, orders or {}, by=by)
    settle_orders(merchant_id, trade.order_ids_of_members(merchant_id, homes), by=by)
    settle_redemptions_of(merchant_id, homes, by=by)
    review_levels(merchant_id, {one for one, home_id in homes.items() if one == home_id}, by=by)


def _hand_level_over(merchant_id: int, member_id: int, home_id: int, by: Actor) -> None:
    params = {"merchant_id": merchant_id, "member_id": member_id, "home_id": home_id, "now": clock.now()}
    found = sql.dicts(
        "DELETE FROM loyalty_standing WHERE merchant_id = %(merchant_id)s AND member_id = %(member_id)s"
        f" RETURNING {_COLUMNS}",
        params,
    )
    if not found:
        return
    own = _plain(found[0])
    _remember(merchant_id, member_id, own["level_no"], 0, {"standing": own, "home": home_id}, by)
    hers = _standing(merchant_id, home_id)
    if _wins(own, hers):
        _remember(merchant_id, home_id, hers["level_no"] if hers else 0, own["level_no"],
                  {"before": hers, "lent": own, "from": member_id}, by)  # fmt: skip
        _write(merchant_id, home_id, own)


def _take_level_back(merchant_id: int, member_id: int, homes: Mapping[int, int], by: Actor) -> None:
    """What a member held by hand before she was joined; and what she had lent her home goes off there, unless
    something else was set there since.
    """
    last = _last_change(merchant_id, member_id)
    if last and "standing" in last["evidence"]:
        own = last["evidence"]["standing"]
        if own["is_manual"]:
            _write(merchant_id, member_id, own)
            _remember(merchant_id, member_id, 0, own["level_no"], {"parted": True}, by)
        else:
            _remember(merchant_id, member_id, 0, 0, {"parted": True}, by)
    lent = last["evidence"].get("lent") if last else None
    if last and lent and homes.get(last["evidence"]["from"]) == last["evidence"]["from"]:
        before = last["evidence"]["before"]
        if _standing(merchant_id, member_id) != lent:
            return
        sql.run(
            "DELETE FROM loyalty_standing WHERE merchant_id = %(m)s AND member_id = %(member_id)s",
            {"m": merchant_id, "member_id": member_id},
        )
        if before:
            _write(merchant_id, member_id, before)
        _remember(merchant_id, member_id, 0, before["level_no"] if before else 0, {"parted": True}, by)


def _wins(own: Mapping[str, Any], hers: Mapping[str, Any] | None) -> bool:
    """Only what was set by hand and still holds comes along; what figures gave is reckoned anew from both together."""
    if not own["is_manual"] or (own["until_at"] is not None and own["until_at"] <= clock.now().isoformat()):
        return False
    return hers is None or not hers["is_manual"] or own["level_no"] > hers["level_no"]


_NAMES = (
    "level_no", "since_at", "until_at", "grace_until_at", "reason", "is_manual", "evidence", "note", "set_by", "under",
)  # fmt: skip
_COLUMNS = ", ".join(_NAMES)


def _standing(merchant_id: int, member_id: int) -> dict[str, Any] | None:
    found = sql.dicts(
        f"SELECT {_COLUMNS} FROM loyalty_standing WHERE merchant_id = %(m)s AND member_id = %(member_id)s",
        {"m": merchant_id, "member_id": member_id},
    )
    return _plain(found[0]) if found else None


def _last_change(merchant_id: int, member_id: int) -> dict[str, Any] | None:
    found = sql.rows(
        "SELECT reason, evidence FROM loyalty_levelchange WHERE merchant_id = %(m)s AND member_id = %(member_id)s"
        " AND reason = 'joined' ORDER BY id DESC LIMIT 1",
        {"m": merchant_id, "member_id": member_id},
    )
    return {"reason": found[0][0], "evidence": sql.loads(found[0][1])} if found else None


def _write(merchant_id: int, member_id: int, standing: Mapping[str, Any]) -> None:
    sql.run(
        f"""
        INSERT INTO loyalty_standing (merchant_id, member_id, {_COLUMNS})
        SELECT %(m)s, %(member_id)s, {_COLUMNS} FROM jsonb_to_record(%(row)s::jsonb) AS f (level_no smallint,
            since_at timestamptz, until_at timestamptz, grace_until_at timestamptz, reason text, is_manual boolean,
            evidence jsonb, note text, set_by text, under jsonb)
        ON CONFLICT (merchant_id, member_id) DO UPDATE SET ({_COLUMNS}) = ({", ".join(f"excluded.{one}" for one in _NAMES)})
        """,
        {"m": merchant_id, "member_id": member_id, "row": json.dumps(standing)},
    )


def _remember(
    merchant_id: int, member_id: int, before: int, after: int, evidence: Mapping[str, Any], by: Actor
) -> None:
    sql.run(
        "INSERT INTO loyalty_levelchange (merchant_id, member_id, at, before_no, after_no, reason, evidence, note, by)"
        " VALUES (%(m)s, %(member_id)s, %(now)s, %(before)s, %(after)s, 'joined', %(evidence)s, '', %(by)s)",
        {"m": merchant_id, "member_id": member_id, "now": clock.now(), "before": before, "after": after,
         "evidence": json.dumps(evidence), "by": by.label},
    )  # fmt: skip


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: row[name] for name in _NAMES}
    for name in ("since_at", "until_at", "grace_until_at"):
        found[name] = found[name].isoformat() if found[name] else None
    return {**found, "evidence": sql.loads(found["evidence"]), "under": sql.loads(found["under"])}
