"""The wheel alone, installed elsewhere without Node and without the sources, serves the demo's pages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import source
from tests.cli.running import LONG, free_port
from tests.cli.test_supervisor import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "tools/wheel.py", "--to", str(folder)],
        cwd=source.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("shuke-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; the packages of run.lock come from the one the tests run in."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    (packages,) = (folder / "venv").glob("lib/python3*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    for path in _locked(source.ROOT / "requirements/run.lock"):
        (packages / path.name).symlink_to(path)
    return folder


def _locked(lock: Path) -> Iterator[Path]:
    """What the locked packages put into site-packages, and nothing else that is installed here."""
    from importlib.metadata import distribution

    tops: set[Path] = set()
    for name in re.findall(r"^([a-z0-9._-]+)==", lock.read_text(), re.MULTILINE):
        try:
            found = distribution(name)
        except ImportError:
            continue  # for another system
        root = Path(str(found.locate_file("")))
        tops |= {
            root / file.parts[0] for file in found.files or () if not file.parts[0].startswith((".", "__pycache__"))
        }
    yield from sorted(path for path in tops if path.exists())


def test_everything_a_machine_without_node_needs_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    catalogues = {
        path.relative_to(source.ROOT).with_suffix(".mo").as_posix()
        for path in source.ROOT.glob("shuke/*/locale/*/*/*.po")
    }
    assert catalogues
    assert catalogues <= names
    vendor = {path.relative_to(source.ROOT).as_posix() for path in source.ROOT.glob("shuke/console/static/vendor/*")}
    assert len(vendor) > 5
    assert vendor <= names
    assert not [name for name in names if name.startswith(("tests/", "var/", "node_modules/")) or name.endswith(".pyc")]


def test_its_version_is_the_programs() -> None:
    stated = re.search(r'^version = "(.+)"', (source.ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    own = re.search(r'__version__ = "(.+)"', (source.ROOT / "shuke/__init__.py").read_text())
    assert stated is not None
    assert own is not None
    assert stated[1] == own[1]


def test_it_serves_outside_the_sources_without_node(installed: Path, tmp_path: Path) -> None:
    port = free_port()
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8", "SHUKE_LANGUAGE": "en",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),  # noqa: S108 - where sockets have short paths
    }  # fmt: skip
    python = installed / "venv/bin/python"
    where = subprocess.run(
        [python, "-c", "from shuke import settings; print(settings.SHUKE_HOME); import shuke; print(shuke.__file__)"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert where.stdout.splitlines() == [
        str(tmp_path / ".local/share/shuke"),
        str(next(installed.glob("venv/lib/python3*/site-packages")) / "shuke/__init__.py"),
    ], where.stderr
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(
            [python, "-m", "shuke.cli.main", "serve", "--port", str(port)],
            env=environment,
            cwd=tmp_path,
            stdout=said,
            stderr=said,
        )
    try:
        until(lambda: process.poll() is not None or "Shuke runs at" in (tmp_path / "said").read_text(), LONG)
        page = _get(port, "/console/sign-in/")
        assert "熟客" in page
        for path in re.findall(r'(?:href|src)="(/static/[^"?]+)', page):
            assert _get(port, path)
    finally:
        process.terminate()
        assert process.wait(LONG) == 0, (tmp_path / "said").read_text()


def _get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return str(answer.read().decode())
