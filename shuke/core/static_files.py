"""Style sheets, scripts and pictures, kept in memory and answered with the same headers as pages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from django.conf import settings

from shuke.core import headers

KEEP_SECONDS = 600
"""Names stay the same from version to version, so a browser asks again soon; unchanged files are not sent again."""
_KINDS = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json",
    ".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".ico": "image/x-icon", ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    body: bytes
    tag: str
    headers: tuple[tuple[str, str], ...]


class StaticFiles:
    """The files of a folder under the address of static files."""

    def __init__(self, folder: Path) -> None:
        always = _always()
        self._files = {
            settings.STATIC_URL + path.relative_to(folder).as_posix(): _read(path, always)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes] | None:
        """The file that is asked for, or that it is as the asker knows it; None for everything else."""
        file = self._files.get(environ["PATH_INFO"])
        if file is None or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return None
        if file.tag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response("304 Not Modified", list(file.headers))
            return []
        start_response("200 OK", [*file.headers, ("Content-Length", str(len(file.body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [file.body]


def _always() -> dict[str, str]:
    told = headers.whole() | {"Cache-Control": f"public, max-age={KEEP_SECONDS}"}
    if settings.IS_HTTPS:
        told["Strict-Transport-Security"] = headers.STAY_ON_TLS
    return told


def _read(path: Path, always: dict[str, str]) -> File:
    body = path.read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    kind = _KINDS.get(path.suffix, "application/octet-stream")
    return File(body, tag, (*always.items(), ("Content-Type", kind), ("ETag", tag)))
