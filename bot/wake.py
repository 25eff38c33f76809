"""Hints that there may be work. A hint saves waiting for the next poll; losing one costs only that wait."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Wake:
    """Wakes one waiting loop at a time: waking all for one event costs more than the event."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def up(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Returns at the next hint, or after `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()
