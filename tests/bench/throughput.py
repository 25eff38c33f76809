"""Messages a second under load: accepted, worked off, answered; beside the floor under the same load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import psutil

from store.engine import Database
from tests.bench.children import Child, casewright, module
from tests.bench.figures import Aim, Figure, Figures
from tests.bench.load import TURNS, Chats, Customer, chats, customers
from tests.bench.places import Place, opened, prepare
from tests.bench.sizes import Size
from tests.bench.work_done import Outcome, drained, outcome

_HALF = Aim(at_least=0.5)
_WARM_UP = 5  # customers


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Seconds from the first request until the last message was accepted, worked off, and answered."""

    accepted: float
    worked: float
    posted: float
    cpu: float  # seconds
    memory: int  # bytes, at the end
    outcome: Outcome


async def measure(place: Place, size: Size) -> Figures:
    """The floor has its turn before and after ours, since a shared machine is not the same all the time."""
    people = customers(max(size.messages // TURNS, 1))
    with place.fresh() as floor_url, place.fresh() as url:
        prepare(url)
        async with module("tests.bench.floor", floor_url) as bare, chats(bare.base) as floor:
            await floor.post_all(customers(_WARM_UP, seed=2))
            idle = _cpu(bare)
            before = await floor.post_all(people)
            ours = await _run(url, people)
            after = await floor.post_all(people)
            floor_cpu = _cpu(bare) - idle
    return _figures(len(people) * TURNS, floor=(before + after) / 2, floor_cpu=floor_cpu / 2, ours=ours)


async def _run(url: str, people: Sequence[Customer]) -> Run:
    with opened(url) as database:
        async with casewright(url) as child, chats(child.base) as ours:
            warm_up = customers(_WARM_UP, seed=2)
            await ours.start([*warm_up, *people])
            await ours.post_all(warm_up)
            await drained(database)
            return await _measured(child, ours, people, database)


async def _measured(child: Child, ours: Chats, people: Sequence[Customer], database: Database) -> Run:
    cpu, started = _cpu(child), datetime.now(UTC)
    accepted = await ours.post_all(people)
    await drained(database)
    done = await database.read(partial(outcome, since=started))
    return Run(
        accepted=accepted,
        worked=(done.worked - started).total_seconds(),
        posted=(done.posted - started).total_seconds(),
        cpu=_cpu(child) - cpu,
        memory=psutil.Process(child.pid).memory_info().rss,
        outcome=done,
    )


def _figures(count: int, *, floor: float, floor_cpu: float, ours: Run) -> Figures:
    seconds = {"accepted": ours.accepted, "worked_off": ours.worked, "answered": ours.posted}
    return [
        Figure(name="floor", value=count / floor, unit="messages/s"),
        *[Figure(name=name, value=count / each, unit="messages/s") for name, each in seconds.items()],
        *[Figure(name=f"{name}_to_floor", value=floor / each, aim=_HALF) for name, each in seconds.items()],
        Figure(name="floor_CPU", value=1000 * floor_cpu / count, unit="ms/message"),
        Figure(name="our_CPU", value=1000 * ours.cpu / count, unit="ms/message"),
        Figure(name="messages", value=float(count)),
        Figure(name="evaluations", value=float(ours.outcome.evaluations)),
        Figure(name="cases_opened", value=float(ours.outcome.cases)),
        Figure(name="posts_delivered", value=float(ours.outcome.posts)),
        Figure(name="resident_memory_after", value=ours.memory / 2**20, unit="MiB"),
    ]


def _cpu(child: Child) -> float:
    spent = psutil.Process(child.pid).cpu_times()
    return spent.user + spent.system
