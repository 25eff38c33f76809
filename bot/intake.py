"""The way in: every channel's events are committed to the inbox before they are acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from adapters.channel import Overloaded
from bot.metrics import Metrics
from store import work
from store.engine import Database, Transaction
from store.model import Inbound


class Intake:
    """Implements `adapters.channel.Receive`."""

    def __init__(self, database: Database, hint: Callable[[], None], metrics: Metrics, *, backlog_limit: int) -> None:
        self._database = database
        self._hint = hint
        self._metrics = metrics
        self._limit = backlog_limit

    async def __call__(self, inbound: Inbound, *, alongside: Transaction | None = None) -> bool:
        """Raises Overloaded, and DatabaseUnavailable."""
        self._refuse_overload()
        with self._metrics.acknowledgement.time():
            try:
                await self._database.write(partial(work.accept, inbound=inbound, alongside=alongside), urgent=True)
            except work.Duplicate:
                self._metrics.duplicates.inc()
                return False
        self._hint()
        return True

    async def together(self, inbounds: Sequence[Inbound], *, alongside: Transaction) -> None:
        """Raises Overloaded, and DatabaseUnavailable."""
        self._refuse_overload()
        accept = partial(work.accept_all, inbounds=inbounds, alongside=alongside)
        with self._metrics.acknowledgement.time():
            self._metrics.duplicates.inc(await self._database.write(accept, urgent=True))
        self._hint()

    def _refuse_overload(self) -> None:
        if self._metrics.waiting >= self._limit:
            self._metrics.refused.inc()
            raise Overloaded
