"""Groups, tags, the shop's own attributes, and the windows of the lifecycle groups."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shuke.console.desk import Desk, page
from shuke.core.errors import Missing
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.queries import Attribute, Group
from shuke.members.specs import AttributeSpec, GroupSpec
from shuke.merchants import queries as merchants
from shuke.trade import actions as trade
from shuke.trade.specs import LifecycleSpec

GROUPS = "console:groups"


@page("members.view")
def list_all(desk: Desk) -> HttpResponse:
    """All groups with their offers and plans, all tags, all attributes."""
    return desk.show(
        "console/groups/list.html",
        groups=queries.groups(desk.merchant_id),
        tags=queries.tags(desk.merchant_id),
        attributes=queries.attributes(desk.merchant_id, with_inactive=True),
        windows=merchants.setting(desk.merchant_id, LifecycleSpec),
    )


@page("members.edit", methods=("GET", "POST"))
def add(desk: Desk) -> HttpResponse:
    """A new group."""

    def act(filled: GroupSpec) -> None:
        members.create_group(desk.merchant_id, filled, by=desk.by)

    return desk.fill_in(
        GroupSpec, "console/groups/edit.html", act, to=GROUPS, said=_("The group is made. Fill it from the customers' list."),
        title=_("New group"),
    )  # fmt: skip


@page("members.edit", methods=("GET", "POST"))
def edit(desk: Desk, group_id: int) -> HttpResponse:
    """A group's name, offer and plan."""
    group = _group(desk, group_id)

    def act(filled: GroupSpec) -> None:
        members.edit_group(desk.merchant_id, group_id, filled, by=desk.by)

    value = {"name": group.name, "note": group.note, "offer": group.offer, "strategy": group.strategy}
    return desk.fill_in(
        GroupSpec,
        "console/groups/edit.html",
        act,
        to=GROUPS,
        said=_("Saved."),
        value=value,
        title=group.name,
        group=group,
    )


@page("members.edit", methods=("POST",))
def delete(desk: Desk, group_id: int) -> HttpResponse:
    """Dissolve a group."""
    group = _group(desk, group_id)
    members.delete_group(desk.merchant_id, group_id, by=desk.by)
    return desk.go(GROUPS, said=_("The group “%(name)s” is dissolved.") % {"name": group.name})


@page("members.edit", methods=("POST",))
def delete_tag(desk: Desk, tag_id: int) -> HttpResponse:
    """Take a tag off everybody."""
    tag = next((one for one in queries.tags(desk.merchant_id) if one.id == tag_id), None)
    if tag is None:
        raise Missing("no_tag", _("This tag does not exist."))
    members.delete_tag(desk.merchant_id, tag_id, by=desk.by)
    return desk.go(GROUPS, said=_("The tag “%(name)s” is gone.") % {"name": tag.name})


@page("members.edit", methods=("GET", "POST"))
def add_attribute(desk: Desk) -> HttpResponse:
    """A new attribute of customers."""

    def act(filled: AttributeSpec) -> None:
        members.create_attribute(desk.merchant_id, filled, by=desk.by)

    return desk.fill_in(
        AttributeSpec, "console/groups/edit.html", act, to=GROUPS, said=_("The attribute can be filled in now."),
        title=_("New attribute"),
    )  # fmt: skip


@page("members.edit", methods=("GET", "POST"))
def edit_attribute(desk: Desk, attribute_id: int) -> HttpResponse:
    """Rename an attribute, or change its choices."""
    one = _attribute(desk, attribute_id)

    def act(filled: AttributeSpec) -> None:
        members.edit_attribute(desk.merchant_id, one.id, filled, is_active=one.is_active, by=desk.by)

    return desk.fill_in(
        AttributeSpec, "console/groups/edit.html", act, to=GROUPS, said=_("Saved."), value=_spec(one), title=one.name,
        lead=_("Name and choices may change. The kind stays; make a new attribute for another one."), attribute=one,
    )  # fmt: skip


@page("members.edit", methods=("POST",))
def use_attribute(desk: Desk, attribute_id: int) -> HttpResponse:
    """Put an attribute away, or take it into use again; what was filled in stays."""
    one = _attribute(desk, attribute_id)
    is_active = desk.post.get("word") == "use"
    members.edit_attribute(desk.merchant_id, one.id, _spec(one), is_active=is_active, by=desk.by)
    return desk.go(
        GROUPS, said=_("The attribute can be filled in now.") if is_active else _("The attribute is put away.")
    )


@page("settings.edit", methods=("GET", "POST"))
def lifecycle(desk: Desk) -> HttpResponse:
    """When a customer is new, long absent, to be called back."""

    def act(filled: LifecycleSpec) -> HttpResponse:
        moved = trade.save_lifecycle(desk.merchant_id, filled, by=desk.by)
        said = ngettext("Saved. %(count)d customer moved to another group.",
                        "Saved. %(count)d customers moved to another group.", moved)  # fmt: skip
        return desk.go(GROUPS, said=said % {"count": moved})

    return desk.fill_in(
        LifecycleSpec, "console/groups/edit.html", act, title=_("Windows of the lifecycle groups"),
        value=merchants.setting(desk.merchant_id, LifecycleSpec),
        lead=_("They decide who is new, long absent or to be called back. Everybody is sorted again at once."),
    )  # fmt: skip


def _attribute(desk: Desk, attribute_id: int) -> Attribute:
    found = queries.attributes(desk.merchant_id, with_inactive=True)
    one = next((one for one in found if one.id == attribute_id), None)
    if one is None:
        raise Missing("no_attribute", _("This attribute does not exist."))
    return one


def _spec(one: Attribute) -> AttributeSpec:
    kept = {"name": one.name, "kind": one.kind, "choices": one.choices, "is_personal": one.is_personal}
    return AttributeSpec.model_validate(kept)


def _group(desk: Desk, group_id: int) -> Group:
    group = queries.group(desk.merchant_id, group_id)
    if group is None:
        raise Missing("no_group", _("This group does not exist."))
    return group
