"""No more requests are at work at once than there is room for, and none is turned away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from shuke.core.room import Room, limited

MOST, CALLS = 3, 12


def test_those_that_find_no_room_wait_and_come_in() -> None:
    full, leave = threading.Barrier(MOST + 1, timeout=10), threading.Event()
    inside, seen = threading.Semaphore(MOST), []

    def work(environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        has_room = inside.acquire(blocking=False)
        seen.append(has_room)
        if len(seen) <= MOST:
            full.wait()
        leave.wait(10)
        inside.release()
        return [bytes([environ["number"]])]

    application = limited(work, MOST)
    with ThreadPoolExecutor(CALLS) as threads:
        answers = [
            threads.submit(application, {"number": number}, lambda *_: lambda _: None) for number in range(CALLS)
        ]
        full.wait()
        assert len(seen) == MOST
        leave.set()
        assert [answer.result(10) for answer in answers] == [[bytes([number])] for number in range(CALLS)]
    assert seen == [True] * CALLS


def test_who_came_first_comes_in_first() -> None:
    room, order = Room(1), []

    def enter(number: int) -> None:
        with room:
            order.append(number)

    room.__enter__()
    waiting = []
    for number in range(5):
        waiting.append(threading.Thread(target=enter, args=(number,)))
        waiting[-1].start()
        while len(room._waiting) <= number:
            time.sleep(0.001)
    room.__exit__()
    for thread in waiting:
        thread.join(10)
    assert order == list(range(5))


def test_a_request_that_fails_makes_room() -> None:
    def fail(_environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        raise ValueError

    application = limited(fail, 1)
    for _time in range(3):
        with pytest.raises(ValueError):
            application({}, lambda *_: lambda _: None)
