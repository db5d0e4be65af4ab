"""Changing the installation's key: every merchant's key is wrapped anew; nothing sealed with those is touched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import transaction

from shuke.core import sql
from shuke.core.crypto import (
    INSTALLATION,
    WRAPPING,
    Unreadable,
    installation_key,
    key_path,
    readable_keys,
    unwrap,
    wrap,
)
from shuke.core.secrets import secret_file
from shuke.core.tenancy import tenant


def rotate(merchant_ids: Iterable[int]) -> int:
    """Wrap every merchant's key with a new installation key; how many were wrapped anew.

    With SHUKE_KEY the host has put the new key there and the old one into SHUKE_KEY_OLD. Otherwise a new key is made
    beside the present one, and takes its place when everything is wrapped with it. Killed anywhere, everything stays
    readable, and the next call finishes: all wraps change in one transaction, and until the end both keys are kept.
    """
    ids = [INSTALLATION, *merchant_ids]
    if settings.SHUKE_KEY:
        return _rewrap(ids, installation_key())
    old, following = key_path(".old"), key_path(".next")
    if old.exists() and not following.exists():  # the change before was cut off when its key was in place already
        count = _rewrap(ids, installation_key())
    else:
        count = _rewrap(ids, bytes.fromhex(secret_file(following)), _put_in_place)
    old.unlink()
    for draft in old.parent.glob(
        "installation.key.next.*"
    ):  # left where a key was being made and the program was killed
        draft.unlink()
    return count


def _rewrap(merchant_ids: list[int], new: bytes, then: Callable[[], None] = lambda: None) -> int:
    count = 0
    keys = [new, *readable_keys()]
    with transaction.atomic():
        sql.run(WRAPPING.format(""))  # nobody gets a first key by the old one meanwhile
        for merchant_id in merchant_ids:
            count += _rewrap_one(merchant_id, keys)
        then()
    return count


def _rewrap_one(merchant_id: int, keys: list[bytes]) -> int:
    with tenant(merchant_id):
        wrapped = sql.scalar(
            "SELECT wrapped FROM core_merchantkey WHERE merchant_id = %(merchant_id)s FOR UPDATE",
            {"merchant_id": merchant_id},
        )
        if wrapped is None or _opens(merchant_id, bytes(wrapped), keys[0]):
            return 0
        key = unwrap(merchant_id, bytes(wrapped), keys)
        return sql.run(
            "UPDATE core_merchantkey SET wrapped = %(wrapped)s WHERE merchant_id = %(merchant_id)s",
            {"merchant_id": merchant_id, "wrapped": wrap(merchant_id, key, keys[0])},
        )


def _opens(merchant_id: int, wrapped: bytes, key: bytes) -> bool:
    try:
        unwrap(merchant_id, wrapped, [key])
    except Unreadable:
        return False
    return True


def _put_in_place() -> None:
    """The new key becomes the present one while the wraps change; the old one stays beside it until they have."""
    present, old = key_path(), key_path(".old")
    old.unlink(missing_ok=True)
    os.link(present, old)
    key_path(".next").replace(present)
    folder = os.open(present.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
