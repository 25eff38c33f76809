"""From the start of the process to the first 200 of /readyz."""

from __future__ import annotations

import time
from statistics import median

from tests.bench.children import casewright, finished
from tests.bench.figures import Aim, Figure, Figures
from tests.bench.places import Place
from tests.bench.sizes import Size

_AIM = Aim(at_most=2)  # seconds, of a second start


async def measure(place: Place, size: Size) -> Figures:
    first: list[float] = []
    second: list[float] = []
    for _ in range(size.starts):
        with place.fresh() as url:
            upgraded = 0.0 if place.name == "sqlite" else await _upgrade(url)
            first.append(upgraded + await _start(url))
            second.append(await _start(url))
    return [
        Figure(name="on_a_fresh_database", value=median(first), unit="s"),
        Figure(name="second_start", value=median(second), unit="s", aim=_AIM),
    ]


async def _start(url: str) -> float:
    started = time.perf_counter()
    async with casewright(url):
        return time.perf_counter() - started


async def _upgrade(url: str) -> float:
    """On PostgreSQL people bring a fresh database up to date themselves: it is a part of the first start."""
    started = time.perf_counter()
    await finished("db", "upgrade", url=url)
    return time.perf_counter() - started
