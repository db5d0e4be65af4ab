"""What a member has besides her purchases: terms of paid membership and birthdays, as reckoning asks for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from fractions import Fraction

from shuke.core import sql
from shuke.loyalty.rules.membership import Floor, Term, floor_at
from shuke.loyalty.rules.multiples import OwnAt, Span, own_at
from shuke.members import queries as members


def own_times(merchant_id: int, member_ids: Collection[int]) -> OwnAt | None:
    """What multiplies these members' points besides their levels, at any instant; None where nothing does.

    A birthday's gift stays with whom it was given to, and counts for who stands for her.
    """
    guests = members.guests(merchant_id, member_ids)
    spans: defaultdict[int, list[Span]] = defaultdict(list)
    for member_id, starts_at, ends_at, times, own in sql.rows(
        """
        SELECT member_id, starts_at, ends_at, times, 'membership' FROM loyalty_term
        WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(member_ids)s::bigint[]) AND taken_back_at IS NULL
            AND times <> '1'
        UNION ALL
        SELECT member_id, starts_at, ends_at, times, 'birthday' FROM loyalty_birthdaygift
        WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(celebrated)s::bigint[]) AND times <> '1'
        """,
        {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids),
         "celebrated": sql.numbers({*member_ids, *guests})},
    ):  # fmt: skip
        spans[guests.get(member_id, member_id)].append(Span(starts_at, ends_at, Fraction(times), own))
    return own_at(dict(spans)) if spans else None


def terms_of(merchant_id: int, member_ids: Collection[int]) -> dict[int, list[Term]]:
    """These members' terms that are not taken back, by beginning."""
    found: defaultdict[int, list[Term]] = defaultdict(list)
    for member_id, *term in sql.rows(
        "SELECT member_id, id, bought_at, days, level_no, starts_at, ends_at FROM loyalty_term"
        " WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(member_ids)s::bigint[]) AND taken_back_at IS NULL"
        " ORDER BY starts_at, id",
        {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids)},
    ):
        found[member_id].append(Term(*term))
    return dict(found)


def floors(merchant_id: int, member_ids: Collection[int], at: datetime) -> dict[int, Floor]:
    """The levels that paid memberships give at an instant."""
    found = {member_id: floor_at(terms, at) for member_id, terms in terms_of(merchant_id, member_ids).items()}
    return {member_id: floor for member_id, floor in found.items() if floor is not None}
