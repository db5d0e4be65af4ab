"""Questions about the merchant's own formats: which there are, and what an unknown file most likely holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuke.core import sql
from shuke.members.queries import marks
from shuke.platforms import queries as platforms
from shuke.platforms.platform import Parsed
from shuke.platforms.queries import Guess
from shuke.trade.actions import imports
from shuke.trade.actions.mappings import sample


@dataclass(frozen=True, slots=True)
class OwnFormat:
    """A saved mapping; `content` is a MappingSpec as JSON."""

    id: int
    name: str
    content: dict[str, Any]
    by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class UnknownFile:
    """An uploaded file to be mapped: its columns with an example each (phones and mail addresses masked), a guess, the
    different words of each column that could hold a status, and the rows themselves.
    """

    header: list[str]
    examples: list[str]
    guess: Guess
    rows: list[list[str]]


_PERSONAL = {
    "address": ("地址", "address"),
    "name": ("姓名", "收货人", "收件人", "联系人", "full name", "first name", "last name", "customer name"),
}
"""What titles of columns with a person's address or name hold; phones and mail addresses are known by their look."""


def own_formats(merchant_id: int) -> list[OwnFormat]:
    """The merchant's mappings by name."""
    return [
        OwnFormat(found[0], found[1], dict(sql.loads(found[2])), found[3], found[4])
        for found in sql.rows(
            "SELECT id, name, content, by, saved_at FROM trade_mapping WHERE merchant_id = %(merchant_id)s ORDER BY name",
            {"merchant_id": merchant_id},
        )
    ]


def unknown_file(merchant_id: int, import_id: int, *, label: str) -> UnknownFile:
    """What an uploaded file looks like to somebody who maps its columns; a mapping saved before is the guess."""
    header, rows = sample(merchant_id, import_id)
    examples = []
    for place, title in enumerate(header):
        first = next((row[place].strip() for row in rows if row[place].strip()), "")
        field = next((field for field, words in _PERSONAL.items() if any(word in title.lower() for word in words)), "")
        examples.append((marks.masked(field, first) if field else marks.masked_words(first))[:24])
    saved = imports.saved_mapping(merchant_id, header)
    guess = platforms.guess(header, rows, label=label) if saved is None else Guess(saved, [])
    return UnknownFile(header, examples, guess, rows)


def tried(merchant_id: int, import_id: int, content: Mapping[str, Any]) -> Parsed | None:
    """The first rows of an uploaded file read by a mapping (a MappingSpec as JSON); None when a column is missing."""
    found = imports.uploaded(merchant_id, import_id)
    with imports.opened(merchant_id, found) as table:
        layout = platforms.mapped_layout(content, table.header)
        rows = next(table.chunks(imports.READ), [])
    return None if layout is None else layout.read(rows, imports.zone_of(merchant_id))
