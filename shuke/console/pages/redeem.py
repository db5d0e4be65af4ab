"""The desk where a customer's points code becomes a changed price: the code, her orders, the numbers to type, the mark."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from shuke.console import customer_words
from shuke.console.desk import Desk, page
from shuke.core.errors import Missing, Refused
from shuke.core.specs import Fen, Form, Spec, Ui, form_for, parse
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.actions import redeeming
from shuke.loyalty.queries import Redemption, redemption_desk, redemptions
from shuke.loyalty.queries.redemption_desk import Quote
from shuke.members import queries as members

TONES = {"reserved": "info", "bound": "brand", "committed": "success", "mismatch": "warning", "released": "secondary"}

LATEST = 20


class PriceForm(Spec):
    """An order that Shuke does not know yet, and what it costs now."""

    order_no: Annotated[str, Field(min_length=4, max_length=64), Ui(gettext_lazy("Order number"), autocomplete="off")]
    price_fen: Annotated[
        Fen,
        Field(gt=0, le=100_000_000_00),
        Ui(gettext_lazy("What it costs now"), help=gettext_lazy("With postage, as the platform shows it.")),
    ]
    post_fen: Annotated[Fen, Field(ge=0, le=100_000_000_00), Ui(gettext_lazy("Postage in it"))] = 0


@page("points.redeem")
def show(desk: Desk) -> HttpResponse:
    """The field for a code, and what is under way; a code that exists leads to its page."""
    typed, problem = desk.get.get("code", "").strip()[:60], ""
    if typed:
        try:
            return desk.go("console:redemption", queries.redemption_of_code(desk.merchant_id, typed).id)
        except Refused as refused:
            problem = refused.message
    found = redemption_desk.to_do(desk.merchant_id, limit=LATEST)
    rule = queries.redemption_rule(desk.merchant_id)
    return desk.show(
        "console/redeem/desk.html",
        status=422 if problem else 200,
        typed=typed,
        problem=problem,
        rows=rows(desk, found),
        rule=rule,
        sentences=redemption_desk.rule_sentences(rule.spec) if rule else [],
    )


@page("points.redeem")
def code(desk: Desk, redemption_id: int) -> HttpResponse:
    """One code: whose, worth what, and the price to set for each of her orders."""
    one = _found(desk, redemption_id)
    form, manual, problem = form_for(PriceForm, {}), None, ""
    if one.is_open and "order_no" in desk.get:
        filled = parse(PriceForm, desk.get)
        if isinstance(filled, Form):
            form = filled
        else:
            form = form_for(PriceForm, filled)
            manual, problem = _manual(desk, one, filled)
    return desk.show(
        "console/redeem/code.html",
        status=422 if problem or form.problems else 200,
        one=one,
        row=rows(desk, [one])[0],
        choices=redemption_desk.choices(desk.merchant_id, one) if one.is_open else [],
        form=form,
        manual=manual,
        manual_post=desk.get.get("post_fen", ""),
        problem=problem,
        quote=redemption_desk.quote(one, one.order_no, one.before_fen) if one.before_fen is not None else None,
    )


@page("points.redeem", methods=("POST",))
def bind(desk: Desk, redemption_id: int) -> HttpResponse:
    """The price was changed on the platform: note it."""
    filled = parse(PriceForm, desk.post)
    if isinstance(filled, Form):
        raise Refused("bad_order", _("Please give the order number and what the order costs now."))
    bound = loyalty.bind_redemption(
        desk.merchant_id, redemption_id, filled.order_no, filled.price_fen, filled.post_fen, by=desk.by
    )
    if bound.state == "committed":
        return desk.go("console:redemption", redemption_id, said=_("The order is paid already: the points are used."))
    return desk.go(
        "console:redemption", redemption_id, said=_("Noted. The next import finds the paid order by itself.")
    )


@page("points.redeem", methods=("POST",))
def unbind(desk: Desk, redemption_id: int) -> HttpResponse:
    """It was the wrong order."""
    loyalty.unbind_redemption(desk.merchant_id, redemption_id, by=desk.by)
    return desk.go("console:redemption", redemption_id, said=_("The order is taken off; the code can be used again."))


@page("points.adjust", methods=("POST",))
def decide(desk: Desk, redemption_id: int) -> HttpResponse:
    """Somebody decides about an order that does not fit."""
    decided = loyalty.decide_redemption(desk.merchant_id, redemption_id, desk.post.get("decision", ""), by=desk.by)
    said = _("The points are used.") if decided.decision == "commit" else _("The points are back with the customer.")
    return desk.go("console:redemption", redemption_id, said=said)


def rows(desk: Desk, found: list[Redemption]) -> list[dict[str, object]]:
    """Codes as lists show them: with the customer's name, the state in words, and who changed the price."""
    names = members.names(desk.merchant_id, {one.home_id for one in found})
    doers = customer_words.doers(desk.merchant_id)
    return [
        {
            "one": one,
            "name": names.get(one.home_id, ""),
            "state": redemption_desk.state_words(one),
            "tone": TONES[one.state],
            "why": redemption_desk.why_words(one),
            "agent": doers.get(one.bound_by, _("Shuke") if one.bound_by == "system" else ""),
        }
        for one in found
    ]


def _manual(desk: Desk, one: Redemption, filled: PriceForm) -> tuple[Quote | None, str]:
    spec = redemptions.specs_by_rule(desk.merchant_id)[one.rule_id]
    try:
        redeeming.check_order(desk.merchant_id, one, spec, filled.order_no, filled.price_fen, filled.post_fen)
    except Refused as refused:
        return None, refused.message
    return redemption_desk.quote(one, filled.order_no, filled.price_fen), ""


def _found(desk: Desk, redemption_id: int) -> Redemption:
    found = queries.redemption(desk.merchant_id, redemption_id)
    if found is None:
        raise Missing("no_redemption", _("This code does not exist."))
    return found
