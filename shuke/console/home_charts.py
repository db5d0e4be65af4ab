"""Charts of the first page as ECharts options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from shuke.analytics.queries import Day
from shuke.trade.queries import lifecycle_label

Option = dict[str, Any]
_GROUPS = ("loyal", "new", "other", "callback", "lapsed")


def sales(daily: Sequence[Day]) -> Option:
    """Net sales in yuan as bars and orders as a line, by day."""
    return {
        "legend": {"top": 0, "left": 0},
        "tooltip": {"trigger": "axis"},
        "grid": {"left": 8, "right": 8, "top": 40, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": [f"{day.on.month}-{day.on.day:02d}" for day in daily]},
        "yAxis": [{"type": "value", "splitNumber": 4}, {"type": "value", "minInterval": 1, "splitLine": {"show": False}}],
        "series": [
            {"type": "bar", "name": _("Sales in yuan"), "data": [day.paid_fen / 100 for day in daily], "barMaxWidth": 18,
             "itemStyle": {"borderRadius": [3, 3, 0, 0]}},
            {"type": "line", "name": _("Orders"), "data": [day.order_count for day in daily], "yAxisIndex": 1,
             "smooth": True, "showSymbol": False},
        ],
    }  # fmt: skip


def groups(lifecycle: Mapping[str, int]) -> Option:
    """Customers by lifecycle group."""
    return {
        "tooltip": {"trigger": "item", "formatter": "{b}: {c} ({d}%)"},
        "legend": {"bottom": 0},
        "series": [
            {"type": "pie", "radius": ["48%", "72%"], "center": ["50%", "42%"], "label": {"show": False},
             "data": [{"name": lifecycle_label(group), "value": lifecycle.get(group, 0)} for group in _GROUPS
                      if lifecycle.get(group, 0)]},
        ],
    }  # fmt: skip
