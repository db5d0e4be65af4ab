"""What rows tell of a person: the buyer of an order, or a customer of a customer file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shuke.platforms import rules
from shuke.platforms.platform import CustomerRecord
from shuke.platforms.sheets import EMPTY_CUSTOMER, Cells, own_email, phones, receiver, stamp
from shuke.platforms.words import GENDER_WORDS

_BETWEEN_TAGS = re.compile(r"[,，;；、|\n]+")
_PLACE_PARTS = re.compile(r"[\s/-]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def buyer(row: Cells, own_phone: str) -> dict[str, str]:
    """The phone that names a buyer, or else her nick, though others may bear it too."""
    nick = row.text("nick")
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
    email, open_uid = own_email(row), row.text("customer_id")
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
