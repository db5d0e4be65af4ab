"""What may be done with webhooks."""

from shuke.webhooks.actions.delivering import Claim, Outcome, claim, record, recover, sweep_old
from shuke.webhooks.actions.endpoints import (
    create_endpoint,
    delete_endpoint,
    edit_endpoint,
    resume_endpoint,
    rotate_secret,
)
from shuke.webhooks.actions.replaying import replay, replay_dead, replay_since, send_test
from shuke.webhooks.actions.spreading import spread

__all__ = [
    "Claim",
    "Outcome",
    "claim",
    "create_endpoint",
    "delete_endpoint",
    "edit_endpoint",
    "record",
    "recover",
    "replay",
    "replay_dead",
    "replay_since",
    "resume_endpoint",
    "rotate_secret",
    "send_test",
    "spread",
    "sweep_old",
]
