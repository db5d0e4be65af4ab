"""No page holds a script, a handler or a style of its own; what comes from people is escaped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture import source

# The notice is HTML for other sites, which take no style sheet; its preview has a policy of its own.
FOREIGN = {"banner.html", "strip.html", "picture.html", "frame.html"}
# A file of an archive that a buyer takes along and opens from her own disk.
TAKEN_ALONG = "takeout.html"

FORBIDDEN = {
    "a style": re.compile(r"<style|\sstyle=", re.IGNORECASE),
    "a handler": re.compile(r"\son(?!e\b)[a-z]+\s*=|hx-on|\sx-on:|\s@click", re.IGNORECASE),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
    "a script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE),
    "something from another site": re.compile(r"""(?:src|href)=["'](?:https?:)?//""", re.IGNORECASE),
}
UNESCAPED = re.compile(r"\|\s*safe\b|autoescape\s+off|mark_safe\(")


def templates() -> list[Path]:
    return sorted((source.ROOT / "shuke").rglob("templates/**/*.html"))


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what: str) -> None:
    found = [
        f"{source.where(path)}: {match[0]}"
        for path in templates()
        if not (path.parent.name == "notice" and path.name in FOREIGN) and (what, path.name) != ("a style", TAKEN_ALONG)
        for match in FORBIDDEN[what].finditer(path.read_text())
    ]
    assert found == []


def test_only_the_notice_that_we_made_ourselves_is_shown_unescaped() -> None:
    texts = [*templates(), *source.python_files("shuke")]
    found = {source.where(path) for path in texts if UNESCAPED.search(path.read_text())}
    assert found <= {"shuke/console/templates/console/notice/frame.html"}


def test_the_search_finds_what_it_looks_for() -> None:
    for what, bad in (
        ("a style", '<p style="x">'),
        ("a handler", '<b onclick="x">'),
        ("a script", "<script>x</script>"),
    ):
        assert FORBIDDEN[what].search(bad)
    assert not FORBIDDEN["a script"].search('<script type="module" src="x"></script>')
