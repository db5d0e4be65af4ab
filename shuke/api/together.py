"""Calls that arrive together in one process are done together: one batch, one transaction, one commit."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")

MOST = 64


class _Turn(Generic[A, R]):
    """One call that waits: for its own end, or for leading the next batch; it is woken once."""

    def __init__(self, ask: A) -> None:
        self.ask, self.woken = ask, threading.Lock()
        self.woken.acquire()
        self.next: _Turn[A, R] | None = None
        self.result: R | None = None
        self.error: Exception | None = None
        self.is_over = False

    def outcome(self) -> R:
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]  # it is over, and without an error


class Together(Generic[A, R]):
    """Joins calls into batches for `act`, which gives one result for each, in order, or fails as a whole.

    While a batch runs, others gather behind it; the first of them leads the next one, in its own thread. A batch that
    fails is done again call by call, so that each call gets its own answer or its own error.
    """

    def __init__(self, act: Callable[[Sequence[A]], Sequence[R]]) -> None:
        self._act = act
        self._guard = threading.Lock()
        self._waiting: dict[Hashable, deque[_Turn[A, R]]] = {}

    def do(self, group: Hashable, ask: A) -> R:
        """Have it done with whatever of the same group waits beside it; its result or its error."""
        turn: _Turn[A, R] = _Turn(ask)
        with self._guard:
            queue = self._waiting.get(group)
            if queue is None:
                queue = self._waiting[group] = deque()
                turn.woken.release()
            queue.append(turn)
        turn.woken.acquire()
        if not turn.is_over:
            self._lead(group, queue)
        # One wakes the next: woken all at once they would wait for Python, and use up the processor by asking for it.
        if turn.next is not None:
            turn.next.woken.release()
        return turn.outcome()

    def _lead(self, group: Hashable, queue: deque[_Turn[A, R]]) -> None:
        with self._guard:
            batch = [queue.popleft() for _place in range(min(len(queue), MOST))]
        try:
            self._run(batch)
        finally:
            with self._guard:
                following = queue[0] if queue else None
                if following is None:
                    del self._waiting[group]
            for turn, after in zip(batch, [*batch[1:], None], strict=True):
                turn.is_over, turn.next = True, after
            if following is not None:
                following.woken.release()

    def _run(self, batch: Sequence[_Turn[A, R]]) -> None:
        try:
            for turn, result in zip(batch, self._act([turn.ask for turn in batch]), strict=True):
                turn.result = result
        except Exception as error:
            if len(batch) == 1:
                batch[0].error = error
                return
            for turn in batch:
                self._run([turn])
