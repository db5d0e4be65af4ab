"""Rows staged by COPY come out as they went in, whatever they hold."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.core import sql

KINDS = {"t": "text", "n": "bigint", "b": "bytea", "f": "boolean", "at": "timestamptz", "on_day": "date"}
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
# Hypothesis wants the ends without a zone, and adds the zone itself.
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - see above
ROWS = st.lists(
    st.tuples(
        st.none() | TEXT,
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.binary(max_size=40),
        st.none() | st.booleans(),
        st.none() | MOMENTS.map(lambda at: at.replace(fold=0)),
        st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    ),
    max_size=30,
)


@pytest.mark.django_db
@settings(max_examples=60)
@given(ROWS)
def test_staged_rows_come_out_as_they_went_in(rows: list[tuple[object, ...]]) -> None:
    names = sql.stage("staged_test", KINDS, rows)
    found = [
        (*row[:2], None if row[2] is None else bytes(row[2]), *row[3:])
        for row in sql.rows(f"SELECT {names} FROM staged_test")
    ]
    assert sorted(map(repr, found)) == sorted(map(repr, rows))


@pytest.mark.django_db
def test_the_marks_of_copy_itself_are_only_text() -> None:
    marks = ["\\N", "\\.", "a\tb\nc\rd", "\\x41", ""]
    sql.stage("staged_mark", {"t": "text"}, [(mark,) for mark in marks])
    assert [row[0] for row in sql.rows("SELECT t FROM staged_mark")] == marks
