"""The import contracts hold, and each of them notices when it is broken on purpose."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules

FILES = ("models", "actions", "queries", "rules", "events")


def test_all_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_every_module_has_its_layer() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    layered = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    assert layered == set(modules())


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("members/actions.py", "from shuke.loyalty import actions", "A module imports only what stands below it"),
        ("console/pages.py", "import shuke.portal", "A module imports only what stands below it"),
        ("loyalty/actions.py", "from shuke.members import models", "A module is entered by its faces"),
        ("loyalty/actions.py", "from shuke.members.rules import x", "A module is entered by its faces"),
        ("loyalty/rules.py", "from shuke.loyalty import models", "Rules and kinds are pure"),
        ("platforms/kinds/taobao.py", "from shuke.core import clock", "Rules and kinds are pure"),
    ],
)
def test_a_broken_contract_is_noticed(tmp_path: Path, file: str, line: str, contract: str) -> None:
    plant(tmp_path)
    assert lint(tmp_path).returncode == 0
    (tmp_path / "shuke" / file).write_text(f"{line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1
    broken = [found for found in done.stdout.splitlines() if found.endswith("BROKEN")]
    assert len(broken) == 1
    assert broken[0].startswith(contract)


def plant(root: Path) -> None:
    """A tree with the project's modules, their files empty."""
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "tools").symlink_to(ROOT / "tools")
    for module in modules():
        folder = root / "shuke" / module
        folder.mkdir(parents=True)
        for name in ("__init__", "pages", *FILES):
            (folder / f"{name}.py").touch()
    for name in ("sql", "tenancy", "clock"):
        (root / "shuke/core" / f"{name}.py").touch()
    (root / "shuke/platforms/kinds").mkdir()
    (root / "shuke/platforms/kinds/__init__.py").touch()
    (root / "shuke/__init__.py").touch()


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree."""
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(
        [program, "--no-cache"], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
