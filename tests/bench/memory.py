"""What stays in memory: of a server that is idle, and of the same one after many messages.

The messages are put straight into the inbox, in long conversations and by the thousand: as requests, each evaluated by
itself, a hundred thousand would take most of an hour. All that follows is the server's own work, with the settings it
comes with: its worker keeps them, its clock fires, the predictor evaluates, cards are posted. Only its HTTP side has
nothing to do; what that holds after a load shows with the throughput.
"""

from __future__ import annotations

import math
import random
import time
from functools import partial

import psutil
from sqlalchemy import Connection, insert, select

from store import webchat as feed
from store import work
from store.engine import Database
from store.model import Inbound
from store.schema import inbox
from tests.bench.children import Child, casewright
from tests.bench.figures import Aim, Figure, Figures
from tests.bench.keeping import written
from tests.bench.load import long_talk
from tests.bench.places import Place, opened, upgrade
from tests.bench.sizes import Size
from tests.bench.work_done import drained

_TALK = 250  # messages of a conversation
_PORTION = 4  # conversations at a time
_LOW = 500  # what still waits when it is time for the next portion


async def measure(place: Place, size: Size) -> Figures:
    """Stops when its time is over, and says how many messages those were."""
    with place.fresh() as url:
        upgrade(url)
        with opened(url) as database:
            async with casewright(url) as child:
                idle = _resident(child)
                after = await _live_through(database, child, size)
    messages = len(after) * _PORTION * _TALK
    return [
        Figure(name="resident_idle", value=idle, unit="MiB"),
        Figure(name="resident_after_half", value=after[(len(after) - 1) // 2], unit="MiB"),
        Figure(name="resident_after_all", value=after[-1], unit="MiB"),
        Figure(name="messages", value=float(messages), aim=Aim(at_least=size.memory_messages)),
    ]


async def _live_through(database: Database, child: Child, size: Size) -> list[float]:
    """MiB after each portion."""
    ends = time.perf_counter() + size.memory_seconds
    after: list[float] = []
    for portion in range(math.ceil(size.memory_messages / _PORTION / _TALK)):
        await database.write(partial(_hand_in, talks=range(portion * _PORTION, (portion + 1) * _PORTION)))
        await drained(database, but_for=_LOW)
        after.append(_resident(child))
        if time.perf_counter() > ends:
            break
    await drained(database)
    return [*after[:-1], _resident(child)]


def _hand_in(connection: Connection, talks: range) -> None:
    for number in talks:
        key = f"talk-{number}"
        texts = zip(range(_TALK), long_talk(random.Random(number)), strict=False)
        first, *others = [written(key, at, text) for at, text in texts]
        feed.start(connection, key)
        event = work.accept(connection, first)
        mine = connection.execute(select(inbox).where(inbox.c.id == event)).mappings().one()
        connection.execute(insert(inbox), [_like(dict(mine), each) for each in others])


def _like(row: dict[str, object], inbound: Inbound) -> dict[str, object]:
    """The same conversation's next event."""
    payload = work.INBOUND.dump_python(inbound, mode="json")
    new = {"external_id": inbound.external_id, "payload": payload}
    return {name: value for name, value in (row | new).items() if name != "id"}


def _resident(child: Child) -> float:
    """MiB."""
    return psutil.Process(child.pid).memory_info().rss / 2**20
