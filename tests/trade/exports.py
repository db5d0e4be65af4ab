"""Export files for tests, written by the generator and put through the ordinary import."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from shuke.cli.sample_exports import write_exports
from shuke.core.tenancy import tenant
from shuke.trade import actions as trade
from tests.make import Place

UNTIL = date(2026, 11, 10)


def written(
    folder: Path, *, orders: int = 400, buyers: int = 150, as_of: datetime | None = None, seed: int = 1
) -> list[Path]:
    """An order list and a detail list of a small shop."""
    return write_exports(folder, orders=orders, buyers=buyers, months=12, until=UNTIL, as_of=as_of, seed=seed)


def take(place: Place, path: Path, *, shop_id: int | None = None) -> int:
    """Upload, look at, start and run one file; its import's id. No scope may be open."""
    with tenant(place.merchant_id):
        import_id = trade.upload(place.merchant_id, shop_id or place.shop_id, path.name, blocks(path), by=place.by)
        trade.inspect(place.merchant_id, import_id)
        trade.start(place.merchant_id, import_id, by=place.by)
    trade.run(place.merchant_id, import_id)
    return import_id


def blocks(path: Path) -> Iterator[bytes]:
    """A file as an upload streams it."""
    with path.open("rb") as file:
        while block := file.read(1 << 16):
            yield block
