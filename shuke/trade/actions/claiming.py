"""A buyer without a link claims her record: with an order's number and one more fact that only she should know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shuke.core import clock, crypto, sql
from shuke.core.actors import buyer
from shuke.core.crypto import Vault
from shuke.core.tenancy import tenant
from shuke.members import queries as members
from shuke.merchants import actions as merchants
from shuke.trade import private, rules

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
VISITOR_TRIES, ORDER_TRIES, ORDER_TRIES_A_DAY = 10, 5, 15
KEPT = timedelta(days=2)


class Claim(NamedTuple):
    """How a claim ended: whose record it opened (None: number or fact is wrong, no telling which), or too many tries."""

    member_id: int | None = None
    is_too_often: bool = False


def claim_order(merchant_id: int, shop_id: int, order_no: str, fact: str, *, visitor: str) -> Claim:
    """Whose record an order's number and the last four digits of the receiver's phone, or the receiver's name, open.

    At most ten tries an hour from one address (`visitor`), and five an hour and fifteen a day for one order, whether or
    not it exists: four digits are not found out that way. Each try is counted in a row by one guarded statement before
    anything is compared, so that many at once get no more. A wrong number and a wrong fact look and take the same. What
    succeeded stands in the audit log.
    """
    order_no, fact = "".join(order_no.replace("\0", "").split())[:64], fact.strip()[:60]
    with tenant(merchant_id):
        vault = crypto.vault(merchant_id)
        order = f"{shop_id}|{order_no}"
        limits = [
            (f"visitor|{visitor}", HOUR, VISITOR_TRIES),
            (f"order|{order}", HOUR, ORDER_TRIES),
            (f"order's day|{order}", DAY, ORDER_TRIES_A_DAY),
        ]
        if not all(_count(merchant_id, vault.index("claim", who), span, most) for who, span, most in limits):
            return Claim(is_too_often=True)
        found = sql.rows(
            "SELECT id, member_id, private_sealed FROM trade_order WHERE merchant_id = %(merchant_id)s"
            " AND shop_id = %(shop_id)s AND order_no = %(order_no)s AND removed_at IS NULL AND member_id IS NOT NULL",
            {"merchant_id": merchant_id, "shop_id": shop_id, "order_no": order_no},
        )
        order_id, member_id, sealed = found[0] if found else (0, 0, _decoy(vault, merchant_id))
        known = private.unseal(vault, merchant_id, order_id, sealed)
        is_hers = rules.claims(known, fact)
        if not (found and is_hers) or member_id in members.erased(merchant_id, [member_id]):
            return Claim()
        merchants.audit(merchant_id, "order.claimed", by=buyer(member_id), object_kind="order", object_id=order_id)
        return Claim(int(member_id))


def _count(merchant_id: int, bucket: bytes, span: timedelta, most: int) -> bool:
    """Count one more try of this hour or day; False when there were as many as may be."""
    return bool(
        sql.run(
            "INSERT INTO trade_claimtry AS t (merchant_id, bucket, starts_at, count)"
            " VALUES (%(merchant_id)s, %(bucket)s, %(starts_at)s, 1)"
            " ON CONFLICT (merchant_id, bucket, starts_at) DO UPDATE SET count = t.count + 1 WHERE t.count < %(most)s",
            {"merchant_id": merchant_id, "bucket": bucket, "starts_at": _start(clock.now(), span), "most": most},
        )
    )


def forget_tries(merchant_id: int) -> int:
    """Drop counters of hours and days long past; how many."""
    return sql.run(
        "DELETE FROM trade_claimtry WHERE merchant_id = %(merchant_id)s AND starts_at < %(before)s",
        {"merchant_id": merchant_id, "before": clock.now() - KEPT},
    )


def _start(now: datetime, span: timedelta) -> datetime:
    return datetime.fromtimestamp(now.timestamp() // span.total_seconds() * span.total_seconds(), UTC)


def _decoy(vault: Vault, merchant_id: int) -> bytes | None:
    """Something to open where there is no order, so that the answer takes as long."""
    return private.seal(vault, merchant_id, 0, {"name": "*", "phone": "*"})
