"""Money as whole fen: reading it from what people write, and showing it."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"-?\d{1,13}(\.\d{1,2})?")


def fen(yuan: str | Decimal) -> int:
    """Whole fen of an amount in yuan such as "12.30"; ValueError when it is none or has more than two decimals."""
    text = str(yuan).strip().replace(",", "")
    if not _NUMBER.fullmatch(text):
        raise ValueError("not an amount in yuan")
    try:
        return int(Decimal(text) * 100)
    except InvalidOperation as error:
        raise ValueError("not an amount in yuan") from error


def yuan(amount_fen: int, *, grouped: bool = True) -> str:
    """`123456` → "1,234.56"; negative amounts keep the sign in front."""
    sign = "-" if amount_fen < 0 else ""
    whole, part = divmod(abs(amount_fen), 100)
    return f"{sign}{whole:,}.{part:02d}" if grouped else f"{sign}{whole}.{part:02d}"
