"""Many more calls at once than the web server has connections to the database."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.load.rounds import Books, Installation, Program, prepare

pytestmark = pytest.mark.slow
CALLS = 60


def test_calls_that_wait_for_each_other_are_all_answered() -> None:
    with tempfile.TemporaryDirectory(prefix="shuke-many-") as folder:
        here, books, draw = Installation(Path(folder)), Books(), random.Random(1)
        key, shop_id = prepare(here)

        def closing(act: Callable[[Program], Any]) -> Any:
            program = Program(here.port, key, books, draw)
            try:
                return act(program)
            finally:
                assert program.line is not None
                program.line.close()

        with here.serving():
            people = {"shop_id": shop_id, "people": [{"nick": "会员甲"}]}
            [member_id] = closing(lambda one: one.call("POST", "/members", people, key="join"))["member_ids"]

            def give(number: int) -> int:
                body = {"member_id": member_id, "amount": 10, "reason": "many at once"}
                status, _answer = closing(lambda one: one.once("POST", "/points/adjust", body, f"give-{number}"))
                return int(status)

            with ThreadPoolExecutor(CALLS) as pool:
                assert list(pool.map(give, range(CALLS))) == [200] * CALLS
            has = closing(lambda one: one.call("GET", f"/members/{member_id}/points"))
            assert has["spendable"] == 10 * CALLS
