"""What somebody typed, or an address says, read without trust."""

from __future__ import annotations

LARGEST = 2**63 - 1
"""The largest number that the database takes as an id."""


def number(text: str, *, most: int = LARGEST) -> int | None:
    """A whole number from 1 to `most`, written in plain digits; None for anything else."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    return found if 0 < (found := int(text)) <= most else None


def numbers(texts: list[str]) -> list[int]:
    """Those of many that are numbers, in their order."""
    return [found for text in texts if (found := number(text)) is not None]
