"""Where members' books are kept since some were joined, and by which name a key knows them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from shuke.core import sql
from shuke.ledger.actions.requests import Hold, Posting, Spend, Target

R = TypeVar("R", Target, Posting, Spend, Hold)


class Home(NamedTuple):
    """Who keeps a member's books now, and the number shared by all who were ever joined with her."""

    home_id: int
    family_id: int


def homes(merchant_id: int, member_ids: Collection[int]) -> dict[int, Home]:
    """Those of the members who were ever joined with another one."""
    return {row[0]: Home(*row[1:]) for row in sql.rows(*reading_homes(merchant_id, set(member_ids)))}


def reading_homes(merchant_id: int, member_ids: Collection[int]) -> sql.Statement:
    """The statement that reads member, home and family of those who were ever joined."""
    return _HOMES, {"merchant_id": merchant_id, "members": sql.numbers(member_ids)}


_HOMES = """
    SELECT member_id, home_id, family_id FROM ledger_home
    WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND member_id = ANY(%(members)s::bigint[])
"""


def at_home(merchant_id: int, requests: Sequence[R]) -> tuple[list[R], dict[int, int]]:
    """The requests, made for whoever keeps the books of the member they name; and her family where she has one."""
    found = homes(merchant_id, {one.member_id for one in requests})
    if not found:
        return list(requests), {}
    moved = [
        replace(one, member_id=found[one.member_id].home_id) if one.member_id in found else one for one in requests
    ]
    return moved, {one.home_id: one.family_id for one in found.values()}


def family_of(merchant_id: int, member_ids: Collection[int]) -> dict[int, int]:
    """By which number keys know those of the members who were ever joined: that of their family."""
    return (
        {member_id: home.family_id for member_id, home in homes(merchant_id, member_ids).items()} if member_ids else {}
    )
