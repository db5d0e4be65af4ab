"""Everything that changes what members hold: settle, post, spend, give back, reserve, and what time brings."""

from shuke.ledger.actions.book import lock
from shuke.ledger.actions.maturing import expire, mature
from shuke.ledger.actions.moving import rehome
from shuke.ledger.actions.postings import post
from shuke.ledger.actions.requests import GiveBack, Hold, Posting, Settled, Spend, Target
from shuke.ledger.actions.reserving import commit, expire_reservations, release, reserve
from shuke.ledger.actions.settling import settle
from shuke.ledger.actions.spending import give_back, spend
from shuke.ledger.rules import Balance

__all__ = [
    "Balance", "GiveBack", "Hold", "Posting", "Settled", "Spend", "Target", "commit", "expire", "expire_reservations",
    "give_back", "lock", "mature", "post", "rehome", "release", "reserve", "settle", "spend",
]  # fmt: skip
