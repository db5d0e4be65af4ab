"""Two records of one person: joined, parted, and everything told that follows."""

from __future__ import annotations

from shuke.core import facts
from shuke.core.tenancy import tenant
from shuke.ledger import checks as ledger_checks
from shuke.members import actions as members
from tests.make import Place


def tell(place: Place) -> None:
    """Every story that waits; none may be stuck, and the books must be right."""
    while facts.drain(place.merchant_id):
        pass
    with tenant(place.merchant_id):
        assert facts.stuck(place.merchant_id) == []
        assert ledger_checks.run(place.merchant_id) == []


def join(place: Place, loser: int, survivor: int) -> int:
    """Let the second stand for the first; the joining's id."""
    (merge_id,) = members.merge(place.merchant_id, [(loser, survivor)], by=place.by, key="k")
    tell(place)
    return merge_id


def part(place: Place, merge_id: int) -> None:
    """Undo a joining."""
    members.unmerge(place.merchant_id, merge_id, by=place.by)
    tell(place)
