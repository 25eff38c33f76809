"""Services take only so many posts a second in one place: whoever comes sooner waits, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from adapters.channel import RetryLater

INTERVAL = 1.0  # seconds between two posts in a place: as Slack has it (docs.slack.dev, "Rate limits")
_BURST = 3  # posts that may come at once: short bursts are allowed
_PATIENCE = 8.0  # seconds to wait here; for longer, the outbox keeps it
_MOST = 10_000  # places that are remembered


class Pacing:
    """`interval` apart on the average, for each place by itself; and not before the service's own Retry-After."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._next: dict[str, float] = {}  # when the place's allowance is whole again

    @asynccontextmanager
    async def turn(self, place: str) -> AsyncGenerator[None]:
        """Waits for the place's turn. Raises RetryLater where that takes too long."""
        loop = asyncio.get_running_loop()
        moment = loop.time()
        free = max(self._next.get(place, 0.0), moment - (_BURST - 1) * self._interval)
        wait = free - moment
        if wait > _PATIENCE:
            raise RetryLater(f"Too many posts for one place; the next in {wait:.0f} s.", after=wait)
        self._remember(place, free + self._interval)
        await asyncio.sleep(max(wait, 0.0))
        try:
            yield
        except RetryLater as error:
            if error.after is not None:
                self._remember(place, max(self._next.get(place, 0.0), loop.time() + error.after))
            raise

    def _remember(self, place: str, moment: float) -> None:
        if len(self._next) >= _MOST:
            self._next = {each: then for each, then in self._next.items() if then > asyncio.get_running_loop().time()}
        self._next[place] = moment
