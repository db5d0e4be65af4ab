"""Export files bent at random are read without a crash, a lost row or a changed value."""

from __future__ import annotations

from tests.load import bent_files


def test_no_bent_file_crashes_loses_a_row_or_changes_a_value() -> None:
    sums, wrong = bent_files.storm(seed=2, start=0, count=400)
    assert wrong == []
    assert sums["files"] == 400
    assert sums["taken"] > 2000
    assert sums["refused"] > 50
    assert sums["whole"] > 20
