"""Two at once, in an order that is sure: the second has begun and waits for a lock when the first commits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from django.db import connection

from shuke.core import clock, sql
from shuke.core.tenancy import tenant
from tests.conftest import NOW


@contextmanager
def while_it_waits(
    merchant_id: int, act: Callable[[], object], *, is_frozen: bool = True
) -> Iterator[Callable[[], None]]:
    """A transaction in which the call given to the block lets `act` begin in a thread and come to its first lock.

    The block's transaction commits at its end; then `act` goes on, and what it raises is raised here.
    """
    errors: list[BaseException] = []

    def run() -> None:
        try:
            if is_frozen:
                with clock.frozen(NOW), tenant(merchant_id):
                    act()
            else:
                with tenant(merchant_id):
                    act()
        except BaseException as error:  # raised in the test's own thread
            errors.append(error)
        finally:
            connection.close()

    thread = Thread(target=run)

    def start() -> None:
        thread.start()
        for _try in range(400):
            if sql.scalar(_WAITS) or not thread.is_alive():
                break
            time.sleep(0.01)
        assert thread.is_alive(), errors

    with tenant(merchant_id):
        yield start
    thread.join()
    if errors:
        raise errors[0]


_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid())"
