"""One key, one effect: what was done before is not done again, and a key never means two things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import orjson
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


def transfers_by_key(
    merchant_id: int,
    keys: Sequence[str],
    prefixes: Sequence[str] = (),
    *,
    standing: Mapping[str, Content] | None = None,
) -> dict[str, Content]:
    """(asset, member or her family, from, to, kind, source, amount, id) under each key.

    What was written beside it under `=owe:`, `=lost:` or `=with1:` (the part that became debt, or came back to lapsed
    lots, or to those that are another member's by now) counts as part of the amount. `standing` is what was read already.
    """
    found = _standing(merchant_id, keys) if standing is None else standing
    if not found:
        return {}
    own = {f"{rules.OWN}{prefix}:{key}": key for key in found for prefix in prefixes}
    beside: Counter[str] = Counter()
    for name, (*_content, amount, _number) in _standing(merchant_id, list(own)).items():
        beside[own[name]] += amount
    families = family_of(merchant_id, {row[1] for row in found.values()})
    return {
        key: (asset, families.get(member_id, member_id), *label, amount + beside[key], number)
        for key, (asset, member_id, *label, amount, number) in found.items()
    }


def reading_keys(merchant_id: int, keys: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The statement that reads what stands under keys: key and content."""
    return _STANDING, {"merchant_id": merchant_id, "keys": orjson.dumps(keys).decode()}


# LATERAL with OFFSET makes it one index probe for each, whatever the planner believes of the table.
_STANDING = """
    SELECT t.* FROM json_array_elements_text(%(keys)s) AS wanted (key) CROSS JOIN LATERAL (
        SELECT key, asset, member_id, from_state, to_state, kind, source, amount, id FROM ledger_transfer
        WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND key = wanted.key OFFSET 0
    ) t
"""


def _standing(merchant_id: int, keys: Sequence[str]) -> dict[str, Content]:
    return {row[0]: row[1:] for row in sql.rows(*reading_keys(merchant_id, keys))} if keys else {}


def key_reused() -> Refused:
    """Same key, other content."""
    return Refused("key_reused", _("This key was used for something else."))


def _check(key: str) -> None:
    if not 1 <= len(key) <= 200 or key.startswith(rules.OWN):
        raise Refused("bad_key", _("This key cannot be used."))
