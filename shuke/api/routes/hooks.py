"""Webhooks: the addresses that are told what happens, what arrived, and sending again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import Field

from shuke.api import paging
from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.shapes import Count, Id, Instant, Listing, Nothing, Page, Paged, Sent, Told
from shuke.core.errors import Missing
from shuke.webhooks import actions as webhooks
from shuke.webhooks import queries
from shuke.webhooks.specs import EndpointSpec


class Endpoint(Told):
    """An address that is told what happens; no `kinds` means all of them."""

    id: int
    url: str
    description: str
    kinds: list[str]
    is_active: bool
    failing_since: datetime | None
    paused_at: datetime | None
    created_at: datetime
    waiting_count: int
    dead_count: int


class Secret(Told):
    """An endpoint and the secret its messages are signed with, which is told this once."""

    id: int
    secret: str


class Delivery(Told):
    """One message to an endpoint; `dead` ones were given up."""

    id: int
    endpoint_id: int
    message_id: str
    kind: str
    state: str
    attempt_count: int
    status: int | None
    trouble: str
    created_at: datetime
    sent_at: datetime | None


class DeliveryQuery(Paged):
    """Which messages."""

    state: Literal["new", "sending", "sent", "failed", "dead"] | None = None


class Since(Sent):
    """From when on everything is sent again; left out, everything that was given up."""

    since: Instant | None = None


class Deliveries(Sent):
    """Some messages."""

    delivery_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]


@reads("/webhooks", scope="webhooks:write")
def list_webhooks(call: Call) -> Listing[Endpoint]:
    """List the endpoints and how they do."""
    return Listing(items=[Endpoint.of(one) for one in queries.endpoints(call.merchant_id)])


@reads("/webhooks/{int:endpoint_id}", scope="webhooks:write", refuses=("no_endpoint",))
def get_webhook(call: Call, endpoint_id: Id) -> Endpoint:
    """Get one endpoint."""
    return Endpoint.of(_known(call, endpoint_id))


@writes("POST", "/webhooks", scope="webhooks:write", status=201, refuses=("too_many",))
def create_webhook(call: Call, body: EndpointSpec) -> Secret:
    """Add an endpoint; it is told what happens from now on. A retry is told the same secret for a day."""
    endpoint_id, secret = webhooks.create_endpoint(call.merchant_id, body, by=call.caller.by)
    return Secret(id=endpoint_id, secret=secret)


@writes("PUT", "/webhooks/{int:endpoint_id}", scope="webhooks:write", refuses=("no_endpoint",))
def edit_webhook(call: Call, endpoint_id: Id, body: EndpointSpec) -> Endpoint:
    """Change an endpoint; another address or switching it on ends a pause."""
    webhooks.edit_endpoint(call.merchant_id, endpoint_id, body, by=call.caller.by)
    return Endpoint.of(_known(call, endpoint_id))


@writes("DELETE", "/webhooks/{int:endpoint_id}", scope="webhooks:write", refuses=("no_endpoint",))
def delete_webhook(call: Call, endpoint_id: Id) -> Nothing:
    """Remove an endpoint with everything that still waits for it."""
    webhooks.delete_endpoint(call.merchant_id, endpoint_id, by=call.caller.by)
    return Nothing()


@writes("POST", "/webhooks/{int:endpoint_id}/secret", scope="webhooks:write", refuses=("no_endpoint",))
def rotate_webhook_secret(call: Call, endpoint_id: Id) -> Secret:
    """Give an endpoint a new secret; the old one signs too for a day."""
    return Secret(
        id=endpoint_id, secret=webhooks.rotate_secret(call.merchant_id, endpoint_id, by=call.caller.by)
    )  # fmt: skip


@writes("POST", "/webhooks/{int:endpoint_id}/test", scope="webhooks:write", refuses=("no_endpoint",))
def test_webhook(call: Call, endpoint_id: Id) -> Delivery:
    """Send a message of kind `webhooks.test`."""
    number = webhooks.send_test(call.merchant_id, endpoint_id, by=call.caller.by)
    return Delivery.of(queries.delivery(call.merchant_id, number))


@writes("POST", "/webhooks/{int:endpoint_id}/resume", scope="webhooks:write", refuses=("no_endpoint",))
def resume_webhook(call: Call, endpoint_id: Id) -> Nothing:
    """End the pause of an endpoint that had failed for days; what waited is sent at once."""
    webhooks.resume_endpoint(call.merchant_id, endpoint_id, by=call.caller.by)
    return Nothing()


@reads("/webhooks/{int:endpoint_id}/deliveries", scope="webhooks:write", refuses=("no_endpoint", "bad_cursor"))
def list_deliveries(call: Call, endpoint_id: Id, query: Annotated[DeliveryQuery, Query()]) -> Page[Delivery]:
    """List an endpoint's messages, the latest first; `state=dead` are those that were given up."""
    of = f"deliveries|{_known(call, endpoint_id).id}"
    place = paging.opened(call.merchant_id, of, query.cursor)
    found = queries.deliveries(
        call.merchant_id, endpoint_id, state=query.state or "", before_id=place, limit=query.limit + 1
    )  # fmt: skip
    return paging.page(call.merchant_id, of, found, query.limit, Delivery.of)


@writes("POST", "/webhooks/{int:endpoint_id}/replay", scope="webhooks:write", refuses=("no_endpoint",))
def replay_webhook(call: Call, endpoint_id: Id, body: Since) -> Count:
    """Send an endpoint's messages again under their old ids: all since an instant, or else all that were given up."""
    _known(call, endpoint_id)
    if body.since is not None:
        return Count(count=webhooks.replay_since(call.merchant_id, endpoint_id, body.since, by=call.caller.by))
    return Count(count=webhooks.replay_dead(call.merchant_id, endpoint_id, by=call.caller.by))


@writes("POST", "/webhooks/deliveries/replay", scope="webhooks:write")
def replay_deliveries(call: Call, body: Deliveries) -> Count:
    """Send some messages again under their old ids; ids that are not there are passed over."""
    return Count(count=webhooks.replay(call.merchant_id, body.delivery_ids, by=call.caller.by))


def _known(call: Call, endpoint_id: int) -> queries.Endpoint:
    found = queries.endpoint(call.merchant_id, endpoint_id)
    if found is None:
        raise Missing("no_endpoint", _("This webhook does not exist."))
    return found
