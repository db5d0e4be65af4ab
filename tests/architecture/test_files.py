"""What lies in the project: both READMEs say the same, nothing private slipped in, licences allow reselling."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib

from click.testing import CliRunner

from shuke.cli.main import shuke
from tests.architecture import source
from tools import licences

ROOT = source.ROOT
PRIVATE = re.compile(
    r"(/(?:home|Users|root|work|tmp)/\w)|(\b(?:registry\.npmjs|pypi|files\.pythonhosted)\.org)|(npm(?:mirror))"
)


def test_both_readmes_have_the_same_headings_commands_links_and_pictures() -> None:
    english, chinese = ((ROOT / name).read_text() for name in ("README.md", "README.zh.md"))
    for shape in (r"^(#+) ", r"```sh\n(.*?)```", r"!\[.*?\]\((.*?)\)"):
        flags = re.MULTILINE | re.DOTALL
        assert re.findall(shape, english, flags) == re.findall(shape, chinese, flags)
    links = [
        sorted(set(re.findall(r"\]\(((?:docs|LICENSE|CONTRIBUTING)[^)]*)\)", text))) for text in (english, chinese)
    ]
    assert links[0] == links[1]


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        f"{source.where(page)}: {target}"
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_commands_in_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z]+)", text)) <= targets
    listed = CliRunner().invoke(shuke, ["--help"])
    assert listed.exit_code == 0
    for command in set(re.findall(r"\.venv/bin/shuke ([a-z-]+)", text)) - {"--help"}:
        assert re.search(rf"^  {command}\b", listed.output, re.MULTILINE), command


def test_nothing_says_where_it_was_made() -> None:
    found = []
    for path in source.tracked():
        if path.suffix in {".png", ".ico", ".woff2", ".xlsx", ".gz"}:
            continue
        text = path.read_text(errors="replace")
        found += [f"{source.where(path)}: {match.group(0)}" for match in PRIVATE.finditer(text)]
    assert found == []


def test_installed_packages_are_those_that_are_locked() -> None:
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements/dev.lock").read_text(), re.MULTILINE))
    unlocked = {_name(one) for one in importlib.metadata.distributions()} - {one.replace("_", "-") for one in locked}
    assert unlocked <= {"pip", "setuptools", "shuke"}


def test_the_program_may_be_resold() -> None:
    strict = {
        _name(one): licences.licence(one)
        for one in importlib.metadata.distributions()
        if _name(one) not in licences.EXCEPTED and not licences.PERMISSIVE.search(licences.licence(one))
    }
    assert strict == {}


def test_everything_needed_to_run_is_also_installed_for_development() -> None:
    run, dev = ((ROOT / f"requirements/{name}.lock").read_text() for name in ("run", "dev"))
    pinned = re.compile(r"^([a-z0-9._-]+==\S+)", re.MULTILINE)
    assert set(pinned.findall(run)) <= set(pinned.findall(dev))


def test_browser_files_have_no_registry_addresses() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_the_version_is_in_the_changelog() -> None:
    version = re.search(r'__version__ = "(.+)"', (ROOT / "shuke/__init__.py").read_text())
    assert version is not None
    assert f"## {version.group(1)}" in (ROOT / "CHANGELOG.md").read_text()
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"


def _name(found: importlib.metadata.Distribution) -> str:
    return str(found.metadata["Name"]).lower().replace("_", "-").replace(".", "-")
