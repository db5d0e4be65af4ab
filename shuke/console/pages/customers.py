"""The customers' list: finding, filtering, sorting, choosing many and doing something for all of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shuke.analytics.queries import MANY, export_rows, member_list
from shuke.analytics.queries import member_ids as ids_of
from shuke.analytics.queries.exporting import export_chosen, export_header
from shuke.console import customer_words, member_table
from shuke.console.customer_forms import SavedView, SavedViews, ViewForm, tag_words
from shuke.console.desk import Desk, page
from shuke.core import clock, downloads
from shuke.core.errors import Missing, Refused
from shuke.core.specs import Form, parse
from shuke.core.typed import number, numbers
from shuke.loyalty import queries as loyalty
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.queries import marks, roll
from shuke.merchants import actions as merchants
from shuke.merchants import queries as merchant_queries
from shuke.trade import queries as trade

MOST_AT_ONCE = 5000
UNDO_KEY = "members_undo"


@page("members.view")
def list_all(desk: Desk) -> HttpResponse:
    """The list, with the lifecycle groups and what to do for each above it."""
    if not roll.member_ids(desk.merchant_id, limit=1):
        return desk.show("console/customers/none.html")
    wanted = member_table.read(desk.get)
    ordered = trade.members_of_order_no(desk.merchant_id, wanted.filter.text) if wanted.filter.text else []
    if len(ordered) == 1:
        return desk.go("console:member", ordered[0])
    found = member_list(
        desk.merchant_id, wanted.filter, sort=wanted.sort, descending=wanted.descending, page=wanted.page
    )
    before, after = member_table.page_links(wanted, found, desk.get)
    counts = trade.lifecycle_counts(desk.merchant_id, most=MANY)
    levels = {step.no: step.name for step in loyalty.ladder(desk.merchant_id)}
    return desk.show(
        "console/customers/list.html",
        wanted=wanted,
        found=found,
        count=_counted(found.count, is_more=found.is_more),
        rows=[(line, levels.get(line.level_no, ""), customer_words.ADVICE[line.lifecycle]) for line in found.lines],
        tabs=[
            (name, advice, _counted(min(counts.get(name, 0), MANY), is_more=counts.get(name, 0) > MANY))
            for name, advice in customer_words.ADVICE.items()
        ],
        heads=member_table.heads(wanted, desk.get),
        selects=member_table.selects(wanted, _options(desk, levels)),
        ranges=member_table.ranges(wanted),
        before=before,
        after=after,
        tags=queries.tags(desk.merchant_id),
        groups=queries.groups(desk.merchant_id),
        query=desk.get.urlencode(),
        **_views(desk),
    )


@page("members.edit", methods=("POST",))
def bulk(desk: Desk) -> HttpResponse:
    """Tag, untag, group or blacklist everybody who was chosen; tagging and grouping can be taken back."""
    member_ids = _chosen(desk)
    act = desk.post.get("act", "")
    if act not in _BULK:
        raise Refused("no_act", _("Choose what to do."))
    said, undo = _BULK[act](desk, member_ids)
    return desk.go(_back(desk), said=said, undo=undo)


@page("members.edit", methods=("POST",))
def undo(desk: Desk, key: str) -> HttpResponse:
    """Take the latest bulk act back, for exactly those whom it changed."""
    kept = desk.request.session.pop(UNDO_KEY, None)
    if not kept or kept["key"] != key or kept["merchant_id"] != desk.merchant_id:
        raise Refused("nothing_to_undo", _("This can no longer be undone."))
    for act, what, member_ids in kept["steps"]:
        if act == "untag":
            members.untag(desk.merchant_id, member_ids, [what], by=desk.by)
        elif act == "tag":
            members.tag(desk.merchant_id, member_ids, [what], by=desk.by)
        else:
            members.remove_from_group(desk.merchant_id, what, member_ids, by=desk.by)
    return desk.go(kept["back"], said=_("Undone."))


@page("members.export", methods=("POST",), proof=True)
def export(desk: Desk) -> HttpResponseBase:
    """The chosen customers, or all that the list shows, as CSV; personal fields stay out of it."""
    chosen = None if desk.post.get("everybody") == "1" else numbers(desk.post.getlist("member"))
    wanted = member_table.read(QueryDict(desk.post.get("query", "")))
    # The audit log says which fields narrowed the list, not what was typed: it may be somebody's phone number.
    filters = sorted(wanted.given) if chosen is None else []
    count = member_list(desk.merchant_id, wanted.filter).count if chosen is None else len(chosen)
    merchants.audit(desk.merchant_id, "member.exported", by=desk.by, object_kind="member", count=count, filters=filters)
    rows = export_rows(desk.merchant_id, wanted.filter) if chosen is None else export_chosen(desk.merchant_id, chosen)
    lines = chain([export_header()], (cells for _member_id, cells in rows))
    pieces = downloads.within(desk.merchant_id, downloads.csv_pieces(lines))
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    name = _("customers %(day)s") % {"day": clock.today(desk.merchant.zone).isoformat()}
    response["Content-Disposition"] = downloads.attachment(f"{name}.csv")
    return response


@page("members.edit", methods=("POST",))
def keep_view(desk: Desk) -> HttpResponse:
    """Keep the filter that is open under a name, for everybody at the merchant's."""
    query = member_table.kept_query(QueryDict(desk.post.get("query", "")))
    filled = parse(ViewForm, desk.post)
    if isinstance(filled, Form):
        raise Refused("bad_name", _("Give the view a name of at most 20 characters."))
    views = merchant_queries.setting(desk.merchant_id, SavedViews).views
    others = [view for view in views if view.name != filled.name]
    if len(others) >= 20:
        raise Refused("too_many_views", _("There are twenty views already; forget one first."))
    merchants.save_setting(
        desk.merchant_id, SavedViews(views=[*others, SavedView(name=filled.name, query=query)]), by=desk.by
    )
    return desk.go(
        f"{resolve_url('console:members')}?{query}", said=_("The view “%(name)s” is kept.") % {"name": filled.name}
    )


@page("members.edit", methods=("POST",))
def forget_view(desk: Desk) -> HttpResponse:
    """Forget a kept view."""
    name = desk.post.get("name", "")
    views = merchant_queries.setting(desk.merchant_id, SavedViews).views
    left = [view for view in views if view.name != name]
    if len(left) == len(views):
        raise Missing("no_view", _("This view does not exist."))
    merchants.save_setting(desk.merchant_id, SavedViews(views=left), by=desk.by)
    return desk.go("console:members", said=_("The view “%(name)s” is forgotten.") % {"name": name})


def _tag(desk: Desk, member_ids: list[int]) -> tuple[str, str]:
    names = tag_words(desk.post.get("names", ""))
    if not names:
        raise Refused("no_tag", _("Write at least one tag."))
    before = marks.tags_of(desk.merchant_id, member_ids)
    count = members.tag(desk.merchant_id, member_ids, names, by=desk.by)
    steps = [("untag", name, [one for one in member_ids if name not in before.get(one, [])]) for name in names]
    said = ngettext("%(count)d customer tagged.", "%(count)d customers tagged.", count) % {"count": count}
    return said, _undo_path(desk, steps)


def _untag(desk: Desk, member_ids: list[int]) -> tuple[str, str]:
    name = desk.post.get("tag", "")
    before = marks.tags_of(desk.merchant_id, member_ids)
    count = members.untag(desk.merchant_id, member_ids, [name], by=desk.by)
    steps = [("tag", name, [one for one in member_ids if name in before.get(one, [])])]
    said = ngettext("Tag taken off %(count)d customer.", "Tag taken off %(count)d customers.", count) % {"count": count}
    return said, _undo_path(desk, steps)


def _group(desk: Desk, member_ids: list[int]) -> tuple[str, str]:
    group_id = number(desk.post.get("group", "")) or 0
    before = marks.in_group(desk.merchant_id, group_id, member_ids)
    count = members.add_to_group(desk.merchant_id, group_id, member_ids, by=desk.by)
    steps = [("leave", group_id, [one for one in member_ids if one not in before])]
    said = ngettext("%(count)d customer added to the group.", "%(count)d customers added to the group.", count)
    return said % {"count": count}, _undo_path(desk, steps)


def _blacklist(desk: Desk, member_ids: list[int]) -> tuple[str, str]:
    count = members.blacklist(desk.merchant_id, member_ids, desk.post.get("reason", ""), by=desk.by)
    return ngettext("%(count)d customer blacklisted.", "%(count)d customers blacklisted.", count) % {"count": count}, ""


_BULK: dict[str, Callable[[Desk, list[int]], tuple[str, str]]] = {
    "tag": _tag,
    "untag": _untag,
    "group": _group,
    "blacklist": _blacklist,
}


def _undo_path(desk: Desk, steps: Sequence[tuple[str, str | int, list[int]]]) -> str:
    """Remember exactly whom an act changed; where to post to for taking it back, "" when nothing changed."""
    changed = [step for step in steps if step[2]]
    if not changed:
        return ""
    key = secrets.token_urlsafe(12)
    desk.request.session[UNDO_KEY] = {
        "key": key,
        "merchant_id": desk.merchant_id,
        "steps": changed,
        "back": _back(desk),
    }
    return reverse("console:members_undo", args=[key])


def _back(desk: Desk) -> str:
    """The list as it was when the act was chosen."""
    query = QueryDict(desk.post.get("query", "")[:2000]).urlencode()
    return reverse("console:members") + (f"?{query}" if query else "")


def _chosen(desk: Desk) -> list[int]:
    """Whom the act is for: the ticked rows, or everybody the list shows."""
    if desk.post.get("everybody") == "1":
        wanted = member_table.read(QueryDict(desk.post.get("query", "")))
        everybody = ids_of(desk.merchant_id, wanted.filter, limit=MOST_AT_ONCE + 1)
        if len(everybody) > MOST_AT_ONCE:
            text = _("That is more than %(count)d customers; narrow the list first.")
            raise Refused("too_many", text, count=MOST_AT_ONCE)
        return everybody
    found = numbers(desk.post.getlist("member"))
    if not found:
        raise Refused("nobody", _("Choose at least one customer."))
    return found


def _counted(count: int, *, is_more: bool) -> str:
    """`1,234`, or `10,000+` where counting stopped."""
    return f"{count:,}+" if is_more else f"{count:,}"


def _views(desk: Desk) -> dict[str, Any]:
    """The kept views, and whether the filter that is open is worth keeping."""
    kept = member_table.kept_query(desk.get)
    views = merchant_queries.setting(desk.merchant_id, SavedViews).views
    is_kept = any(view.query == kept for view in views)
    return {"views": [(view, view.query == kept) for view in views], "may_be_kept": bool(kept) and not is_kept}


def _options(desk: Desk, levels: dict[int, str]) -> dict[str, member_table.Options]:
    """The choices of the filter panel by field."""
    return {
        "level_no": [(str(number), name) for number, name in levels.items()],
        "tag_id": [(str(one.id), one.name) for one in queries.tags(desk.merchant_id)],
        "group_id": [(str(one.id), one.name) for one in queries.groups(desk.merchant_id)],
        "status": [("normal", _("Normal")), ("blacklist", _("Blacklisted"))],
        "relation_source": [(name, str(label)) for name, label in customer_words.SOURCES.items()],
        "province": [(name, name) for name in customer_words.PROVINCES],
    }
