"""Static files carry the headers of pages, are kept for a while, and are not sent again unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shuke.core import headers
from shuke.core.static_files import StaticFiles

SCRIPT = "document.title = '熟客';"


@pytest.fixture
def files(tmp_path: Path) -> StaticFiles:
    (tmp_path / "shop" / "console").mkdir(parents=True)
    (tmp_path / "shop" / "console" / "a.js").write_text(SCRIPT)
    (tmp_path / "shop" / "b.css").write_text("a {}")
    (tmp_path / "secret.txt").write_text("not below the folder")
    return StaticFiles(tmp_path / "shop")


def ask(files: StaticFiles, path: str, method: str = "GET", **more: str) -> tuple[str, dict[str, str], bytes] | None:
    """(status, headers, body); None where it is not theirs."""
    said: list[Any] = []
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, **more}
    body = files.answer(environ, lambda status, told, *_: said.extend([status, dict(told)]))  # type: ignore[arg-type]
    return None if body is None else (said[0], said[1], b"".join(body))


def test_a_file_comes_with_the_headers_of_every_page(files: StaticFiles) -> None:
    found = ask(files, "/static/console/a.js")
    assert found is not None
    status, told, body = found
    assert (status, body.decode()) == ("200 OK", SCRIPT)
    assert {name: told.get(name) for name in headers.whole() if name != "Cache-Control"} == {
        name: value for name, value in headers.whole().items() if name != "Cache-Control"
    }
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Cache-Control"] == "public, max-age=600"
    assert told["Content-Type"] == "text/javascript; charset=utf-8"
    assert told["Content-Length"] == str(len(body))
    assert "Strict-Transport-Security" not in told


def test_over_tls_they_too_say_to_stay_there(tmp_path: Path, settings: Any) -> None:
    settings.IS_HTTPS = True
    (tmp_path / "b.css").write_text("a {}")
    found = ask(StaticFiles(tmp_path), "/static/b.css")
    assert found is not None
    assert found[1]["Strict-Transport-Security"] == headers.STAY_ON_TLS


def test_what_the_browser_has_is_not_sent_again(files: StaticFiles) -> None:
    first = ask(files, "/static/b.css")
    assert first is not None
    again = ask(files, "/static/b.css", HTTP_IF_NONE_MATCH=first[1]["ETag"])
    assert again is not None
    assert (again[0], again[2]) == ("304 Not Modified", b"")
    assert again[1]["X-Content-Type-Options"] == "nosniff"
    changed = ask(files, "/static/b.css", HTTP_IF_NONE_MATCH='"0000000000000000"')
    assert changed is not None
    assert changed[0] == "200 OK"


def test_a_head_has_no_body(files: StaticFiles) -> None:
    found = ask(files, "/static/b.css", "HEAD")
    assert found is not None
    assert (found[1]["Content-Length"], found[2]) == ("4", b"")


@pytest.mark.parametrize(
    ("path", "method"),
    [("/static/../secret.txt", "GET"), ("/static//etc/passwd", "GET"), ("/static/", "GET"), ("/static/console", "GET"),
     ("/console/", "GET"), ("/static/b.css", "POST")],
)  # fmt: skip
def test_everything_else_is_left_to_the_pages(files: StaticFiles, path: str, method: str) -> None:
    assert ask(files, path, method) is None
