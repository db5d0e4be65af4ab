"""Uploaded files at rest: sealed block by block with the merchant's key, in clear only while a job reads them."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shuke.core.crypto import Unreadable, Vault
from shuke.core.errors import Refused

_BLOCK = 1 << 20
_LENGTH = 4
_CLEAR_FOR_SECONDS = 6 * 3600


def keep(merchant_id: int, name: str, chunks: Iterable[bytes], vault: Vault, *, limit_bytes: int) -> tuple[str, int]:
    """Seal a stream into the data folder; its relative path and size. Refused `too_large`, and then nothing is kept."""
    path = _folder(f"uploads/{merchant_id}") / f"{name}.sealed"
    size = 0
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for place, block in enumerate(_blocks(chunks)):
                size += len(block)
                if size > limit_bytes:
                    raise Refused(
                        "too_large",
                        _("The file is larger than %(limit)d MB. Please split it."),
                        limit=limit_bytes >> 20,
                    )
                sealed = vault.seal_bytes(block, row=f"file|{path.name}|{place}")
                file.write(len(sealed).to_bytes(_LENGTH, "big") + sealed)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return str(path.relative_to(settings.SHUKE_HOME)), size


@contextmanager
def in_clear(kept: str, size: int, vault: Vault) -> Iterator[Path]:
    """The file as it was uploaded, for as long as the block runs; Unreadable when it was changed or cut."""
    sealed = Path(settings.SHUKE_HOME) / kept
    descriptor, name = tempfile.mkstemp(dir=_folder("clear"), prefix=f"{os.getpid()}-")
    try:
        with os.fdopen(descriptor, "wb") as clear, sealed.open("rb") as file:
            for place in range(-(-size // _BLOCK)):
                length = int.from_bytes(file.read(_LENGTH), "big")
                clear.write(vault.open_bytes(file.read(length), row=f"file|{sealed.name}|{place}"))
            if clear.tell() != size:
                raise Unreadable(sealed.name)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def drop(kept: str) -> None:
    """Remove a kept file."""
    if kept:
        (Path(settings.SHUKE_HOME) / kept).unlink(missing_ok=True)


def sweep_clear() -> None:
    """Remove clear files that killed processes left behind: readers' (named by their process) and half uploads."""
    for path in _folder("clear").iterdir():
        with contextlib.suppress(FileNotFoundError):
            owner = path.name.split("-", 1)[0]
            is_left = owner.isdigit() and not _alive(int(owner))
            if is_left or path.stat().st_mtime < time.time() - _CLEAR_FOR_SECONDS:
                path.unlink()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= _BLOCK:
            yield bytes(held[:_BLOCK])
            del held[:_BLOCK]
    if held:
        yield bytes(held)


def _folder(name: str) -> Path:
    folder = Path(settings.SHUKE_HOME) / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
