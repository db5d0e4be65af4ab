"""The quick way of joined calls: it answers as the long way does, or leaves the call to it untouched."""

from __future__ import annotations

import json
import threading
from io import BytesIO
from typing import Any

import pytest
from django.db import connection

from shuke.api import quick
from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.ledger import queries as ledger
from shuke.merchants import actions as merchants
from tests import make
from tests.api.program import Program, program
from tests.api.test_points import someone

ADJUST = "/api/v1/points/adjust"


def environ(erp: Program, body: Any, key: str, path: str = ADJUST, **more: Any) -> dict[str, Any]:
    """A call as a WSGI server hands it over."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "", "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(sent)), "wsgi.input": BytesIO(sent),
        "HTTP_AUTHORIZATION": f"Bearer {erp.text}", "HTTP_ACCEPT_LANGUAGE": erp.language,
        "HTTP_IDEMPOTENCY_KEY": key, **more,
    }  # fmt: skip


def called(call: dict[str, Any]) -> tuple[str, dict[str, str], Any] | None:
    """Status line, headers and body of the quick way; None when it leaves the call to the long one."""
    told: list[Any] = []
    found = quick.answer(call, lambda *line: told.extend(line))  # type: ignore[arg-type]  # no writer is used
    return None if found is None else (told[0], dict(told[1]), json.loads(b"".join(found)))


def gift(member_id: int, amount: int = 5) -> dict[str, Any]:
    return {"member_id": member_id, "amount": amount, "reason": "补发活动积分"}


@pytest.mark.django_db
def test_both_ways_answer_alike(alice: make.Place, erp: Program) -> None:
    lin, chen = someone(alice, "林小满"), someone(alice, "陈默")
    long = erp.send("POST", "/points/adjust", gift(lin), key="long")
    quickly = called(environ(erp, gift(chen), "quick"))
    assert quickly is not None
    assert (quickly[0], quickly[2]) == ("200 OK", {**long.json, "member_id": chen})
    changing = {"X-Request-Id", "RateLimit"}
    assert {name: text for name, text in quickly[1].items() if name not in changing} == {
        name: text for name, text in long.headers.items() if name not in changing
    }
    assert changing <= quickly[1].keys()


@pytest.mark.django_db
def test_errors_are_told_word_for_word_as_on_the_long_way(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    erp.send("POST", "/points/adjust", gift(lin), key="used")
    for language in ("zh-CN", "en"):
        erp.language = language
        for body, key in ((gift(lin, -9), "more"), (gift(lin + 999), "nobody"), (gift(lin, 6), "used")):
            quickly, long = called(environ(erp, body, key)), erp.send("POST", "/points/adjust", body, key=key)
            assert quickly is not None
            assert (int(quickly[0].split()[0]), quickly[2]) == (long.status, long.json)
            assert quickly[1]["Content-Type"] == long.headers["Content-Type"] == "application/problem+json"
            assert quickly[1]["Content-Language"] == long.headers["Content-Language"]
    with tenant(alice.merchant_id):
        assert ledger.balance(alice.merchant_id, "points", lin).active == 5


@pytest.mark.django_db
def test_whatever_is_unusual_goes_the_long_way_and_nothing_is_lost_on_the_way(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    assert called(environ(erp, gift(lin), "first")) is None  # no lot of calls is at hand yet
    erp.get("/me")
    sent = json.dumps(gift(lin)).encode()
    for more in (
        {"CONTENT_TYPE": "application/json; charset=utf-8"}, {"QUERY_STRING": "dry=1"}, {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "x"}, {"CONTENT_LENGTH": "1000000"}, {"HTTP_IDEMPOTENCY_KEY": ""}, {"HTTP_AUTHORIZATION": ""},
        {"REQUEST_METHOD": "PUT"}, {"PATH_INFO": "/api/v1/points/reservations"}, {"SCRIPT_NAME": "/shop"},
    ):  # fmt: skip
        call = environ(erp, gift(lin), "unusual", **more)
        assert called(call) is None
        assert call["wsgi.input"].read() == sent
    for wrong in (b"{", b"[]", b"NaN", b'{"member_id": 1}', {**gift(lin), "shoe_size": 38}, gift(lin, 0), gift(0)):
        call = environ(erp, wrong, "wrong")
        assert called(call) is None
        assert len(call["wsgi.input"].read()) == int(call["CONTENT_LENGTH"])
    with tenant(alice.merchant_id):
        assert ledger.balance(alice.merchant_id, "points", lin).active == 0
        assert sql.scalar("SELECT count(*) FROM merchants_apianswer") == 0


@pytest.mark.django_db
def test_a_retry_gets_the_first_answer_whichever_way_it_comes(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    long = erp.send("POST", "/points/adjust", gift(lin), key="gift")
    sent = json.dumps(gift(lin)).encode()
    for _time in range(2):
        quickly = called(environ(erp, sent, "gift"))
        assert quickly is not None
        assert (quickly[0], quickly[2]) == ("200 OK", long.json)
    spending = {"member_id": lin, "amount": 2}
    first = called(environ(erp, spending, "tea", "/api/v1/points/spend"))
    assert first is not None
    assert erp.send("POST", "/points/spend", spending, key="tea").json == first[2]
    with tenant(alice.merchant_id):
        assert ledger.balance(alice.merchant_id, "points", lin).active == 3


@pytest.mark.django_db
def test_a_revoked_key_is_refused_at_once(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    erp.get("/me")
    with tenant(alice.merchant_id):
        merchants.revoke_key(alice.merchant_id, erp.key_id, by=alice.by)
    quickly = called(environ(erp, gift(lin), "late"))
    assert quickly is not None
    assert (quickly[0], quickly[2]["code"]) == ("401 Unauthorized", "unauthorized")
    assert quickly[1]["WWW-Authenticate"] == 'Bearer realm="shuke"'
    with tenant(alice.merchant_id):
        assert ledger.balance(alice.merchant_id, "points", lin).active == 0


@pytest.mark.django_db
def test_scope_and_rate_hold(alice: make.Place) -> None:
    lin = someone(alice)
    reader, few = program(alice, ["points:read"]), program(alice, per_minute=1200)  # lots of two calls
    reader.get("/points/lines")
    quickly = called(environ(reader, gift(lin), "no"))
    assert quickly is not None
    assert (quickly[0], quickly[2]["code"]) == ("403 Forbidden", "scope_missing")
    assert few.get("/me").headers["RateLimit"].startswith('"key";r=1199;')
    quickly = called(environ(few, gift(lin), "one"))
    assert quickly is not None
    assert quickly[1]["RateLimit"].startswith('"key";r=1198;')
    assert called(environ(few, gift(lin), "two")) is None  # the lot is used up; the long way takes the next


@pytest.mark.django_db(transaction=True)
def test_the_same_call_on_both_ways_at_once_has_one_effect(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    erp.get("/me")
    gate, found = threading.Barrier(8), list[Any]()

    def run(number: int) -> None:
        gate.wait()
        try:
            if number % 2:
                found.append(erp.send("POST", "/points/adjust", gift(lin), key="same").json)
            else:
                quickly = called(environ(erp, json.dumps(gift(lin)).encode(), "same"))
                found.append(quickly and quickly[2])
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert {one["active"] for one in found} == {5}
    with tenant(alice.merchant_id):
        assert ledger.balance(alice.merchant_id, "points", lin).active == 5


@pytest.mark.django_db(transaction=True)
def test_an_answer_given_by_another_process_meanwhile_is_given_again(
    alice: make.Place, erp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin = someone(alice)
    first = erp.send("POST", "/points/adjust", gift(lin), key="same")
    looked_up = merchants.known_answers
    seen = list[int]()

    def blind_once(merchant_id: int, claims: Any, *found: Any) -> Any:
        seen.append(len(claims))
        return [None] * len(claims) if len(seen) == 1 else looked_up(merchant_id, claims, *found)

    monkeypatch.setattr(merchants, "known_answers", blind_once)
    again = erp.send("POST", "/points/adjust", gift(lin), key="same")
    assert (again.status, again.json, seen) == (200, first.json, [1, 1])
    with tenant(alice.merchant_id):
        assert ledger.balance(alice.merchant_id, "points", lin).active == 5
        assert sql.scalar("SELECT count(*) FROM merchants_auditentry WHERE act = 'points.adjusted'") == 1
