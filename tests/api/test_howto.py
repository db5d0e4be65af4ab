"""The examples of docs/howto/use-the-api.md, run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from shuke.core.tenancy import tenant
from shuke.members import queries as members
from shuke.trade import queries as trade
from tests import make
from tests.api.program import program

PAGE = Path(__file__).resolve().parents[2] / "docs/howto/use-the-api.md"


@pytest.mark.django_db(transaction=True)
def test_every_example_does_what_the_page_says(live_server: LiveServer, alice: make.Place) -> None:
    script = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL))
    assert script.count("curl") == 5
    environment = {**os.environ, "URL": live_server.url, "KEY": program(alice).text, "SHOP": str(alice.shop_id)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert '"new_count":1' in done.stdout
    assert '"active":100' in done.stdout
    with tenant(alice.merchant_id):
        [order] = trade.orders(alice.merchant_id)
        assert (order.order_no, order.paid_fen, order.state) == ("3021457890123456789", 12800, "finished")
        assert members.by_nicks(alice.merchant_id, ["爱喝茶的小林"]) == {"爱喝茶的小林": [order.member_id]}
