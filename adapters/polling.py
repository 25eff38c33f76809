"""Work of a channel's own that waits in the store: done as it comes, looked for again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from store.engine import DatabaseUnavailable

log = structlog.get_logger()

_POLL = 2.0  # seconds


async def work_off(some: Callable[[], Awaitable[bool]]) -> None:
    """Until cancelled. `some` does a part of what waits, and says whether there may be more."""
    while True:
        try:
            while await some():
                pass
        except DatabaseUnavailable as error:
            log.warning("database_unavailable", error=str(error))
        await asyncio.sleep(_POLL)
