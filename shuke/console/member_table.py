"""The customers' list as its address says it: filter, order, page; and what of it may be kept as a view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from shuke.analytics.queries import MemberPage
from shuke.analytics.specs import SORTS, MemberFilter
from shuke.core.specs import Form, parse
from shuke.core.specs.shape import shapes

Options = list[tuple[str, str]]

DEFAULT_SORT = "last_order"
UPWARD_FIRST = {"nick"}
TRAIL = 30
SELECTS = ("level_no", "tag_id", "group_id", "status", "relation_source", "province")
RANGES = (
    ("amount_from_fen", "amount_to_fen", "decimal"),
    ("orders_from", "orders_to", "numeric"),
    ("points_from", "points_to", "numeric"),
    ("last_order_from_on", "last_order_to_on", ""),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for: whom, in which order, from which row on; `problems` are fields that were left aside."""

    filter: MemberFilter
    given: dict[str, str]
    problems: list[tuple[str, str]]
    sort: str
    descending: bool
    page: str
    trail: list[str]

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the search and the lifecycle groups narrows the list."""
        return bool(self.given.keys() - {"text", "lifecycle"}) or bool(self.problems)

    @property
    def is_later_page(self) -> bool:
        """Whether pages stand before this one."""
        return bool(self.page)


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: where a click on it leads, and `aria-sort` as it stands ("" = not sorted by it)."""

    label: str | Promise
    is_number: bool
    query: str
    sorted: str


def read(query: QueryDict) -> Wanted:
    """What an address asks for; a field that cannot be read is left aside and named."""
    given = {name: text for name in MemberFilter.model_fields if (text := query.get(name, "").strip())}
    chosen = parse(MemberFilter, given)
    problems: list[tuple[str, str]] = []
    if isinstance(chosen, Form):
        problems = [(str(one.label), one.text) for one in chosen.problems]
        given = {name: text for name, text in given.items() if name not in chosen.faults}
        again = parse(MemberFilter, given)
        chosen, given = (MemberFilter(), {}) if isinstance(again, Form) else (again, given)
    sort = query.get("sort", "")
    sort = sort if sort in SORTS else DEFAULT_SORT
    up = query.get("way", "down" if sort not in UPWARD_FIRST else "up") == "up"
    trail = [part for part in query.get("trail", "").split(".")[-TRAIL:] if part]
    return Wanted(chosen, given, problems, sort, not up, query.get("page", "")[:400], trail)


def kept_query(query: QueryDict) -> str:
    """The query string of a view worth keeping: filter and order, without page and search text.

    What was searched for may be somebody's phone number, and views lie open.
    """
    kept = QueryDict(mutable=True)
    for name in (*MemberFilter.model_fields, "sort", "way"):
        if name != "text" and (text := query.get(name, "").strip()):
            kept[name] = text[:100]
    return kept.urlencode()


def heads(wanted: Wanted, query: QueryDict) -> list[Head]:
    """The heads of the list's columns."""
    columns: list[tuple[str, str | Promise, bool]] = [
        ("nick", _("Customer"), False), ("", _("Lifecycle"), False), ("level", SORTS["level"], False),
        ("", _("Place"), False), ("orders", SORTS["orders"], True), ("amount", SORTS["amount"], True),
        ("average", SORTS["average"], True), ("points", SORTS["points"], True),
        ("last_order", SORTS["last_order"], False),
    ]  # fmt: skip
    return [Head(label, is_number, *_sorting(name, wanted, query)) for name, label, is_number in columns]


def page_links(wanted: Wanted, found: MemberPage, query: QueryDict) -> tuple[str, str]:
    """Where the pages before and after lead; "" where there is none."""
    before = after = ""
    if wanted.is_later_page:
        back = wanted.trail[-1] if wanted.trail else ""
        before = changed(query, page="" if back == "-" else back, trail=".".join(wanted.trail[:-1]))
    if found.next:
        after = changed(query, page=found.next, trail=".".join([*wanted.trail, wanted.page or "-"]))
    return before, after


def changed(query: QueryDict, **values: str) -> str:
    """A query string with some values changed; "" takes one out."""
    found = query.copy()
    for name, value in values.items():
        if value:
            found[name] = value
        else:
            found.pop(name, None)
    return f"?{found.urlencode()}"


def selects(wanted: Wanted, options: dict[str, Options]) -> list[dict[str, Any]]:
    """The filter panel's choices, those without any left out."""
    return [
        {"name": name, "label": _label(name), "options": options[name], "value": wanted.given.get(name, "")}
        for name in SELECTS
        if options[name]
    ]


def ranges(wanted: Wanted) -> list[dict[str, Any]]:
    """The filter panel's ranges; `mode` is the keyboard of a phone, "" for days."""
    titles = [_("Paid (yuan)"), _("Orders"), _("Points"), _("Last order")]
    return [
        {"label": title, "mode": mode, "lowest": (lowest, wanted.given.get(lowest, ""), _label(lowest)),
         "highest": (highest, wanted.given.get(highest, ""), _label(highest))}
        for title, (lowest, highest, mode) in zip(titles, RANGES, strict=True)
    ]  # fmt: skip


def _sorting(name: str, wanted: Wanted, query: QueryDict) -> tuple[str, str]:
    if not name:
        return "", ""
    if name == wanted.sort:
        now = "descending" if wanted.descending else "ascending"
        return changed(query, sort=name, way="up" if wanted.descending else "down", page="", trail=""), now
    return changed(query, sort=name, way="up" if name in UPWARD_FIRST else "down", page="", trail=""), ""


def _label(name: str) -> str:
    return next(str(one.ui.label) for one in shapes(MemberFilter) if one.name == name)
