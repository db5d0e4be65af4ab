"""Known holes and licences: what fails the run, and what does not."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tools import audit, licences

TODAY = date(2026, 11, 22)
PIP = json.dumps({"dependencies": [
    {"name": "django", "version": "5.2.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["5.2.1"]}]},
    {"name": "segno", "version": "1.6", "vulns": []},
]})  # fmt: skip
NPM = json.dumps({"vulnerabilities": {"htmx.org": {"via": [
    {"url": "https://example.org/advisories/GHSA-1", "title": "Something"}, "another"]}}})  # fmt: skip


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the two services answer."""
    answers = {"pip": '{"dependencies": []}', "npm": '{"vulnerabilities": {}}'}
    monkeypatch.setattr(audit, "_said", lambda command: answers["npm" if command == audit.NPM else "pip"])
    return answers


def test_a_hole_fails_the_run(said: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main() == 0
    said["pip"] = PIP
    assert audit.main() == 1
    assert "django 5.2.0: PYSEC-2026-1 (mended in 5.2.1)" in capsys.readouterr().out
    said.update(pip='{"dependencies": []}', npm=NPM)
    assert audit.main() == 1
    assert "htmx.org: GHSA-1 (Something)" in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["", "ERROR: Connection refused", '{"error": {"code": "ENOLOCK"}}', "[]"])
def test_a_service_out_of_reach_is_one_line_and_no_failure(
    said: dict[str, str], capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    said.update(pip=answer, npm=answer)
    assert audit.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.startswith("! ") for line in lines] == [True, True]


def test_a_hole_is_accepted_with_a_reason_until_a_day() -> None:
    kept = json.dumps({"PYSEC-2026-1": {"reason": "not reachable: we never call it", "until": "2026-12-01"}})
    assert audit.read_accepted(kept, TODAY) == {"PYSEC-2026-1"}
    assert audit.read_accepted(kept, date(2026, 12, 2)) == set()
    for bad in ({"reason": " ", "until": "2026-12-01"}, {"reason": "x", "until": "2027-12-01"}):
        with pytest.raises(ValueError, match="reason and an end"):
            audit.read_accepted(json.dumps({"X": bad}), TODAY)
    assert audit.read_accepted(audit.ACCEPTED.read_text(), TODAY) is not None


@pytest.mark.parametrize(("stated", "is_fine"), [
    ("MIT", True), ("Apache-2.0 OR BSD-3-Clause", True), ("MIT OR GPL-2.0", True), ("GPL-3.0-only", False), ("AGPL-3.0", False),
    ("", False), ("Proprietary", False), ("GNU General Public License v3 (GPLv3)", False), ("MIT AND GPL-3.0-only", False),
])  # fmt: skip
def test_licences(stated: str, is_fine: bool) -> None:
    assert (licences.fault("x", stated) == "") is is_fine


def test_all_locked_packages_may_be_given_on() -> None:
    assert len(licences.locked()) > 30
    assert licences.main() == 0
