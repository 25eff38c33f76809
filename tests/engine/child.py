"""The engine in a process of its own, made to be killed."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import event

from store.engine import Connection, Database
from tests.engine.assembly import working
from tests.engine.scratch import die

T = TypeVar("T")

# What transactions return that found nothing to do; others always change something.
NOTHING: Mapping[str, object] = {
    "store.work.claim": [],
    "store.work.fire_due_timers": 0,
    "store.outbox.claim": [],
    "store.mail.attend": False,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Death:
    """Die just before or just after a COMMIT of this transaction, or a `send`."""

    at: str  # "store.work.claim", "send"
    when: str  # "before" | "after"
    nth: int = 1  # of those that change anything


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    url: str
    folder: Path
    lease_seconds: float
    post_lease_seconds: float
    busy_milliseconds: int | None  # how long SQLite waits for a lock; None: as ever
    death: Death | None


class MortalDatabase(Database):
    """Kills the process around the COMMIT that is named."""

    def __init__(self, url: str, death: Death | None) -> None:
        super().__init__(url)
        self._death = death
        self._commits = 0

    async def write(self, work: Callable[[Connection], T], *, urgent: bool = False) -> T:
        if self._death is None or _name(work) != self._death.at:
            return await super().write(work, urgent=urgent)
        death = self._death

        def changed(result: T) -> bool:
            return death.at not in NOTHING or result != NOTHING[death.at]

        def doomed(connection: Connection) -> T:
            result = work(connection)
            if death.when == "before" and changed(result) and self._commits + 1 == death.nth:
                die()
            return result

        result = await super().write(doomed, urgent=urgent)
        self._commits += changed(result)
        if self._commits == death.nth:
            die()
        return result

    def around_send(self, when: str) -> None:
        if self._death == Death(at="send", when=when):
            die()


def _lose_patience(database: Database, milliseconds: int) -> None:
    def shorten(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout={milliseconds}")

    event.listen(database.engine, "connect", shorten)


def _name(work: Any) -> str:
    function = getattr(work, "func", work)
    return f"{function.__module__}.{function.__name__}"


def run(plan: Plan) -> None:
    log = (plan.folder / f"log-{os.getpid()}").open("a", buffering=1)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(log),
    )
    asyncio.run(_work(plan))


async def _work(plan: Plan) -> None:
    database = MortalDatabase(plan.url, plan.death)
    if plan.busy_milliseconds is not None:
        _lose_patience(database, plan.busy_milliseconds)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with working(
        database,
        plan.folder,
        lease_seconds=plan.lease_seconds,
        post_lease_seconds=plan.post_lease_seconds,
        around_send=database.around_send,
    ):
        await stopped.wait()
    database.close()
