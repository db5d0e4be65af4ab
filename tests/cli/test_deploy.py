"""Files for servers and containers, read the way their programs read them; no container engine runs here."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess

import pytest

from tests.architecture.source import ROOT

UNITS = sorted((ROOT / "deploy").glob("*.service"))
HARDENED = {
    "NoNewPrivileges": "yes", "PrivateTmp": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "CapabilityBoundingSet": "",
    "User": "shuke", "UMask": "0077",
}  # fmt: skip


def commands() -> set[str]:
    page = (ROOT / "docs/reference/commands.md").read_text()
    return set(re.findall(r"^## shuke ([a-z-]+)", page, re.MULTILINE))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_start_commands_that_exist_with_few_rights(path: object) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd minds the case
    unit.read_string((ROOT / str(path)).read_text())
    service = dict(unit["Service"])
    assert HARDENED.items() <= service.items()
    program, command = shlex.split(service["ExecStart"])[:2]
    assert program == "/srv/shuke/venv/bin/shuke"
    assert command in commands()


def test_the_timer_starts_its_service() -> None:
    assert (ROOT / "deploy/shuke-backup.timer").exists()
    assert (ROOT / "deploy/shuke-backup.service").exists()
    assert "Persistent=yes" in (ROOT / "deploy/shuke-backup.timer").read_text()


def test_the_image_is_built_in_stages_and_runs_as_nobody_in_particular() -> None:
    text = (ROOT / "Dockerfile").read_text()
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    last = stages[-1]
    assert "npm" not in last
    assert re.findall(r"^USER (\w+)", last, re.MULTILINE) == ["shuke"]
    assert "HEALTHCHECK" in last
    assert "--require-hashes" in last
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", last, re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists(), name
    known = {
        "FROM",
        "RUN",
        "COPY",
        "USER",
        "WORKDIR",
        "ENV",
        "VOLUME",
        "EXPOSE",
        "HEALTHCHECK",
        "STOPSIGNAL",
        "ENTRYPOINT",
        "CMD",
    }
    joined = re.sub(r"\\\n", " ", text)
    words = {line.split()[0] for line in joined.splitlines() if line.strip() and not line.startswith("#")}
    assert words <= known
    assert '"serve"' in text


def test_compose_names_every_secret_and_only_files_that_exist() -> None:
    text = (ROOT / "compose.yaml").read_text()
    made = set(re.findall(r"for name in (.+); do", (ROOT / "deploy/make-secrets.sh").read_text())[0].split())
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert required == made
    assert set(re.findall(r"\$\{(\w+)[:}]", text)) - made == {"SHUKE_PUBLIC_URL", "SHUKE_HOSTS", "SHUKE_BEHIND_PROXY"}
    services = re.findall(r"^  (\w+):$", text[text.index("\nservices:") : text.index("\nvolumes:")], re.MULTILINE)
    assert services == ["postgres", "migrate", "web", "worker"]
    for path in re.findall(r"- (\./[^:]+):", text):
        assert (ROOT / path).exists(), path
    for command in re.findall(r'^    command: \["([a-z-]+)"', text, re.MULTILINE):
        assert command in commands()


@pytest.mark.parametrize("name", ["make-secrets.sh", "postgres-roles.sh"])
def test_scripts_are_shell(name: str) -> None:
    path = ROOT / "deploy" / name
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["/bin/sh", "-n", str(path)], check=False).returncode == 0
