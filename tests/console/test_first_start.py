"""The first page of an installation."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from shuke.console.pages.first_start import setup_code
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from tests.make import Place

START = "/console/start/"
FILLED = {
    "display_name": "林晓月",
    "username": "linxiaoyue",
    "password": "moon over the lake",
    "again": "moon over the lake",
    "merchant": "晓月家居",
    "shop": "晓月家居旗舰店",
    "platform": "taobao",
}


def test_an_empty_installation_leads_there_and_the_owner_is_in(db: None, at_noon: datetime) -> None:
    client = Client()
    assert client.get("/console/sign-in/").headers["Location"] == START
    assert client.get(START).status_code == 200
    assert client.post(START, {**FILLED, "code": setup_code()}).headers["Location"] == "/console/"
    home = client.get("/console/").content.decode()
    assert "晓月家居" in home
    assert "欢迎！一切就绪" in home
    user_id = client.session["_auth_user_id"]
    [(merchant, person)] = queries.workplaces(int(user_id))
    with tenant(merchant.id):
        assert [(shop.name, shop.platform) for shop in queries.shops(merchant.id)] == [("晓月家居旗舰店", "taobao")]
    assert person.role == "owner"


def test_it_needs_the_code_that_the_server_showed(db: None, at_noon: datetime) -> None:
    answers = [Client().post(START, {**FILLED, "code": "0000-0000-0000"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert "安装码不对。" in answers[0].content.decode()
    assert Client().post(START, {**FILLED, "code": setup_code()}).status_code == 429
    assert not queries.is_set_up()


def test_it_is_gone_as_soon_as_anybody_can_sign_in(alice: Place) -> None:
    assert Client().get(START).status_code == 404
    assert Client().post(START, {**FILLED, "code": setup_code()}).status_code == 404
    with pytest.raises(Refused) as refused:
        merchants.set_up("x1", "X", "moon over the lake", merchant="M", shop="S", platform="taobao")
    assert refused.value.code == "already_set_up"


def test_a_weak_password_is_refused_and_nothing_is_made(db: None, at_noon: datetime) -> None:
    weak = {"password": "password123", "again": "password123"}
    answer = Client().post(START, {**FILLED, **weak, "code": setup_code()})
    assert answer.status_code == 409
    assert "晓月家居旗舰店" in answer.content.decode()
    assert not queries.is_set_up()
