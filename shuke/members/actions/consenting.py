"""Consent with its proof, and the list of those who are not to be written to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, facts, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.members import rules, sealing
from shuke.members.events import ConsentChanged
from shuke.members.queries.contact import consents
from shuke.merchants import actions as merchants


class Word(NamedTuple):
    """What a member says: by this channel and for this purpose she may be written to, or no longer."""

    channel: str
    purpose: str
    is_given: bool


class Taken(NamedTuple):
    """What became of pasted lines: how many are new on the list, how many stood there, and which could not be read."""

    new_count: int
    known_count: int
    unreadable: list[str]


def record_consent(
    merchant_id: int,
    member_id: int,
    words: Sequence[Word],
    *,
    source: str,
    wording_version: str = "",
    wording: str = "",
    evidence: str = "",
    by: Actor,
) -> int:
    """Write down what a member said, with its proof; how many rows that made. Rows are never changed afterwards.

    `source` is where she said it ("portal", "shop"), `wording` the very text she agreed to (its SHA-256 is kept),
    `evidence` what proves it, in words. What stands already is not written again. A consent that staff writes down
    needs evidence: Refused `no_evidence`; Refused `no_channel`; Missing.
    """
    if any(word.channel not in rules.CHANNELS or word.purpose not in rules.PURPOSES for word in words):
        raise Refused("no_channel", _("There is no such channel or purpose."))
    if by.kind == "staff" and any(word.is_given for word in words) and len(evidence.strip()) < rules.SHORTEST_REASON:
        raise Refused("no_evidence", _("Say how and where she agreed, so that you can prove it later."))
    with tenant(merchant_id):
        _lock(merchant_id, member_id)
        stands = {(one.channel, one.purpose): one.state for one in consents(merchant_id, member_id)}
        news = [
            word for word in dict.fromkeys(words)
            if stands[word.channel, word.purpose] != ("given" if word.is_given else "withdrawn")
        ]  # fmt: skip
        vault, now = crypto.vault(merchant_id), clock.now()
        for number, word in zip(sql.new_ids(len(news)) if news else [], news, strict=True):
            sql.run(
                "INSERT INTO members_consent (merchant_id, id, member_id, channel, purpose, is_given, source,"
                " wording_version, wording_hash, by, at) VALUES (%(merchant_id)s, %(id)s, %(member_id)s, %(channel)s,"
                " %(purpose)s, %(is_given)s, %(source)s, %(version)s, %(hash)s, %(by)s, %(now)s)",
                {"merchant_id": merchant_id, "id": number, "member_id": member_id, **word._asdict(), "source": source,
                 "version": wording_version, "hash": hashlib.sha256(wording.encode()).digest() if wording else None,
                 "by": by.label, "now": now},
            )  # fmt: skip
            if evidence.strip():
                sealed = sealing.seal_evidence(vault, merchant_id, number, evidence.strip()[:2000])
                sql.run(
                    "INSERT INTO members_evidence (merchant_id, id, member_id, sealed)"
                    " VALUES (%(merchant_id)s, %(id)s, %(member_id)s, %(sealed)s)",
                    {"merchant_id": merchant_id, "id": number, "member_id": member_id, "sealed": sealed},
                )
        told = [ConsentChanged(member_id=member_id, happened_at=now, **word._asdict()) for word in news]
        facts.publish(merchant_id, told, by=by)
    return len(news)


def suppress(merchant_id: int, lines: Sequence[str], *, reason: str, by: Actor) -> Taken:
    """Put phone numbers and mail addresses on the do-not-contact list, as blind marks only. Refused `reason_missing`."""
    reason = _reason(reason)
    vault, unreadable = crypto.vault(merchant_id), []
    marks: dict[tuple[str, bytes], None] = {}
    for line in lines:
        text = line.strip().strip(",;，；")
        if not text:
            continue
        if rules.is_mail(text):
            marks["email", vault.index("email", rules.normal("email", text))] = None
        elif rules.is_phone(text):
            marks["phone", vault.index("phone", rules.normal_phone(text))] = None
        else:
            unreadable.append(rules.mask_word(text[:60]))
    with tenant(merchant_id):
        new = sql.run(
            "INSERT INTO members_suppression (merchant_id, kind, index, reason, by, at)"
            " SELECT %(merchant_id)s, kind, mark, %(reason)s, %(by)s, %(now)s"
            " FROM unnest(%(kinds)s::text[], %(marks)s::bytea[]) AS f (kind, mark) ORDER BY kind, mark"
            " ON CONFLICT (merchant_id, kind, index, member_id) DO NOTHING",
            {"merchant_id": merchant_id, "kinds": [one[0] for one in marks], "marks": [one[1] for one in marks],
             "reason": reason, "by": by.label, "now": clock.now()},
        )  # fmt: skip
        if new:
            merchants.audit(
                merchant_id, "suppression.added", by=by, object_kind="suppression", count=new, reason=reason
            )
    return Taken(new, len(marks) - new, unreadable)


def suppress_members(merchant_id: int, member_ids: Sequence[int], *, reason: str, by: Actor) -> int:
    """Put members themselves on the do-not-contact list; how many were not there. Refused `reason_missing`."""
    reason = _reason(reason)
    with tenant(merchant_id):
        new = sql.run(
            "INSERT INTO members_suppression (merchant_id, kind, member_id, reason, by, at)"
            " SELECT %(merchant_id)s, 'member', id, %(reason)s, %(by)s, %(now)s FROM members_member"
            " WHERE merchant_id = %(merchant_id)s AND id = ANY(%(members)s::bigint[]) AND erased_at IS NULL ORDER BY id"
            " ON CONFLICT (merchant_id, kind, index, member_id) DO NOTHING",
            {"merchant_id": merchant_id, "members": sql.numbers(member_ids), "reason": reason, "by": by.label,
             "now": clock.now()},
        )  # fmt: skip
        for member_id in member_ids if new else ():
            merchants.audit(merchant_id, "member.suppressed", by=by, object_kind="member", object_id=member_id,
                            reason=reason)  # fmt: skip
    return new


def unsuppress(merchant_id: int, suppression_id: int, *, reason: str, by: Actor) -> None:
    """Take one entry off the do-not-contact list. Missing; Refused `reason_missing`."""
    reason = _reason(reason)
    with tenant(merchant_id):
        found = sql.rows(
            "DELETE FROM members_suppression WHERE merchant_id = %(merchant_id)s AND id = %(id)s RETURNING kind, member_id",
            {"merchant_id": merchant_id, "id": suppression_id},
        )
        if not found:
            raise Missing("no_suppression", _("This entry does not exist."))
        merchants.audit(merchant_id, "suppression.removed", by=by, object_kind="suppression", object_id=suppression_id,
                        kind=found[0][0], member_id=found[0][1], reason=reason)  # fmt: skip


def _reason(text: str) -> str:
    text = rules.mask_word(text.strip())[:200]
    if len(text) < 2:
        raise Refused("reason_missing", _("Please give a reason."))
    return text


def _lock(merchant_id: int, member_id: int) -> None:
    if not sql.rows(
        "SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND id = %(member_id)s"
        " AND erased_at IS NULL AND home_id IS NULL FOR NO KEY UPDATE",
        {"merchant_id": merchant_id, "member_id": member_id},
    ):
        raise Missing("no_member", _("This customer does not exist."))
