"""The security page answers every requirement once, names only what exists, and counts rightly."""

from __future__ import annotations

import re
from collections import Counter

from tests.architecture import source

PAGE = source.ROOT / "docs/security.md"
STATES = ("met", "not met", "not applicable")

# OWASP ASVS 5.0.0, levels 1 and 2, by section.
NUMBERS = """
1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1-1 3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2
4.1.1-3 4.2.1-1 4.3.1-2 4.4.1-4 5.1.1-1 5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.1-3 6.8.1-4
7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.1-2 8.1.1-2 8.2.1-3 8.3.1-1 8.4.1-1 9.1.1-3 9.2.1-4
10.1.1-2 10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5 10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1-1 11.6.1-1
12.1.1-3 12.2.1-2 12.3.1-4 13.1.1-1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7
16.1.1-1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3 17.1.1-1 17.2.1-4 17.3.1-2
"""


def requirements() -> list[str]:
    found = []
    for section, first, last in re.findall(r"(\d+\.\d+)\.(\d+)-(\d+)", NUMBERS):
        found += [f"{section}.{number}" for number in range(int(first), int(last) + 1)]
    return found


def rows(text: str) -> list[tuple[str, str, str, str]]:
    return re.findall(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)


def test_every_requirement_is_answered_once_and_no_other() -> None:
    assert len(requirements()) == 253
    assert [row[0] for row in rows(PAGE.read_text())] == requirements()


def test_every_answer_has_a_state_and_a_reason() -> None:
    for number, what, state, why in rows(PAGE.read_text()):
        assert state in STATES, number
        assert len(what) > 3, number
        assert len(why) > 3, number


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:shuke|tests|docs|tools|requirements|\.ci)/[\w./-]+)`", PAGE.read_text()))
    assert len(named) > 50
    assert [path for path in sorted(named) if not (source.ROOT / path).exists()] == []


def test_the_counts_are_right() -> None:
    text = PAGE.read_text()
    total = Counter(state for _number, _what, state, _why in rows(text))
    assert (
        f"**{total['met']}** met, **{total['not met']}** not met, **{total['not applicable']}** not applicable" in text
    )
    for chapter in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        part = Counter(state for _number, _what, state, _why in rows(chapter))
        said = f"{part['met']} met, {part['not met']} not met, {part['not applicable']} not applicable."
        assert said in chapter, chapter[:40]
