"""What single cells of export files mean: identifiers, money, times, phones, addresses. Pure text in, plain values out."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final, NamedTuple

EARLIEST: Final = datetime(2003, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2101, 1, 1, tzinfo=UTC)
MOST_PIECES: Final = 1_000_000
LONGEST_NICK: Final = 200
_LONGEST_AMOUNT: Final = 200

_FORMULA = re.compile(r'="(.*)"|"=""(.*)"""|=""(.*)""', re.DOTALL)
NOTHING: Final = frozenset({"null", "none", "nan", "n/a", "#n/a", "-", "--", "—", "——", "?"})
_DIGITS = re.compile(r"[0-9]{4,40}")
_SPOILT = re.compile(r"[0-9]+(\.[0-9]+)?[eE]\+?[0-9]+|[0-9]{16,}\.[0-9]*")
_ROUNDED = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]{2}")
_MONEY = re.compile(r"([+-]?)(?:[¥$]|RMB|CNY)?([0-9]{1,12})(?:\.([0-9]*))?(?:元|RMB|CNY)?(?:\(.*)?", re.DOTALL)
# Blanks between digits are a broken amount, not one to guess.
_BLANKS_AROUND = re.compile(r"(?<=[¥+-])\s+|\s+(?=[元(])")
_GROUPED = re.compile(r"[+-]?(?:[¥$])?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?(?:元)?(?:\(.*)?", re.DOTALL)
# A blank that got lost, or a second that is missing behind its colon, is a broken time, not one to guess.
_CLOCK = (
    r"(?:(?:(?<=日)|[ T]+)([0-9]{1,2})[:时]([0-9]{1,2})(?:[:分]([0-9]{1,2})(?:\.[0-9]+)?秒?|分)?)?"
    r"(?: ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?"
)
_TIME = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?" + _CLOCK)
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})" + _CLOCK)
_MOBILE = re.compile(r"(?:\+|00)?(?:86)?[- ]?(1[3-9][0-9]{9})")
_VIRTUAL = re.compile(
    r"(?:\+|00)?(?:86)?[- ]?1[0-9]{10}[-,#转 ]+[0-9]{2,6}|(?:95|400)[0-9]{5,14}(?:[-,#转 ]+[0-9]{2,6})?"
)
_LANDLINE = re.compile(r"(?:86-?)?(0[0-9]{2,3})[- ]?([0-9]{7,8})(?:[- ]+([0-9]{1,6}))?")
_FOREIGN = re.compile(r"(?:\+|00)([1-9][0-9]{6,14})")
_REGIONS = re.compile(
    r"(?P<province>[^*\s]{2,8}?(?:省|自治区|特别行政区)|(?:北京|上海|天津|重庆)市?)\s*"
    r"(?P<city>[^*\s]{2,12}?(?:自治州|地区|盟|市))?\s*"
    r"(?P<district>[^*\s]{1,12}?(?:自治县|区|县|旗|市))?\s*(?P<rest>.*)",
    re.DOTALL,
)
_COMPOSITE = re.compile(r"(?P<name>[^,，]{1,60})[,，]\s*(?P<phone>[0-9+*\- 转]{7,32})[,，](?P<address>.+)", re.DOTALL)


class Address(NamedTuple):
    """A delivery address in its parts; `street` is what is left after province, city and district."""

    province: str
    city: str
    district: str
    street: str
    postcode: str


def clean(cell: str) -> str:
    """A cell without blanks around it, Excel's `="…"`, a leading apostrophe, or a word for nothing."""
    text = cell.strip(" \t\r\n\u3000\ufeff\u00a0")
    if text[:1] in '="':
        found = _FORMULA.fullmatch(text)
        if found:
            text = next(group for group in found.groups() if group is not None).strip()
    while text[:1] == "'":
        text = text[1:].lstrip()
    return "" if len(text) < 5 and text.casefold() in NOTHING else text


def identifier(cell: str) -> str | None:
    """An order number's digits; None when Excel has turned it into a rounded number, which nobody can undo.

    Raises ValueError when the cell is no number at all.
    """
    text = unicodedata.normalize("NFKC", clean(cell))
    if _DIGITS.fullmatch(text):
        return text
    if _SPOILT.fullmatch(text):
        return None
    if text.endswith(".0") and _DIGITS.fullmatch(text[:-2]):
        return text[:-2]
    raise ValueError("no number")


def money(cell: str) -> int | None:
    """Fen of an amount in yuan, None when the cell is empty.

    Accepts `201.12`, `0元`, `￥1,234.50`, full-width digits and a note in brackets behind the amount. Raises ValueError
    when it is no amount, and ArithmeticError when it has more than two decimals that are not zero.
    """
    text = clean(cell)
    if len(text) > _LONGEST_AMOUNT:
        raise ValueError("no amount")
    text = _BLANKS_AROUND.sub("", unicodedata.normalize("NFKC", text))
    if not text:
        return None
    if "," in text and _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    found = _MONEY.fullmatch(text)
    if not found:
        raise ValueError("no amount")
    sign, whole, part = found.groups()
    part = (part or "").rstrip("0")
    if len(part) > 2:
        raise ArithmeticError("more than two decimals")
    fen = int(whole) * 100 + int(part.ljust(2, "0"))
    return -fen if sign == "-" else fen


def count(cell: str) -> int | None:
    """A whole number, None when the cell is empty; ValueError when it is something else."""
    text = unicodedata.normalize("NFKC", clean(cell)).replace(",", "")
    if not text:
        return None
    text = text.removesuffix(".0")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise ValueError("no whole number")
    return int(text)


def instant(cell: str, zone: tzinfo, *, dates: str = "ymd") -> datetime | None:
    """The UTC instant of a local time, None when the cell is empty.

    Accepts `2017-05-30 23:18:03`, `2017/5/30 23:18`, `2017年5月30日`, a bare day, a distance from UTC behind it. `dates`
    "dmy" or "mdy" reads `30/5/2017` or `5/30/2017` too. Raises ValueError when it is no time, and ArithmeticError when
    the year is before 2003 (Taobao did not exist) or after 2100.
    """
    text = unicodedata.normalize("NFKC", clean(cell))
    if not text or text.startswith("0000-00-00"):
        return None
    found = _TIME.fullmatch(text)
    swapped = _DAY_FIRST.fullmatch(text) if found is None and dates in _PLACES_OF_DAY else None
    if found:
        days = found.group(1, 2, 3)
    elif swapped:
        found, days = swapped, swapped.group(*_PLACES_OF_DAY[dates])
    else:
        raise ValueError("no time")
    year, month, day, hour, minute, second = (int(part or 0) for part in (*days, *found.group(4, 5, 6)))
    read = datetime(year, month, day, hour, minute, second, tzinfo=_offset(found[7]) or zone)
    if not EARLIEST <= read.replace(tzinfo=UTC) < LATEST:
        raise ArithmeticError("out of range")
    return read.astimezone(UTC)


_PLACES_OF_DAY: Final = {"dmy": (3, 2, 1), "mdy": (3, 1, 2)}


def _offset(text: str | None) -> tzinfo | None:
    """The zone of `+0800`; ValueError when it is a day or more from UTC."""
    if text is None:
        return None
    if text in {"Z", "UTC"}:
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def day(cell: str, *, dates: str = "ymd") -> str:
    """The ISO day of a birthday, "" when the cell is empty; ValueError when it is no day of 1900 to 2100.

    A birthday has no zone: whatever clock time stands behind it is left out.
    """
    text = unicodedata.normalize("NFKC", clean(cell))
    if not text or text.startswith("0000-00-00"):
        return ""
    found = _TIME.fullmatch(text)
    swapped = _DAY_FIRST.fullmatch(text) if found is None and dates in _PLACES_OF_DAY else None
    parts = found.group(1, 2, 3) if found else swapped.group(*_PLACES_OF_DAY[dates]) if swapped else ("0", "0", "0")
    read = date(int(parts[0]), int(parts[1]), int(parts[2]))
    if not 1900 <= read.year <= 2100:
        raise ValueError("no birthday")
    return read.isoformat()


def status(cell: str) -> str:
    """A status text with half-width marks, without blanks and in small letters, since exports write all of these."""
    return "".join(cell.translate(_HALF_WIDTH).split()).strip("'\"=").casefold()


_HALF_WIDTH: Final = str.maketrans("，：（）", ",:()")


def is_spoilt(text: str) -> bool:
    """Whether Excel has turned a number into a rounded one."""
    return _SPOILT.fullmatch(text) is not None


def is_rounded(text: str) -> bool:
    """Whether a text is a number as Excel shows one that is too long for it, `6.98341E+12`: many share it, it names nobody."""
    return _ROUNDED.fullmatch(text) is not None


def is_masked(text: str) -> bool:
    """Whether a platform has hidden a part of this text behind stars (or sent a cipher instead)."""
    return "*" in text or (len(text) > 4 and text[:2] in ("##", "$$", "~~") and text[-2:] == text[:2])


def is_virtual_phone(text: str) -> bool:
    """Whether a number is one that a platform lends for a while: `18400913965-7576`, `95…`, `400…`."""
    return _VIRTUAL.fullmatch(text.strip()) is not None


def phone(text: str) -> str | None:
    """The digits of a number in E.164 (`8613900000004`), without the plus; "" when empty, None when unreadable.

    Chinese mobile and landline numbers are known without country code, others need `+` or `00`.
    """
    plain = unicodedata.normalize("NFKC", clean(text)).replace("(", "").replace(")", "")
    if not plain:
        return ""
    if mobile := _MOBILE.fullmatch(plain):
        return "86" + mobile[1]
    if landline := _LANDLINE.fullmatch(plain):
        return "86" + landline[1][1:] + landline[2]
    if foreign := _FOREIGN.fullmatch(plain.replace(" ", "").replace("-", "")):
        return foreign[1]
    return None


def address(text: str) -> Address:
    """Province, city, district, street and postcode of `省 市 区 街道(邮编)`; a place that has no district has two blanks.

    An address that is not written in this way keeps everything it has in `street`.
    """
    postcode = ""
    if text[-1:] == ")" and text[-8:-7] == "(" and text[-7:-1].isdecimal():
        postcode = "" if text[-7:-1] == "000000" else text[-7:-1]
        text = text[:-8]
    parts = text.split(" ", 3)
    if len(parts) == 4 and parts[0] and parts[1]:
        return Address._make((parts[0], parts[1], parts[2], parts[3].strip(), postcode))
    if regions := _REGIONS.fullmatch(text.strip()):
        province, city, district, rest = regions.groups()
        return Address(province, city or "", district or "", rest.strip(), postcode)
    return Address("", "", "", text.strip(), postcode)


def composite(text: str) -> tuple[str, str, str] | None:
    """Name, phone and address of a cell that holds all three (`姓名，86-139…，江苏省 扬州市 …，`); None when it does not."""
    found = _COMPOSITE.fullmatch(text.rstrip(" \t\r\n\u3000,，"))
    return (found["name"].strip(), found["phone"].strip(), found["address"].strip()) if found else None
