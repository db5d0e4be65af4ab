"""How many requests are at work at once: the others wait, first come first served, before they need anything."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock
from wsgiref.types import StartResponse, WSGIEnvironment

Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


class Room:
    """A place for so many; a semaphore would let newcomers in before those who wait."""

    def __init__(self, most: int) -> None:
        self._free, self._guard = most, Lock()
        self._waiting: deque[Lock] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if self._free:
                self._free -= 1
                return
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_error: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()  # her place is the next one's, and was never free
            else:
                self._free += 1


def limited(application: Application, most: int) -> Application:
    """The application, with at most `most` requests in it at once; the others come in one by one as those leave.

    More of them than connections would wait for one until they are refused, and take the processor from those who work.
    """
    room = Room(most)

    def enter(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with room:
            return application(environ, start_response)

    return enter
