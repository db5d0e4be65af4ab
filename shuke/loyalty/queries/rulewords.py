"""The rules of points and levels in plain words: the same chapters for the buyer's pages, the console and the shop's notice."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from shuke.core.money import yuan
from shuke.loyalty.queries.explain import amount, plain
from shuke.loyalty.queries.rulebook import SavedLevelRule, level_rule, points_rule
from shuke.loyalty.queries.worth import Worth, worth
from shuke.loyalty.specs import DayTimes, LevelSpec, PointsRuleSpec


@dataclass(frozen=True, slots=True)
class Chapter:
    """One heading with its sentences; `name` is earning, counting, lapsing, worth, reaching or keeping."""

    name: str
    title: str
    sentences: list[str]


def chapters(merchant_id: int) -> list[Chapter]:
    """Both rules in force, in the order in which a buyer asks; empty while there is none."""
    points, levels = points_rule(merchant_id), level_rule(merchant_id)
    said = points_chapters(points.spec, levels, worth(merchant_id)) if points else []
    return [*said, *(level_chapters(levels) if levels else [])]


def points_chapters(spec: PointsRuleSpec, levels: SavedLevelRule | None, rate: Worth) -> list[Chapter]:
    """How points are earned, when they can be used, how long they live, what they are worth."""
    return [
        Chapter("earning", _("How to earn points"), [*_earning(spec), *_more(spec, levels), *_limits(spec)]),
        Chapter("counting", _("When points count"), _counting(spec)),
        Chapter("lapsing", _("How long points live"), [lifetime(spec)]),
        Chapter("worth", _("What points are worth"), [_worth(rate)]),
    ]


def level_chapters(rule: SavedLevelRule) -> list[Chapter]:
    """How a level is reached, and how it is kept."""
    return [
        Chapter("reaching", _("How levels are reached"), _reaching(rule)),
        Chapter("keeping", _("How long a level holds"), _keeping(rule)),
    ]


def points_in_a_line(spec: PointsRuleSpec, rate: Worth) -> str:
    """The points rule as it fits on a sign."""
    if not spec.points_per_yuan:
        return _("Points can be collected in this shop")
    return _("Every ¥1 earns %(points)s points · 100 points are worth ¥%(yuan)s") % {
        "points": plain(spec.points_per_yuan),
        "yuan": yuan(rate.fen(100)),
    }


def discount_words(permille: int) -> str:
    """A level's price: 970 → "9.7折" or "3% off"; "" for the full price."""
    if permille >= 1000:
        return ""
    if (get_language() or "").startswith("zh"):
        return _("%(tenths)s tenths of the price") % {"tenths": f"{permille / 100:g}"}
    return _("%(percent)s%% off") % {"percent": f"{(1000 - permille) / 10:g}"}


def benefits_of(level: LevelSpec) -> list[str]:
    """What a level gives besides its price, a line each, as buyers read it."""
    found: list[str] = []
    if level.is_post_free:
        found.append(_("Free postage"))
    if level.birthday_points:
        found.append(_("%(points)s points more on your birthday") % {"points": level.birthday_points})
    if level.family_uses:
        text = ngettext(
            "Family price: once a year you may buy for a friend at your price.",
            "Family price: %(count)s times a year you may buy for friends at your price.",
            level.family_uses,
        )
        found.append(text % {"count": level.family_uses})
    return [*found, *(line.strip() for line in level.benefits.splitlines() if line.strip())]


def lifetime(spec: PointsRuleSpec) -> str:
    """How long points are valid."""
    if spec.expiry == "never":
        return _("Points do not lapse.")
    if spec.expiry == "months":
        return ngettext(
            "Points are valid for %(count)s month from the day they are earned.",
            "Points are valid for %(count)s months from the day they are earned.",
            spec.expiry_months,
        ) % {"count": spec.expiry_months}
    return _("Points earned in one year are valid until 31 December of the next.")


def _earning(spec: PointsRuleSpec) -> list[str]:
    if not spec.points_per_yuan:
        found = [_("Orders earn no points at present.")]
    else:
        found = [
            _("Every ¥1 paid for goods earns %(points)s points: an order of ¥100 earns %(hundred)s.")
            % {"points": plain(spec.points_per_yuan), "hundred": int(spec.points_per_yuan * 100)},
            _("Postage earns points too.") if spec.postage_counts else _("Postage earns no points."),
            _("When money is refunded, the points it had earned are taken back."),
        ]
    if spec.signup_points:
        found.append(str(_WELCOME[spec.signup_condition]) % {"points": spec.signup_points})
    return found


def _more(spec: PointsRuleSpec, levels: SavedLevelRule | None) -> list[str]:
    found = [
        _("%(level)s earns %(times)s times the points.")
        % {"level": levels.name(row.level_no), "times": plain(Fraction(row.times))}
        for row in spec.level_times
        if levels is not None and row.times != 1
    ]
    found += [
        str(_MEMBER_DAY if row.from_level and levels else _DAY_FOR_ALL)
        % {
            "day": _day(row),
            "times": plain(Fraction(row.times)),
            "level": levels.name(row.from_level) if levels else "",
        }
        for row in spec.day_times
        if row.times != 1
    ]
    if spec.level_times and spec.day_times and spec.times_together == "highest":
        found.append(_("Of the level's and the day's multiple the higher one counts."))
    return found


def _limits(spec: PointsRuleSpec) -> list[str]:
    caps = ((spec.cap_per_order, _ORDER_CAP), (spec.cap_per_day, _DAY_CAP), (spec.cap_per_month, _MONTH_CAP))
    found = [str(text) % {"points": cap} for cap, text in caps if cap is not None]
    if spec.excluded_words:
        words = _(", ").join(spec.excluded_words[:10])
        found.append(_("Goods whose title holds one of these words earn nothing: %(words)s.") % {"words": words})
    elif spec.excluded_outer_ids:
        found.append(_("Some goods earn no points; our staff will tell you which."))
    return found


def _counting(spec: PointsRuleSpec) -> list[str]:
    found = [str(_COUNTS[spec.counts_when])]
    if spec.hold_days:
        found.append(
            ngettext(
                "They can be used %(count)s day after the order is finished; until then they are “pending”.",
                "They can be used %(count)s days after the order is finished; until then they are “pending”.",
                spec.hold_days,
            )
            % {"count": spec.hold_days}
        )
    elif spec.counts_when == "finished":
        found.append(_("They can be used at once."))
    else:
        found.append(_("They can be used once the order is finished; until then they are “pending”."))
    return found


def _worth(rate: Worth) -> str:
    if rate.is_paying:
        return _("100 points pay ¥%(yuan)s of an order.") % {"yuan": yuan(rate.fen(100))}
    return _("100 points are worth ¥%(yuan)s. Ask our staff when you want to use them.") % {"yuan": yuan(rate.fen(100))}


def _reaching(rule: SavedLevelRule) -> list[str]:
    spec = rule.spec
    kind = spec.measure if spec.measure == "growth" else f"{spec.measure} {spec.window}"
    found = [str(_MEASURES[kind]) % {"months": spec.window_months}]
    found += [
        _("%(level)s: from %(amount)s") % {"level": rule.name(no), "amount": amount(rule.spec.measure, threshold)}
        for no, threshold in enumerate(rule.policy.thresholds)
        if no
    ]
    return [*found, _("Once the mark is reached, you move up by yourself; nothing has to be applied for.")]


def _keeping(rule: SavedLevelRule) -> list[str]:
    spec = rule.spec
    if spec.downgrade == "never":
        return [_("A level once reached is kept for good.")]
    if not spec.validity_months and spec.window == "lifetime":
        return [_("A level has no end: refunds alone can bring it down.")]
    if not spec.validity_months:
        found = [_("A level has no end date; it holds as long as its mark is met.")]
    elif spec.window == "calendar_year":
        found = [
            ngettext(
                "A level is sure for %(count)s month and then until the end of that year.",
                "A level is sure for %(count)s months and then until the end of that year.",
                spec.validity_months,
            )
            % {"count": spec.validity_months}
        ]
    else:
        found = [
            ngettext(
                "A level is sure for %(count)s month.", "A level is sure for %(count)s months.", spec.validity_months
            )
            % {"count": spec.validity_months}
        ]
    found.append(_("To keep it, %(percent)s%% of its mark must be reached again.") % {"percent": spec.keep_percent})
    if spec.grace_days:
        found.append(
            ngettext(
                "Afterwards there is %(count)s day of grace: a purchase then still keeps it.",
                "Afterwards there are %(count)s days of grace: a purchase then still keeps it.",
                spec.grace_days,
            )
            % {"count": spec.grace_days}
        )
    return [*found, str(_DOWN[spec.downgrade])]


def _day(row: DayTimes) -> str:
    if row.kind == "date" and row.date is not None:
        return date_format(row.date, _("j F Y"))
    if row.kind == "week_day":
        return str(_WEEK_DAYS[(row.day or 1) - 1])
    return _("Day %(day)s of every month") % {"day": row.day}


_WELCOME: dict[str, Promise] = {
    "none": gettext_lazy("Every new member is given %(points)s points."),
    "first_order": gettext_lazy("Every new member is given %(points)s points after her first order."),
    "first_finished": gettext_lazy("Every new member is given %(points)s points once her first order is finished."),
}
_COUNTS: dict[str, Promise] = {
    "placed": gettext_lazy("Points are noted as soon as the order is placed."),
    "paid": gettext_lazy("Points are noted as soon as the order is paid."),
    "finished": gettext_lazy("Points are noted as soon as the order is finished."),
}
_DAY_FOR_ALL = gettext_lazy("%(day)s: %(times)s times the points.")
_MEMBER_DAY = gettext_lazy("%(day)s: %(times)s times the points, from %(level)s on.")
_ORDER_CAP = gettext_lazy("One order earns at most %(points)s points.")
_DAY_CAP = gettext_lazy("At most %(points)s points can be earned in one day.")
_MONTH_CAP = gettext_lazy("At most %(points)s points can be earned in one month.")
_MEASURES: dict[str, Promise] = {
    "amount lifetime": gettext_lazy("Levels go by what you have paid in all for finished orders."),
    "amount rolling": gettext_lazy("Levels go by what you paid for finished orders in the last %(months)s months."),
    "amount calendar_year": gettext_lazy("Levels go by what you paid for finished orders in the calendar year."),
    "count lifetime": gettext_lazy("Levels go by the number of all your finished orders."),
    "count rolling": gettext_lazy("Levels go by the number of your finished orders in the last %(months)s months."),
    "count calendar_year": gettext_lazy("Levels go by the number of your finished orders in the calendar year."),
    "growth": gettext_lazy("Levels go by growth, which your orders add to and which is never spent."),
}
_DOWN: dict[str, Promise] = {
    "one_down": gettext_lazy("Otherwise it goes down by one level."),
    "to_match": gettext_lazy("Otherwise it goes down to the level that fits."),
}
_WEEK_DAYS = (
    gettext_lazy("Every Monday"),
    gettext_lazy("Every Tuesday"),
    gettext_lazy("Every Wednesday"),
    gettext_lazy("Every Thursday"),
    gettext_lazy("Every Friday"),
    gettext_lazy("Every Saturday"),
    gettext_lazy("Every Sunday"),
)
