"""Numbers from addresses and forms: what is none is none, however long or odd."""

from __future__ import annotations

import pytest

from shuke.core.typed import LARGEST, number, numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [("1", 1), ("007", 7), (str(LARGEST), LARGEST), (str(LARGEST + 1), None), ("9" * 5000, None), ("0", None), ("", None),
     ("-1", None), ("+1", None), ("1.0", None), (" 1", None), ("1_0", None), ("١٢", None), ("²", None)],
)  # fmt: skip
def test_only_plain_digits_that_an_id_can_have_are_a_number(text: str, found: int | None) -> None:
    assert number(text) == found


def test_a_smaller_bound_and_many_at_once() -> None:
    assert [number("366", most=366), number("367", most=366)] == [366, None]
    assert numbers(["3", "x", "0", "1"]) == [3, 1]
