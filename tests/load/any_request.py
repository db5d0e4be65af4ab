"""Any request the API's document allows, and many it does not: never broken, and always what the document says.

    python -m tests.load.any_request [--examples 200] [--seed 1] [--only send_orders]

A real `shuke serve` in a folder of its own with customers, orders, points, tags and groups, and Schemathesis, which draws
requests from the document. Ids are drawn from what is there half of the time. Prints what was found; exit code 1 then.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.load.rounds import Books, Installation, Program, finished, prepare

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
Known = dict[str, list[int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try, and print what was found."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--examples", type=int, default=200, help="of each operation")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="one operation, by its id")
    given_options = options.parse_args(arguments)
    count, wrong = any_request(given_options.examples, given_options.seed, only=given_options.only)
    for one in wrong:
        print(one, end="\n\n")
    print(f"any-request requests={count} wrong={len(wrong)}")
    return int(bool(wrong))


def any_request(examples: int, seed: int, *, only: str = "") -> tuple[int, list[str]]:
    """How many requests were made, and what was wrong with which."""
    with tempfile.TemporaryDirectory(prefix="shuke-any-") as folder:
        here = Installation(Path(folder))
        key, shop_id = prepare(here)
        with here.serving():
            program = Program(here.port, key, Books(), random.Random(seed))
            known = populate(program, shop_id)
            schema = schemathesis.openapi.from_dict(program.call("GET", "/openapi.json"))
            trial = Trial(f"http://127.0.0.1:{here.port}", key, known)
            for found in schema.get_all_operations():
                assert isinstance(found, Ok)
                operation = found.ok()
                if only in {"", operation.definition.raw["operationId"]}:
                    trial.run(operation, examples, seed)
            assert program.line is not None
            program.line.close()
        log = (here.home / "serve.log").read_text()
    return trial.count, trial.wrong + [line for line in log.splitlines() if " ERROR shuke.api" in line]


class Trial:
    """Requests to one server."""

    def __init__(self, address: str, key: str, known: Known) -> None:
        self.address, self.key, self.known = address, key, known
        self.count = 0
        self.wrong: list[str] = []

    def run(self, operation: Any, examples: int, seed: int) -> None:
        """Some requests of one operation, the plainest of those that are answered wrongly is kept."""

        @hypothesis.seed(seed)
        @hypothesis.settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
                             suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=operation.as_strategy(), draw=st.randoms(use_true_random=False))
        def once(case: Any, draw: random.Random) -> None:
            self.count += 1
            for part in (case.path_parameters, case.query, case.body):
                self.fill(part, draw)
            case.headers["Authorization"] = f"Bearer {self.key}"
            if "Idempotency-Key" in case.headers and draw.random() < 0.8:
                case.headers["Idempotency-Key"] = uuid.uuid4().hex
            case.call_and_validate(base_url=self.address, checks=CHECKS)

        try:
            once()
        except (FailureGroup, AssertionError) as failure:
            told = "; ".join(map(str, failure.exceptions)) if isinstance(failure, FailureGroup) else str(failure)
            self.wrong.append(f"{operation.label}: {told}".replace(self.key, "…"))

    def fill(self, part: Any, draw: random.Random) -> None:
        """Put ids of rows that are there in the place of drawn ones, half of the time."""
        pairs: Iterator[tuple[Any, Any]] = iter(())
        if isinstance(part, dict):
            pairs = iter(list(part.items()))
        elif isinstance(part, list):
            pairs = iter(list(enumerate(part)))
        for name, value in pairs:
            ids = self.known.get(str(name).removesuffix("s").removesuffix("_id"), [])
            if isinstance(value, dict | list) and not (ids and all(isinstance(one, int) for one in value)):
                self.fill(value, draw)
            elif ids and draw.random() < 0.5:
                part[name] = draw.sample(ids, min(2, len(ids))) if isinstance(value, list) else draw.choice(ids)


def populate(program: Program, shop_id: int) -> Known:
    """Rows of every kind that calls can name, by the word before `_id`."""
    known: Known = defaultdict(list)
    people = [{"nick": f"会员{number}", "phone": f"1380013800{number}", "phone_is_own": True} for number in range(6)]

    def send(path: str, body: Any, method: str = "POST") -> Any:
        return program.call(method, path, body, key=uuid.uuid4().hex)

    known["shop"] = [shop_id]
    known["member"] = known["home"] = send("/members", {"shop_id": shop_id, "people": people})["member_ids"]
    orders = [finished(f"3000000000000000{number}", f"会员{number}", 12_800) for number in range(5)]
    send("/orders", {"shop_id": shop_id, "orders": orders})
    known["order"] = [one["id"] for one in program.call("GET", "/orders")["items"]]
    for member_id in known["member"]:
        send("/points/adjust", {"member_id": member_id, "amount": 100_000, "reason": "any request"})
    for amount in (1, 2, 3, 4, 5, 6):
        held = send("/points/reservations", {"member_id": known["member"][0], "amount": amount, "minutes": 600})
        known["reservation"].append(held["reservation_id"])
    send("/members/tag", {"member_ids": known["member"][:3], "names": ["老客户"]})
    known["tag"] = [one["id"] for one in program.call("GET", "/tags")["items"]]
    return known


if __name__ == "__main__":
    sys.exit(main())
