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
    """`interval` apart on the average, for each place by itself; and not before the service's own Retry-After.

    Whom the outbox keeps for longer has a turn of its own when it comes again: else a rush would turn it away so often
    that it is given up.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._next: dict[str, float] = {}  # when the place's allowance is whole again
        self._kept: dict[tuple[str, str], float] = {}  # turns by place and post

    @asynccontextmanager
    async def turn(self, place: str, post: str) -> AsyncGenerator[None]:
        """Waits for the post's turn in the place. Raises RetryLater where that takes too long."""
        loop = asyncio.get_running_loop()
        moment = loop.time()
        turn = self._kept.pop((place, post), None)
        if turn is None:
            turn = max(self._next.get(place, 0.0), moment - (_BURST - 1) * self._interval)
            self._remember(place, turn + self._interval)
        wait = turn - moment
        if wait > _PATIENCE:
            self._kept[place, post] = turn
            raise RetryLater(f"Too many posts for one place; the turn of this one is in {wait:.0f} s.", after=wait)
        await asyncio.sleep(max(wait, 0.0))
        try:
            yield
        except RetryLater as error:
            if error.after is not None:
                self._close(place, loop.time() + error.after)
            raise

    def _close(self, place: str, until: float) -> None:
        """Turns before that are none any more: all at once they would be asked to wait again."""
        self._kept = {key: turn for key, turn in self._kept.items() if key[0] != place or turn >= until}
        self._remember(place, max(self._next.get(place, 0.0), until))

    def _remember(self, place: str, moment: float) -> None:
        if len(self._next) >= _MOST or len(self._kept) >= _MOST:
            now = asyncio.get_running_loop().time()
            self._next = {each: then for each, then in self._next.items() if then > now}
            self._kept = {each: then for each, then in self._kept.items() if then > now}
        self._next[place] = moment
