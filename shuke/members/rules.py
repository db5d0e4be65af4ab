"""Pure rules of customers: normal forms, masks, which words may be an identity, limits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OUID, OMID, OPEN_UID, NICK, PHONE, EMAIL = "ouid", "omid", "open_uid", "nick", "phone", "email"
RANKED_KINDS: Final = (OUID, OMID, OPEN_UID, NICK, PHONE, EMAIL)
BY_HAND: Final = "hand"

FIELDS: Final[dict[str, Promise]] = {
    "name": _("Full name"),
    "phone": _("Phone"),
    "address": _("Postal address"),
    "birthday": _("Birthday"),
    "email": _("E-mail"),
    "alipay": _("Alipay account"),
}

TRADED, UNTRADED, RECRUITED = "traded", "untraded", "recruited"
NORMAL, BLACKLIST = "normal", "blacklist"
GENDERS: Final[dict[str, Promise]] = {"female": _("Female"), "male": _("Male")}
EDITABLE: Final[dict[str, Promise]] = {**FIELDS, "gender": _("Gender"), "province": _("Province"), "city": _("City")}
ATTRIBUTE_KINDS: Final[dict[str, Promise]] = {
    "text": _("Text"),
    "number": _("Number"),
    "date": _("Date"),
    "choice": _("Choice"),
}

SHORTEST_REASON = 4

SAME_PHONE, SAME_MAIL, SAME_NAME_AND_TAIL = "same_phone", "same_mail", "same_name_and_tail"
MOST_SHARING, STRONG_PERCENT = 4, 85

# Of one phone number, whether the names on its parcels are the same, alike as far as masks show, different or unknown.
SAME, ALIKE, DIFFERENT, UNKNOWN = "same", "alike", "different", "unknown"
_SAME_PHONE_AND: Final[dict[str, tuple[Promise, int]]] = {
    SAME: (_("The same phone number and the same name received parcels of both"), 95),
    ALIKE: (_("The same phone number received parcels of both, and what masks show of the names agrees"), 80),
    DIFFERENT: (_("The same phone number received parcels of both, but under different names: perhaps a family"), 40),
    UNKNOWN: (_("The same phone number received parcels of both; of one no name is known"), 60),
}

# Why two may be one, and how sure that is.
SUSPECTED_BY: Final[dict[str, tuple[Promise, int]]] = {
    SAME_MAIL: (_("Both have the same e-mail address"), 90),
    SAME_PHONE: _SAME_PHONE_AND[UNKNOWN],
    SAME_NAME_AND_TAIL: (_("Same full name, and phone numbers with the same last four digits"), 70),
    BY_HAND: (_("Joined or parted by hand"), 50),
}
_ONE_SIGHTING: Final = (_("One order carried a name of each"), 80)

CHANNELS: Final[dict[str, Promise]] = {
    "sms": _("Text message"),
    "mail": _("E-mail message"),
    "wecom": _("WeCom"),
    "platform": _("Platform message"),
}
PURPOSES: Final[dict[str, Promise]] = {
    "marketing": _("Offers and activities"),
    "care": _("Care and reminders"),
}

_MOBILE = re.compile(r"1[3-9]\d{9}")
_VIRTUAL = re.compile(r"(1\d{10})-(\d{4})")
_PHONE_INSIDE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_MAIL_INSIDE = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}\.[^\s@]{1,63}")
_NO_DIGITS = re.compile(r"[^0-9]+")
_PLACE = re.compile(
    r"^((?:[\u4e00-\u9fff]{2,8}?(?:省|自治区|特别行政区))|北京|上海|天津|重庆)?((?:[\u4e00-\u9fff]{2,8}?(?:市|自治州|地区|盟)))?"
)


def is_masked(text: str) -> bool:
    """Whether a platform showed a value with stars: good for display, never an identity."""
    return "*" in text


def is_personal_word(text: str) -> bool:
    """Whether a nick or a free text holds a mobile number or a mail address and so may not lie open."""
    if "@" in text and _MAIL_INSIDE.search(text) is not None:
        return True
    return len(text) >= 11 and _PHONE_INSIDE.search(text) is not None


def normal(field: str, value: str) -> str:
    """The form in which equal values of a field are equal; "" when nothing is left of it."""
    if field == "phone":
        return normal_phone(value)
    if value.isascii():
        return "".join(value.split()).casefold()
    bare = "".join(unicodedata.normalize("NFKC", value).split())
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFD", bare).casefold())


def normal_phone(text: str) -> str:
    """A phone number's normal form.

    `13812345678` for a mainland mobile number however written, `13812345678-0001` for a platform's virtual number,
    `+14155550100` for other countries, digits alone for the rest.
    """
    if _MOBILE.fullmatch(text):
        return text
    if len(text) == 13 and text.startswith("86") and _MOBILE.fullmatch(text, 2):
        return text[2:]
    text = unicodedata.normalize("NFKC", text).strip().strip("'\t")
    if virtual := _VIRTUAL.fullmatch(text):
        return virtual.group()
    digits = _NO_DIGITS.sub("", text)
    international = text.startswith("+") or digits.startswith("00")
    digits = digits if text.startswith("+") else digits.removeprefix("00")
    if (international or len(digits) == 13) and digits.startswith("86") and _MOBILE.fullmatch(digits[2:]):
        return digits[2:]
    if international and digits and not digits.startswith("86"):
        return f"+{digits}"
    return digits


def is_phone(text: str) -> bool:
    """Whether a text is a phone number: 7 to 15 digits, written with the usual signs."""
    return re.fullmatch(r"[+0-9()（） -]+", text) is not None and 7 <= len(_NO_DIGITS.sub("", normal_phone(text))) <= 15


def is_mail(text: str) -> bool:
    """Whether a text looks like a mail address."""
    return _MAIL_INSIDE.fullmatch(text) is not None


def attribute_value(kind: str, choices: Sequence[str], text: str) -> str | None:
    """A custom attribute's value in its normal form (ISO date, plain decimal, one of the choices); None when it is none."""
    text = text.strip()
    if kind == "number":
        try:
            number = Decimal(text)
        except InvalidOperation:
            return None
        return f"{number.normalize():f}" if number.is_finite() and abs(number) < 10**15 else None
    if kind == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            return None
    if kind == "choice":
        return text if text in choices else None
    return text if 0 < len(text) <= 500 else None


def is_mobile(phone: str) -> bool:
    """Whether a normal phone is a mainland mobile number, to which messages may go."""
    return _MOBILE.fullmatch(phone) is not None


def is_virtual(phone: str) -> bool:
    """Whether a normal phone is a platform's virtual number, which soon belongs to somebody else."""
    return _VIRTUAL.fullmatch(phone) is not None


def mask(field: str, value: str) -> str:
    """How a value is shown to everybody: 王**, 138****1234, 浙江省杭州市***, ****-05-17, w***@163.com."""
    value = value.strip()
    if not value or is_masked(value):
        return value
    return _MASKS[field](value)


def mask_name(name: str) -> str:
    """The first character and two stars, whatever the length."""
    return f"{name[0]}**" if len(name) > 1 else "**"


def mask_phone(phone: str) -> str:
    """The first three and the last four digits of a mobile number; only the last two of a short number."""
    main, dash, _extension = normal_phone(phone).partition("-")
    end = "-****" if dash else ""
    if len(main) < 10:
        return f"****{main[-2:] if len(main) > 5 else ''}{end}"
    return f"{main[:3]}****{main[-4:]}{end}"


def mask_address(address: str) -> str:
    """Province and city, as far as the text names them, and three stars."""
    found = _PLACE.match("".join(address.split()))
    return f"{found.group() if found else ''}***"


def mask_birthday(birthday: str) -> str:
    """Month and day of an ISO date; the year is hidden."""
    return f"****{birthday[4:]}" if re.fullmatch(r"\d{4}-\d\d-\d\d", birthday) else "****"


def mask_email(email: str) -> str:
    """The first character of the name, and the domain."""
    name, at, domain = email.partition("@")
    return f"{name[:1] if len(name) > 1 else ''}***{at}{domain}" if name else "***"


def mask_account(account: str) -> str:
    """An Alipay account, which is a mail address or a phone number."""
    if "@" in account:
        return mask_email(account)
    if sum(character.isdigit() for character in account) > 4:
        return mask_phone(account)
    return mask_name(account)


_MASKS: Final = {
    "name": mask_name,
    "phone": mask_phone,
    "address": mask_address,
    "birthday": mask_birthday,
    "email": mask_email,
    "alipay": mask_account,
}


def mask_word(text: str) -> str:
    """A nick or free text as it may lie open: mobile numbers and mail addresses in it are masked."""
    text = _PHONE_INSIDE.sub(lambda found: mask_phone(found.group()), text)
    return _MAIL_INSIDE.sub(lambda found: mask_email(found.group()), text) if "@" in text else text


def display_name(nick: str, name: str) -> str:
    """What lists call a member: her nick, else her masked name, else the nick as the platform masked it."""
    if nick and not is_masked(nick):
        return mask_word(nick) if is_personal_word(nick) else nick
    return mask_name(name) if name and not is_masked(name) else (nick or name)


def month_day(birthday: str) -> int:
    """Month × 100 + day of an ISO date."""
    return int(birthday[5:7]) * 100 + int(birthday[8:10])


def names_agree(first: Collection[str], second: Collection[str]) -> str:
    """Whether a name of one is a name of the other: SAME, ALIKE, DIFFERENT, or UNKNOWN where one has none that shows anything.

    Of a masked name what is visible counts: 王** may be 王小美 (ALIKE, one character is a family's), 王*美 is (SAME).
    """
    pairs = [(a, b) for a in map(_parts, first) for b in map(_parts, second) if any(a) and any(b)]
    found = {_agreement(*pair) for pair in pairs} or {UNKNOWN}
    return next(one for one in (SAME, ALIKE, DIFFERENT, UNKNOWN) if one in found)


def _parts(name: str) -> tuple[str, str | None]:
    """What shows at a name's beginning and end, in normal form; a name in full has no end of its own."""
    bare = normal("name", name)
    return (bare.partition("*")[0], bare.rpartition("*")[2]) if is_masked(bare) else (bare, None)


def _agreement(first: tuple[str, str | None], second: tuple[str, str | None]) -> str:
    (start, end), (other_start, other_end) = first, second
    if end is None and other_end is None:
        return SAME if start == other_start else DIFFERENT
    if end is None or other_end is None:
        (full, _none), (seen, last) = (first, second) if end is None else (second, first)
        does_fit = full.startswith(seen) and full.endswith(last or "") and len(full) > len(seen) + len(last or "")
        shown = len(seen) + len(last or "")
    else:
        does_fit = _begin_alike(start, other_start) and _begin_alike(end[::-1], other_end[::-1])
        shown = min(len(start), len(other_start)) + min(len(end), len(other_end))
    if not does_fit or not shown:
        return UNKNOWN if does_fit else DIFFERENT
    return SAME if shown > 1 else ALIKE


def _begin_alike(first: str, second: str) -> bool:
    return first.startswith(second) or second.startswith(first)


def suspected(first_kind: str, second_kind: str, names: str = "") -> tuple[str, int]:
    """Why two members may be one person, as a sentence, and how sure that is in percent.

    Unlike kinds are those of two identities in one sighting; `names` is what `names_agree` says of one phone's parcels.
    """
    if first_kind == second_kind == SAME_PHONE:
        why, percent = _SAME_PHONE_AND[names or UNKNOWN]
    elif first_kind == second_kind:
        why, percent = SUSPECTED_BY.get(first_kind, _ONE_SIGHTING)
        if first_kind == OUID:
            percent = 40  # the platform itself says they are two accounts: one nick that changed hands
    else:
        why, percent = _ONE_SIGHTING
    return str(why), percent
