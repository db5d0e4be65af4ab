"""Which passwords are taken, exactly as they were typed."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from shuke.core.errors import Refused
from shuke.merchants import actions as merchants
from shuke.merchants import rules
from tests.console.conftest import browser
from tests.doors.conftest import SIGN_IN
from tests.make import PASSWORD, Place


@pytest.mark.parametrize("password", [
    "lakeside9", "12345678901", "1234567890", "qwertyuiop", "alice-alice", "linxiaoyue1",
    "shuke123456", "Taobao2026!", "熟客熟客12345", "passwordadmin", "tmallowner1",
])  # fmt: skip
def test_these_are_too_easy(db: None, password: str) -> None:
    with pytest.raises(Refused) as refused:
        merchants.check_password(password, "alice", "linxiaoyue")
    assert refused.value.code == "weak_password"


@pytest.mark.parametrize("password", [
    "moon over the lake", "一二三四五六七八九十", "correct horse battery", "x" * 9 + "ȩ", "Tb%9d!kwp2", "a" * 3 + "我爱杭州的西湖" * 12,
    "12345678901234567", "shuke and a horse",
])  # fmt: skip
def test_any_signs_and_long_ones_are_fine(db: None, password: str) -> None:
    merchants.check_password(password, "alice", "Alice")


@pytest.mark.parametrize(
    "new", ["  blanks around  ", "ｆｕｌｌ ｗｉｄｔｈ １２", "x" * 256, "Case Matters Here", "tab\tin the middle"]
)
def test_a_password_is_taken_as_typed(alice: Place, new: str) -> None:
    client = browser("alice")
    answer = client.post("/console/account/password/", {"old": PASSWORD, "new": new, "again": new})
    assert answer.status_code == 302
    for typed, status in ((new, 302), (new.swapcase(), 422), (new.strip(), 302 if new.strip() == new else 422)):
        assert Client(REMOTE_ADDR=f"203.0.113.{status % 200}").post(
            SIGN_IN, {"username": "alice", "password": typed}
        ).status_code == (302 if typed == new else status)


def test_one_longer_than_the_longest_is_refused_not_cut(alice: Place) -> None:
    assert Client().post(SIGN_IN, {"username": "alice", "password": PASSWORD + " " * 300}).status_code == 422


def test_fields_hide_what_is_typed_and_let_managers_help(alice: Place) -> None:
    pages = [
        Client().get(SIGN_IN).content.decode(),
        browser("alice").get("/console/account/password/").content.decode(),
    ]
    fields = [field for page in pages for field in re.findall(r"<input[^>]*name=\"(?!next)[^>]*password[^>]*>", page)]
    assert len(fields) == 4
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
        assert "onpaste" not in field
        assert "value=" not in field


def test_passwords_are_kept_by_argon2() -> None:
    hasher = Argon2PasswordHasher()
    kept = hasher.encode("moon over the lake", hasher.salt())
    assert kept.startswith("argon2$argon2id$")
    assert (hasher.memory_cost, hasher.time_cost) >= (19456, 2)
    from shuke import settings

    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def test_words_of_the_house_leave_enough_of_ones_own() -> None:
    assert rules.is_context_password("Shuke2026")
    assert rules.is_context_password("admin-淘宝-1")
    assert not rules.is_context_password("a shuke horse")
    assert not rules.is_context_password("short")
