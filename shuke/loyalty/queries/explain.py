"""One sentence for every level, balance and line: the very same for the buyer and for staff."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shuke.core import clock
from shuke.core.money import yuan
from shuke.ledger import queries as ledger
from shuke.ledger.queries import Line
from shuke.loyalty.events import REASONS
from shuke.loyalty.queries.points import PointsSummary
from shuke.loyalty.queries.redemptions import Redemption, by_ids
from shuke.loyalty.queries.rulebook import POINTS, SavedPointsRule, points_rules, zone_of
from shuke.loyalty.queries.standings import LevelView, Warned
from shuke.merchants import queries as merchants

_COUNTED: dict[str, Promise] = {
    "placed": pgettext_lazy("order step", "placed"),
    "paid": pgettext_lazy("order step", "paid"),
    "finished": pgettext_lazy("order step", "finished"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the statement with its sentence."""

    line: Line
    sentence: str


@dataclass(frozen=True, slots=True)
class Booked:
    """A line of the shop's points with whose it is and its sentence."""

    member_id: int
    line: Line
    sentence: str


def history(
    merchant_id: int, member_id: int, *, before: tuple[datetime, int] | None = None, limit: int = 50
) -> list[Told]:
    """A member's points lines with their sentences, the latest first; `before` is the last line's `cursor`."""
    lines = ledger.statement(merchant_id, POINTS, member_id, before=before, limit=limit)
    rules = {rule.id: rule for rule in points_rules(merchant_id)}
    names = {f"staff:{person.id}": person.display_name for person in merchants.people(merchant_id)}
    zone = zone_of(merchant_id)
    used = _redemptions(merchant_id, lines)
    return [Told(line, explain_line(line, zone=zone, rules=rules, names=names, redemptions=used)) for line in lines]


def journal(
    merchant_id: int,
    *,
    member_id: int | None = None,
    kinds: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[Booked]:
    """All members' points lines with their sentences, the latest first; arguments as in the ledger's journal."""
    found = ledger.journal(
        merchant_id, POINTS, member_id=member_id, kinds=kinds, since=since, until=until, before=before, limit=limit
    )
    rules = {rule.id: rule for rule in points_rules(merchant_id)}
    names = {f"staff:{person.id}": person.display_name for person in merchants.people(merchant_id)}
    zone = zone_of(merchant_id)
    used = _redemptions(merchant_id, [line for _number, line in found])
    return [
        Booked(number, line, explain_line(line, zone=zone, rules=rules, names=names, redemptions=used))
        for number, line in found
    ]


def explain_line(
    line: Line,
    *,
    zone: ZoneInfo,
    rules: Mapping[int, SavedPointsRule],
    names: Mapping[str, str],
    redemptions: Mapping[int, Redemption] | None = None,
) -> str:
    """Why a line stands in the statement; `names` are display names of doers such as `staff:12`, `redemptions` those
    that lines of paying with points speak of, by id.
    """
    if (one := (redemptions or {}).get(redemption_of(line.source))) is not None:
        return joined(_redeemed(line, one))
    if line.state == "expired" and line.amount < 0:
        return joined([_lapsed(line), _("not used until %(day)s") % {"day": day_before(line.happened_at, zone)}])
    if line.kind == "moved":
        came = _("Came with a customer record that is hers too")
        return joined([came if line.amount > 0 else _("Went to another record of hers"), _gain(line.amount)])
    if line.kind == "adjusted":
        return joined(_adjusted(line, names) + _dates(line, zone))
    if line.kind in _PRESENTS:
        return joined([str(_PRESENTS[line.kind]), _gain(line.amount), *_dates(line, zone)])
    if line.kind == "welcome":
        return joined([_("Welcome points"), _gain(line.amount), *_dates(line, zone)])
    if line.source.startswith("order:"):
        if line.amount < 0:
            return joined(_taken_back(line))
        return joined(_earned(line, rules.get(line.rule_id or 0)) + _dates(line, zone))
    if line.kind == "given_back":
        return joined([_("Given back after spending"), _gain(line.amount), *_dates(line, zone)])
    return joined([str(_SPENDING.get(line.state, _("Points"))), _gain(line.amount)])


def explain_balance(summary: PointsSummary) -> str:
    """What a member's points are, and what of them she can use."""
    if summary.debt:
        return _(
            "%(debt)s points are owed: they had been spent when the order was refunded. The next points repay them first."
        ) % {"debt": summary.debt}
    parts = [_("%(points)s points can be used") % {"points": summary.spendable}]
    if summary.pending:
        parts.append(_("%(points)s are pending") % {"points": summary.pending})
    if summary.reserved:
        parts.append(_("%(points)s are set aside for an order") % {"points": summary.reserved})
    if summary.worth_fen:
        parts.append(_("together worth ¥%(yuan)s") % {"yuan": yuan(summary.worth_fen)})
    return joined(parts)


def explain_level(view: LevelView, *, zone: ZoneInfo, names: Mapping[str, str] | None = None) -> str:
    """Why a member stands on her level, until when, and what is missing to the next."""
    standing = view.standing
    parts = [view.name]
    if standing.is_manual:
        doer = (names or {}).get(view.set_by, "")
        parts.append(_("set by hand by %(name)s") % {"name": doer} if doer else _("set by hand"))
        if view.note:
            parts.append(_("reason: %(reason)s") % {"reason": view.note})
    elif standing.level_no:
        evidence = view.evidence
        parts.append(
            _("%(figure)s reached the level's %(threshold)s")
            % {"figure": amount(view.measure, int(evidence.get("figure", view.figure))),
               "threshold": amount(view.measure, int(evidence.get("threshold", 0)))}
            if standing.reason == "reached"
            else str(_REASONS[standing.reason])
        )  # fmt: skip
    if standing.grace_until_at is not None:
        parts.append(_("kept on trust until %(day)s") % {"day": day_before(standing.grace_until_at, zone)})
    elif standing.until_at is not None:
        parts.append(_("sure until %(day)s") % {"day": day_before(standing.until_at, zone)})
    if view.way is not None and not standing.is_manual:
        parts.append(
            _("%(missing)s more to %(name)s")
            % {"missing": amount(view.measure, view.way.missing), "name": view.way.next_name}
        )
    return joined(parts)


def explain_warning(one: Warned, measure: str, *, zone: ZoneInfo) -> str:
    """When a level will be lost, and what keeps it."""
    return _("%(name)s ends on %(day)s; %(missing)s more keeps it") % {
        "name": one.level_name, "day": day_before(one.ends_at, zone), "missing": amount(measure, one.missing),
    }  # fmt: skip


def amount(measure: str, figure: int) -> str:
    """A figure of levels in words: yuan, orders or growth."""
    if measure == "amount":
        return f"¥{yuan(figure)}"
    return (_("%(count)s orders") if measure == "count" else _("%(count)s growth")) % {"count": figure}


def day_before(end: datetime, zone: ZoneInfo) -> str:
    """The last day on which something holds that ends at an instant."""
    return (end - timedelta(microseconds=1)).astimezone(zone).date().isoformat()


_SPENDING: dict[str, Promise] = {
    "spent": gettext_lazy("Spent"),
    "reserved": gettext_lazy("Set aside for an order"),
    "released": gettext_lazy("Set free again, unused"),
}
_PRESENTS: dict[str, Promise] = {
    "birthday": gettext_lazy("Happy birthday"),
    "membership": gettext_lazy("Points of the paid membership"),
}
_MULTIPLES: dict[str, Promise] = {
    "level_times": gettext_lazy("her level"),
    "membership_times": gettext_lazy("paid membership"),
    "birthday_times": gettext_lazy("birthday"),
    "day_times": gettext_lazy("member day"),
}
_REASONS: dict[str, Promise] = {
    "kept": gettext_lazy("kept by meeting the level again"),
    "grace": gettext_lazy("no longer met"),
    "lost": gettext_lazy("gone down, since the level above was not kept"),
    "rule_changed": gettext_lazy("by the new rule"),
    "manual_ended": gettext_lazy("by her purchases, after a setting by hand ended"),
    "membership": gettext_lazy("by her paid membership"),
    "membership_ended": gettext_lazy("by her purchases, after the paid membership ended"),
    "manual": gettext_lazy("set by hand"),
}


def redemption_of(source: str) -> int:
    """The redemption that a ledger's source names; 0 for any other source."""
    kind, _colon, number = source.partition(":")
    return int(number) if kind == "redemption" and number.isdecimal() else 0


def _redemptions(merchant_id: int, lines: Sequence[Line]) -> dict[int, Redemption]:
    return by_ids(merchant_id, {number for line in lines if (number := redemption_of(line.source))})


def _redeemed(line: Line, one: Redemption) -> list[str]:
    """A line of paying with points: with which code, for which order, worth what."""
    code = _("code %(code)s") % {"code": one.shown_code}
    points = _gain(line.amount)
    if line.kind == "given_back":
        return [
            _("Points used come back, since order %(no)s was refunded") % {"no": short_no(one.order_no)},
            points,
            code,
        ]
    if line.state == "spent":
        paid = _("¥%(yuan)s of order %(no)s paid with points") % {
            "yuan": yuan(one.worth_fen),
            "no": short_no(one.order_no),
        }
        return [paid, points, code]
    if line.state == "reserved":
        return [_("Set aside to pay ¥%(yuan)s of an order") % {"yuan": yuan(one.worth_fen)}, points, code]
    if line.amount < 0:
        return [_("Was set aside to pay ¥%(yuan)s of an order") % {"yuan": yuan(one.worth_fen)}, points, code]
    why = str(REASONS[one.why]) if one.why in REASONS else ""
    return [_("Set free again, unused"), points, code, *([why] if why else [])]


def _earned(line: Line, rule: SavedPointsRule | None) -> list[str]:
    number = short_no(line.note.get("order_no", ""))
    parts = [_("Order %(no)s %(step)s") % {"no": number, "step": _COUNTED[rule.spec.counts_when]}] if rule else [
        _("Order %(no)s") % {"no": number}
    ]  # fmt: skip
    if "fen" in line.note:
        parts.append(_("paid ¥%(yuan)s") % {"yuan": yuan(int(line.note["fen"]))})
    if rule is not None:
        parts.append(_("%(points)s points for every ¥1") % {"points": plain(rule.spec.points_per_yuan)})
    if "times" in line.note:
        parts.append(_multiple(line.note))
    return [*parts, _("%(points)s points earned") % {"points": line.amount}]


def _multiple(note: Mapping[str, str]) -> str:
    """The multiplier, and where it comes from when a member day, a membership or a birthday has to do with it."""
    whole = _("×%(times)s") % {"times": plain(Fraction(note["times"]))}
    found = [
        f"{words} {_('×%(times)s') % {'times': plain(Fraction(note[name]))}}"
        for name, words in _MULTIPLES.items()
        if name in note
    ]
    if found and (len(found) > 1 or "level_times" not in note):
        return found[0] if len(found) == 1 else _("%(whole)s (%(parts)s)") % {"whole": whole, "parts": joined(found)}
    return whole


def _taken_back(line: Line) -> list[str]:
    number, refund = short_no(line.note.get("order_no", "")), int(line.note.get("refund_fen", 0))
    if refund:
        first = _("Order %(no)s: ¥%(yuan)s refunded") % {"no": number, "yuan": yuan(refund)}
    else:
        first = _("Order %(no)s is computed anew") % {"no": number}
    parts = [first, _("%(points)s points taken back") % {"points": -line.amount}]
    if line.state == "debt":
        parts.append(_("already spent, so they are owed and the next points repay them"))
    return parts


def _adjusted(line: Line, names: Mapping[str, str]) -> list[str]:
    points, doer = abs(line.amount), names.get(line.by, "")
    if doer:
        text = _("%(name)s gave %(points)s points") if line.amount > 0 else _("%(name)s took %(points)s points")
    else:
        text = _("%(points)s points given by hand") if line.amount > 0 else _("%(points)s points taken by hand")
    parts = [text % {"name": doer, "points": points}]
    if line.note.get("asked_by") in names:
        parts.append(_("asked for by %(name)s") % {"name": names[line.note["asked_by"]]})
    if line.note.get("reason"):
        parts.append(_("reason: %(reason)s") % {"reason": line.note["reason"]})
    return parts


def _dates(line: Line, zone: ZoneInfo) -> list[str]:
    parts = []
    if line.state == "pending":
        parts.append(
            _("usable from %(day)s") % {"day": line.available_at.astimezone(zone).date().isoformat()}
            if line.available_at
            else _("usable once the order is finished")
        )
    if line.expires_at is not None and line.amount > 0:
        text = _("lapsed on %(day)s") if line.expires_at <= clock.now() else _("valid until %(day)s")
        parts.append(text % {"day": day_before(line.expires_at, zone)})
    return parts


def _lapsed(line: Line) -> str:
    return _("%(points)s points lapsed") % {"points": -line.amount}


def _gain(points: int) -> str:
    return _("%(points)s points") % {"points": f"+{points}" if points > 0 else f"−{-points}"}


def short_no(order_no: str) -> str:
    """What tells an order from others, without its whole number: `298765…4512`.

    Taobao ends all orders of one buyer alike and counts up in front, where six digits are a few minutes; other
    platforms begin with the day and differ at the end.
    """
    if len(order_no) <= _WHOLE:
        return order_no
    first = 6 if len(order_no) >= _LONG else 3
    return f"{order_no[:first]}…{order_no[-4:]}"


_WHOLE, _LONG = 8, 16


def plain(number: Decimal | Fraction) -> str:
    """A ratio without needless noughts: `1`, `1.5`, `0.3333`."""
    text = f"{float(number):.4f}".rstrip("0").rstrip(".")
    return text or "0"


def joined(parts: Sequence[str]) -> str:
    """Parts of a sentence as one."""
    return reduce(lambda first, rest: _("%(first)s, %(rest)s") % {"first": first, "rest": rest}, parts)
