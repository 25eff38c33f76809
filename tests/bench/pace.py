"""How a load is put on: at a steady pace whatever is answered, or by senders that each wait for their answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
PER_SECOND = 50


async def steadily(post: Callable[[int], Awaitable[object]], count: int) -> list[float]:
    """Milliseconds from when each should have been sent: one that had to wait for its turn counts as slow."""
    started = time.perf_counter()
    taken: list[float] = []

    async def one(index: int) -> None:
        due = started + index / PER_SECOND
        await asyncio.sleep(due - time.perf_counter())
        await post(index)
        taken.append(1000 * (time.perf_counter() - due))

    async with asyncio.TaskGroup() as group:
        for index in range(count):
            group.create_task(one(index))
    return taken


async def by_senders(senders: int, post: Callable[[Item], Awaitable[object]], told: Iterable[Item]) -> float:
    """Seconds until all were answered."""
    started, waiting = time.perf_counter(), iter(told)

    async def sender() -> None:
        for each in waiting:
            await post(each)

    async with asyncio.TaskGroup() as group:
        for _ in range(senders):
            group.create_task(sender())
    return time.perf_counter() - started
