"""What must always hold of the ledger, as questions that have no answer while it does.

With T the transfers, every amount leaves one state and enters another, so for each member and asset
active = Σ into active − Σ out of active (likewise pending, reserved; debt with the sign turned), and for the whole
issued = active + pending + reserved + spent + expired + taken back − debt. The balance row, the transfers and the
lots with open reservations are three accounts of the same amounts and must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shuke.core import sql

LIMIT = 20


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant: which, and where (ids and amounts, never personal data)."""

    check: str
    detail: str


def run(merchant_id: int) -> list[Violation]:
    """All checks of one merchant, within her scope; at most twenty violations of each."""
    return [violation for check in CHECKS for violation in check(merchant_id)]


def balances_are_what_transfers_add_up_to(merchant_id: int) -> list[Violation]:
    """Each pool of the balance row = Σ transfers into it − Σ out of it."""
    return _ask(
        merchant_id,
        "balance = Σ transfers",
        f"""
        WITH moved AS ({_MOVED}), sums AS (
            SELECT asset, member_id,
                coalesce(sum(amount) FILTER (WHERE state = 'active'), 0) AS active,
                coalesce(sum(amount) FILTER (WHERE state = 'pending'), 0) AS pending,
                coalesce(sum(amount) FILTER (WHERE state = 'reserved'), 0) AS reserved,
                coalesce(-sum(amount) FILTER (WHERE state = 'debt'), 0) AS debt
            FROM moved GROUP BY asset, member_id
        ), held AS (SELECT * FROM ledger_balance WHERE merchant_id = (SELECT %(merchant_id)s::bigint))
        SELECT format('%%s of member %%s: balance (%%s %%s %%s %%s), transfers (%%s %%s %%s %%s)', asset, member_id,
            b.active, b.pending, b.reserved, b.debt, s.active, s.pending, s.reserved, s.debt)
        FROM held b FULL JOIN sums s USING (asset, member_id)
        WHERE (coalesce(b.active, 0), coalesce(b.pending, 0), coalesce(b.reserved, 0), coalesce(b.debt, 0))
            <> (coalesce(s.active, 0), coalesce(s.pending, 0), coalesce(s.reserved, 0), coalesce(s.debt, 0))
        """,
    )


def balances_are_what_lots_hold(merchant_id: int) -> list[Violation]:
    """Active = Σ left of active lots; pending = Σ left of pending lots; reserved = Σ open reservations."""
    return _ask(
        merchant_id,
        "balance = Σ lots",
        """
        WITH held AS (
            SELECT asset, member_id, active, pending, reserved FROM ledger_balance
            WHERE merchant_id = (SELECT %(merchant_id)s::bigint)
        ), lots AS (
            SELECT asset, member_id, coalesce(sum("left") FILTER (WHERE state = 'active'), 0) AS active,
                coalesce(sum("left") FILTER (WHERE state = 'pending'), 0) AS pending
            FROM ledger_lot WHERE merchant_id = (SELECT %(merchant_id)s::bigint) GROUP BY asset, member_id
        ), reservations AS (
            SELECT asset, member_id, sum(amount) AS reserved FROM ledger_reservation
            WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND state = 'reserved' GROUP BY asset, member_id
        )
        SELECT format('%%s of member %%s: balance (%%s %%s %%s), lots (%%s %%s), reservations %%s', asset, member_id,
            b.active, b.pending, b.reserved, l.active, l.pending, r.reserved)
        FROM held b FULL JOIN lots l USING (asset, member_id) FULL JOIN reservations r USING (asset, member_id)
        WHERE coalesce(b.active, 0) <> coalesce(l.active, 0) OR coalesce(b.pending, 0) <> coalesce(l.pending, 0)
            OR coalesce(b.reserved, 0) <> coalesce(r.reserved, 0)
        """,
    )


def balances_stay_in_bounds(merchant_id: int) -> list[Violation]:
    """No pool is below zero, and nobody has both something active and debt."""
    return _ask(
        merchant_id,
        "balance in bounds",
        """
        SELECT format('%%s of member %%s', asset, member_id) FROM ledger_balance
        WHERE merchant_id = (SELECT %(merchant_id)s::bigint)
            AND (least(active, pending, reserved, debt) < 0 OR active > 0 AND debt > 0)
        """,
    )


def lots_stay_in_bounds(merchant_id: int) -> list[Violation]:
    """0 ≤ left ≤ amount, likewise lapsed and revoked; open lots hold something, closed ones nothing."""
    return _ask(
        merchant_id,
        "0 ≤ left ≤ amount",
        """
        SELECT format('lot %%s: %%s of %%s left, %%s', id, "left", amount, state) FROM ledger_lot
        WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND (
            "left" < 0 OR lapsed < 0 OR revoked < 0 OR "left" + lapsed > amount OR revoked > amount
            OR (state IN ('pending', 'active')) <> ("left" > 0) OR state = 'lapsed' AND expires_at IS NULL
            OR state NOT IN ('pending', 'active', 'empty', 'lapsed'))
        """,
    )


def lots_are_what_became_of_them(merchant_id: int) -> list[Violation]:
    """Left and lapsed of each lot = what its credit, its own transfers and its allocations make of it."""
    return _ask(
        merchant_id,
        "lot = Σ its parts",
        f"""
        WITH parts AS ({_PARTS}), sums AS (
            SELECT lot_id,
                sum(CASE WHEN from_state = 'issued' THEN amount ELSE 0 END) AS amount,
                sum(amount * ((to_state IN ('pending', 'active'))::int - (from_state IN ('pending', 'active'))::int))
                    AS "left",
                sum(amount * ((to_state = 'expired')::int - (from_state = 'expired')::int)) AS lapsed
            FROM parts GROUP BY lot_id
        )
        SELECT format('lot %%s: (%%s %%s %%s), its parts (%%s %%s %%s)', l.id, l.amount, l."left", l.lapsed,
            s.amount, s."left", s.lapsed)
        FROM (SELECT * FROM ledger_lot WHERE merchant_id = (SELECT %(merchant_id)s::bigint)) l FULL JOIN sums s ON s.lot_id = l.id
        WHERE (l.amount, l."left", l.lapsed) IS DISTINCT FROM (s.amount, s."left", s.lapsed)
        """,
    )


def transfers_name_their_lots(merchant_id: int) -> list[Violation]:
    """A transfer is about one whole lot, or its allocations add up to it, or it makes debt and has none."""
    return _ask(
        merchant_id,
        "transfer = Σ allocations",
        """
        WITH sums AS (
            SELECT transfer_id, sum(amount) AS amount FROM ledger_allocation
            WHERE merchant_id = (SELECT %(merchant_id)s::bigint) GROUP BY transfer_id
        )
        SELECT format('transfer %%s of %%s: allocations %%s', t.id, t.amount, s.amount)
        FROM (SELECT * FROM ledger_transfer WHERE merchant_id = (SELECT %(merchant_id)s::bigint)) t
        LEFT JOIN sums s ON s.transfer_id = t.id
        WHERE coalesce(s.amount, 0) <> CASE WHEN t.lot_id IS NOT NULL OR t.to_state = 'debt' AND t.from_state = 'moved'
            OR t.from_state = 'debt' AND t.to_state IN ('taken_back', 'moved') THEN 0 ELSE t.amount END
        """,
    )


def nothing_crosses_members(merchant_id: int) -> list[Violation]:
    """Lots, allocations and causes belong to the same member, or one ever joined with her, and to the same asset."""
    return _ask(
        merchant_id,
        "nothing crosses members",
        f"""
        WITH parts AS ({_PARTS}), {_FAMILIES}
        SELECT format('lot %%s and transfer %%s', p.lot_id, p.id) FROM parts p
        LEFT JOIN ledger_lot l ON l.merchant_id = (SELECT %(merchant_id)s::bigint) AND l.id = p.lot_id
        LEFT JOIN families lf ON lf.member_id = l.member_id LEFT JOIN families pf ON pf.member_id = p.member_id
        WHERE (coalesce(lf.family_id, l.member_id), l.asset)
            IS DISTINCT FROM (coalesce(pf.family_id, p.member_id), p.asset)
        UNION ALL
        SELECT format('allocation of a transfer %%s that is not there', a.transfer_id) FROM ledger_allocation a
        LEFT JOIN ledger_transfer t ON t.merchant_id = a.merchant_id AND t.id = a.transfer_id
        WHERE a.merchant_id = (SELECT %(merchant_id)s::bigint) AND t.id IS NULL
        UNION ALL
        SELECT format('transfer %%s and its cause %%s', t.id, t.cause_id) FROM ledger_transfer t
        LEFT JOIN ledger_transfer c ON c.merchant_id = t.merchant_id AND c.id = t.cause_id
        LEFT JOIN families cf ON cf.member_id = c.member_id LEFT JOIN families tf ON tf.member_id = t.member_id
        WHERE t.merchant_id = (SELECT %(merchant_id)s::bigint) AND t.cause_id IS NOT NULL
            AND (coalesce(cf.family_id, c.member_id), c.asset)
                IS DISTINCT FROM (coalesce(tf.family_id, t.member_id), t.asset)
        """,
    )


def keys_have_one_effect(merchant_id: int) -> list[Violation]:
    """No key stands twice, and no part of a settled source."""
    return _ask(
        merchant_id,
        "one effect per key",
        """
        SELECT format('key of transfers %%s', string_agg(id::text, ', ')) FROM ledger_transfer
        WHERE merchant_id = (SELECT %(merchant_id)s::bigint) GROUP BY key HAVING count(*) > 1
        UNION ALL
        SELECT format('source of lots %%s', string_agg(id::text, ', ')) FROM ledger_lot
        WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND part IS NOT NULL GROUP BY asset, source, part HAVING count(*) > 1
        """,
    )


def reservations_end_once(merchant_id: int) -> list[Violation]:
    """An open reservation has no answer; a committed one was spent whole, a released one returned whole."""
    return _ask(
        merchant_id,
        "reservations end once",
        f"""
        WITH {_FAMILIES}, answers AS (
            SELECT cause_id AS id, sum(amount) AS amount, bool_and(to_state = 'spent') AS is_spent,
                bool_or(to_state = 'spent') AS has_spent
            FROM ledger_transfer WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND from_state = 'reserved'
                AND to_state <> 'moved' GROUP BY cause_id
        ), made AS (
            SELECT id, amount, member_id, asset FROM ledger_transfer
            WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND to_state = 'reserved' AND from_state <> 'moved'
        ), kept AS (SELECT * FROM ledger_reservation WHERE merchant_id = (SELECT %(merchant_id)s::bigint))
        SELECT format('reservation %%s: %%s', coalesce(v.id, m.id), v.state)
        FROM kept v FULL JOIN made m USING (id) LEFT JOIN answers a USING (id)
        LEFT JOIN families vf ON vf.member_id = v.member_id LEFT JOIN families mf ON mf.member_id = m.member_id
        WHERE (v.amount, coalesce(vf.family_id, v.member_id), v.asset)
                IS DISTINCT FROM (m.amount, coalesce(mf.family_id, m.member_id), m.asset)
            OR NOT CASE v.state WHEN 'reserved' THEN a.id IS NULL
                WHEN 'committed' THEN coalesce(a.amount = v.amount AND a.is_spent, false)
                WHEN 'released' THEN coalesce(a.amount = v.amount AND NOT a.has_spent, false)
                ELSE false END
        """,
    )


def no_more_is_given_back_than_was_spent(merchant_id: int) -> list[Violation]:
    """Of each spending and lot, Σ given back ≤ spent."""
    return _ask(
        merchant_id,
        "given back ≤ spent",
        """
        SELECT format('spending %%s, lot %%s', t.cause_id, a.lot_id)
        FROM ledger_transfer t
        JOIN ledger_allocation a ON a.merchant_id = t.merchant_id AND a.transfer_id = t.id
        LEFT JOIN ledger_allocation s ON s.merchant_id = t.merchant_id AND s.transfer_id = t.cause_id
            AND s.lot_id = a.lot_id
        WHERE t.merchant_id = (SELECT %(merchant_id)s::bigint) AND t.from_state = 'spent'
        GROUP BY t.cause_id, a.lot_id, s.amount HAVING sum(a.amount) > coalesce(s.amount, 0)
        """,
    )


def sources_give_up_what_was_taken_back(merchant_id: int) -> list[Violation]:
    """For each settled source, Σ revoked of its lots = Σ transfers that took back on its account."""
    return _ask(
        merchant_id,
        "revoked = Σ taken back",
        """
        WITH lots AS (
            SELECT asset, source, sum(revoked) AS amount FROM ledger_lot
            WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND part IS NOT NULL GROUP BY asset, source
        ), taken AS (
            SELECT asset, source, sum(amount) AS amount FROM ledger_transfer
            WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND to_state = 'taken_back' AND starts_with(key, '=settle:')
            GROUP BY asset, source
        )
        SELECT format('%%s: revoked %%s, taken back %%s', asset, l.amount, t.amount)
        FROM lots l FULL JOIN taken t USING (asset, source) WHERE coalesce(l.amount, 0) <> coalesce(t.amount, 0)
        """,
    )


def issued_is_accounted_for(merchant_id: int) -> list[Violation]:
    """Issued = active + pending + reserved + spent + expired + taken back − debt, with Σ lots and Σ balances put in."""
    return _ask(
        merchant_id,
        "issued = where it went",
        f"""
        WITH moved AS ({_MOVED}), gone AS (
            SELECT asset, sum(amount) AS amount FROM moved WHERE state IN ('spent', 'expired', 'taken_back')
            GROUP BY asset
        ), held AS (
            SELECT asset, sum(active + pending + reserved - debt) AS amount FROM ledger_balance
            WHERE merchant_id = (SELECT %(merchant_id)s::bigint) GROUP BY asset
        ), issued AS (
            SELECT asset, sum(amount) AS amount FROM ledger_lot WHERE merchant_id = (SELECT %(merchant_id)s::bigint) GROUP BY asset
        )
        SELECT format('%%s: issued %%s, held %%s, gone %%s', asset, i.amount, h.amount, g.amount)
        FROM issued i FULL JOIN held h USING (asset) FULL JOIN gone g USING (asset)
        WHERE coalesce(i.amount, 0) <> coalesce(h.amount, 0) + coalesce(g.amount, 0)
        """,
    )


def what_moves_arrives(merchant_id: int) -> list[Violation]:
    """What leaves a member for another comes to that one, whole, in the same kind of pool; nothing stays between."""
    return _ask(
        merchant_id,
        "moved out = moved in",
        f"""
        WITH {_FAMILIES}, gone AS (
            SELECT id, member_id, asset, amount, CASE from_state WHEN 'moved' THEN to_state ELSE from_state END AS pool
            FROM ledger_transfer WHERE merchant_id = (SELECT %(merchant_id)s::bigint)
                AND 'moved' IN (from_state, to_state) AND key LIKE '%%:out'
        ), come AS (
            SELECT cause_id AS id, member_id, asset, amount,
                CASE from_state WHEN 'moved' THEN to_state ELSE from_state END AS pool
            FROM ledger_transfer WHERE merchant_id = (SELECT %(merchant_id)s::bigint)
                AND 'moved' IN (from_state, to_state) AND key NOT LIKE '%%:out'
        )
        SELECT format('transfer %%s: %%s out, %%s in', id, g.amount, c.amount) FROM gone g FULL JOIN come c USING (id)
        LEFT JOIN families gf ON gf.member_id = g.member_id LEFT JOIN families cf ON cf.member_id = c.member_id
        WHERE (g.asset, g.amount, g.pool, gf.family_id) IS DISTINCT FROM (c.asset, c.amount, c.pool, cf.family_id)
            OR g.member_id = c.member_id OR gf.family_id IS NULL
        """,
    )


def joined_members_hold_nothing(merchant_id: int) -> list[Violation]:
    """Whose books another member keeps has nothing of her own; her home is nobody's guest; lots first hers are there."""
    return _ask(
        merchant_id,
        "joined members hold nothing",
        """
        WITH homes AS (SELECT * FROM ledger_home WHERE merchant_id = (SELECT %(merchant_id)s::bigint))
        SELECT format('%%s of member %%s', b.asset, b.member_id)
        FROM ledger_balance b JOIN homes h USING (member_id)
        WHERE b.merchant_id = (SELECT %(merchant_id)s::bigint) AND h.home_id <> h.member_id
            AND (b.active, b.pending, b.reserved, b.debt) <> (0, 0, 0, 0)
        UNION ALL
        SELECT format('member %%s is joined to %%s, who is joined herself', h.member_id, h.home_id)
        FROM homes h LEFT JOIN homes o ON o.member_id = h.home_id
        WHERE o.home_id IS DISTINCT FROM h.home_id OR o.family_id <> h.family_id
        UNION ALL
        SELECT format('lot %%s is with %%s', l.id, l.member_id)
        FROM (SELECT * FROM ledger_lot WHERE merchant_id = (SELECT %(merchant_id)s::bigint)) l
        LEFT JOIN homes h ON h.member_id = coalesce(l.origin_id, l.member_id)
        WHERE coalesce(h.home_id, l.origin_id, l.member_id) <> l.member_id
        """,
    )


CHECKS: tuple[Callable[[int], list[Violation]], ...] = (
    balances_are_what_transfers_add_up_to,
    balances_are_what_lots_hold,
    balances_stay_in_bounds,
    lots_stay_in_bounds,
    lots_are_what_became_of_them,
    transfers_name_their_lots,
    nothing_crosses_members,
    keys_have_one_effect,
    reservations_end_once,
    no_more_is_given_back_than_was_spent,
    sources_give_up_what_was_taken_back,
    issued_is_accounted_for,
    what_moves_arrives,
    joined_members_hold_nothing,
)

_FAMILIES = """
    families AS (SELECT member_id, family_id FROM ledger_home WHERE merchant_id = (SELECT %(merchant_id)s::bigint))
"""

_MOVED = """
    SELECT asset, member_id, to_state AS state, amount FROM ledger_transfer WHERE merchant_id = (SELECT %(merchant_id)s::bigint)
    UNION ALL
    SELECT asset, member_id, from_state, -amount FROM ledger_transfer WHERE merchant_id = (SELECT %(merchant_id)s::bigint)
"""

_PARTS = """
    SELECT id, member_id, asset, from_state, to_state, lot_id, amount FROM ledger_transfer
    WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND lot_id IS NOT NULL
    UNION ALL
    SELECT t.id, t.member_id, t.asset, t.from_state, t.to_state, a.lot_id, a.amount FROM ledger_transfer t
    JOIN ledger_allocation a ON a.merchant_id = t.merchant_id AND a.transfer_id = t.id
    WHERE t.merchant_id = (SELECT %(merchant_id)s::bigint)
"""


def _ask(merchant_id: int, check: str, statement: str) -> list[Violation]:
    # A merchant the planner has no figures of must not be compared row by row.
    sql.run("SELECT set_config('enable_nestloop', 'off', true)")
    found = sql.rows(f"{statement} LIMIT {LIMIT}", {"merchant_id": merchant_id})
    sql.run("SELECT set_config('enable_nestloop', 'on', true)")
    return [Violation(check, row[0]) for row in found]
