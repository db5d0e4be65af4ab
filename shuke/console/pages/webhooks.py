"""Webhooks: which addresses are told what, what arrived, and sending again."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shuke.console import webhook_words
from shuke.console.desk import Desk, page
from shuke.core import clock
from shuke.core.errors import Missing
from shuke.core.typed import number
from shuke.webhooks import actions as webhooks
from shuke.webhooks import queries
from shuke.webhooks.queries import Delivery, Endpoint
from shuke.webhooks.specs import EndpointSpec

LINES = 50
SINCE_HOURS = (1, 24, 72)


@page("webhooks.edit")
def list_all(desk: Desk) -> HttpResponse:
    """Every endpoint and how it does."""
    return desk.show("console/webhooks/list.html", endpoints=queries.endpoints(desk.merchant_id))


@page("webhooks.edit", methods=("GET", "POST"), proof=True)
def add(desk: Desk) -> HttpResponse:
    """A new endpoint; its secret is shown once and kept nowhere in clear."""

    def act(filled: EndpointSpec) -> HttpResponse:
        endpoint_id, secret = webhooks.create_endpoint(desk.merchant_id, filled, by=desk.by)
        return _show_secret(desk, _endpoint(desk, endpoint_id), secret)

    return desk.fill_in(EndpointSpec, "console/webhooks/add.html", act, choices={"kinds": webhook_words.kind_choices()})


@page("webhooks.edit")
def show(desk: Desk, endpoint_id: int) -> HttpResponse:
    """One endpoint with its log."""
    state, before = desk.get.get("state", ""), desk.get.get("before", "")
    found = queries.deliveries(
        desk.merchant_id,
        _endpoint(desk, endpoint_id).id,
        state=state if state in queries.STATES else "",
        before_id=number(before),
        limit=LINES + 1,
    )
    return desk.show(
        "console/webhooks/show.html",
        endpoint=_endpoint(desk, endpoint_id),
        kinds=[webhook_words.kind_name(kind) for kind in _endpoint(desk, endpoint_id).kinds],
        lines=[_line(one) for one in found[:LINES]],
        older=found[LINES - 1].id if len(found) > LINES else None,
        is_later_page=bool(before),
        states=[(name, label) for name, (label, _tone) in webhook_words.STATES.items()],
        state=state,
        hours=SINCE_HOURS,
    )


@page("webhooks.edit", methods=("GET", "POST"), proof=True)
def edit(desk: Desk, endpoint_id: int) -> HttpResponse:
    """Address, purpose and kinds."""
    endpoint = _endpoint(desk, endpoint_id)

    def act(filled: EndpointSpec) -> HttpResponse:
        webhooks.edit_endpoint(desk.merchant_id, endpoint_id, filled, by=desk.by)
        return desk.go("console:webhook", endpoint_id, said=_("Saved."))

    return desk.fill_in(
        EndpointSpec,
        "console/webhooks/edit.html",
        act,
        value={"url": endpoint.url, "description": endpoint.description, "kinds": list(endpoint.kinds),
               "is_active": endpoint.is_active},
        choices={"kinds": webhook_words.kind_choices()},
        endpoint=endpoint,
    )  # fmt: skip


@page("webhooks.edit", methods=("POST",))
def delete(desk: Desk, endpoint_id: int) -> HttpResponse:
    """Away with it."""
    webhooks.delete_endpoint(desk.merchant_id, endpoint_id, by=desk.by)
    return desk.go("console:webhooks", said=_("The webhook was removed."))


@page("webhooks.edit", methods=("POST",), proof=True)
def rotate(desk: Desk, endpoint_id: int) -> HttpResponse:
    """Another secret."""
    secret = webhooks.rotate_secret(desk.merchant_id, endpoint_id, by=desk.by)
    return _show_secret(desk, _endpoint(desk, endpoint_id), secret)


@page("webhooks.edit", methods=("POST",))
def test(desk: Desk, endpoint_id: int) -> HttpResponse:
    """A message to try it out."""
    webhooks.send_test(desk.merchant_id, endpoint_id, by=desk.by)
    return desk.go("console:webhook", endpoint_id, said=_("A test message is on its way."))


@page("webhooks.edit", methods=("POST",))
def resume(desk: Desk, endpoint_id: int) -> HttpResponse:
    """End of a pause."""
    webhooks.resume_endpoint(desk.merchant_id, endpoint_id, by=desk.by)
    return desk.go("console:webhook", endpoint_id, said=_("What waited is being sent."))


@page("webhooks.edit", methods=("POST",))
def replay(desk: Desk, endpoint_id: int) -> HttpResponse:
    """Send again what was given up, or everything of the last hours."""
    endpoint = _endpoint(desk, endpoint_id)
    hours = desk.post.get("hours", "")
    if hours in map(str, SINCE_HOURS):
        since = clock.now() - timedelta(hours=int(hours))
        count = webhooks.replay_since(desk.merchant_id, endpoint.id, since, by=desk.by)
    else:
        count = webhooks.replay_dead(desk.merchant_id, endpoint.id, by=desk.by)
    said = ngettext("%(count)s message is sent again.", "%(count)s messages are sent again.", count) % {"count": count}
    return desk.go("console:webhook", endpoint_id, said=said)


@page("webhooks.edit", methods=("GET", "POST"))
def delivery(desk: Desk, delivery_id: int) -> HttpResponse:
    """One message as it is sent; posted, it is sent again."""
    found = queries.delivery(desk.merchant_id, delivery_id)
    if found is None:
        raise Missing("no_delivery", _("This message does not exist."))
    if desk.is_post:
        webhooks.replay(desk.merchant_id, [delivery_id], by=desk.by)
        return desk.go("console:webhook", found.endpoint_id, said=_("The message is sent again."))
    return desk.show("console/webhooks/delivery.html", line=_line(found), endpoint=_endpoint(desk, found.endpoint_id))


def _line(one: Delivery) -> dict[str, object]:
    label, tone = webhook_words.state_words(one)
    return {"delivery": one, "kind": webhook_words.kind_name(one.kind), "state": label, "tone": tone,
            "trouble": webhook_words.trouble_words(one)}  # fmt: skip


def _show_secret(desk: Desk, endpoint: Endpoint, secret: str) -> HttpResponse:
    return desk.show("console/webhooks/secret.html", endpoint=endpoint, secret=secret)


def _endpoint(desk: Desk, endpoint_id: int) -> Endpoint:
    found = queries.endpoint(desk.merchant_id, endpoint_id)
    if found is None:
        raise Missing("no_endpoint", _("This webhook does not exist."))
    return found
