"""What a broken invariant looks like, whichever module finds it."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import shuke
from shuke.core import progress
from shuke.core.tenancy import tenant

Check = Callable[[int], Iterable[Any]]

NIGHTLY = "core.checks"


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold: its name, where (ids and numbers, never personal data), how often."""

    name: str
    detail: str
    count: int


def every_check() -> list[tuple[str, Check]]:
    """The checks of every module that has some, with a name each."""
    found: list[tuple[str, Check]] = []
    for module in pkgutil.iter_modules(shuke.__path__):
        name = f"shuke.{module.name}.checks"
        if module.ispkg and importlib.util.find_spec(name) is not None:
            mine = getattr(importlib.import_module(name), "CHECKS", ())
            found += [(f"{module.name}: {check.__name__.replace('_', ' ')}", check) for check in mine]
    return found


def check_and_note(merchant_id: int) -> int:
    """Run every check of a merchant and keep how many violations there were, for whoever watches; that number."""
    wrong: dict[str, int] = {}
    for name, check in every_check():
        with tenant(merchant_id):
            count = sum(1 for _violation in check(merchant_id))
        if count:
            wrong[name] = count
    with tenant(merchant_id):
        noted = progress.latest(merchant_id, NIGHTLY)
        row = noted.id if noted is not None else progress.begin(merchant_id, NIGHTLY)
        progress.advance(merchant_id, row, state=progress.DONE, checkpoint={"violations": wrong})
    return sum(wrong.values())


def noted_violations(merchant_id: int) -> dict[str, int]:
    """Violations of the last night by the module they are in; every module with checks is named, with 0."""
    noted = progress.latest(merchant_id, NIGHTLY)
    found = {name.partition(":")[0]: 0 for name, _check in every_check()}
    for name, count in (noted.checkpoint.get("violations", {}) if noted is not None else {}).items():
        found[name.partition(":")[0]] = found.get(name.partition(":")[0], 0) + int(count)
    return found
