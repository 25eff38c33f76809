"""The engine's parts, put together as `bot.app` does, around work that is only for show."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.clock import Clock
from bot.delivery import Delivery
from bot.metrics import Metrics
from bot.settings import CurrentSettings
from bot.wake import Wake
from bot.worker import Handler, Worker, alive
from store.engine import Database
from store.hints import Hints
from tests.engine.scratch import Gate, Labour, Recorder


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    worker: Worker
    delivery: Delivery
    events: Wake
    posts: Wake
    running: asyncio.Task[None]  # the worker and the delivery

    def wake(self) -> None:
        self.events.up()
        self.posts.up()

    def stop(self) -> None:
        self.worker.stop()
        self.delivery.stop()


@asynccontextmanager
async def working(
    database: Database,
    folder: Path,
    *,
    handler: Handler | None = None,
    concurrency: int = 4,
    lease_seconds: float = 300,
    post_lease_seconds: float = 300,
    stop_seconds: float = 5,
    around_send: Callable[[str], None] = lambda _: None,
) -> AsyncGenerator[Parts]:
    """At the end all has stopped cleanly. Raises an ExceptionGroup of what a part died of."""
    metrics, events, posts, gate = Metrics(), Wake(), Wake(), Gate(folder)
    recorder = Recorder(folder, gate, around_send)
    worker = Worker(
        database,
        handler or Labour(gate),
        events,
        posts,
        metrics,
        concurrency=concurrency,
        lease_seconds=lease_seconds,
    )
    delivery = Delivery(
        database,
        {recorder.name: recorder},
        CurrentSettings(),
        posts,
        metrics,
        concurrency=concurrency,
        lease_seconds=post_lease_seconds,
    )

    async def run() -> None:
        async with alive(database) as liveness, asyncio.TaskGroup() as finishing:
            finishing.create_task(worker.run(liveness, stop_seconds=stop_seconds))
            finishing.create_task(delivery.run(worker=liveness.worker))

    async with asyncio.TaskGroup() as tasks, _hinted(database, events):
        clock = tasks.create_task(Clock(database, events, metrics, fires=True).run())
        running = tasks.create_task(run())
        parts = Parts(worker=worker, delivery=delivery, events=events, posts=posts, running=running)
        try:
            yield parts
        finally:
            parts.stop()
            await asyncio.wait([running])
            clock.cancel()


@asynccontextmanager
async def _hinted(database: Database, events: Wake) -> AsyncGenerator[None]:
    loop = asyncio.get_running_loop()

    def heard() -> None:
        loop.call_soon_threadsafe(events.up)

    hints = Hints(database, heard)
    hints.start()
    try:
        yield
    finally:
        await asyncio.to_thread(hints.stop)
