"""Opens any table file, hostile or broken, and streams its rows; knows no business."""

from shuke.core.tables.row import FAULTS, Row

__all__ = ["FAULTS", "Row"]
