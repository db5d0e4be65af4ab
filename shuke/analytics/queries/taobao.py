"""Levels and groups as Taobao's own calls want them, for one shop.

Sources: the published parameters of taobao.crm.grade.set, .group.add, .memberinfo.update and .members.group.batchadd
(their `.privy` forms take the ouid instead of the nick). Amounts are in fen, every parameter is text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from shuke.analytics.queries.exporting import harmless
from shuke.core import sql
from shuke.loyalty import queries as loyalty
from shuke.members import queries as members
from shuke.members.queries import roll

CHUNK = 2000
MOST_GROUPS = 100
"""A seller has at most so many groups (taobao.crm.group.add)."""
GROUPED_AT_ONCE = 20
"""How many customers one call puts into a group: Taobao publishes no limit for it, this is that of its other lists."""
HIGHEST_GRADE = 4
HEADER = ["member_id", "ouid", "buyer_nick", "status", "grade", "trade_amount", "trade_count", "group_names"]
LEFT_OUT = ("never_here", "masked_nick", "sealed_nick", "open_uid_only", "level_too_high")


@dataclass(frozen=True, slots=True)
class TaobaoMember:
    """A member as Taobao knows her in a shop: by `ouid`, or by `nick` where "" is her ouid.

    `trade_fen` and `trade_count` are of her finished orders in this shop, net of refunds. `level_no` is 0…4.
    """

    member_id: int
    ouid: str
    nick: str
    is_blacklisted: bool
    level_no: int
    trade_fen: int
    trade_count: int
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaobaoCounts:
    """How many members go to Taobao and how many do not, by reason (LEFT_OUT); together they are all members."""

    taken: int
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True)
class TaobaoGroups:
    """Names of the groups that Taobao takes, and of those it does not: too many, or with a sign it forbids."""

    names: tuple[str, ...]
    refused: tuple[str, ...]


def taobao_counts(merchant_id: int, shop_id: int) -> TaobaoCounts:
    """Who of all members goes to Taobao and who is left out. Needs the merchant's scope."""
    found = dict(
        sql.rows(
            f"SELECT reason, count(*) FROM ({_known(is_chunk=False)}) AS found GROUP BY reason",
            _params(merchant_id, shop_id, None),
        )
    )
    taken = found.pop("", 0)
    return TaobaoCounts(taken, {reason: found[reason] for reason in LEFT_OUT if reason in found})


def taobao_groups(merchant_id: int) -> TaobaoGroups:
    """The groups with somebody in them, by name."""
    names = [one.name for one in members.groups(merchant_id) if one.member_count]
    sound = [name for name in names if not any(sign in name for sign in "|:：")]
    taken = tuple(sound[:MOST_GROUPS])
    return TaobaoGroups(taken, tuple(name for name in names if name not in taken))


def taobao_members(merchant_id: int, shop_id: int) -> Iterator[list[TaobaoMember]]:
    """All who go to Taobao, by rising id, some at a time. Needs the merchant's scope for as long as they are taken."""
    names = set(taobao_groups(merchant_id).names)
    after = 0
    while ids := roll.member_ids(merchant_id, after_id=after, limit=CHUNK):
        after = ids[-1]
        if found := _chunk(merchant_id, shop_id, ids, names):
            yield found


def taobao_rows(merchant_id: int, shop_id: int) -> Iterator[list[str]]:
    """The members as cells under HEADER, which names the parameters; harmless in a spreadsheet."""
    for found in taobao_members(merchant_id, shop_id):
        for one in found:
            params = _update(one)[1]
            cells = [
                str(one.member_id), one.ouid, one.nick, params["status"], params.get("grade", ""), params["trade_amount"],
                params["trade_count"], "、".join(one.groups),
            ]  # fmt: skip
            yield [harmless(cell) for cell in cells]


def taobao_calls(merchant_id: int, shop_id: int) -> Iterator[dict[str, Any]]:
    """Every call in the order it is to be made: `method` and `params`.

    First the ladder (when Taobao takes it), then the groups, then the members and their groups. The number of a group
    is only known once it is made: `from` names the line, counted from 1, whose answer holds it, and its field there.
    """
    ladder = loyalty.taobao_ladder(merchant_id)
    line = 0
    if ladder is not None and ladder.params is not None:
        line += 1
        yield {"method": "taobao.crm.grade.set", "params": ladder.params}
    lines: dict[str, int] = {}
    for name in taobao_groups(merchant_id).names:
        line += 1
        lines[name] = line
        yield {"method": "taobao.crm.group.add", "params": {"group_name": name}}
    for found in taobao_members(merchant_id, shop_id):
        for one in found:
            method, params = _update(one)
            yield {"method": method, "params": params}
        yield from _grouped(found, lines)


def _grouped(found: list[TaobaoMember], lines: dict[str, int]) -> Iterator[dict[str, Any]]:
    for name, line in lines.items():
        inside = [one for one in found if name in one.groups]
        by_ouid = [one.ouid for one in inside if one.ouid]
        by_nick = [one.nick for one in inside if not one.ouid]
        for method, param, who in (
            ("taobao.crm.members.group.batchadd.privy", "ouids", by_ouid),
            ("taobao.crm.members.group.batchadd", "buyer_nicks", by_nick),
        ):
            for start in range(0, len(who), GROUPED_AT_ONCE):
                yield {
                    "method": method,
                    "params": {param: ",".join(who[start : start + GROUPED_AT_ONCE])},
                    "from": {"group_ids": {"line": line, "field": "group_id"}},
                }


def _update(one: TaobaoMember) -> tuple[str, dict[str, str]]:
    """The call that writes a member's figures and her grade; who is blacklisted gets none, and grade 0 cannot be set."""
    who = {"ouid": one.ouid} if one.ouid else {"buyer_nick": one.nick}
    grade = {"grade": str(one.level_no)} if one.level_no and not one.is_blacklisted else {}
    params = {
        **who,
        "status": "blacklist" if one.is_blacklisted else "normal",
        **grade,
        "trade_amount": str(one.trade_fen),
        "trade_count": str(one.trade_count),
    }
    return "taobao.crm.memberinfo.update.privy" if one.ouid else "taobao.crm.memberinfo.update", params


def _chunk(merchant_id: int, shop_id: int, ids: list[int], names: set[str]) -> list[TaobaoMember]:
    params = _params(merchant_id, shop_id, ids)
    traded = {
        row[0]: (row[1], row[2])
        for row in sql.rows(
            "SELECT member_id, sum(paid_fen)::bigint, count(*) FROM trade_order WHERE merchant_id = %(merchant_id)s"
            " AND shop_id = %(shop_id)s AND member_id = ANY(%(ids)s::bigint[]) AND state = 'finished'"
            " AND removed_at IS NULL GROUP BY member_id",
            params,
        )
    }
    grouped = dict(
        sql.rows(
            "SELECT x.member_id, array_agg(g.name ORDER BY g.name) FROM members_membergroup x JOIN members_group g"
            " ON g.merchant_id = x.merchant_id AND g.id = x.group_id WHERE x.merchant_id = %(merchant_id)s"
            " AND x.member_id = ANY(%(ids)s::bigint[]) GROUP BY x.member_id",
            params,
        )
    )
    return [
        TaobaoMember(
            member_id, ouid, "" if ouid else nick, status != "normal", level_no, *traded.get(member_id, (0, 0)),
            tuple(name for name in grouped.get(member_id, ()) if name in names),
        )
        for member_id, status, ouid, nick, level_no in sql.rows(
            f"SELECT id, status, ouid, nick, level_no FROM ({_known(is_chunk=True)}) AS found WHERE reason = ''"
            " ORDER BY id",
            params,
        )
    ]  # fmt: skip


def _params(merchant_id: int, shop_id: int, ids: Collection[int] | None) -> dict[str, Any]:
    rule = loyalty.level_rule(merchant_id)
    return {
        "merchant_id": merchant_id,
        "shop_id": shop_id,
        "ids": sql.numbers(ids or ()),
        "top": rule.policy.top if rule else 0,
        "highest": HIGHEST_GRADE,
    }


def _known(*, is_chunk: bool) -> str:
    """Members with what Taobao calls them in the shop (of joined ones the account seen last), and why one is left out.

    A comma would break the lists that calls take, and no name of Taobao's holds one.
    """
    only = "AND (m.id = ANY(%(ids)s::bigint[]) OR m.home_id = ANY(%(ids)s::bigint[]))" if is_chunk else ""
    among = "AND m.id = ANY(%(ids)s::bigint[])" if is_chunk else ""
    clear = "i.value !~ '^#|[*,]'"
    return f"""
        WITH known AS (
            SELECT coalesce(m.home_id, m.id) AS member_id,
                (array_agg(i.value ORDER BY i.id DESC) FILTER (WHERE i.kind = 'ouid' AND {clear}))[1] AS ouid,
                (array_agg(i.value ORDER BY i.id DESC) FILTER (WHERE i.kind = 'nick' AND {clear}))[1] AS nick,
                bool_or(i.kind = 'nick') AS has_nick, bool_or(i.kind = 'open_uid') AS has_open_uid
            FROM members_identity i
            JOIN members_member m ON m.merchant_id = i.merchant_id AND m.id = i.member_id
            WHERE i.merchant_id = %(merchant_id)s AND i.shop_id = %(shop_id)s
              AND i.kind IN ('ouid', 'open_uid', 'nick') {only}
            GROUP BY 1
        )
        SELECT m.id, m.status, coalesce(k.ouid, '') AS ouid, coalesce(k.nick, '') AS nick,
            least(coalesce(l.level_no, 0), %(top)s) AS level_no,
            CASE
                WHEN coalesce(k.ouid, k.nick) IS NOT NULL THEN
                    CASE WHEN least(coalesce(l.level_no, 0), %(top)s) > %(highest)s THEN 'level_too_high' ELSE '' END
                WHEN k.has_nick THEN 'sealed_nick'
                WHEN k.has_open_uid THEN 'open_uid_only'
                WHEN EXISTS (SELECT FROM trade_order o WHERE o.merchant_id = m.merchant_id AND o.member_id = m.id
                    AND o.shop_id = %(shop_id)s AND o.removed_at IS NULL) THEN 'masked_nick'
                ELSE 'never_here'
            END AS reason
        FROM members_member m
        LEFT JOIN known k ON k.member_id = m.id
        LEFT JOIN loyalty_standing l ON l.merchant_id = m.merchant_id AND l.member_id = m.id
        WHERE m.merchant_id = %(merchant_id)s AND m.home_id IS NULL AND m.erased_at IS NULL {among}
    """
