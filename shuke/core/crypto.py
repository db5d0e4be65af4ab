"""Secrets of people: sealing with a key per merchant, blind indexes (keyed BLAKE2b) to look up what is sealed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from shuke.core import sql
from shuke.core.secrets import secret_file
from shuke.core.tenancy import tenant

_VERSION = b"\x01"
_NONCE = 12
INDEX_BYTES = 16


class Unreadable(RuntimeError):
    """A sealed value does not open: wrong key, changed bytes, or moved from another row."""


@dataclass(frozen=True, slots=True)
class Vault:
    """One merchant's keys. Sealed = version (1 byte), nonce (12), AES-256-GCM ciphertext and tag."""

    _cipher: AESGCM
    _mac: hashlib.blake2b

    def seal(self, text: str, *, row: str) -> bytes:
        """Encrypt; `row` names table, column and row, and the value opens nowhere else."""
        return self.seal_bytes(text.encode(), row=row)

    def open(self, sealed: bytes | memoryview, *, row: str) -> str:
        """Decrypt what was sealed for this very row; Unreadable otherwise."""
        return self.open_bytes(sealed, row=row).decode()

    def seal_bytes(self, content: bytes, *, row: str) -> bytes:
        """Encrypt bytes; see `seal`."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, content, row.encode())

    def seal_many(self, contents: Sequence[bytes], rows: Sequence[str]) -> list[bytes]:
        """Encrypt many; see `seal`. Their nonces are drawn at once."""
        drawn, encrypt = os.urandom(_NONCE * len(contents)), self._cipher.encrypt
        nonces = [drawn[start : start + _NONCE] for start in range(0, len(drawn), _NONCE)]
        return [
            _VERSION + nonce + encrypt(nonce, content, row.encode())
            for nonce, content, row in zip(nonces, contents, rows, strict=True)
        ]

    def open_bytes(self, sealed: bytes | memoryview, *, row: str) -> bytes:
        """Decrypt bytes; see `open`."""
        raw = bytes(sealed)
        try:
            if raw[:1] != _VERSION:
                raise ValueError("unknown version")
            return self._cipher.decrypt(raw[1 : 1 + _NONCE], raw[1 + _NONCE :], row.encode())
        except Exception as error:
            raise Unreadable(row) from error

    def index(self, field: str, value: str) -> bytes:
        """Blind index of a normalised value: equal values of one merchant and field give equal 16 bytes."""
        mac = self._mac.copy()  # keyed once: six times faster than OpenSSL's HMAC, and an import makes millions
        mac.update(f"{field}\x00{value}".encode())
        return mac.digest()


def vault(merchant_id: int) -> Vault:
    """The merchant's vault; her key is made at first use and kept wrapped by the installation's key."""
    return _vault(merchant_id, _wrapped_key(merchant_id))


def asking_vault(merchant_id: int) -> sql.Question[Vault | None]:
    """The question behind `vault`; None while she has no key, which `vault` makes."""
    return sql.Question(
        _WRAPPED,
        {"merchant_id": merchant_id},
        lambda found: _vault(merchant_id, bytes(found[0][0])) if found else None,
    )


INSTALLATION = 0
"""In place of a merchant's id: the key for what belongs to people who sign in, not to a merchant."""


def installation_vault() -> Vault:
    """The vault for what belongs to no merchant."""
    return vault(INSTALLATION)


def installation_key() -> bytes:
    """The 32 bytes that wrap every merchant's key: from SHUKE_KEY (hex) or made once in the data folder."""
    if settings.SHUKE_KEY:
        return bytes.fromhex(settings.SHUKE_KEY)
    return bytes.fromhex(secret_file(key_path()))


def key_path(kind: str = "") -> Path:
    """Where the installation's key lies; `.next` and `.old` lie beside it while it is being changed."""
    return Path(settings.SHUKE_HOME) / "secrets" / f"installation.key{kind}"


def readable_keys() -> list[bytes]:
    """Every installation key that may have wrapped something: the present one, and those of a change under way."""
    old = [bytes.fromhex(settings.SHUKE_KEY_OLD)] if settings.SHUKE_KEY_OLD else []
    beside = [
        bytes.fromhex(path.read_text().strip()) for kind in (".next", ".old") if (path := key_path(kind)).exists()
    ]
    return [installation_key(), *old, *beside]  # read last, so that the new key is found wherever it just went


def wrap(merchant_id: int, key: bytes, by: bytes) -> bytes:
    """A merchant's key under an installation's key: nonce (12), AES-256-GCM ciphertext and tag."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(by).encrypt(nonce, key, _wrap_row(merchant_id))


def unwrap(merchant_id: int, wrapped: bytes, keys: Iterable[bytes]) -> bytes:
    """A merchant's key, opened by whichever of the keys fits; Unreadable when none does."""
    for key in keys:
        try:
            return AESGCM(key).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _wrap_row(merchant_id))
        except InvalidTag:
            continue
    raise Unreadable(_wrap_row(merchant_id).decode())


WRAPPING = "SELECT pg_advisory_xact_lock{}(hashtextextended('core.wrapping', 0))"


@lru_cache(maxsize=2)
def vault_of(key: bytes) -> Vault:
    """The vault of a key that is kept outside the database."""
    return Vault(AESGCM(_derive(key, b"seal")), hashlib.blake2b(key=_derive(key, b"index"), digest_size=INDEX_BYTES))


_WRAPPED = "SELECT wrapped FROM core_merchantkey WHERE merchant_id = %(merchant_id)s"


def _wrapped_key(merchant_id: int) -> bytes:
    params = {"merchant_id": merchant_id}
    with tenant(merchant_id):
        found = sql.scalar(_WRAPPED, params)
        if found is None:
            sql.run(WRAPPING.format("_shared"))  # not while the installation's key is being changed
            wrapped = wrap(merchant_id, os.urandom(32), installation_key())
            sql.run(
                "INSERT INTO core_merchantkey (merchant_id, wrapped) VALUES (%(merchant_id)s, %(wrapped)s)"
                " ON CONFLICT DO NOTHING",
                {**params, "wrapped": wrapped},
            )
            found = sql.scalar(_WRAPPED, params)
    return bytes(found)


def _wrap_row(merchant_id: int) -> bytes:
    return f"core_merchantkey|{merchant_id}".encode()


@lru_cache(maxsize=256)
def _vault(merchant_id: int, wrapped: bytes) -> Vault:
    key = unwrap(merchant_id, wrapped, readable_keys())
    return Vault(AESGCM(_derive(key, b"seal")), hashlib.blake2b(key=_derive(key, b"index"), digest_size=INDEX_BYTES))


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"shuke|" + purpose).derive(key)
