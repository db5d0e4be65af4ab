"""Credits and debits outside settling: adjustments by hand, bonuses, what was bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from shuke.core import clock
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.ledger import rules
from shuke.ledger.actions.book import Book
from shuke.ledger.actions.keys import Content, not_done_yet, transfers_by_key
from shuke.ledger.actions.opening import opened
from shuke.ledger.actions.requests import Posting
from shuke.ledger.rules import Balance, Label, Lot


def post(
    merchant_id: int, asset: str, postings: Sequence[Posting], *, by: Actor = SYSTEM, allow_debt: bool = False
) -> dict[int, Balance]:
    """Credit (`amount` > 0, a lot, active at once unless `available_at` says later) or debit (< 0) members.

    A debit takes active lots soonest-expiring first; what is missing is Refused `not_enough`, or becomes debt with
    `allow_debt`. A key that stands with the same content is left alone; with other content Refused `key_reused`.
    All or nothing. Within a call a member's credits go first. What members hold then, of those for whom something was new.
    """
    now = clock.now()
    if any(posting.amount == 0 for posting in postings):
        raise Refused("no_amount", _("An amount of nothing cannot be posted."))
    with tenant(merchant_id):
        postings, families, book = opened(merchant_id, asset, postings, now)
        new = not_done_yet(
            postings,
            lambda one: one.key,
            lambda one: _content(asset, one, families),
            lambda _keys: _done(book),
        )
        for posting in sorted(new, key=lambda one: one.amount < 0):
            account = book.accounts[posting.member_id]
            rules.bring_up_to_date(account, now)
            label = Label(posting.kind, posting.key, posting.happened_at or now, by.label, posting.source,
                          posting.rule_id, None, posting.note)  # fmt: skip
            if posting.amount > 0:
                rules.credit(account, label, posting.amount, now, _lot(book, posting, label))
            else:
                rules.debit(account, label, -posting.amount, allow_debt=allow_debt)
        book.save()
        return book.balances(one.member_id for one in new)


def _lot(book: Book, posting: Posting, label: Label) -> Lot:
    return Lot(next(book.numbers), posting.member_id, posting.source, None, posting.amount, rules.PENDING,
               posting.available_at or book.now, posting.expires_at, label.happened_at, posting.rule_id)  # fmt: skip


def _content(asset: str, posting: Posting, families: Mapping[int, int]) -> Content:
    return (asset, families.get(posting.member_id, posting.member_id), posting.kind, posting.source, posting.amount)


def _done(book: Book) -> dict[str, Content]:
    found = transfers_by_key(book.merchant_id, (), prefixes=("owe",), standing=book.standing)
    return {
        key: (asset, member_id, kind, source, amount if from_state == rules.ISSUED else -amount)
        for key, (asset, member_id, from_state, _to, kind, source, amount, _id) in found.items()
    }
