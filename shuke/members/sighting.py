"""What one order, message or form tells of a person, and which identities are in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from shuke.core.crypto import Vault
from shuke.members import rules
from shuke.members.staging import SEPARATOR

Key = tuple[str, int, str]  # kind, shop id or 0, value


class Sighting(NamedTuple):
    """What is told of a person; "" where nothing is.

    `seen_at` says when it was so, `traded` whether she bought. A `*_masked` text is what a platform showed with stars.
    An order's phone is its receiver's: it counts as an identity only with `phone_is_own`; so does a mail address only
    with `email_is_own`. `shown_nick` is one that others may bear too (a WeChat nick): it is shown and names nobody.
    `birthday` is an ISO day.
    """

    seen_at: datetime
    traded: bool = False
    nick: str = ""
    ouid: str = ""
    omid: str = ""
    open_uid: str = ""
    phone_is_own: bool = False
    email_is_own: bool = False
    shown_nick: str = ""
    name: str = ""
    phone: str = ""
    address: str = ""
    alipay: str = ""
    email: str = ""
    name_masked: str = ""
    phone_masked: str = ""
    address_masked: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    birthday: str = ""


class Seen(NamedTuple):
    """A sighting with what can be told of it without looking anything up: her identities, the digest of its personal
    part (b"" where it has none).
    """

    sighting: Sighting
    keys: tuple[Key, ...]
    digest: bytes


def see(vault: Vault, shop_id: int, sightings: Iterable[Sighting]) -> list[Seen]:
    """What `recognise_seen` asks for; needs no database, so that a thread may do it ahead of another."""
    digests: dict[tuple[str, ...], bytes] = {}
    found = []
    for sighting in sightings:
        content = card_content(sighting)
        digest = digests.get(content)
        if digest is None:
            digest = digests[content] = vault.index("card", SEPARATOR.join(content)) if any(content) else b""
        found.append(Seen(sighting, identities(vault, shop_id, sighting), digest))
    return found


_CARD = slice(Sighting._fields.index("name"), len(Sighting._fields))
_CARD_BEFORE = slice(_CARD.start, _CARD.stop - 1)


def card_content(sighting: Sighting) -> tuple[str, ...]:
    """The personal part: equal parts are one card."""
    # Without a birthday the content is what it was before birthdays came, so that old cards are known again.
    return sighting[_CARD if sighting.birthday else _CARD_BEFORE]  # type: ignore[return-value]  # all of them are texts


def card_values(sighting: Sighting) -> dict[str, str]:
    """The values by field; what holds stars is kept as `~field`, and only where there is no clear value."""
    *_who, name, phone, address, alipay, email, name_masked, phone_masked, address_masked, _p, _c, _d, birthday = (
        sighting
    )
    values: dict[str, str] = {}
    for field, value in (
        ("name", name), ("phone", phone), ("address", address), ("alipay", alipay), ("email", email),
    ):  # fmt: skip
        if value:
            values[f"~{field}" if "*" in value else field] = value
    for field, value in (("name", name_masked), ("phone", phone_masked), ("address", address_masked)):
        if value and field not in values:
            values[f"~{field}"] = value
    if birthday:
        values["birthday"] = birthday
    return values


def identities(vault: Vault, shop_id: int, sighting: Sighting) -> tuple[Key, ...]:
    """Her identities, the highest rank first; masked values, virtual phones and a receiver's phone are none."""
    keys: list[Key] = []
    if sighting.ouid and "*" not in sighting.ouid:
        keys.append((rules.OUID, shop_id, word(vault, rules.OUID, sighting.ouid)))
    if sighting.omid and "*" not in sighting.omid:
        keys.append((rules.OMID, 0, word(vault, rules.OMID, sighting.omid)))
    if sighting.open_uid and "*" not in sighting.open_uid:
        keys.append((rules.OPEN_UID, shop_id, word(vault, rules.OPEN_UID, sighting.open_uid)))
    if sighting.nick and "*" not in sighting.nick:
        keys.append((rules.NICK, shop_id, word(vault, rules.NICK, sighting.nick)))
    if sighting.phone_is_own and "*" not in sighting.phone:
        phone = rules.normal_phone(sighting.phone)
        if phone and not rules.is_virtual(phone):
            keys.append((rules.PHONE, 0, hidden(vault, rules.PHONE, phone)))
    if sighting.email_is_own and rules.is_mail(sighting.email) and "*" not in sighting.email:
        keys.append((rules.EMAIL, 0, hidden(vault, rules.EMAIL, rules.normal("email", sighting.email))))
    return tuple(keys)


def word(vault: Vault, kind: str, text: str) -> str:
    """An identity as it is kept: clear, or blind when it is somebody's phone number or mail address."""
    if text[0] == "#" or SEPARATOR in text or rules.is_personal_word(text):
        return hidden(vault, kind, text)
    return text


def hidden(vault: Vault, kind: str, text: str) -> str:
    """A blind identity."""
    return f"#{vault.index(kind, text).hex()}"
