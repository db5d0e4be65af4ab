"""Calls at work: within the merchant's scope, once per idempotency key, effect and answer in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from shuke.api.caller import Caller, Token, identify
from shuke.api.problems import Problem
from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants.actions import Answer, Claim


@dataclass(frozen=True, slots=True)
class Call:
    """One call being done: who calls, what came, and the key that makes a retry harmless."""

    caller: Caller
    key: str = ""

    @property
    def merchant_id(self) -> int:
        """The tenant whose scope is open."""
        return self.caller.merchant.id

    def midnight(self, day: date | None, *, days: int = 0) -> datetime | None:
        """When a day (or the one `days` later) begins in the merchant's zone; None for none, and for years nobody means."""
        if day is None or not 1970 <= day.year <= 2200:
            return None
        return datetime.combine(day + timedelta(days=days), time(), tzinfo=self.caller.zone)


@dataclass(frozen=True, slots=True)
class Ask:
    """A write that waits to be done."""

    token: Token
    key: str
    content_hash: bytes
    values: dict[str, Any]


Act = Callable[[Sequence[Call], Sequence[dict[str, Any]]], Sequence[BaseModel]]


@dataclass(frozen=True, slots=True)
class Work:
    """What a route does for a batch of calls of one merchant; `name` and `scope` are the route's.

    One that claims its idempotency key waits first for a claimed call of the same key that is under way; one that does not,
    as calls that come by the thousand, finds out at the end that it was had elsewhere, and is undone.
    """

    name: str
    scope: str
    status: int
    act: Act
    is_claimed: bool = True


def read(token: Token, scope: str, view: Callable[[Call], Any]) -> Any:
    """Do a call that changes nothing that is a merchant's own."""
    with tenant(token.merchant_id, **_limits()):
        caller = identify(token.merchant_id, [token], scope)[token]
        with timezone.override(caller.zone):
            return view(Call(caller))


def write_joined(work: Work, asks: Sequence[Ask]) -> list[Answer]:
    """As `write`, for calls that share a transaction and claim nothing. Gives the thread's connection back."""
    try:
        return write(work, asks)
    finally:
        sql.let_go()


def write(work: Work, asks: Sequence[Ask]) -> list[Answer]:
    """Do writes of one merchant in one transaction, all or none; what was done before is only answered again.

    Problem 503 when others again and again had the same calls' effects first.
    """
    for _time in range(_TIMES):
        with suppress(merchants.AnsweredElsewhere):
            return _write(work, asks)
    raise Problem(503, headers={"Retry-After": "1"})


_TIMES = 3


def _write(work: Work, asks: Sequence[Ask]) -> list[Answer]:
    merchant_id = asks[0].token.merchant_id
    with tenant(merchant_id, **_limits()):
        callers = identify(merchant_id, {ask.token for ask in asks}, work.scope)
        calls = [Call(callers[ask.token], ask.key) for ask in asks]
        claims = [
            Claim(call.caller.key.id, ask.key, work.name, ask.content_hash)
            for call, ask in zip(calls, asks, strict=True)
        ]
        if len({claim[:2] for claim in claims}) < len(claims):
            raise TwiceAtOnce
        find = merchants.claim_answers if work.is_claimed else merchants.known_answers
        known = find(merchant_id, claims)
        places = [place for place, answer in enumerate(known) if answer is None]
        if places:
            with timezone.override(calls[0].caller.zone):
                told = work.act([calls[place] for place in places], [asks[place].values for place in places])
            fresh = [Answer(work.status, b"" if work.status == 204 else _json(one)) for one in told]
            merchants.keep_answers(
                merchant_id, [(claims[place], one) for place, one in zip(places, fresh, strict=True)]
            )
            for place, one in zip(places, fresh, strict=True):
                known[place] = one
    return [answer for answer in known if answer is not None]


class TwiceAtOnce(Exception):
    """Two calls of a batch bear one idempotency key: done one after the other, the second gets the first's answer."""


def idempotency_key(environ: Mapping[str, Any]) -> str:
    """The header every write needs. Problem 400 without it, or when it is none."""
    key = str(environ.get("HTTP_IDEMPOTENCY_KEY", "")).strip()
    if not (1 <= len(key) <= 100 and key.isascii() and key.isprintable()):
        raise Problem(
            400,
            "idempotency_key_missing",
            _("Every write needs an “Idempotency-Key” of its own: 1 to 100 signs; a retry sends the same one again."),
        )
    return key


def content_hash(method: str, address: str, body: bytes) -> bytes:
    """What makes two calls the same: method, whole address, body."""
    whole = hashlib.sha256(f"{method} {address}\n".encode())
    whole.update(body)
    return whole.digest()


def _json(one: BaseModel) -> bytes:
    return one.model_dump_json().encode()


def _limits() -> dict[str, str]:
    seconds = settings.SHUKE_API_SECONDS
    return {"statement_timeout": f"{seconds}s", "lock_timeout": f"{max(1, seconds // 4)}s"}
