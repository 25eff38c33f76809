"""When the work was done, and how much it was, as the rows in the database tell it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from store.engine import Database
from store.schema import cases, evaluations, inbox, outbox

_LOOK_EVERY = 0.05  # seconds
_PATIENCE = 60.0  # seconds without any progress
# Written out, as SQLite finds its partial indexes only where the statement says the constant.
_WAITING = text("""
    SELECT (SELECT count(*) FROM inbox WHERE status = 'ready') + (SELECT count(*) FROM timers)
    + (SELECT count(*) FROM outbox WHERE status IN ('queued', 'sending'))
""")
_DEAD = text("""
    SELECT (SELECT count(*) FROM inbox WHERE status = 'dead') + (SELECT count(*) FROM outbox WHERE status = 'dead')
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was done since a moment, and when the last of it was."""

    worked: datetime  # events handled, evaluations included
    posted: datetime
    evaluations: int
    cases: int
    posts: int


async def drained(database: Database, *, but_for: int = 0) -> None:
    """Waits until no more events, timers and posts wait. Raises RuntimeError when work stands still or was given up."""
    seen, at = -1, time.perf_counter()
    while (waiting := await database.read(_waiting)) > but_for:
        if waiting != seen:
            seen, at = waiting, time.perf_counter()
        if time.perf_counter() - at > _PATIENCE:
            raise RuntimeError(f"{waiting} events, timers and posts wait, and none was done for {_PATIENCE:.0f} s.")
        await asyncio.sleep(_LOOK_EVERY)
    if dead := await database.read(_dead):
        raise RuntimeError(f"{dead} events and posts were given up: the figures would be of something else.")


def outcome(connection: Connection, *, since: datetime) -> Outcome:
    moments = (evaluations.c.created_at, cases.c.created_at, outbox.c.created_at)
    counted = [connection.execute(select(func.count()).where(each >= since)).scalar_one() for each in moments]
    return Outcome(
        worked=connection.execute(select(func.max(inbox.c.done_at))).scalar_one(),
        posted=connection.execute(select(func.max(outbox.c.done_at))).scalar_one(),
        evaluations=counted[0],
        cases=counted[1],
        posts=counted[2],
    )


def handling_seconds(connection: Connection, *, since: datetime) -> list[float]:
    """From received to handled, a message each."""
    messages = select(inbox.c.received_at, inbox.c.done_at).where(inbox.c.kind == "message")
    rows = connection.execute(messages.where(inbox.c.received_at >= since))
    return [(row.done_at - row.received_at).total_seconds() for row in rows]


def _waiting(connection: Connection) -> int:
    return connection.execute(_WAITING).scalar_one()


def _dead(connection: Connection) -> int:
    return connection.execute(_DEAD).scalar_one()
