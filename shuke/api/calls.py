"""Calls at work: within the merchant's scope, once per idempotency key, effect and answer in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from shuke.api.caller import Caller, Token, identify, recognised
from shuke.api.problems import Problem
from shuke.core import crypto, sql
from shuke.core.tenancy import gathered_tenant, tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.actions import Answer, Claim

T = TypeVar("T")


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


Values = Sequence[dict[str, Any]]
Act = Callable[[Sequence[Call], Values], Sequence[BaseModel]]
JoinedAct = Callable[[Sequence[Call], Values, Any], Sequence[BaseModel]]
Ahead = Callable[[int, Values], sql.Question[Any]]


@dataclass(frozen=True, slots=True)
class Work:
    """What a route does for a call; `name` and `scope` are the route's."""

    name: str
    scope: str
    status: int
    act: Act


@dataclass(frozen=True, slots=True)
class JoinedWork:
    """What a route does for a batch of calls of one API key; `act` is handed what came of the question `ahead`, which is
    asked together with who calls.
    """

    name: str
    scope: str
    act: JoinedAct
    ahead: Ahead


def read(token: Token, scope: str, view: Callable[[Call], Any]) -> Any:
    """Do a call that changes nothing that is a merchant's own."""
    with tenant(token.merchant_id, **_limits()):
        caller = identify(token.merchant_id, [token], scope)[token]
        with timezone.override(caller.zone):
            return view(Call(caller))


def write_joined(work: JoinedWork, asks: Sequence[Ask]) -> list[Answer]:
    """As `write`, for calls of one API key that share a transaction, all or none. Gives the thread's connection back.

    A call that claims its idempotency key waits first for a claimed one of the same key that is under way; these, which
    come by the thousand, find out at the end that an effect was had elsewhere, and are undone.
    """
    try:
        return _until_first(lambda: _write_joined(work, asks))
    finally:
        sql.let_go()


def write(work: Work, ask: Ask) -> Answer:
    """Do a write in one transaction, all or nothing; what was done before is only answered again.

    Problem 503 when others again and again had the same call's effect first.
    """
    return _until_first(lambda: _write(work, ask))


def _until_first(do: Callable[[], T]) -> T:
    for _time in range(_TIMES):
        with suppress(merchants.AnsweredElsewhere):
            return do()
    raise Problem(503, headers={"Retry-After": "1"})


_TIMES = 3


def _write(work: Work, ask: Ask) -> Answer:
    merchant_id = ask.token.merchant_id
    with tenant(merchant_id, **_limits()):
        call = Call(identify(merchant_id, [ask.token], work.scope)[ask.token], ask.key)
        claim = Claim(call.caller.key.id, ask.key, work.name, ask.content_hash)
        [known] = merchants.claim_answers(merchant_id, [claim])
        if known is not None:
            return known
        with timezone.override(call.caller.zone):
            [told] = work.act([call], [ask.values])
        answer = Answer(work.status, b"" if work.status == 204 else _json(told))
        merchants.keep_answers(merchant_id, [(claim, answer)])
        return answer


def _write_joined(work: JoinedWork, asks: Sequence[Ask]) -> list[Answer]:
    """One way to the database tells who calls, what was answered before, and what the work asks ahead."""
    token, keys = asks[0].token, [ask.key for ask in asks]
    if len(set(keys)) < len(keys):
        raise TwiceAtOnce
    merchant_id = token.merchant_id
    with gathered_tenant(merchant_id, **_limits()):
        merchant, shown, stored, vault, found = sql.ask_all(
            queries.asking_merchant(merchant_id), queries.asking_keys(merchant_id, [token.mark]),
            merchants.asking_answers(merchant_id, token.mark, keys), crypto.asking_vault(merchant_id),
            work.ahead(merchant_id, [ask.values for ask in asks]),
        )  # fmt: skip
        callers = recognised({ask.token for ask in asks}, work.scope, merchant, shown)
        calls = [Call(callers[ask.token], ask.key) for ask in asks]
        vault, key_id = vault or crypto.vault(merchant_id), calls[0].caller.key.id
        claims = [Claim(key_id, ask.key, work.name, ask.content_hash) for ask in asks]
        known = merchants.known_answers(merchant_id, claims, stored, vault)
        places = [place for place, answer in enumerate(known) if answer is None]
        if places:
            with timezone.override(calls[0].caller.zone):
                told = work.act([calls[place] for place in places], [asks[place].values for place in places], found)
            fresh = [Answer(200, _json(one)) for one in told]
            merchants.keep_answers(
                merchant_id, [(claims[place], one) for place, one in zip(places, fresh, strict=True)], vault
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
