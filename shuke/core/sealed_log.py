"""An append-only file of sealed lines in the data folder, for what must outlive the database."""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

from shuke.core.crypto import Unreadable, Vault, vault_of
from shuke.core.secrets import secret_file


def append(name: str, entry: dict[str, Any]) -> None:
    """Add one entry of plain JSON values; on the disk when this returns."""
    sealed = _vault().seal_bytes(orjson.dumps(entry), row=f"log|{name}")
    descriptor = os.open(_path(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(base64.b64encode(sealed) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(name: str) -> Iterator[dict[str, Any]]:
    """Every entry in its order; a last line that was cut off by a crash is left out, any other broken one Unreadable."""
    path, vault = _path(name), _vault()
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    for place, line in enumerate(lines):
        if not line:
            continue
        try:
            yield orjson.loads(vault.open_bytes(base64.b64decode(line), row=f"log|{name}"))
        except (Unreadable, ValueError):
            if place < len(lines) - 1:
                raise


def _vault() -> Vault:
    """Under a key of its own beside it: one that lies in the database would be lost with it."""
    return vault_of(bytes.fromhex(secret_file(Path(settings.SHUKE_HOME) / "secrets" / "log.key")))


def _path(name: str) -> Path:
    folder = Path(settings.SHUKE_HOME)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / name
