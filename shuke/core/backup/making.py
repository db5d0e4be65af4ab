"""Making a backup while web, worker and imports go on: database, keys and uploaded files of one instant."""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import make_conninfo

import shuke
from shuke.core import clock
from shuke.core.backup import dump
from shuke.core.backup.archive import MAGIC, Writer
from shuke.core.crypto import installation_key
from shuke.core.errors import Refused

ABOUT, DATABASE, KEYS, FILES = "about.json", "database", "keys", "files"
FORMAT = 1
_ENDING, _ENDING_SEALED = ".tar", ".tar.sealed"
_KEY_ENDINGS = (".key", ".key.old", ".key.next")
_PLACE_KEY = "place.key"  # says which folder this is, so it never travels


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup."""

    path: Path
    size_bytes: int
    row_count: int


def make(folder: Path, owner: dump.Address, *, passphrase: str = "", with_keys: bool = True, keep: int = 0) -> Made:
    """Write a backup into a folder, under its final name only when it is whole and on the disk.

    `keep` > 0 then removes all but the newest so many of the folder. Refused `running` while another one is made,
    `nothing` when there is no database yet, and what the dump refuses.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not dump.exists(owner):
        raise Refused("nothing", _("There is nothing to back up yet."))
    with _alone():
        name = f"shuke-{clock.now().strftime('%Y%m%d-%H%M%S')}{_ENDING_SEALED if passphrase else _ENDING}"
        partial = folder / f".{name}.partial"
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                rows = _write(Writer(file, passphrase), owner, with_keys=with_keys)
                file.flush()
                os.fsync(file.fileno())
            final = _free(folder / name)
            partial.rename(final)
        finally:
            partial.unlink(missing_ok=True)
        _sync(folder)
        with psycopg.connect(make_conninfo(**owner)) as connection:
            connection.execute("UPDATE core_installation SET backed_up_at = %s", [clock.now()])
        for old in backups(folder)[keep:] if keep > 0 else ():
            old.unlink(missing_ok=True)
    return Made(final, final.stat().st_size, rows)


def backups(folder: Path) -> list[Path]:
    """The whole backups of a folder, the newest first."""
    found = [path for path in folder.glob("shuke-*") if path.name.endswith((_ENDING, _ENDING_SEALED))]
    return sorted(found, key=lambda path: path.name, reverse=True)


def is_sealed(path: Path) -> bool:
    """Whether a backup needs its passphrase."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def made_at(path: Path) -> datetime:
    """When a backup was finished, by the file's own time."""
    return datetime.fromtimestamp(path.stat().st_mtime, tz=clock.now().tzinfo)


def key_check() -> str:
    """What tells whether two installations have the same key, and nothing about the key."""
    return hmac.digest(installation_key(), b"shuke|backup", "sha256").hex()[:32]


def _write(writer: Writer, owner: dump.Address, *, with_keys: bool) -> int:
    with _links() as links:
        _link_uploads(links)  # files that are dropped while the snapshot is taken
        keys = _keys()
        with dump.snapshot(owner) as (connection, name):
            _link_uploads(links)  # files that came before it
            counted = dump.census(connection)
            writer.add(ABOUT, json.dumps(_about(connection, counted, with_keys=with_keys), indent=1).encode())
            if with_keys:
                for key_name, key in _with_former(keys, _keys()).items():
                    writer.add(f"{KEYS}/{key_name}", key)
            for path in sorted(links.rglob("*.sealed")):
                writer.add_file(f"{FILES}/{path.relative_to(links).as_posix()}", path)
            with dump.dumping(owner, name) as stream:
                writer.add_stream(DATABASE, stream)
        writer.finish()
    return sum(int(table["rows"]) for table in counted.values())


def _about(connection: dump.Connection, counted: dump.Census, *, with_keys: bool) -> dict[str, object]:
    applied = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id").fetchall()
    return {
        "format": FORMAT,
        "shuke": shuke.__version__,
        "made_at": clock.now().isoformat(),
        "postgresql": connection.info.server_version,
        "key_check": key_check(),
        "with_keys": with_keys,
        "migrations": [row[0] for row in applied],
        "tables": counted,
    }


def _keys() -> dict[str, bytes]:
    """The secrets by name, those of a change under way included; the mark of this very folder is none."""
    found = (Path(settings.SHUKE_HOME) / "secrets").glob("*.key*")
    return {
        path.name: path.read_bytes()
        for path in sorted(found)
        if path.name.endswith(_KEY_ENDINGS) and path.name != _PLACE_KEY
    }


def _with_former(before: dict[str, bytes], now: dict[str, bytes]) -> dict[str, bytes]:
    """The secrets, and the installation's key as it was where it changed while the snapshot was taken."""
    former = before.get("installation.key")
    is_other = former is not None and former not in now.values()
    return {**now, "installation.key.old": former} if is_other and former is not None else now


@contextmanager
def _alone() -> Iterator[None]:
    with (Path(settings.SHUKE_HOME) / "backup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("running", _("Another backup is being made just now.")) from None
        yield


@contextmanager
def _links() -> Iterator[Path]:
    """A folder of second names for uploaded files, so that none disappears before it is copied."""
    home = Path(settings.SHUKE_HOME)
    for left in home.glob("backup-files-*"):  # of a backup that was killed: only one runs at a time
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=home, prefix="backup-files-") as folder:
        yield Path(folder)


def _link_uploads(links: Path) -> None:
    uploads = Path(settings.SHUKE_HOME) / "uploads"
    for path in uploads.rglob("*.sealed"):
        target = links / path.relative_to(uploads)
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            try:
                os.link(path, target)
            except PermissionError:
                shutil.copy2(path, target)  # a file system without second names


def _free(path: Path) -> Path:
    """The path, or with a number where two backups fall into one second."""
    name, _dot, ending = path.name.partition(".")
    count = 2
    while path.exists():
        path = path.with_name(f"{name}-{count}.{ending}")
        count += 1
    return path


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
