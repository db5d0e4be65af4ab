"""Nobody's name, phone, address or account stands in clear anywhere after an import: tables, files, logs, jobs, facts."""

from __future__ import annotations

import csv
import io
import logging
from pathlib import Path

import pytest
from django.conf import settings

from shuke.core import facts
from tests.conftest import owner_connection, server
from tests.make import Place
from tests.trade.exports import take, written


def marks(path: Path) -> set[str]:
    """What an order list tells of persons, in the forms in which it could leak."""
    found: set[str] = set()
    nicks = ""
    for row in csv.DictReader(io.StringIO(path.read_bytes().decode("gb18030"))):
        told = {name.strip(): value.strip().lstrip("'") for name, value in row.items()}
        nicks += told["买家会员名"] + "\n"
        street = told["收货地址"].split(" ", 3)[-1].split("(", maxsplit=1)[0]
        found |= {
            told["联系手机"],
            told["收货人姓名"],
            street,
            told["买家支付宝账号"],
            told["买家留言"],
            told["订单备注"],
        }
    return {mark for mark in found if len(mark) >= 2 and mark not in nicks}


@pytest.mark.django_db(transaction=True)
def test_no_mark_of_a_person_is_left_in_clear(alice: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    order_list, details = written(tmp_path, orders=200, buyers=80)
    wanted = marks(order_list)
    assert len(wanted) > 250
    for path in (order_list, details):
        take(alice, path)
    while facts.drain(alice.merchant_id):
        pass
    leaks = {f"{where}: {mark}" for where, text in everything(caplog.text) for mark in wanted if mark in text}
    assert leaks == set()


def everything(logged: str) -> list[tuple[str, str]]:
    """(where, text) of every table, every file in the data folder and all that was logged."""
    with owner_connection() as connection:
        tables = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        found = [
            (table, "\n".join(row[0] for row in connection.execute(f'SELECT t::text FROM "{table}" t')))
            for table in tables
        ]
    folder = Path(settings.SHUKE_HOME)
    files = [path for name in ("uploads", "clear", "secrets") for path in (folder / name).rglob("*") if path.is_file()]
    files.append(server().folder / "server.log")
    return [*found, *((path.name, path.read_bytes().decode("utf-8", "replace")) for path in files), ("log", logged)]
