"""Charts of points and levels as ECharts options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from shuke.analytics.queries.liability import MonthMoved
from shuke.ledger.queries import Month
from shuke.loyalty.queries import Compared, Step

Option = dict[str, Any]

_COLORS = ["#a89a8e", "#b83a14"]


def moved(months: Sequence[Month]) -> Option:
    """Given, spent and lapsed points by month."""
    return _bars(
        [one.month for one in months],
        {
            _("Given"): [one.given for one in months],
            _("Spent"): [one.spent for one in months],
            _("Lapsed"): [one.expired for one in months],
        },
    )


def circulating(months: Sequence[MonthMoved]) -> Option:
    """Given, spent, lapsed and taken back by month as columns, what was in circulation as a line."""
    option = _bars(
        [one.month for one in months],
        {
            _("Given"): [one.issued for one in months],
            _("Spent"): [one.spent for one in months],
            _("Lapsed"): [one.lapsed for one in months],
            _("Taken back"): [one.taken_back for one in months],
        },
    )
    option["series"].append({"type": "line", "name": _("In circulation"), "data": [one.at_end for one in months],
                             "symbol": "none", "lineStyle": {"width": 2}})  # fmt: skip
    return option


def compared(months: Mapping[str, Compared], *, has_rule: bool) -> Option:
    """Points by month under the new rule, beside the one in force if there is one."""
    series = {_("New rule"): [one.points for one in months.values()]}
    if has_rule:
        series = {_("Now"): [one.points_before for one in months.values()], **series}
    return {"color": _COLORS[-len(series) :], **_bars(list(months), series)}


def standing(steps: Sequence[Step]) -> Option:
    """Members by level, the highest on top."""
    return _lying([step.name for step in steps], {_("Customers"): [step.member_count for step in steps]})


def moving(names: Sequence[str], before: Mapping[int, int], after: Mapping[int, int], *, has_rule: bool) -> Option:
    """Members by level under the new rule, beside the one in force if there is one."""
    numbers = range(len(names))
    series = {_("New rule"): [after.get(no, 0) for no in numbers]}
    if has_rule:
        series = {_("Now"): [before.get(no, 0) for no in numbers], **series}
    return {"color": _COLORS[-len(series) :], **_lying(names, series)}


def _bars(labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> Option:
    return {
        "legend": {"top": 0, "left": 0},
        "grid": {"left": 8, "right": 8, "top": 40, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": list(labels)},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"type": "bar", "name": name, "data": list(values), "barMaxWidth": 28, "itemStyle": {"borderRadius": [3, 3, 0, 0]}}
            for name, values in series.items()
        ],
    }  # fmt: skip


def _lying(labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> Option:
    option: Option = {
        "grid": {"left": 8, "right": 48, "top": 32 if len(series) > 1 else 8, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value", "minInterval": 1, "splitLine": {"show": False}, "axisLabel": {"show": False}},
        "yAxis": {"type": "category", "data": list(labels)},
        "series": [
            {"type": "bar", "name": name, "data": list(values), "barMaxWidth": 24, "label": {"show": True, "position": "right"},
             "itemStyle": {"borderRadius": [0, 3, 3, 0]}}
            for name, values in series.items()
        ],
    }  # fmt: skip
    return {"legend": {"top": 0, "left": 0}, **option} if len(series) > 1 else option
