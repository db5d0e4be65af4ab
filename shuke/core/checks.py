"""What a broken invariant looks like, whichever module finds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold: its name, where (ids and numbers, never personal data), how often."""

    name: str
    detail: str
    count: int
