"""What somebody typed, or an address says, read without trust."""

from __future__ import annotations

from datetime import date

LARGEST = 2**63 - 1
"""The largest number that the database takes as an id."""
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9990, 12, 31)
"""Days that have instants before and after them in every zone, which the calendar's first and last days have not."""


def number(text: str, *, most: int = LARGEST) -> int | None:
    """A whole number from 1 to `most`, written in plain digits; None for anything else."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    return found if 0 < (found := int(text)) <= most else None


def day(text: str) -> date | None:
    """A day as an address writes it (`2026-01-31`), from 1970 to 9990; None for anything else."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if FIRST_DAY <= found <= LAST_DAY else None


def numbers(texts: list[str]) -> list[int]:
    """Those of many that are numbers, in their order."""
    return [found for text in texts if (found := number(text)) is not None]
