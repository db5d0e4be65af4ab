"""Who may be written to, by which channel and what for; and the proofs of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shuke.core import crypto, sql
from shuke.members import rules, sealing
from shuke.members.queries.homes import household

UNKNOWN, SUPPRESSED, BLACKLISTED, WITHDRAWN, NOT_GIVEN = (
    "unknown",
    "suppressed",
    "blacklisted",
    "withdrawn",
    "not_given",
)

LEFT_OUT: dict[str, str | Promise] = {
    UNKNOWN: _("Deleted, or joined to another customer"),
    SUPPRESSED: _("On the do-not-contact list"),
    BLACKLISTED: _("On the blacklist"),
    WITHDRAWN: _("Has withdrawn her consent"),
    NOT_GIVEN: _("Has never given her consent"),
}


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom of those asked for one may write to, in their order, and why not to the others (one of LEFT_OUT)."""

    allowed: list[int] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consent:
    """How a member stands to being written to by a channel for a purpose; `at` is None where she never said anything."""

    channel: str
    channel_label: str | Promise
    purpose: str
    purpose_label: str | Promise
    state: str
    source: str = ""
    at: datetime | None = None

    @property
    def is_given(self) -> bool:
        """Whether she may be written to, as far as her consent goes."""
        return self.state == "given"


@dataclass(frozen=True, slots=True)
class Proof:
    """One row of the consent ledger, with what proves it; phone numbers and mail addresses in it are masked."""

    id: int
    channel_label: str | Promise
    purpose_label: str | Promise
    is_given: bool
    source: str
    wording_version: str
    wording_hash: str
    evidence: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Suppression:
    """One entry of the do-not-contact list; a number or address is kept only as a blind mark."""

    id: int
    kind: str
    member_id: int | None
    member_name: str
    reason: str
    by: str
    at: datetime


def may_contact(merchant_id: int, member_ids: Sequence[int], channel: str, purpose: str) -> Contact:
    """Divide members into whom one may write to and whom not, with the one reason that weighs most.

    The do-not-contact list outranks everything, then the blacklist, then a withdrawn consent, then one never given.
    Of joined members the stricter word counts until she says something new. An order is no consent.
    """
    found = Contact()
    asked = {"merchant_id": merchant_id, "members": sql.numbers(member_ids), "channel": channel, "purpose": purpose}
    reasons = dict(sql.rows(_REASONS, asked))
    for member_id in dict.fromkeys(member_ids):
        reason = reasons.get(member_id, UNKNOWN)
        if reason:
            found.left_out[member_id] = reason
        else:
            found.allowed.append(member_id)
    return found


def consents(merchant_id: int, member_id: int) -> list[Consent]:
    """How one member stands to every channel and purpose."""
    stands = {
        (row[0], row[1]): row[2:]
        for row in sql.rows(_STANDS, {"merchant_id": merchant_id, "members": sql.numbers([member_id])})
    }
    return [
        Consent(channel, channel_label, purpose, purpose_label, *stands.get((channel, purpose), ("none",)))
        for channel, channel_label in rules.CHANNELS.items()
        for purpose, purpose_label in rules.PURPOSES.items()
    ]


def proofs(merchant_id: int, member_id: int, *, limit: int = 100) -> list[Proof]:
    """The consent ledger of a member and of those joined to her, the latest first."""
    vault = crypto.vault(merchant_id)
    return [
        Proof(
            number, rules.CHANNELS.get(channel, channel), rules.PURPOSES.get(purpose, purpose), is_given, source, version,
            bytes(wording or b"").hex()[:12],
            rules.mask_word(sealing.open_evidence(vault, merchant_id, number, sealed)) if sealed else "", by, at,
        )
        for number, channel, purpose, is_given, source, version, wording, sealed, by, at in sql.rows(
            "SELECT c.id, c.channel, c.purpose, c.is_given, c.source, c.wording_version, c.wording_hash, e.sealed, c.by,"
            " c.at FROM members_consent c LEFT JOIN members_evidence e ON e.merchant_id = c.merchant_id AND e.id = c.id"
            " WHERE c.merchant_id = %(merchant_id)s AND c.member_id = ANY(%(members)s::bigint[])"
            " ORDER BY c.id DESC LIMIT %(limit)s",
            {"merchant_id": merchant_id, "members": sql.numbers(household(merchant_id, member_id)), "limit": limit},
        )
    ]  # fmt: skip


def suppressions(merchant_id: int, *, limit: int = 200) -> list[Suppression]:
    """The do-not-contact list, the latest first."""
    return [
        Suppression(*row)
        for row in sql.rows(
            "SELECT s.id, s.kind, s.member_id, coalesce(m.display_name, ''), s.reason, s.by, s.at"
            " FROM members_suppression s LEFT JOIN members_member m ON m.merchant_id = s.merchant_id"
            " AND m.id = s.member_id WHERE s.merchant_id = %(merchant_id)s ORDER BY s.id DESC LIMIT %(limit)s",
            {"merchant_id": merchant_id, "limit": limit},
        )
    ]


def suppression_count(merchant_id: int) -> int:
    """How many entries the do-not-contact list has."""
    return int(
        sql.scalar(
            "SELECT count(*) FROM members_suppression WHERE merchant_id = %(merchant_id)s", {"merchant_id": merchant_id}
        )
    )


def suppressed(merchant_id: int, member_ids: Collection[int]) -> set[int]:
    """Those of these members who are on the do-not-contact list, by themselves or by a number or address of theirs."""
    return {
        row[0]
        for row in sql.rows(
            f"WITH kin AS ({_KIN}) SELECT DISTINCT kin.home_id FROM kin WHERE {_SUPPRESSED}",
            {"merchant_id": merchant_id, "members": sql.numbers(member_ids)},
        )
    }


def erasure_due_at(merchant_id: int, member_id: int) -> datetime | None:
    """When a member who asked for it will be deleted; None when she did not ask."""
    found: datetime | None = sql.scalar(
        "SELECT due_at FROM members_erasurerequest WHERE merchant_id = %(merchant_id)s AND member_id = %(member_id)s"
        " AND state = 'waiting'",
        {"merchant_id": merchant_id, "member_id": member_id},
    )
    return found


# Who was asked for, each with everybody joined to her.
_KIN = """
    SELECT h.id AS home_id, h.id AS id FROM members_member h WHERE h.merchant_id = %(merchant_id)s
        AND h.id = ANY(%(members)s::bigint[]) AND h.home_id IS NULL AND h.erased_at IS NULL
    UNION ALL
    SELECT m.home_id, m.id FROM members_member m WHERE m.merchant_id = %(merchant_id)s
        AND m.home_id = ANY(%(members)s::bigint[])
"""

_SUPPRESSED = """(
    EXISTS (SELECT FROM members_suppression s WHERE s.merchant_id = %(merchant_id)s AND s.kind = 'member'
        AND s.index IS NULL AND s.member_id = kin.id)
    OR EXISTS (SELECT FROM members_card c JOIN members_suppression s ON s.merchant_id = c.merchant_id
            AND (s.kind = 'phone' AND s.index = c.phone_index OR s.kind = 'email' AND s.index = c.email_index)
        WHERE c.merchant_id = %(merchant_id)s AND c.member_id = kin.id)
    OR EXISTS (SELECT FROM members_identity i JOIN members_suppression s ON s.merchant_id = i.merchant_id
            AND s.kind = 'phone' AND i.value = '#' || encode(s.index, 'hex')
        WHERE i.merchant_id = %(merchant_id)s AND i.member_id = kin.id AND i.kind = 'phone')
)"""

# Each person's last word; of joined people the stricter one, unless something was said since the joining.
_LAST = """
    last AS (
        SELECT DISTINCT ON (kin.home_id, kin.id, c.channel, c.purpose)
            kin.home_id, c.channel, c.purpose, c.is_given, c.source, c.at, c.id,
            c.at > coalesce((SELECT max(g.at) FROM members_merge g WHERE g.merchant_id = %(merchant_id)s
                AND g.undone_at IS NULL AND kin.home_id = g.survivor_id), '-infinity') AS is_since
        FROM kin JOIN members_consent c ON c.merchant_id = %(merchant_id)s AND c.member_id = kin.id
        ORDER BY kin.home_id, kin.id, c.channel, c.purpose, c.id DESC
    ), said AS (
        SELECT DISTINCT ON (home_id, channel, purpose) home_id, channel, purpose, is_given, source, at FROM last
        ORDER BY home_id, channel, purpose, is_since DESC, CASE WHEN is_since THEN id END DESC, is_given, id DESC
    )
"""

_REASONS = f"""
    WITH kin AS MATERIALIZED ({_KIN}), {_LAST}
    SELECT m.id, CASE
        WHEN EXISTS (SELECT FROM kin WHERE kin.home_id = m.id AND {_SUPPRESSED}) THEN 'suppressed'
        WHEN m.status <> 'normal' THEN 'blacklisted'
        WHEN s.is_given IS NULL THEN 'not_given'
        WHEN NOT s.is_given THEN 'withdrawn'
        ELSE '' END
    FROM members_member m
    LEFT JOIN said s ON s.home_id = m.id AND s.channel = %(channel)s AND s.purpose = %(purpose)s
    WHERE m.merchant_id = %(merchant_id)s AND m.id = ANY(%(members)s::bigint[]) AND m.home_id IS NULL
        AND m.erased_at IS NULL
"""

_STANDS = f"""
    WITH kin AS MATERIALIZED ({_KIN}), {_LAST}
    SELECT channel, purpose, CASE WHEN is_given THEN 'given' ELSE 'withdrawn' END, source, at FROM said
"""
