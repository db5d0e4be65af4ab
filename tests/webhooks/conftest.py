"""A receiver, an endpoint that leads to it, and facts to be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from shuke.core import clock, facts
from shuke.core.tenancy import tenant
from shuke.members.events import MemberBlacklisted, NoteWritten
from shuke.webhooks import actions as webhooks
from shuke.webhooks import queries
from shuke.webhooks.jobs import tend
from shuke.webhooks.specs import EndpointSpec
from tests.make import Place
from tests.webhooks.receiver import Receiver, receiving


@dataclass
class Hook:
    """Alice's endpoint with everything around it."""

    place: Place
    receiver: Receiver
    endpoint_id: int
    secret: str

    @property
    def merchant_id(self) -> int:
        """Alice's."""
        return self.place.merchant_id

    def happen(self, *subject_ids: int, member_id: int = 7) -> None:
        """Somebody wrote notes about a member."""
        with tenant(self.merchant_id):
            facts.publish(
                self.merchant_id,
                [NoteWritten(member_id=member_id, subject_id=one, happened_at=clock.now()) for one in subject_ids],
            )

    def happen_otherwise(self) -> None:
        """Somebody is put on the blacklist."""
        with tenant(self.merchant_id):
            facts.publish(self.merchant_id, [MemberBlacklisted(member_id=7, is_on=True, happened_at=clock.now())])

    def tend(self) -> None:
        """What the worker does every five seconds."""
        tend(self.merchant_id)

    def log(self) -> list[queries.Delivery]:
        """All deliveries, the oldest first."""
        with tenant(self.merchant_id):
            return queries.deliveries(self.merchant_id, self.endpoint_id, limit=1000)[::-1]

    def endpoint(self) -> queries.Endpoint:
        """The endpoint as pages show it."""
        with tenant(self.merchant_id):
            found = queries.endpoint(self.merchant_id, self.endpoint_id)
        assert found is not None
        return found


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as found:
        settings.SHUKE_WEBHOOK_ALLOW = found.vouched
        yield found


@pytest.fixture
def hook(transactional_db: None, alice: Place, receiver: Receiver) -> Hook:
    with tenant(alice.merchant_id):
        endpoint_id, secret = webhooks.create_endpoint(alice.merchant_id, EndpointSpec(url=receiver.url), by=alice.by)
    return Hook(alice, receiver, endpoint_id, secret)
