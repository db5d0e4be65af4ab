"""Webhooks in the console: added with a secret shown once, tried out, looked through, sent again, removed."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from shuke.console import webhook_words
from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.webhooks import actions as webhooks
from shuke.webhooks import queries
from shuke.webhooks.specs import EndpointSpec
from tests.make import PASSWORD, Place

pytestmark = pytest.mark.django_db
URL = "https://erp.example.com/shuke"


@pytest.fixture
def owner(alice: Place, client: Client) -> Client:
    client.post(reverse("console:sign_in"), {"username": "alice", "password": PASSWORD})
    return client


def made(place: Place, **more: Any) -> int:
    with tenant(place.merchant_id):
        return webhooks.create_endpoint(place.merchant_id, EndpointSpec(url=URL, **more), by=place.by)[0]


def test_a_new_webhook_shows_its_secret_once(owner: Client, alice: Place) -> None:
    page = owner.post(reverse("console:webhook_add"), {"url": URL, "description": "仓库", "is_active": "on"})
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.content.decode())
    assert secret is not None
    with tenant(alice.merchant_id):
        (found,) = queries.endpoints(alice.merchant_id)
    assert (found.url, found.description, found.kinds, found.is_active) == (URL, "仓库", (), True)
    later = owner.get(reverse("console:webhook", args=[found.id]))
    assert secret[0] not in later.content.decode()
    assert "仓库" in owner.get(reverse("console:webhooks")).content.decode()


def test_every_kind_of_fact_has_words_of_its_own() -> None:
    with translation.override("zh-hans"):
        said = [one for one in webhook_words.kind_choices() if not one[0].startswith("tests.")]
    assert [kind for kind, name in said if not re.search("[一-鿿]", name)] == []
    assert len({name for _kind, name in said}) == len(said)


def test_a_private_address_is_refused_with_a_sentence(owner: Client, alice: Place) -> None:
    page = owner.post(reverse("console:webhook_add"), {"url": "https://192.168.1.5/", "is_active": "on"})
    assert page.status_code == 422
    assert "这个地址不在公网上" in page.content.decode()
    with tenant(alice.merchant_id):
        assert queries.endpoints(alice.merchant_id) == []


def test_a_test_message_stands_in_the_log_and_can_be_sent_again(owner: Client, alice: Place) -> None:
    endpoint_id = made(alice)
    owner.post(reverse("console:webhook_test", args=[endpoint_id]))
    with tenant(alice.merchant_id):
        (line,) = queries.deliveries(alice.merchant_id, endpoint_id)
    page = owner.get(reverse("console:webhook", args=[endpoint_id])).content.decode()
    assert "测试消息" in page
    body = owner.get(reverse("console:webhook_delivery", args=[line.id])).content.decode()
    assert line.body in html.unescape(body)
    assert owner.post(reverse("console:webhook_delivery", args=[line.id])).status_code == 302
    assert owner.post(reverse("console:webhook_replay", args=[endpoint_id]), {"hours": "24"}).status_code == 302
    with tenant(alice.merchant_id):
        assert [one.state for one in queries.deliveries(alice.merchant_id, endpoint_id)] == ["new"]


def test_editing_rotating_and_removing(owner: Client, alice: Place) -> None:
    endpoint_id = made(alice)
    owner.post(
        reverse("console:webhook_edit", args=[endpoint_id]),
        {"url": URL, "description": "ERP", "kinds": ["members.joined"], "is_active": "on"},
    )
    with tenant(alice.merchant_id):
        found = queries.endpoint(alice.merchant_id, endpoint_id)
    assert found is not None
    assert (found.description, found.kinds) == ("ERP", ("members.joined",))
    assert "whsec_" in owner.post(reverse("console:webhook_rotate", args=[endpoint_id])).content.decode()
    owner.post(reverse("console:webhook_delete", args=[endpoint_id]))
    assert owner.get(reverse("console:webhook", args=[endpoint_id])).status_code == 404


def test_the_owner_lets_a_restored_shop_send_again(owner: Client, alice: Place) -> None:
    assert "不会向外发送" not in owner.get(reverse("console:home")).content.decode()
    with tenant(alice.merchant_id):
        sql.run("UPDATE core_installation SET place = 'elsewhere'")
        sql.run("UPDATE merchants_merchant SET created_at = created_at - interval '1 day'")
    assert "不会向外发送" in owner.get(reverse("console:home")).content.decode()
    assert owner.post(reverse("console:sending_release")).status_code == 302
    assert "不会向外发送" not in owner.get(reverse("console:home")).content.decode()
