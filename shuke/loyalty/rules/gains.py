"""What each benefit of a level gave a buyer, in points or fen: one function a benefit, each with where its formula comes from."""

from __future__ import annotations

from fractions import Fraction


def extra_points(amount: int, times: Fraction) -> Fraction:
    """Of the points of a ledger line, those a multiplier added: amount − amount ÷ times.

    The line itself notes the multiplier with which it was reckoned (rules.multiples), the member day's not among it.
    Negative for what a refund took back, so that the sum over an order is what stayed.
    """
    return amount - amount / times if times else Fraction(0)


def worth_fen(points: Fraction, yuan_per_100: Fraction) -> int:
    """Points in fen by the shop's own cash ratio (积分—现金兑换: 100 points are worth so many yuan), rounded down."""
    return int(points * yuan_per_100)


def discount_fen(list_fen: int, gross_fen: int, permille: int) -> int | None:
    """What a level's price saved on one order line: at most the level's share of the list price, and never more than
    what she really paid less than it.

    `list_fen` is the list price times the quantity, `gross_fen` what was paid for the line before refunds; both stand in
    the item export (宝贝报表: 宝贝标价, 买家实际支付金额). None where no list price is known: the order list alone does
    not tell it. Other offers lie in the same difference; what exceeds the level's share is theirs.
    """
    if list_fen <= 0:
        return None
    return max(0, min(list_fen - gross_fen, list_fen * (1000 - permille) // 1000))


def postage_fen(post_fen: int, usual_fen: int) -> int | None:
    """What free postage gave on one order: the shop's usual postage where none was paid.

    No export tells what postage would have cost, so the owner says it (the setting on postage); None while she has not.
    """
    if not usual_fen:
        return None
    return max(0, usual_fen - post_fen)
