"""`make check`: everything that can be said about the code without running it, in under a minute."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable

STEPS: dict[str, list[str]] = {
    "types": [PYTHON, "-m", "mypy"],
    "form": [PYTHON, "-m", "ruff", "format", "--check", "-q", "."],
    "style": [PYTHON, "-m", "ruff", "check", "-q", "."],
    "imports": [PYTHON, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    "migrations": [PYTHON, "-W", "ignore", "manage.py", "makemigrations", "--check", "--dry-run"],
    "licences": [PYTHON, "tools/licences.py"],
    "texts": [PYTHON, "tools/catalogue.py", "--check"],
    "docs": [PYTHON, "-m", "shuke.cli.main", "docs", "--check", "docs/reference"],
}


class Outcome(NamedTuple):
    """What a step said and how long it took."""

    code: int
    said: str
    seconds: float


def main() -> int:
    """Run all steps, two at a time; 1 if any fails."""
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(max_workers=2) as pool:
        environment = {**os.environ, "SHUKE_HOME": home}
        running = {name: pool.submit(_run, command, environment) for name, command in STEPS.items()}
        outcomes = {name: future.result() for name, future in running.items()}
    for name, outcome in outcomes.items():
        print(f"{'✗' if outcome.code else '✓'} {name:<11} {outcome.seconds:5.1f} s")
        if outcome.code:
            print(outcome.said.rstrip())
    return int(any(outcome.code for outcome in outcomes.values()))


def _run(command: list[str], environment: dict[str, str]) -> Outcome:
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603 - commands from this file
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return Outcome(done.returncode, done.stdout, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
