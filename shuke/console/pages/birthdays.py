"""The birthday benefit: what is given, and what it will cost, told before it is saved."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from shuke.console.desk import Desk, page
from shuke.core.specs import Form, form_for, parse
from shuke.loyalty.queries.celebrations import given_this_year, preview_birthdays
from shuke.loyalty.queries.worth import worth
from shuke.loyalty.specs import BirthdaySpec
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places


@page("rules.edit", methods=("GET", "POST"))
def edit(desk: Desk) -> HttpResponse:
    """The form; posted once shows what it will cost, posted again saves."""
    kept = places.setting(desk.merchant_id, BirthdaySpec)
    if not desk.is_post:
        return _show(desk, form_for(BirthdaySpec, kept), kept)
    filled = parse(BirthdaySpec, desk.post)
    if isinstance(filled, Form):
        return _show(desk, filled, kept, status=422)
    if desk.post.get("confirmed") != "1":
        return _show(desk, form_for(BirthdaySpec, filled), filled, is_asked=True)
    merchants.save_setting(desk.merchant_id, filled, by=desk.by)
    return desk.go("console:birthdays", said=_("Saved. It holds from the next birthday on."))


def _show(desk: Desk, form: Form, spec: BirthdaySpec, *, status: int = 200, is_asked: bool = False) -> HttpResponse:
    found = preview_birthdays(desk.merchant_id, spec)
    given_count, given_points = given_this_year(desk.merchant_id)
    return desk.show(
        "console/points/birthdays.html",
        status=status,
        form=form,
        found=found,
        is_asked=is_asked,
        given_count=given_count,
        given_points=given_points,
        given_fen=worth(desk.merchant_id).fen(given_points),
    )
