"""The pages under docs/ speak of everything there is, and of nothing that is not."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.architecture import source

ROOT = source.ROOT


def test_the_reference_is_what_the_code_says() -> None:
    done = subprocess.run([sys.executable, "-m", "shuke.cli.main", "docs", "--check", "docs/reference"],
                          cwd=ROOT, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == 0


def test_every_module_is_on_the_architecture_page() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    assert [module for module in source.modules() if f"`{module}`" not in page] == []


def test_every_environment_variable_is_documented_and_every_documented_one_is_read() -> None:
    page = (ROOT / "docs/reference/environment.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE))
    reading = re.compile(
        r"""(?:environ\.get\(|environ\[|envvar=|environ\.setdefault\()\s*"((?:SHUKE|DATABASE)_?[A-Z_]*)\""""
    )
    read = {name for path in source.python_files("shuke") for name in reading.findall(path.read_text())}
    assert documented == read - {"SHUKE_TEST_HOME"}


def test_every_decision_has_its_four_parts_and_is_listed() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert len({int(path.name[:4]) for path in decisions}) == len(decisions)
    for path in decisions:
        text = path.read_text()
        parts = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE)
        assert (path.name, parts) == (path.name, ["Context", "Decision", "Consequences", "Alternatives"])
        assert f"decisions/{path.name}" in page


def test_every_kind_of_fact_is_in_the_reference() -> None:
    page = (ROOT / "docs/reference/facts.md").read_text()
    kinds = {
        kind
        for path in source.python_files("shuke")
        if path.stem == "events"
        for kind in re.findall(r'kind: ClassVar\[str\] = "([^"]+)"', path.read_text())
    }
    assert kinds
    assert kinds == set(re.findall(r"^## `([^`]+)`", page, re.MULTILINE))
