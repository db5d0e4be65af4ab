"""Only public addresses are called, whatever a name says now or a moment later."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils.translation import override
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook

from shuke.core.tenancy import tenant
from shuke.webhooks import actions as webhooks
from shuke.webhooks import rules
from shuke.webhooks.specs import EndpointSpec
from tests.webhooks.conftest import Hook

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",  # noqa: S104
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255",
    "::1", "::", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2001:0:1::1", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "47.95.1.2", "223.5.5.5", "2400:3200::1", "2606:4700::1111"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known(address: str) -> None:
    assert not rules.is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_known(address: str) -> None:
    assert rules.is_public(address)


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("https://erp.example.com/hook?a=1", ""), ("https://8.8.8.8/", ""), ("https://[2400:3200::1]:8443/x", ""),
        ("http://erp.example.com/", "not_https"), ("ftp://erp.example.com/", "not_https"), ("javascript:alert(1)", "malformed"),
        ("https://user:secret@erp.example.com/", "has_password"), ("https://user@erp.example.com/", "has_password"),
        ("https://erp.example.com/#a", "malformed"), ("https://", "malformed"), ("https://a b.example/", "malformed"),
        ("https://erp.example.com:99999/", "malformed"), ("https://erp.example.com/\n", "malformed"),
        ("https://127.0.0.1/", "private"), ("https://[::1]/", "private"), ("https://[::ffff:10.0.0.1]/", "private"),
        ("https://localhost/", "private"), ("https://printer.local/", "private"), ("https://intranet/", "private"),
    ],
)  # fmt: skip
def test_addresses_are_judged_before_anything_is_called(url: str, trouble: str) -> None:
    assert rules.trouble_with(url) == trouble


def test_a_form_says_what_is_wrong_with_an_address() -> None:
    with override("en"), pytest.raises(ValidationError, match="public"):
        EndpointSpec(url="https://192.168.0.1/")
    assert EndpointSpec(url=" https://erp.example.com/ ").url == "https://erp.example.com/"
    with override("en"), pytest.raises(ValidationError, match="no such kind"):
        EndpointSpec(url="https://erp.example.com/", kinds=["weather.changed"])


def test_only_the_very_address_that_the_settings_name_may_be_private() -> None:
    assert rules.trouble_with("http://10.0.0.5:9000/x", ["10.0.0.5:9000"]) == ""
    assert rules.trouble_with("http://10.0.0.5:9001/x", ["10.0.0.5:9000"]) == "not_https"
    assert rules.trouble_with("https://10.0.0.6:9000/x", ["10.0.0.5:9000"]) == "private"


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["169.254.169.254"]])
def test_a_name_that_stands_for_a_private_address_is_not_called(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, answers: list[str]
) -> None:
    """Resolved once and called at that address, so that a second answer of the name server changes nothing."""
    asked: list[Any] = []

    def resolve(host: str, port: int, *arguments: Any, **options: Any) -> list[Any]:
        asked.append(host)
        family = socket.AF_INET6 if ":" in answers[0] else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (one, port)) for one in answers]

    with tenant(hook.merchant_id):
        spec = EndpointSpec(url=f"https://rebinding.example.com:{hook.receiver.port}/")
        webhooks.edit_endpoint(hook.merchant_id, hook.endpoint_id, spec, by=hook.place.by)
    hook.happen(1)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    hook.tend()
    assert asked == ["rebinding.example.com"]
    assert hook.receiver.came == []
    assert (hook.log()[0].state, hook.log()[0].trouble) == ("failed", "private")


def test_the_address_that_was_looked_at_is_the_address_that_is_called(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """The name server gives the receiver first and something else ever after."""
    settings.SHUKE_WEBHOOK_ALLOW = [f"erp.example.com:{hook.receiver.port}"]
    turns = iter(["127.0.0.1"])

    def resolve(host: str, port: int, *arguments: Any, **options: Any) -> list[Any]:
        # An address is not resolved again; a name would fail here at the second time.
        address = next(turns) if host == "erp.example.com" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with tenant(hook.merchant_id):
        spec = EndpointSpec(url=f"http://erp.example.com:{hook.receiver.port}/in?x=1")
        webhooks.edit_endpoint(hook.merchant_id, hook.endpoint_id, spec, by=hook.place.by)
    hook.happen(1)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    hook.tend()
    ((headers, _body),) = hook.receiver.came
    assert headers["host"] == f"erp.example.com:{hook.receiver.port}"


def test_signatures_are_those_of_standard_webhooks() -> None:
    secret, at = rules.write_secret(bytes(range(32))), datetime(2026, 11, 22, 4, tzinfo=UTC)
    assert rules.signatures("msg_1", at, '{"a":1}', [secret]) == Webhook(secret).sign("msg_1", at, '{"a":1}')


def test_the_pauses_grow_and_spread() -> None:
    assert [rules.pause_seconds(n, chance=0.5) for n in (1, 2, 9, 10)] == [5, 300, 86400, None]
    assert rules.pause_seconds(2, chance=0) == pytest.approx(240)
    assert rules.pause_seconds(2, chance=1) == pytest.approx(360)
    assert rules.pause_seconds(1, chance=0.5, wished=10**6) == 6 * 3600
