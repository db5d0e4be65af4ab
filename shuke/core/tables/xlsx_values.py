"""Cell values of workbooks as the texts a CSV would hold."""

from __future__ import annotations

import datetime as dt
from math import isnan
from typing import Final

# Above this no number is exact; Excel itself makes every digit behind the fifteenth a zero.
_EXACT: Final = 2**53
_ROUNDED_BY_EXCEL: Final = 10**15


def text_of(value: object) -> str:
    """A cell's value as text.

    Whole numbers have no `.0`. Numbers that may have lost digits come out in scientific notation, so that an order
    number Excel has spoilt is never taken for a good one.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, dt.datetime):
        if value.microsecond:
            value = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, dt.date):
        return value.strftime("%Y-%m-%d 00:00:00")
    return "" if value is None else str(value)


def number_text(value: float) -> str:
    """See `text_of`; other numbers keep the 15 digits that Excel shows."""
    if isnan(value):
        return ""
    if abs(value) >= _EXACT or (abs(value) >= _ROUNDED_BY_EXCEL and value % 10 == 0):
        return f"{value:.6G}" if "E" in f"{value:.6G}" else f"{value:.6E}"
    if value == int(value):
        return str(int(value))
    return f"{value:.15g}"
