"""The file of a backup: whole or refused, with a passphrase or without."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from shuke.core.backup import archive
from shuke.core.backup.archive import Reader, Writer, verify
from shuke.core.errors import Refused

MEMBERS = {"about.json": b"{}", "files/7/a.sealed": bytes(range(256)) * 9000, "database/000000": b"rows" * 700_000}
PHRASES = ["", "南山有台 北山有莱"]


@pytest.fixture(autouse=True)
def cheap_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of a second for each key is for the real thing."""
    monkeypatch.setattr(archive, "_MEMORY_COST", 1 << 10)


def write(path: Path, passphrase: str) -> Path:
    with path.open("wb") as file:
        writer = Writer(file, passphrase)
        for name, content in MEMBERS.items():
            if name.startswith("database"):
                writer.add_stream("database", io.BytesIO(content))
            else:
                writer.add(name, content)
        writer.finish()
    return path


def read(path: Path, passphrase: str) -> dict[str, bytes]:
    with Reader(path, passphrase) as reader:
        return {name: content.read() for name, content in reader.members()}


@pytest.mark.parametrize("phrase", PHRASES)
def test_what_was_written_is_read(tmp_path: Path, phrase: str) -> None:
    assert read(write(tmp_path / "backup", phrase), phrase) == MEMBERS


@pytest.mark.parametrize("phrase", PHRASES)
@pytest.mark.parametrize("share", [0.0001, 0.3, 0.6, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, phrase: str, share: float) -> None:
    path = write(tmp_path / "backup", phrase)
    whole = path.read_bytes()
    path.write_bytes(whole[: int((len(whole) - 20_480) * share) + 60])
    with pytest.raises(Refused) as refused:
        verify(path, phrase)
    assert refused.value.code == "damaged_backup"


@pytest.mark.parametrize("phrase", PHRASES)
@pytest.mark.parametrize("place", [300, 5_000, 1_000_000, 2_400_000])
def test_a_file_with_one_changed_byte_is_refused(tmp_path: Path, phrase: str, place: int) -> None:
    path = write(tmp_path / "backup", phrase)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(Refused):
        verify(path, phrase)


def test_two_frames_that_changed_places_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "backup", PHRASES[1])
    content = path.read_bytes()
    start = content.index(b"\n") + 1
    size = (1 << 20) + 16
    first, second = content[start : start + size], content[start + size : start + 2 * size]
    path.write_bytes(content[:start] + second + first + content[start + 2 * size :])
    with pytest.raises(Refused) as refused:
        verify(path, PHRASES[1])
    assert refused.value.code == "damaged_backup"


@pytest.mark.parametrize(("phrase", "code"), [("", "needs_passphrase"), ("北山有莱", "wrong_passphrase")])
def test_an_encrypted_file_opens_with_its_passphrase_alone(tmp_path: Path, phrase: str, code: str) -> None:
    path = write(tmp_path / "backup", PHRASES[1])
    assert b"rows" not in path.read_bytes()
    with pytest.raises(Refused) as refused:
        verify(path, phrase)
    assert refused.value.code == code


def test_any_other_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(b"\x89PNG" + bytes(2000))
    with pytest.raises(Refused) as refused:
        verify(path)
    assert refused.value.code == "damaged_backup"
