"""Exports downloaded from real shops, where a developer has some: named by the variable SHUKE_SAMPLES."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from shuke.core.tables import open_table
from shuke.platforms.platform import OrderRecord, SaleRecord, recognise
from tests.platforms.export_rows import SHANGHAI

HARMLESS = {"paid_is_gross", "paid_from_total", "closed_is_refunded"}


def order_of(record: Any) -> Any:
    """The order of a record that has its lines with it."""
    return record.order if isinstance(record, SaleRecord) else record


def test_downloaded_exports_are_read_whole() -> None:
    folder = os.environ.get("SHUKE_SAMPLES", "")
    files = sorted(Path(folder).glob("*.*")) if folder else []
    for path in files:
        if path.suffix not in {".csv", ".xlsx"}:
            continue
        table = open_table(path)
        layout = recognise(table.header)
        if layout is None:
            continue
        assert layout.columns_unknown == (), path.name
        parsed = layout.read(list(table.rows()), SHANGHAI)
        assert parsed.rejects == [], path.name
        assert {doubt for record in map(order_of, parsed.records) for doubt in record.doubts} <= HARMLESS, path.name
        for record in map(order_of, parsed.records):
            if isinstance(record, OrderRecord) and None not in (record.total_fen, record.goods_fen, record.post_fen):
                assert record.total_fen == record.goods_fen + record.post_fen  # type: ignore[operator]
