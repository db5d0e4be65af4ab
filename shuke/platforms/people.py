"""What rows tell of a person: the buyer of an order, who gets its parcel, or a customer of a customer file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from shuke.platforms import rules
from shuke.platforms.platform import CustomerRecord
from shuke.platforms.sheets import EMPTY_CUSTOMER, Cells, stamp
from shuke.platforms.words import GENDER_WORDS

_BETWEEN_TAGS = re.compile(r"[,，;；、|\n]+")
_PLACE_PARTS = re.compile(r"[\s/-]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def buyer(row: Cells, own_phone: str) -> dict[str, str]:
    """The phone that names a buyer, or else her nick, though others may bear it too."""
    nick = row.nick("nick")
    shown = nick if own_phone and not rules.is_masked(nick) else ""
    hidden = nick if rules.is_masked(nick) else ""
    return {
        "own_phone": own_phone,
        "nick": "" if shown or hidden else nick,
        "nick_masked": hidden,
        "shown_nick": shown,
    }


def customer(rows: Sequence[Cells]) -> CustomerRecord:
    """One customer; refused when nothing names her, since she would be somebody new in each file."""
    [row] = rows
    phone, phone_masked, doubts = phones(row.text("own_phone"))
    named = buyer(row, phone)
    email, open_uid = own_email(row), row.code("customer_id", is_required=False)
    if not (phone or email or open_uid or named["nick"]):
        raise row.fault("nobody_named", "own_phone")
    birthday = ""
    try:
        birthday = rules.day(row.text("birthday"), dates=row.sheet.dates)
    except ValueError:
        doubts = (*doubts, "birthday_unreadable")
    where = receiver(row)
    place = [part for part in _PLACE_PARTS.split(row.text("place")) if part not in {"", "中国"}]
    if place and not where["province"]:
        where |= {"province": place[0], "city": place[1] if len(place) > 1 else ""}
    name = person(row.text("first_name"), row.text("last_name")) or where["name"]
    return EMPTY_CUSTOMER._replace(
        **stamp(rows),
        nick=named["nick"],
        shown_nick=named["shown_nick"],
        open_uid=open_uid,
        phone=phone,
        phone_masked=phone_masked,
        email=email,
        name="" if rules.is_masked(name) else name,
        name_masked=where["name_masked"] or (name if rules.is_masked(name) else ""),
        address=where["address"],
        province=where["province"],
        city=where["city"],
        district=where["district"],
        birthday=birthday,
        gender=GENDER_WORDS.get(row.text("gender").casefold(), ""),
        tags=tuple(dict.fromkeys(tag.strip() for tag in _BETWEEN_TAGS.split(row.text("tags")) if tag.strip())),
        joined_at=row.time("joined_at"),
        doubts=doubts,
    )


def person(first: str, last: str) -> str:
    """A name from its parts: 姓名 without a blank for Chinese, first name first for others."""
    if _CHINESE.search(first + last):
        return f"{last}{first}"
    return f"{first} {last}".strip()


def receiver(cells: Cells, prefix: str = "") -> dict[str, Any]:
    """Name, phone and address of who gets the parcel: clear, or masked where the platform shows stars. `prefix` stands
    before the fields' names.
    """
    name, address = cells.text(f"{prefix}name"), cells.text(f"{prefix}address")
    parts = [cells.text(f"{prefix}{part}") for part in ("province", "city", "district")]
    if address and not any(parts):
        found = rules.address(address)
        parts = [found.province, found.city, found.district]
    elif address and parts[0] and not address.startswith(parts[0]):
        address = " ".join([*parts, address])
    province, city, district = ("" if rules.is_masked(part) else part for part in parts)
    phone, shown, doubts = phones(cells.text(f"{prefix}phone"))
    return {
        **_clear_or_masked("name", name),
        **_clear_or_masked("address", address),
        "phone": phone,
        "phone_masked": shown,
        "province": province,
        "city": city,
        "district": district,
        "postcode": cells.text(f"{prefix}postcode"),
        "doubts": doubts,
    }


def phones(text: str) -> tuple[str, str, tuple[str, ...]]:
    """A phone's digits, or what only serves for display (masked, lent), and doubts."""
    if not text:
        return "", "", ()
    if rules.is_masked(text) or rules.is_virtual_phone(text):
        return "", text, ()
    number = rules.phone(text)
    return (number, "", ()) if number is not None else ("", "", ("phone_unreadable",))


def _clear_or_masked(name: str, text: str) -> dict[str, str]:
    is_hidden = rules.is_masked(text)
    return {name: "" if is_hidden else text, f"{name}_masked": text if is_hidden else ""}


def nick(cells: Cells, name: str = "nick") -> dict[str, str]:
    """A nick that names one buyer."""
    return _clear_or_masked("nick", cells.nick(name))


def own_email(cells: Cells, name: str = "email") -> str:
    """The buyer's own mail address, "" when it is none."""
    text = cells.text(name)
    return text if "@" in text and "*" not in text and len(text) <= 254 else ""
