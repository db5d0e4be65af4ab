"""Sealed values open in their own row only; blind indexes belong to one merchant; kept files are sealed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from shuke.core import crypto, sealed_files
from shuke.core.crypto import Unreadable, vault
from shuke.core.errors import Refused
from tests.make import Place


def test_a_value_opens_in_its_own_row_only(alice: Place, charlie: Place) -> None:
    mine = vault(alice.merchant_id)
    sealed = mine.seal("王小明", row="t|name|1|2")
    assert mine.open(sealed, row="t|name|1|2") == "王小明"
    for opener, row in ((mine, "t|name|1|3"), (vault(charlie.merchant_id), "t|name|1|2")):
        with pytest.raises(Unreadable):
            opener.open(sealed, row=row)


def test_every_changed_byte_is_noticed(alice: Place) -> None:
    mine = vault(alice.merchant_id)
    sealed = mine.seal("13800000000", row="r")
    for place in range(len(sealed)):
        broken = bytearray(sealed)
        broken[place] ^= 1
        with pytest.raises(Unreadable):
            mine.open(bytes(broken), row="r")


def test_equal_values_share_an_index_within_one_merchant_only(alice: Place, charlie: Place) -> None:
    first = vault(alice.merchant_id).index("phone", "13800000000")
    assert first == vault(alice.merchant_id).index("phone", "13800000000")
    assert first != vault(alice.merchant_id).index("name", "13800000000")
    assert first != vault(charlie.merchant_id).index("phone", "13800000000")


def test_keys_are_kept_wrapped(alice: Place) -> None:
    vault(alice.merchant_id)
    assert len(crypto.installation_key()) == 32
    assert (Path(settings.SHUKE_HOME) / "secrets" / "installation.key").stat().st_mode & 0o777 == 0o600


def test_a_kept_file_is_sealed_and_comes_back_whole(alice: Place) -> None:
    mine, text = vault(alice.merchant_id), "王小明,13800000000\n".encode() * 100_000
    kept, size = sealed_files.keep(alice.merchant_id, "a" * 32, [text[:70], text[70:]], mine, limit_bytes=1 << 30)
    path = Path(settings.SHUKE_HOME) / kept
    assert b"138" not in path.read_bytes()[:4096]
    with sealed_files.in_clear(kept, size, mine) as clear:
        assert clear.read_bytes() == text
    assert not clear.exists()
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Unreadable), sealed_files.in_clear(kept, size, mine):
        pass
    sealed_files.drop(kept)
    assert not path.exists()


def test_too_large_a_file_leaves_nothing(alice: Place) -> None:
    folder = Path(settings.SHUKE_HOME) / "uploads" / str(alice.merchant_id)
    with pytest.raises(Refused) as refused:
        sealed_files.keep(
            alice.merchant_id, "b" * 32, [b"x" * (3 << 20)], vault(alice.merchant_id), limit_bytes=1 << 20
        )
    assert refused.value.code == "too_large"
    assert list(folder.iterdir()) == []


@given(st.text())
def test_any_text_survives(text: str) -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    mine = crypto.Vault(AESGCM(b"k" * 32), hashlib.blake2b(key=b"i" * 32))
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert mine.open(mine.seal(text, row="r"), row="r") == text
