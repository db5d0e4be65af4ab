"""Putting a backup back: read whole before anything is touched, built beside the present database, swapped in one step."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import make_conninfo

from shuke.core import database
from shuke.core.backup import dump, making
from shuke.core.backup.archive import Readable, Reader, damaged, verify
from shuke.core.errors import Refused
from shuke.core.numbering import keep_in_order

_FRESH, _BEFORE = "_restoring", "_before_restore"
_STAGED = ".restoring"
_LOG_KEY = "log.key"  # opens the log of erasures that lies here, which outlives every restore


def look_into(path: Path, passphrase: str = "") -> dict[str, Any]:
    """What a backup says of itself, after it was read from end to end.

    Refused `damaged_backup`, `needs_passphrase`, `wrong_passphrase`, `newer_backup`, `other_key`.
    """
    verify(path, passphrase)
    with Reader(path, passphrase) as reader:
        name, content = next(iter(reader.members()), ("", None))
        if name != making.ABOUT or content is None:
            raise damaged()
        about: dict[str, Any] = json.loads(content.read())
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if about["format"] > making.FORMAT or not known.issuperset(about["migrations"]):
        raise Refused("newer_backup", _("This backup was made by a newer Shuke (%(version)s); install that one first."),
                      version=about["shuke"])  # fmt: skip
    if (settings.SHUKE_KEY or not about["with_keys"]) and about["key_check"] != making.key_check():
        raise Refused("other_key", _("This backup belongs to another installation key; put that key back first."))
    return about


def restore(
    path: Path, owner: dump.Address, *, passphrase: str = "", replace: bool = False,
    before_drop: Callable[[str], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Put a backup's database, keys and files in place; what it says of itself.

    Refused `not_empty` when there is a database and `replace` is not said, `in_use` while anything is connected to it,
    and what `look_into` refuses; nothing is changed then. `before_drop` is called with the name of the database of
    before, once the restored one has taken its place.
    """
    about = look_into(path, passphrase)
    is_there = dump.exists(owner)
    if is_there and not replace:
        raise Refused("not_empty", _("There are data here already; say --yes to replace them by the backup."))
    connections.close_all()
    if is_there and dump.is_used(owner):
        raise dump.in_use()
    name = owner["dbname"]
    fresh, before = name + _FRESH, name + _BEFORE
    database.ensure_role(owner)
    added: list[Path] = []
    try:
        _fill(path, passphrase, owner, fresh, added)
        with psycopg.connect(make_conninfo(**{**owner, "dbname": fresh})) as connection:
            dump.compare(connection, about["tables"])
            connection.rollback()
            keep_in_order(connection)
            connection.commit()
            connection.autocommit = True
            connection.execute("ANALYZE")
        dump.drop(owner, before)
        dump.swap(owner, fresh, before)
    except BaseException:
        _take_back(owner, fresh, added)
        raise
    _settle_files(added)
    if is_there and before_drop is not None:
        before_drop(before)
    dump.drop(owner, before)
    return about


def _fill(path: Path, passphrase: str, owner: dump.Address, fresh: str, added: list[Path]) -> None:
    """Read the archive once: keys and files are laid beside the present ones, the rest goes into the fresh database."""
    with Reader(path, passphrase) as reader:
        members = reader.members()
        first: Readable | None = None
        for name, content in members:
            kind, _slash, rest = name.partition("/")
            if kind == making.DATABASE:
                first = content
                break
            if kind == making.KEYS:
                target = Path(settings.SHUKE_HOME, "secrets", Path(rest).name)
                if target.name != _LOG_KEY or not target.exists():
                    _lay(target.with_name(target.name + _STAGED), content, added)
            elif kind == making.FILES:
                _lay(_upload(rest), content, added)
        if first is None:
            raise damaged()
        dump.restore(owner, fresh, _blocks(first, members))


def _blocks(first: Readable, members: Iterator[tuple[str, Readable]]) -> Iterator[bytes]:
    yield from iter(lambda: first.read(1 << 20), b"")
    for _name, content in members:
        yield from iter(lambda content=content: content.read(1 << 20), b"")  # type: ignore[misc]  # bound now, called now


def _upload(rest: str) -> Path:
    folder = (Path(settings.SHUKE_HOME) / "uploads").resolve()
    path = (folder / rest).resolve()
    if not path.is_relative_to(folder):
        raise damaged()
    return path


def _lay(path: Path, content: Readable, added: list[Path]) -> None:
    """Write a file that is not there yet; an upload's name is never used twice, so one that is there is the same."""
    if path.exists() and not path.name.endswith(_STAGED):
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    added.append(path)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        while block := content.read(1 << 20):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _settle_files(added: list[Path]) -> None:
    """Keys take their names; uploads the restored database knows nothing of stay, since they cost only room."""
    for path in added:
        if path.name.endswith(_STAGED):
            path.rename(path.with_name(path.name.removesuffix(_STAGED)))


def _take_back(owner: dump.Address, fresh: str, added: list[Path]) -> None:
    for path in added:
        path.unlink(missing_ok=True)
    with suppress(psycopg.Error):
        dump.drop(owner, fresh)
