"""Points that pay part of an order: the rule in force, codes and where they stand, the price to set."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, sql
from shuke.core.errors import Missing, Refused
from shuke.ledger import queries as ledger
from shuke.loyalty.queries.rulebook import POINTS, zone_of
from shuke.loyalty.rules import redemption as rules
from shuke.loyalty.specs.redemption import RedemptionRuleSpec
from shuke.members import queries as members


@dataclass(frozen=True, slots=True)
class SavedRedemptionRule:
    """One version of the rule of paying with points."""

    id: int
    number: int
    saved_at: datetime
    saved_by: str
    spec: RedemptionRuleSpec


@dataclass(frozen=True, slots=True)
class Redemption:
    """Points that pay part of an order; `home_id` is who stands for its member by now. `worth_fen` is what they pay, `before_fen` and `after_fen` the order's price.

    `state` is reserved, bound, committed, released or mismatch, `why` the reason of the last two (a name); `hold` is
    how the points stand in the ledger: reserved, spent or none. `found_by` says how the order was found.
    """

    id: int
    code: str
    member_id: int
    rule_id: int
    points: int
    worth_fen: int
    state: str
    why: str
    asked_at: datetime
    asked_on: date
    until_at: datetime
    held_until_at: datetime
    changed_at: datetime
    order_no: str
    before_fen: int | None
    after_fen: int | None
    paid_fen: int | None
    found_by: str
    bound_at: datetime | None
    bound_by: str
    hold: str
    round_no: int
    reservation_id: int | None
    returned_points: int
    decision: str
    decided_by: str
    home_id: int

    def is_hers(self, member_id: int | None) -> bool:
        """Whether a member is the one who asked for it, or who stands for her since they were joined."""
        return member_id in {self.member_id, self.home_id}

    @property
    def shown_code(self) -> str:
        """The code as people read it."""
        return rules.shown(self.code)

    @property
    def is_open(self) -> bool:
        """Whether staff may use the code now."""
        return self.state == rules.RESERVED and clock.now() < self.until_at

    @property
    def spent_points(self) -> int:
        """What of its points is spent for good by now."""
        return self.points - self.returned_points if self.hold == "spent" else 0

    @property
    def spent_fen(self) -> int:
        """What the spent points paid, in fen."""
        return self.worth_fen * self.spent_points // self.points

    @property
    def ledger_key(self) -> str:
        """The key under which its points are held or spent."""
        return f"redeem:{self.id}:{self.round_no}"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a member may choose: amounts of points, from `least` to `most` in steps; none when `why_not` says why.

    `opened` are her codes that staff have not used yet, `running` those bound to an order that is awaited.
    """

    spec: RedemptionRuleSpec
    spendable: int
    amounts: range
    why_not: str
    opened: list[Redemption]
    running: list[Redemption]

    @property
    def worth_fen(self) -> int:
        """What she could pay with all her points."""
        return self.spec.worth_fen(self.spendable)


COLUMNS = ", ".join(name for name in Redemption.__dataclass_fields__ if name != "home_id")


_MEMBER = list(Redemption.__dataclass_fields__).index("member_id")


def redemption_rules(merchant_id: int) -> list[SavedRedemptionRule]:
    """All versions of the rule, the latest first; none while points were never spendable here."""
    return [
        SavedRedemptionRule(row[0], row[1], row[2], row[3], _spec(row[4]))
        for row in sql.rows(
            "SELECT id, number, saved_at, saved_by, spec::text FROM loyalty_redemptionrule"
            " WHERE merchant_id = %(merchant_id)s ORDER BY number DESC",
            {"merchant_id": merchant_id},
        )
    ]


def redemption_rule(merchant_id: int) -> SavedRedemptionRule | None:
    """The rule in force; None while there is none. `spec.is_on` says whether codes are given."""
    return next(iter(redemption_rules(merchant_id)), None)


def specs_by_rule(merchant_id: int) -> dict[int, RedemptionRuleSpec]:
    """Every version by its id."""
    return {rule.id: rule.spec for rule in redemption_rules(merchant_id)}


@lru_cache(maxsize=256)
def _spec(text: str) -> RedemptionRuleSpec:
    return RedemptionRuleSpec.model_validate_json(text)


def redemption(merchant_id: int, redemption_id: int) -> Redemption | None:
    """One redemption."""
    return next(iter(read(merchant_id, "id = %(id)s", {"id": redemption_id})), None)


def redemption_of_code(merchant_id: int, code: str) -> Redemption:
    """The redemption of a code as somebody typed, pasted or scanned it.

    Refused `code_mistyped` when it cannot be a code; Missing `no_code` when nobody was given it, or when it is not the
    code that this merchant's key makes of this member and these points.
    """
    plain = rules.read(code)
    if not plain:
        raise Refused("code_mistyped", _("This code has a typing error. Please compare it sign by sign."))
    found = next(iter(read(merchant_id, "code = %(code)s", {"code": plain})), None)
    if found is None or not is_genuine(merchant_id, found):
        raise Missing("no_code", _("Nobody was given this code. Please ask the customer to copy it again."))
    return found


def make_code(merchant_id: int, redemption_id: int, member_id: int, points: int, turn: int = 0) -> str:
    """The code that the merchant's own key makes of a member and an amount; `turn` is for one that is taken."""
    bound = f"{merchant_id}|{redemption_id}|{member_id}|{points}|{turn}"
    return rules.code_of(crypto.vault(merchant_id).index("redemption code", bound))


TURNS = 4
"""How many codes are tried for one redemption: two in a row that are taken do not happen in a lifetime."""


def is_genuine(merchant_id: int, one: Redemption) -> bool:
    """Whether a kept code is what the key makes of its member and points."""
    return any(make_code(merchant_id, one.id, one.member_id, one.points, turn) == one.code for turn in range(TURNS))


def offer(merchant_id: int, member_id: int) -> Offer | None:
    """What a member may do now; None while there is no rule, or it is switched off and she has no open code."""
    rule = redemption_rule(merchant_id)
    going = read(
        merchant_id,
        "member_id = ANY(%(members)s::bigint[]) AND state IN ('reserved', 'bound', 'mismatch')",
        {"members": sql.numbers(members.household(merchant_id, member_id))},
    )
    opened = [one for one in going if one.is_open]
    running = [one for one in going if one.state != rules.RESERVED]
    if rule is None or not (rule.spec.is_on or going):
        return None
    spec, balance = rule.spec, ledger.balance(merchant_id, POINTS, member_id)
    amounts = rules.amounts(
        balance.spendable,
        least=spec.least_points,
        step=spec.step_points,
        most=_most_today(merchant_id, member_id, spec),
    )
    why_not = "off" if not spec.is_on else "debt" if balance.debt else ""
    if not why_not and not amounts:
        why_not = "day" if balance.spendable >= spec.least_points else "few"
    return Offer(spec, balance.spendable, amounts if not why_not else range(0), why_not, opened, running)


def _most_today(merchant_id: int, member_id: int, spec: RedemptionRuleSpec) -> int:
    most = spec.most_points
    kin = members.household(merchant_id, member_id)
    for who, limit in ((kin, spec.member_day_points), ([0], spec.day_points)):
        if limit is not None:
            most = min(most, limit - counted(merchant_id, today(merchant_id), who))
    return most


def counted(merchant_id: int, on: date, member_ids: Collection[int]) -> int:
    """How many points were asked for on a day by these members together, or ([0]) by all."""
    return int(
        sql.scalar(
            "SELECT coalesce(sum(points), 0) FROM loyalty_redemptioncount WHERE merchant_id = %(merchant_id)s"
            " AND asked_on = %(on)s AND member_id = ANY(%(members)s::bigint[])",
            {"merchant_id": merchant_id, "on": on, "members": sql.numbers(member_ids)},
        )
    )


def today(merchant_id: int) -> date:
    """The present day in the merchant's zone."""
    return clock.today(zone_of(merchant_id))


def of_member(merchant_id: int, member_id: int, *, limit: int = 20) -> list[Redemption]:
    """A member's redemptions, the latest first."""
    return read(
        merchant_id,
        "member_id = ANY(%(members)s::bigint[])",
        {"members": sql.numbers(members.household(merchant_id, member_id))},
        order="asked_at DESC, id DESC LIMIT %(limit)s",
        limit=limit,
    )


def by_ids(merchant_id: int, ids: Collection[int]) -> dict[int, Redemption]:
    """Redemptions by their ids."""
    return {one.id: one for one in read(merchant_id, "id = ANY(%(ids)s)", {"ids": list(ids)})} if ids else {}


def read(
    merchant_id: int, condition: str, params: dict[str, Any], *, order: str = "id", limit: int | None = None
) -> list[Redemption]:
    """Redemptions that meet a condition of our own SQL."""
    found = sql.rows(
        f"SELECT {COLUMNS} FROM loyalty_redemption WHERE merchant_id = %(merchant_id)s AND {condition}"
        f" ORDER BY {order}",
        {"merchant_id": merchant_id, "limit": limit, **params},
    )
    homes = members.homes(merchant_id, {row[_MEMBER] for row in found}) if found else {}
    return [Redemption(*[*row, homes[row[_MEMBER]]]) for row in found]
