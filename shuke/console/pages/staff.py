"""The people who work here, what they may do, and their way in."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from shuke.console.desk import Desk, page
from shuke.core.errors import Missing
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.queries import Person
from shuke.merchants.specs import PersonSpec, RoleSpec


@page("staff.edit")
def list_all(desk: Desk) -> HttpResponse:
    """Everybody, and the table of who may do what."""
    roles = queries.roles()
    table = [(label, [right in role.rights for role in roles]) for right, label in queries.rights().items()]
    people = queries.people(desk.merchant_id)
    guarded = queries.users_with_factors([person.user_id for person in people])
    return desk.show("console/staff/list.html", people=people, guarded=guarded, roles=roles, table=table)


@page("staff.edit", methods=("GET", "POST"), proof=True)
def add(desk: Desk) -> HttpResponse:
    """Somebody new; her first password is shown once and kept nowhere."""

    def act(filled: PersonSpec) -> HttpResponse:
        staff_id, password = merchants.add_person(
            desk.merchant_id, filled.username, filled.display_name, filled.role, by=desk.by
        )
        return _show_password(desk, _person(desk, staff_id), password)

    return desk.fill_in(PersonSpec, "console/staff/add.html", act)


@page("staff.edit", methods=("GET", "POST"), proof=True)
def edit(desk: Desk, staff_id: int) -> HttpResponse:
    """Her role, and whether she may come in."""
    person = _person(desk, staff_id)

    def act(filled: RoleSpec) -> None:
        merchants.set_role(desk.merchant_id, staff_id, filled.role, is_active=filled.is_active, by=desk.by)

    return desk.fill_in(
        RoleSpec,
        "console/staff/edit.html",
        act,
        to="console:staff",
        said=_("Saved."),
        value={"role": person.role, "is_active": person.is_active},
        person=person,
        has_second_factor=bool(queries.users_with_factors([person.user_id])),
    )


@page("staff.edit", methods=("POST",), proof=True)
def issue_password(desk: Desk, staff_id: int) -> HttpResponse:
    """Another password for somebody who forgot hers."""
    password = merchants.issue_password(desk.merchant_id, staff_id, by=desk.by)
    return _show_password(desk, _person(desk, staff_id), password)


@page("staff.edit", methods=("POST",), proof=True)
def reset_second_factor(desk: Desk, staff_id: int) -> HttpResponse:
    """Take the second factors from somebody who lost hers."""
    merchants.reset_second_factor(desk.merchant_id, staff_id, by=desk.by)
    return desk.go(
        "console:staff_edit",
        staff_id,
        said=_("She signs in with her password alone and is asked for a new one when her role must have it."),
    )


@page("staff.edit", methods=("POST",), proof=True)
def sign_out(desk: Desk, staff_id: int) -> HttpResponse:
    """Sign somebody out of all her browsers."""
    merchants.sign_out_everywhere(desk.merchant_id, staff_id, by=desk.by)
    return desk.go("console:staff_edit", staff_id, said=_("She is signed out everywhere."))


def _show_password(desk: Desk, person: Person, password: str) -> HttpResponse:
    return desk.show("console/staff/password.html", person=person, password=password)


def _person(desk: Desk, staff_id: int) -> Person:
    person = queries.staff_member(desk.merchant_id, staff_id)
    if person is None:
        raise Missing("no_staff", _("This person does not work here."))
    return person
