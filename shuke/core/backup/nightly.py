"""The automatic backup of every night, into the folder `backups` of the data."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from shuke.core import clock
from shuke.core.backup import making
from shuke.core.errors import Refused
from shuke.core.owner import owner_address

log = logging.getLogger(__name__)

_NIGHT = range(2, 5)
_FRESH, _OVERDUE = timedelta(hours=12), timedelta(hours=26)


def folder() -> Path:
    """Where automatic backups lie."""
    return Path(settings.SHUKE_HOME) / "backups"


def back_up_if_due() -> making.Made | None:
    """Make the night's backup, or one that is overdue; None when there is nothing to do or it is switched off."""
    if settings.SHUKE_BACKUP_KEEP <= 0 or not is_due():
        return None
    try:
        return making.make(
            folder(), owner_address(), passphrase=settings.SHUKE_BACKUP_PASSPHRASE, keep=settings.SHUKE_BACKUP_KEEP
        )
    except Refused as refused:
        log.error("the nightly backup was not made: %s", refused.code)  # noqa: TRY400 - the code says all
        raise


def is_due() -> bool:
    """Whether it is night and the newest backup of an earlier one, or the newest is more than a day old."""
    found = making.backups(folder())
    age = clock.now() - making.made_at(found[0]) if found else _OVERDUE
    is_night = clock.now().astimezone(ZoneInfo(settings.TIME_ZONE)).hour in _NIGHT
    return age >= _OVERDUE or (is_night and age >= _FRESH)
