"""Whether known holes are in what Shuke is built on: pip-audit on the locked packages, npm audit on the browser's files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = ROOT / "tools" / "accepted-holes.json"
PIP = [sys.executable, "-m", "pip_audit", "--requirement", "requirements/run.lock", "--require-hashes", "--disable-pip",
       "--format", "json", "--progress-spinner", "off", "--timeout", "20"]  # fmt: skip
NPM = ["npm", "audit", "--omit=dev", "--json"]


class Hole(NamedTuple):
    """A known hole: its name, the package, and what to do."""

    name: str
    package: str
    remedy: str


class OutOfReach(RuntimeError):
    """The service that knows the holes did not answer."""


def main() -> int:
    """1 when there is a hole that was not accepted for now, with a reason and an end."""
    code = 0
    accepted = read_accepted(ACCEPTED.read_text(), datetime.now(UTC).date())
    for what, command, reader in (("Python packages", PIP, from_pip), ("browser files", NPM, from_npm)):
        try:
            holes = [one for one in reader(_said(command)) if one.name not in accepted]
        except OutOfReach as away:
            print(f"! {what}: not looked at, the service of known holes is out of reach ({away})")
            continue
        for one in holes:
            print(f"✗ {one.package}: {one.name} ({one.remedy})")
        code = code or int(bool(holes))
        if not holes:
            print(f"✓ {what}: no known hole")
    return code


def from_pip(said: str) -> Iterator[Hole]:
    """The holes in pip-audit's answer; OutOfReach when it is none."""
    for package in _answer(said, "dependencies"):
        for one in package.get("vulns", []):
            mended = ", ".join(one["fix_versions"]) or "nothing yet"
            yield Hole(one["id"], f"{package['name']} {package['version']}", f"mended in {mended}")


def from_npm(said: str) -> Iterator[Hole]:
    """The holes in npm's answer; OutOfReach when it is none."""
    for name, found in _answer(said, "vulnerabilities").items():
        for one in found["via"]:
            if isinstance(one, dict):
                yield Hole(str(one["url"]).rpartition("/")[2], name, one["title"])


def read_accepted(text: str, today: date) -> set[str]:
    """Names of the holes that are accepted today. ValueError for one without reason, or without an end within 90 days."""
    found = set()
    for name, one in json.loads(text).items():
        until = date.fromisoformat(one["until"])
        if not one["reason"].strip() or (until - today).days > 90:
            raise ValueError(f"{name} needs a reason and an end within 90 days")
        if until >= today:
            found.add(name)
    return found


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - commands from this file
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OutOfReach(type(error).__name__) from error
    return done.stdout or done.stderr


def _answer(said: str, key: str) -> Any:
    """A part of the answer; a service that is away says something else."""
    try:
        return json.loads(said)[key]
    except (ValueError, KeyError, TypeError) as error:
        raise OutOfReach(said.strip().splitlines()[-1][:120] if said.strip() else "no answer") from error


if __name__ == "__main__":
    sys.exit(main())
