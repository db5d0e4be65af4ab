"""The command `shuke`: what an owner or a host does without a browser."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click
import django
from django.utils import translation

_COMMANDS = {
    "serve": "running", "work": "running", "migrate": "running", "demo": "demo", "import": "importing",
    "undo-import": "importing", "create-owner": "people", "reset-second-factor": "people", "create-key": "people",
    "rotate-key": "keys", "doctor": "doctor", "docs": "reference", "backup": "backup", "restore": "backup",
    "release-sending": "sending", "export": "export", "ledger": "ledger",
}  # fmt: skip


class Commands(click.Group):
    """Loads a command's file when the command is asked for, so that `shuke work` does not load `shuke docs`."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """All names, in the order a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """The command of a name."""
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"shuke.cli.{_COMMANDS[name]}")
        command: click.Command = getattr(module, name.replace("-", "_") + "_command")
        return command


def main() -> None:
    """Run one command; its exit code is the program's."""
    set_up()
    from shuke.cli.words import fail
    from shuke.core.database import DatabaseTrouble
    from shuke.core.errors import Refused

    signal.signal(signal.SIGTERM, _leave)
    try:
        shuke(prog_name="shuke")
    except Refused as refused:
        fail(refused.message)
    except DatabaseTrouble as trouble:
        fail(translation.gettext("The database does not start: %(why)s") % {"why": trouble})


def set_up(language: str | None = None) -> None:
    """Load Django with an absolute data folder and the language of SHUKE_LANGUAGE (Chinese unless it says otherwise)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuke.settings")
    if os.environ.get("SHUKE_HOME"):
        os.environ["SHUKE_HOME"] = str(Path(os.environ["SHUKE_HOME"]).expanduser().resolve())
    django.setup()
    english = sys.argv[1:2] == ["docs"]  # reference pages are written in English whatever the reader speaks
    translation.activate(language or ("en" if english else os.environ.get("SHUKE_LANGUAGE", "zh-hans")))


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)  # as an exception, so that whatever was opened is closed on the way out


@click.group(cls=Commands, help="熟客 Shuke")
@click.version_option(package_name=None, version=importlib.import_module("shuke").__version__, prog_name="shuke")
def shuke() -> None:
    """The group of all commands."""


if __name__ == "__main__":
    main()
