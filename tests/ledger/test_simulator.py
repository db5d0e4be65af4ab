"""The storm finds nothing in the ledger, and every bug that is planted."""

from __future__ import annotations

import pytest

from shuke.core.tenancy import tenant
from shuke.ledger import queries
from shuke.ledger.simulator import PLANTS, simulate
from tests.conftest import owner_connection

WITHIN = 10_000
QUICK = list(PLANTS)[::4]


@pytest.mark.parametrize("seed", [1, 2])
def test_ledger_and_model_agree(db: None, seed: int) -> None:
    result = simulate(seed, 1500)
    assert result.violation == ""
    assert result.steps >= 1500


def test_ledger_and_model_agree_among_many_members(db: None) -> None:
    result = simulate(1, 3000, members=400)
    assert result.violation == ""
    assert result.steps >= 3000


@pytest.mark.slow
def test_ledger_and_model_agree_for_long(db: None) -> None:
    assert simulate(3, 15_000).violation == ""


@pytest.mark.parametrize("plant", QUICK)
def test_a_planted_bug_is_found(db: None, plant: str) -> None:
    result = simulate(7, WITHIN, plant)
    assert result.violation
    assert result.steps <= WITHIN


@pytest.mark.slow
@pytest.mark.parametrize("plant", sorted(set(PLANTS) - set(QUICK)))
def test_every_planted_bug_is_found(db: None, plant: str) -> None:
    assert simulate(7, WITHIN, plant).violation


def test_there_are_enough_planted_bugs() -> None:
    assert len(PLANTS) >= 40


def test_a_violation_is_replayed_and_nothing_stays(db: None) -> None:
    first, second = (simulate(7, WITHIN, "debt is not repaid") for _ in range(2))
    assert (first.steps, first.violation) == (second.steps, second.violation)
    with tenant(-1):
        assert queries.totals(-1, "points") == queries.Totals()
    with owner_connection() as connection:
        assert connection.execute("SELECT count(*) FROM ledger_transfer").fetchone() == (0,)


def test_a_plant_is_taken_out_again(db: None) -> None:
    simulate(7, 400, "debt is not repaid")
    assert simulate(7, 400).violation == ""
