"""Keeps the agent's figures up to date, for the operations page."""

from __future__ import annotations

import asyncio

import structlog

from store import figures
from store.engine import Database, DatabaseUnavailable

log = structlog.get_logger()

EVERY = 30.0  # seconds


class Counting:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            try:
                while await self._database.write(figures.count_some):
                    pass
            except DatabaseUnavailable as error:
                log.warning("database_unavailable", error=str(error))
            await asyncio.sleep(EVERY)
