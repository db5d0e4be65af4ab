"""Signed addresses of the buyers' pages: a member's own door, and a shop's public entry."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from shuke.core import clock
from shuke.members.specs import BuyerLinksSpec
from shuke.merchants import queries as merchants

LINK, VISIT, ENTRY = "shuke.buyer.link", "shuke.buyer.visit", "shuke.buyer.entry"
CLAIMED, EXPORT = "shuke.buyer.claimed", "shuke.buyer.export"

_TOKEN = struct.Struct(">QQIIQ")
_PLACE = struct.Struct(">QQ")
_PROOF_BYTES = 12


@dataclass(frozen=True, slots=True)
class Pass:
    """What a signed token says: whose page, until when, when it was made, and in which round of links.

    `is_claimed` when it was given for an order's number: such a visit sees less than one by her own link.
    """

    merchant_id: int
    member_id: int
    round_no: int
    made_at: datetime
    until_at: datetime
    is_claimed: bool = False

    @property
    def is_over(self) -> bool:
        """Whether its time is up."""
        return self.until_at <= clock.now()


def buyer_link(merchant_id: int, member_id: int) -> str:
    """The address that opens a member's own pages for some days (BuyerLinksSpec), within the merchant's scope.

    Whoever holds it sees that member's points and level: it goes to the buyer and to nobody else.
    """
    days = merchants.setting(merchant_id, BuyerLinksSpec).link_days
    return f"{settings.SHUKE_PUBLIC_URL}/b/{seal(LINK, merchant_id, member_id, timedelta(days=days))}/"


def entry_link(merchant_id: int, shop_id: int) -> str:
    """The address of a shop's public page, which explains the programme to everybody; it never changes."""
    return f"{settings.SHUKE_PUBLIC_URL}/b/shop/{entry_mark(merchant_id, shop_id)}/"


def seal(purpose: str, merchant_id: int, member_id: int, lifetime: timedelta) -> str:
    """A token of LINK, VISIT, CLAIMED or EXPORT that holds for a while from now; within the merchant's scope."""
    now = clock.now()
    round_no = merchants.setting(merchant_id, BuyerLinksSpec).round_no
    until = int((now + lifetime).timestamp())
    body = signing.b64_encode(_TOKEN.pack(merchant_id, member_id, round_no, int(now.timestamp()), until)).decode()
    return _signer(purpose).sign(body)


def opened(purpose: str, token: str) -> Pass | None:
    """What a token of ours says, whether or not its time is up; None for one that was never made here."""
    try:
        body = _signer(purpose).unsign(token)
        merchant_id, member_id, round_no, made, until = _TOKEN.unpack(signing.b64_decode(body.encode()))
    except (signing.BadSignature, ValueError, struct.error):
        return None
    return Pass(merchant_id, member_id, round_no, datetime.fromtimestamp(made, UTC), datetime.fromtimestamp(until, UTC),
                purpose == CLAIMED)  # fmt: skip


def entry_mark(merchant_id: int, shop_id: int) -> str:
    """A shop's public id: it cannot be guessed, and stays the same for good."""
    place = _PLACE.pack(merchant_id, shop_id)
    return signing.b64_encode(place + _proof(place)).decode()


def opened_entry(mark: str) -> tuple[int, int] | None:
    """(merchant, shop) of a public id; None for one that was never made here."""
    try:
        found = signing.b64_decode(mark.encode())
        place = found[: _PLACE.size]
        merchant_id, shop_id = _PLACE.unpack(place)
    except (ValueError, struct.error):
        return None
    return (merchant_id, shop_id) if constant_time_compare(mark, entry_mark(merchant_id, shop_id)) else None


def _signer(purpose: str) -> signing.Signer:
    return signing.Signer(salt=purpose, sep=".")


def _proof(place: bytes) -> bytes:
    return salted_hmac(ENTRY, place, algorithm="sha256").digest()[:_PROOF_BYTES]
