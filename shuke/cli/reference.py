"""`shuke docs`: the reference pages, written from the code they describe."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import click
from django.utils.translation import gettext as _

import shuke
from shuke.cli.words import fail
from shuke.core import facts
from shuke.core.specs import Spec, reference

ENVIRONMENT: dict[str, tuple[str, str]] = {
    "SHUKE_HOME": (
        "`var` beside the sources; installed, `~/.local/share/shuke`",
        "Folder of all data: database, secrets, uploads. Back this up.",
    ),
    "SHUKE_LANGUAGE": ("`zh-hans`", "Language of the commands: `zh-hans` or `en`. Pages follow the reader."),
    "SHUKE_HOSTS": ("`127.0.0.1,localhost,[::1]`", "Host names the pages answer to, separated by commas."),
    "SHUKE_PUBLIC_URL": (
        "`http://127.0.0.1:8000`",
        "Address in links to buyers; `https://…` also makes cookies secure.",
    ),
    "SHUKE_ORIGINS": ("empty", "Further addresses forms may come from, such as `https://shop.example`."),
    "SHUKE_BEHIND_PROXY": ("empty", "`1` trusts `X-Forwarded-Proto` of the proxy in front. Only behind one."),
    "SHUKE_KEY": ("a file under `secrets/`", "Installation key that wraps every merchant's data key (64 hex digits)."),
    "SHUKE_KEY_OLD": (
        "empty",
        "The installation key before, while `shuke rotate-key` goes over to the new `SHUKE_KEY`.",
    ),
    "SHUKE_SECRET_KEY": ("a file under `secrets/`", "Key of sessions and signed links."),
    "SHUKE_SECRET_KEY_OLD": (
        "empty",
        "Keys before, separated by commas, which are still read but not used for anything new.",
    ),
    "SHUKE_UPLOAD_LIMIT_MB": ("`500`", "Largest file that is taken, in megabytes."),
    "SHUKE_WEBHOOK_ALLOW": (
        "empty",
        "Private addresses webhooks may call, as `host:port` separated by commas; for a program on your own network.",
    ),
    "SHUKE_BACKUP_KEEP": (
        "`7`; `0` with `DATABASE_URL`",
        "How many nightly backups stay in `backups/` of the data folder; `0` makes none.",
    ),
    "SHUKE_BACKUP_PASSPHRASE": ("empty", "Passphrase that encrypts backups, and opens them again."),
    "SHUKE_HOLD_SENDING": (
        "empty",
        "`1` sends nothing outside whatever anybody releases; for copies to try things on.",
    ),
    "SHUKE_LOG": ("plain lines", "`json` writes the log as one JSON object a line, requests included."),
    "SHUKE_METRICS_TOKEN": ("this machine alone", "Whoever sends it as `Authorization: Bearer …` may read `/metrics`."),
    "SHUKE_API_SECONDS": ("`20`", "Longest time a program's call may take in the database, in seconds."),
    "SHUKE_CONNECTIONS": (
        "`16` for `shuke serve`",
        "Most connections to PostgreSQL the web server's threads share; three quarters as many requests are at work at once.",
    ),
    "SHUKE_DEBUG": ("empty", "`1` shows errors in full. Never on a server."),
    "SHUKE_PASSWORD": ("asked for", "Password for `shuke create-owner` without a question."),
    "DATABASE_URL": (
        "Shuke's own PostgreSQL",
        "`postgres://shuke_app:…@host/shuke`: the application's role on your server.",
    ),
    "DATABASE_OWNER_URL": ("`DATABASE_URL`", "The role that owns the tables; used by `shuke migrate` alone."),
}


@click.command("docs", help=_("Show the reference pages; with --write put them into a folder."))
@click.option("--write", type=click.Path(file_okay=False, path_type=Path), help=_("Folder to write the pages to."))
@click.option(
    "--check", type=click.Path(file_okay=False, path_type=Path), help=_("Folder whose pages must be up to date.")
)
def docs_command(write: Path | None, check: Path | None) -> None:
    """Show, write or compare all pages."""
    if check is not None:
        stale = [name for name, text in pages().items() if _read(check / name) != text]
        if stale:
            fail(_("Out of date, run `make docs`: %(pages)s") % {"pages": ", ".join(stale)})
        return
    for name, text in pages().items():
        if write is None:
            click.echo(text)
        else:
            write.mkdir(parents=True, exist_ok=True)
            (write / name).write_text(text)


def pages() -> dict[str, str]:
    """File name → Markdown of every reference page."""
    makers: dict[str, Callable[[], str]] = {
        "commands.md": commands, "environment.md": environment, "facts.md": all_facts, "specs.md": all_specs,
        "api.md": api,
    }  # fmt: skip
    return {name: make().strip() + "\n" for name, make in makers.items()}


def commands() -> str:
    """Every command with its arguments and options."""
    from shuke.cli.main import shuke as group  # main loads this file when the command is asked for

    context = click.Context(group, info_name="shuke")
    parts = ["# Commands\n\nEvery command of `shuke`; `.venv/bin/shuke COMMAND --help` shows the same in Chinese."]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            parts += _command(command, click.Context(command, info_name=name, parent=context))
    return "\n\n".join(parts)


def environment() -> str:
    """Every environment variable."""
    lines = [f"| `{name}` | {default} | {meaning} |" for name, (default, meaning) in ENVIRONMENT.items()]
    return (
        "# Environment\n\nAll of them may be left out.\n\n| name | without it | meaning |\n|---|---|---|\n"
        + "\n".join(lines)
    )


def all_facts() -> str:
    """Every kind of fact with its payload and its story."""
    load_modules("events")
    parts = [
        "# Facts\n\nWhat modules publish, by kind. Every fact also has `member_id`, `subject_id` and `happened_at`."
    ]
    for kind, cls in sorted(facts.kinds().items()):
        own = [one for one in fields(cls) if one.name not in {"member_id", "subject_id", "happened_at", "fact_id"}]
        payload = "\n".join(f"- `{one.name}`: `{one.type}`" for one in own)
        parts.append(f"## `{kind}`\n\n{_said(cls)}\n\n{payload or 'Nothing more.'}")
    return "\n\n".join(parts)


def all_specs() -> str:
    """Every Spec, as forms and the API take it."""
    found = [
        cls
        for module in load_modules("specs")
        for _name, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, Spec) and cls.__module__.startswith(module.__name__)
    ]
    parts = ["# Settings and forms\n\nEverything a person can fill in, by module. Amounts of money are whole fen."]
    parts += [reference(cls) for cls in found]
    return "\n\n".join(parts)


def api() -> str:
    """Every call of the programs' surface."""
    importlib.import_module("shuke.api.urls")  # registers the routes; surfaces do not know each other by name
    told: str = importlib.import_module("shuke.api.document").markdown()
    return told


def load_modules(file: str) -> list[ModuleType]:
    """Import `shuke.<module>.<file>` of every module that has one."""
    names = [f"shuke.{found.name}.{file}" for found in pkgutil.iter_modules(shuke.__path__) if found.ispkg]
    names = [name for name in names if name != "shuke.core.specs" and importlib.util.find_spec(name) is not None]
    return [importlib.import_module(name) for name in sorted(names)]


def _command(command: click.Command, context: click.Context) -> list[str]:
    if isinstance(command, click.Group):
        inside = [command.get_command(context, name) for name in command.list_commands(context)]
        return [part for one in inside if one is not None
                for part in _command(one, click.Context(one, info_name=one.name, parent=context))]  # fmt: skip
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    options = []
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is not None:
            options.append(f"- `{record[0]}`: {' '.join(record[1].split())}")
    return [
        f"## {context.command_path}",
        command.help or "",
        f"```\n{usage}\n```",
        *(["\n".join(options)] if options else []),
    ]


def _said(cls: type) -> str:
    return " ".join((inspect.getdoc(cls) or "").split())


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
