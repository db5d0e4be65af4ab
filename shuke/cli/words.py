"""How the commands speak: one red sentence when something cannot be, green and red lines for findings."""

from __future__ import annotations

import sys
from typing import NoReturn

import click


def fail(sentence: str, *, code: int = 1) -> NoReturn:
    """Say why on the error stream and end with an exit code."""
    click.secho(sentence, fg="red", err=True)
    sys.exit(code)


def good(sentence: str) -> None:
    """A green line."""
    click.echo(click.style("✓ ", fg="green") + sentence)


def bad(sentence: str) -> None:
    """A red line."""
    click.echo(click.style("✗ ", fg="red") + sentence)
