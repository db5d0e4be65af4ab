"""How much memory the embedded PostgreSQL takes for itself."""

from __future__ import annotations

import pytest

from shuke.core import database

GIGABYTE = 1 << 30


@pytest.mark.parametrize(
    ("memory", "expected"),
    [(GIGABYTE // 2, GIGABYTE // 8), (2 * GIGABYTE, GIGABYTE // 4), (64 * GIGABYTE, GIGABYTE)],
)
def test_an_eighth_of_the_memory_within_bounds(memory: int, expected: int) -> None:
    assert database.shared_buffers(memory) == expected


def test_the_machine_has_some() -> None:
    assert GIGABYTE // 8 < database.memory_bytes() < 1 << 50
