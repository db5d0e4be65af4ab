"""Between a Spec's values and what a browser posts: strings by dotted names, rows under keys of their own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from shuke.core.specs.shape import UNDEFINED, Shape, shapes
from shuke.core.specs.spec import Scaled, Spec, Text

Posted = dict[str, list[str]]
Given = Mapping[str, Iterable[tuple[Any, Text]]]

_ROW_KEY = re.compile(r"[0-9A-Za-z_]{1,40}")
_UNREADABLE = "?"


def as_posted(posted: Mapping[str, Any]) -> Posted:
    """A QueryDict or a plain mapping as lists of strings."""
    if isinstance(posted, MultiValueDict):
        return {name: [str(one) for one in posted.getlist(name)] for name in posted}
    return {name: [str(one) for one in (value if isinstance(value, list) else [value])]
            for name, value in posted.items()}  # fmt: skip


def row_keys(posted: Posted, name: str) -> list[str]:
    """The keys of a list's rows in the order they stand on the page."""
    found = dict.fromkeys(key for key in posted.get(name, ()) if _ROW_KEY.fullmatch(key))
    return list(found)


# Values to strings


def encode(spec: type[Spec], values: Mapping[str, Any], prefix: str = "") -> Posted:
    """What a browser would post for these values; fields without a value are left out."""
    posted: Posted = {}
    for shape in shapes(spec):
        value = values.get(shape.name, shape.default)
        if value is not UNDEFINED:
            posted.update(_encode_one(shape, value, prefix + shape.name))
    return posted


def _encode_one(shape: Shape, value: Any, name: str) -> Posted:
    if shape.kind == "rows":
        posted: Posted = {name: [str(index) for index in range(len(value))]}
        for index, row in enumerate(value):
            posted.update(encode(type(row), dict(row), f"{name}.{index}."))
        return posted
    if shape.kind == "group":
        return encode(type(value), dict(value), f"{name}.") if value is not None else {}
    if shape.kind == "many":
        return {name: [_text(shape, one) for one in value]}
    if shape.kind == "lines":
        return {name: ["\n".join(str(one) for one in value)]}
    if shape.kind == "bool":
        return {name: ["on"]} if value else {}
    return {name: ["" if value is None else _text(shape, value)]}


def _text(shape: Shape, value: Any) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None).isoformat(timespec="minutes")
    if shape.scaled:
        return scaled_text(shape.scaled, value)
    return str(value)


def scaled_text(scaled: Scaled, value: int) -> str:
    """`1230` with two places → "12.30" (money) or "12.3"; whole amounts without decimals."""
    places = scaled.places
    if not places:
        return str(value)
    whole, part = divmod(abs(value), 10**places)
    sign = "-" if value < 0 else ""
    decimals = f"{part:0{places}d}"
    return f"{sign}{whole}.{decimals if scaled.is_padded else decimals.rstrip('0')}" if part else f"{sign}{whole}"


# Strings to values


@dataclass
class Reading:
    """What was read: a tree for pydantic, where each of its places stands on the page, and what was no choice."""

    tree: dict[str, Any] = field(default_factory=dict)
    places: dict[tuple[Any, ...], str] = field(default_factory=dict)
    strangers: set[tuple[Any, ...]] = field(default_factory=set)


def decode(spec: type[Spec], posted: Posted, *, given: Given, prefix: str = "") -> Reading:
    """Read what was posted; what cannot be read is left for pydantic to refuse at its place."""
    reading = Reading()
    reading.tree = _decode_into(reading, spec, posted, given, prefix, (), "")
    return reading


def _decode_into(
    reading: Reading, spec: type[Spec], posted: Posted, given: Given, prefix: str, at: tuple[Any, ...], path: str
) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for shape in shapes(spec):
        name, here, way = prefix + shape.name, (*at, shape.name), f"{path}{shape.name}"
        reading.places[here] = name
        if shape.kind == "rows":
            tree[shape.name] = _decode_rows(reading, shape, posted, given, name, here, way)
        elif shape.kind == "group":
            tree[shape.name] = _decode_into(reading, shape.inner, posted, given, f"{name}.", here, f"{way}.")
        else:
            value = _decode_one(reading, shape, posted.get(name), _pairs(given, way), here)
            if value is not UNDEFINED:
                tree[shape.name] = value
    return tree


def _decode_rows(
    reading: Reading, shape: Shape, posted: Posted, given: Given, name: str, here: tuple[Any, ...], way: str
) -> list[dict[str, Any]]:
    found = []
    for index, key in enumerate(row_keys(posted, name)):
        reading.places[(*here, index)] = f"{name}.{key}"
        found.append(_decode_into(reading, shape.inner, posted, given, f"{name}.{key}.", (*here, index), f"{way}."))
    return found


def _pairs(given: Given, way: str) -> tuple[tuple[Any, Text], ...] | None:
    return tuple(given[way]) if way in given else None


def _decode_one(
    reading: Reading,
    shape: Shape,
    raw: list[str] | None,
    given: tuple[tuple[Any, Text], ...] | None,
    here: tuple[Any, ...],
) -> Any:
    if shape.kind == "bool":
        return raw is not None and bool(raw) and raw[-1] not in {"", "0", "false", "off"}
    options = shape.options(given)
    if shape.kind == "many" or (shape.kind == "lines" and options):
        return [_chosen(reading, options, one, (*here, index)) for index, one in enumerate(raw or ())]
    if shape.kind == "lines":
        return [line.strip() for line in _lines(raw) if line.strip()]
    if not raw:
        return UNDEFINED
    text = raw[-1]
    if not text.strip():
        return _nothing(shape)
    if options:
        return _chosen(reading, options, text, here)
    return _typed(shape, text)


def _nothing(shape: Shape) -> Any:
    if shape.is_optional:
        return None
    if shape.kind == "text" and not shape.must_be_filled:
        return ""
    return "" if shape.kind == "text" and shape.limits.get("min_length") else _EMPTY.get(shape.kind, UNDEFINED)


_EMPTY = {"int": "", "decimal": "", "date": "", "time": "", "datetime": "", "choice": ""}


def _chosen(reading: Reading, options: tuple[tuple[Any, Text], ...], text: str, here: tuple[Any, ...]) -> Any:
    for value, _label in options:
        if str(value.value if isinstance(value, Enum) else value) == text:
            return value
    reading.strangers.add(here)
    return text


def _typed(shape: Shape, text: str) -> Any:
    if shape.kind == "text":
        return text.replace("\r\n", "\n").replace("\r", "\n")
    plain = unicodedata.normalize("NFKC", text).strip()
    if shape.kind in {"int", "decimal"}:
        number = plain.replace(",", "").lstrip("¥￥").strip()
        return _unscaled(shape.scaled.places, number) if shape.scaled else number
    if shape.kind == "datetime":
        return _local(plain)
    return plain


def _unscaled(places: int, number: str) -> int | str:
    if not re.fullmatch(rf"-?\d{{1,13}}(\.\d{{1,{places}}})?" if places else r"-?\d{1,13}", number):
        return _UNREADABLE
    return int(Decimal(number).scaleb(places))


def _local(text: str) -> datetime | str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return _UNREADABLE
    return found if found.tzinfo else timezone.make_aware(found)


def _lines(raw: list[str] | None) -> list[str]:
    return "\n".join(raw or ()).replace("\r\n", "\n").replace("\r", "\n").split("\n")
