"""How often one user may post."""

from __future__ import annotations

import time
from collections.abc import Callable

_MOST_KEYS = 10_000


class RateLimit:
    """A token bucket per key: a minute's worth at once, then as fast as it refills."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # what was left, and when

    def wait(self, key: str) -> float:
        """Counts one and returns 0; or, when the bucket is empty, the seconds until it isn't."""
        moment = self._clock()
        left = self._left(key, moment)
        if left < 1:
            return (1 - left) / self._per_second
        self._buckets[key] = (left - 1, moment)
        if len(self._buckets) > _MOST_KEYS:
            self._forget(moment)
        return 0

    def _left(self, key: str, moment: float) -> float:
        left, at = self._buckets.get(key, (self._size, moment))
        return min(self._size, left + (moment - at) * self._per_second)

    def _forget(self, moment: float) -> None:
        """A full bucket is as good as none."""
        self._buckets = {key: held for key, held in self._buckets.items() if self._left(key, moment) < self._size}
