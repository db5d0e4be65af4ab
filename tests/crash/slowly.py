"""A worker that also knows a slow job, which notes every step in a transaction of its own; `ask` queues that job."""

from __future__ import annotations

import os
import secrets
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuke.settings")

import django

django.setup()

# ruff: noqa: E402 - tasks need Django to be set up first

from procrastinate.contrib.django import app

from shuke.core import jobs, sql

STEPS = 40
PAUSE_SECONDS = 0.1


@app.task(name="crash.slowly", queue="jobs")
def slowly() -> None:
    """Take all steps, slowly."""
    run = f"{os.getpid()}-{secrets.token_hex(4)}"
    for step in range(STEPS):
        sql.run("INSERT INTO crash_step (pid, run, step) VALUES (%(pid)s, %(run)s, %(step)s)",
                {"pid": os.getpid(), "run": run, "step": step})  # fmt: skip
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    if sys.argv[1:] == ["ask"]:
        slowly.defer()
    else:
        jobs.run_worker()
