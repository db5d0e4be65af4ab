"""The file of a backup: a tar stream whose last member names the checksum of every other, encrypted if wished.

Without a passphrase it is a plain tar. With one, a header of a line is followed by frames of a mebibyte, each sealed by
AES-256-GCM under a scrypt key; its nonce counts the frames and marks the last, so none can be moved, changed or cut off.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.utils.translation import gettext_lazy as _

from shuke.core.errors import Refused

MAGIC = b"shuke-backup-1 "
CHECKSUMS = "checksums.json"
PART_BYTES = 8 << 20
_FRAME = 1 << 20
_TAG = 16
_MEMORY_COST = 1 << 17  # with r = 8: 128 MB and a third of a second for each guess at a passphrase


class Readable(Protocol):
    """What can be read block by block."""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes; none at the end."""


def damaged() -> Refused:
    """The refusal of a file that is not, or no longer, a whole backup."""
    return Refused("damaged_backup", _("This file is no whole backup: it was cut off or changed. Nothing was done."))


class Writer:
    """Writes members one after the other; `finish` writes the checksums, and a file without them is no backup."""

    def __init__(self, file: BinaryIO, passphrase: str = "") -> None:
        self._sink = _Sealing(file, passphrase) if passphrase else None
        target = cast("BinaryIO", self._sink) if self._sink is not None else file
        self._tar = tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_FRAME)  # noqa: SIM115 - closed by finish
        self._sums: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> None:
        """A member from memory."""
        self._sums[name] = hashlib.sha256(content).hexdigest()
        self._write(name, len(content), io.BytesIO(content))

    def add_file(self, name: str, path: Path) -> None:
        """A member from a file that does not change any more."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            self._sums[name] = digest
            self._write(name, path.stat().st_size, file)

    def add_stream(self, name: str, stream: Readable) -> None:
        """What a stream gives, of unknown length, as members `name/000000`, `name/000001` and so on."""
        count = 0
        while part := _read_fully(stream, PART_BYTES):
            self.add(f"{name}/{count:06d}", part)
            count += 1

    def finish(self) -> None:
        """Write the checksums and close the stream, not the file."""
        content = json.dumps(self._sums, indent=0).encode()
        self._write(CHECKSUMS, len(content), io.BytesIO(content))
        self._tar.close()
        if self._sink is not None:
            self._sink.finish()

    def _write(self, name: str, size: int, content: BinaryIO) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, content)


class Reader:
    """Reads members in their order; Refused `damaged_backup` as soon as anything is not as it was written."""

    def __init__(self, path: Path, passphrase: str = "") -> None:
        self._file = path.open("rb")
        self._source: BinaryIO = self._file
        try:
            if self._file.read(len(MAGIC)) == MAGIC:
                self._source = cast("BinaryIO", _Opening(self._file, passphrase))
            else:
                self._file.seek(0)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._file.close()

    def members(self) -> Iterator[tuple[str, Readable]]:
        """Every member as (name, content), the content to be read before the next; checked when the last was read."""
        seen: dict[str, str] = {}
        told: dict[str, str] | None = None
        try:
            with tarfile.open(fileobj=self._source, mode="r|", bufsize=_FRAME) as tar:
                for member in tar:
                    content = tar.extractfile(member)
                    if content is None or told is not None:
                        raise damaged()
                    if member.name == CHECKSUMS:
                        told = json.loads(content.read())
                        continue
                    hashing = _Hashing(cast("Readable", content))
                    yield member.name, hashing
                    seen[member.name] = hashing.rest()
        except (tarfile.TarError, EOFError, ValueError, OSError) as error:
            raise damaged() from error
        if told is None or list(told.items()) != list(seen.items()):
            raise damaged()


def verify(path: Path, passphrase: str = "") -> None:
    """Read a backup from end to end. Refused `damaged_backup`, `needs_passphrase`, `wrong_passphrase`."""
    with Reader(path, passphrase) as reader:
        for _name, _content in reader.members():
            pass


class _Hashing:
    def __init__(self, content: Readable) -> None:
        self._content = content
        self._digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        block = self._content.read(size)
        self._digest.update(block)
        return block

    def rest(self) -> str:
        while self.read(_FRAME):
            pass
        return self._digest.hexdigest()


class _Sealing:
    """Takes bytes and writes sealed frames."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        salt, self._prefix = os.urandom(16), os.urandom(7)
        self._cipher = _cipher(passphrase, salt)
        self._file, self._held, self._count = file, bytearray(), 0
        check = self._cipher.encrypt(_nonce(self._prefix, 2**32 - 1, last=False), b"", MAGIC).hex()
        file.write(
            MAGIC + json.dumps({"salt": salt.hex(), "nonce": self._prefix.hex(), "check": check}).encode() + b"\n"
        )

    def write(self, content: bytes) -> int:
        self._held += content
        while len(self._held) > _FRAME:
            self._seal(bytes(self._held[:_FRAME]), last=False)
            del self._held[:_FRAME]
        return len(content)

    def finish(self) -> None:
        self._seal(bytes(self._held), last=True)

    def _seal(self, frame: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._prefix, self._count, last=last), frame, MAGIC))
        self._count += 1


class _Opening:
    """Reads sealed frames and gives their bytes."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        if not passphrase:
            raise Refused("needs_passphrase", _("This backup is encrypted; give its passphrase."))
        try:
            header = json.loads(file.readline(1000))
            self._prefix = bytes.fromhex(header["nonce"])
            self._cipher = _cipher(passphrase, bytes.fromhex(header["salt"]))
            check = bytes.fromhex(header["check"])
        except (ValueError, KeyError, TypeError) as error:
            raise damaged() from error
        try:
            self._cipher.decrypt(_nonce(self._prefix, 2**32 - 1, last=False), check, MAGIC)
        except InvalidTag as error:
            raise Refused("wrong_passphrase", _("The passphrase is not the one of this backup.")) from error
        self._file, self._held, self._count = file, bytearray(), 0
        self._next = file.read(_FRAME + _TAG)

    def read(self, size: int) -> bytes:
        while len(self._held) < size and self._next:
            frame, self._next = self._next, self._file.read(_FRAME + _TAG)
            try:
                self._held += self._cipher.decrypt(_nonce(self._prefix, self._count, last=not self._next), frame, MAGIC)
            except InvalidTag as error:
                raise damaged() from error
            self._count += 1
        given = bytes(self._held[:size])
        del self._held[:size]
        return given


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=_MEMORY_COST, r=8, p=1).derive(passphrase.encode()))


def _nonce(prefix: bytes, count: int, *, last: bool) -> bytes:
    return prefix + count.to_bytes(4, "big") + bytes([last])


def _read_fully(stream: Readable, size: int) -> bytes:
    held = bytearray()
    while len(held) < size and (block := stream.read(size - len(held))):
        held += block
    return bytes(held)
