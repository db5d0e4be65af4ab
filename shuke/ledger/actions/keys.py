"""One key, one effect: what was done before is not done again, and a key never means two things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from shuke.core import sql
from shuke.core.errors import Refused
from shuke.ledger import rules
from shuke.ledger.actions.homes import family_of

R = TypeVar("R")
Content = tuple[Any, ...]
Read = Callable[[Sequence[str]], dict[str, Content]]


def not_done_yet(
    requests: Sequence[R], key: Callable[[R], str], content: Callable[[R], Content], done: Read
) -> list[R]:
    """The requests whose keys are new, each key once, in their order.

    `done` reads what stands under keys. Refused `key_reused` when a key stands with other content, `bad_key`.
    """
    wanted: dict[str, R] = {}
    for request in requests:
        _check(key(request))
        if content(wanted.setdefault(key(request), request)) != content(request):
            raise key_reused()
    standing = done(list(wanted))
    for name, found in standing.items():
        if name in wanted and found != content(wanted[name]):
            raise key_reused()
    return [request for name, request in wanted.items() if name not in standing]


def transfers_by_key(merchant_id: int, keys: Sequence[str], prefixes: Sequence[str] = ()) -> dict[str, Content]:
    """(asset, member or her family, from, to, kind, source, amount, id) under each key.

    What was written beside it under `=owe:`, `=lost:` or `=with1:` (the part that became debt, or came back to lapsed
    lots, or to those that are another member's by now) counts as part of the amount.
    """
    if not keys:
        return {}
    every = {f"{rules.OWN}{prefix}:{key}": key for key in keys for prefix in prefixes} | {key: key for key in keys}
    beside: Counter[str] = Counter()
    found: dict[str, Content] = {}
    for key, *content, amount, number in sql.rows(
        "SELECT key, asset, member_id, from_state, to_state, kind, source, amount, id FROM ledger_transfer"
        " WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND key = ANY(%(keys)s)",
        {"merchant_id": merchant_id, "keys": list(every)},
    ):
        if key.startswith(rules.OWN):
            beside[every[key]] += amount
        else:
            found[key] = (*content, amount, number)
    families = family_of(merchant_id, {row[1] for row in found.values()})
    return {
        key: (asset, families.get(member_id, member_id), *label, amount + beside[key], number)
        for key, (asset, member_id, *label, amount, number) in found.items()
    }


def key_reused() -> Refused:
    """Same key, other content."""
    return Refused("key_reused", _("This key was used for something else."))


def _check(key: str) -> None:
    if not 1 <= len(key) <= 200 or key.startswith(rules.OWN):
        raise Refused("bad_key", _("This key cannot be used."))
