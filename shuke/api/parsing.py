"""Bodies of calls: strict JSON, or a file that goes to disk before anything is done with it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import orjson
from django.conf import settings
from django.http import HttpRequest
from ninja.parser import Parser

from shuke.api.problems import Problem

_PIECE = 1 << 20


class StrictParser(Parser):
    """JSON as the standard has it: no NaN, no half characters."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body's value; ninja answers 400 for what is no JSON."""
        return cast("dict[str, Any]", orjson.loads(request.body))


@dataclass(frozen=True)
class Upload:
    """A body that was received whole; `digest` is its SHA-256."""

    file: IO[bytes]
    size: int
    digest: bytes

    def pieces(self) -> Iterator[bytes]:
        """What is in it, in pieces."""
        self.file.seek(0)
        while piece := self.file.read(_PIECE):
            yield piece


@contextmanager
def received(request: HttpRequest) -> Iterator[Upload]:
    """Receive a body into a file without a name; Problem 413 when it is larger than what is imported."""
    limit, digest, size = settings.SHUKE_UPLOAD_LIMIT_MB << 20, hashlib.sha256(), 0
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR or ".")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=folder) as file:
        while piece := request.read(_PIECE):
            size += len(piece)
            if size > limit:
                raise Problem(413)
            digest.update(piece)
            file.write(piece)
        yield Upload(file, size, digest.digest())
