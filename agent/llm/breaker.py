"""A provider that failed several times in a row is left alone for a while, so that nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable

_FAILURES = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 600.0  # seconds


class Breaker:
    """After a pause one evaluation tries again; each further failure doubles the pause."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._closed_until = 0.0

    @property
    def lets_through(self) -> bool:
        if self._failures < _FAILURES:
            return True
        if self._clock() < self._closed_until:
            return False
        self._closed_until = self._clock() + self._pause()  # for all but the one who asks now
        return True

    def answered(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        self._closed_until = self._clock() + self._pause()

    def _pause(self) -> float:
        return min(_FIRST_PAUSE * 2 ** max(0, self._failures - _FAILURES), _LONGEST_PAUSE)
