"""Everything of a merchant in one file, and nothing of anybody else's."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from shuke.cli.export import write
from shuke.core.tenancy import tenant
from shuke.members import actions as members
from shuke.members.specs import GroupSpec
from tests.make import Place


@pytest.mark.django_db(transaction=True)
def test_all_rows_of_a_merchant_and_none_of_another(alice: Place, charlie: Place, tmp_path: Path) -> None:
    for place, name in ((alice, "爱丽丝的老客"), (charlie, "查理的老客")):
        with tenant(place.merchant_id):
            members.create_group(place.merchant_id, GroupSpec(name=name), by=place.by)
    path = tmp_path / "all.zip"
    with path.open("wb") as file:
        count = write(alice.merchant_id, file)
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist()}
    assert sum(text.count("\n") for name, text in found.items() if name.startswith("tables/")) == count
    lines = [
        json.loads(line) for name, text in found.items() if name.startswith("tables/") for line in text.splitlines()
    ]
    assert {line["merchant_id"] for line in lines} == {alice.merchant_id}
    groups = [json.loads(line)["name"] for line in found["tables/members_group.jsonl"].splitlines()]
    assert "爱丽丝的老客" in groups
    assert "查理" not in "".join(found.values())
    assert found["members.csv"].startswith("\ufeff")
    assert "tables/core_merchantkey.jsonl" not in found
