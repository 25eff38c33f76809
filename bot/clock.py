"""Fires timers that are due, watches the backlog, and forgets what has been done long enough ago."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from bot.metrics import Metrics
from bot.wake import Wake
from store import retention, work
from store.engine import Database, DatabaseUnavailable
from store.work import Backlog

log = structlog.get_logger()

TICK = 0.1  # seconds
WATCH_EVERY = 10  # ticks
SWEEP_EVERY = 36_000  # ticks: an hour


class Clock:
    """No timer in memory decides anything: this only looks which rows are due."""

    def __init__(self, database: Database, wake: Wake, metrics: Metrics, *, fires: bool) -> None:
        self._database = database
        self._wake = wake
        self._metrics = metrics
        self._fires = fires  # a web process without a worker only watches the backlog, to refuse in time

    async def run(self) -> None:
        """Runs until cancelled."""
        tick = 0
        while True:
            try:
                await self._tick(tick)
            except DatabaseUnavailable as error:
                log.warning("database_unavailable", error=str(error))
            tick += 1
            await asyncio.sleep(TICK)

    async def _tick(self, tick: int) -> None:
        if tick % WATCH_EVERY == 0:
            self._observe(await self._database.read(work.backlog))
        if not self._fires:
            return
        if await self._database.read(work.has_due_timer):
            await self._database.write(partial(work.fire_due_timers, limit=100))
            self._wake.up()
        if tick % SWEEP_EVERY == 0:
            await self._database.write(retention.sweep)

    def _observe(self, backlog: Backlog) -> None:
        self._metrics.observe_backlog(backlog.waiting, backlog.oldest_seconds, backlog.dead)
