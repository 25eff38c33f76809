"""The engine in a process of its own, made to be killed."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import event

from store.engine import Connection, Database
from tests.engine.assembly import working
from tests.engine.scratch import die

T = TypeVar("T")

NOTHING: tuple[object, ...] = ([], 0)  # what a transaction returns that found nothing to do


@dataclass(frozen=True, kw_only=True, slots=True)
class Death:
    """Die just before or just after the first COMMIT of this transaction that changes anything, or of a `send`."""

    at: str  # "store.work.claim", "send"
    when: str  # "before" | "after"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    url: str
    folder: Path
    lease_seconds: float
    post_lease_seconds: float
    busy_milliseconds: int | None  # how long SQLite waits for a lock; None: as ever
    death: Death | None


class MortalDatabase(Database):
    """Kills the process around the COMMIT that the plan names."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.url)
        self._death = plan.death

    async def write(self, work: Callable[[Connection], T], *, urgent: bool = False) -> T:
        if self._death is None or _name(work) != self._death.at:
            return await super().write(work, urgent=urgent)
        death = self._death

        def doomed(connection: Connection) -> T:
            result = work(connection)
            if death.when == "before" and result not in NOTHING:
                die()
            return result

        result = await super().write(doomed, urgent=urgent)
        if result not in NOTHING:
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
    database = MortalDatabase(plan)
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
