"""How long an acknowledgement takes at a steady 50 messages a second, whatever else is going on: an open loop.

Every message comes seconds after the one before it in its conversation, so that each is evaluated by itself: as with
people, who take longer to write the next one than the agent waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from tests.bench.children import casewright, module
from tests.bench.figures import Aim, Figure, Figures, percentile
from tests.bench.load import TURNS, Chats, Customer, chats, customers
from tests.bench.pace import PER_SECOND, steadily
from tests.bench.places import Place, opened, prepare
from tests.bench.sizes import Size
from tests.bench.work_done import drained, handling_seconds

_AIM = Aim(at_most=50)  # ms
_WARM_UP = 5  # customers


async def measure(place: Place, size: Size) -> Figures:
    people = customers(max(int(size.steady_seconds * PER_SECOND) // TURNS, 1))
    with place.fresh() as floor_url, place.fresh() as url:
        prepare(url)
        async with module("tests.bench.floor", floor_url) as bare, chats(bare.base) as floor:
            await floor.post_all(customers(_WARM_UP, seed=2))
            bottom = await _steady(floor, people)
        ours, handled = await _ours(url, people)
    return [
        Figure(name="floor_p50", value=percentile(bottom, 50), unit="ms"),
        Figure(name="floor_p99", value=percentile(bottom, 99), unit="ms"),
        Figure(name="acknowledged_p50", value=percentile(ours, 50), unit="ms"),
        Figure(name="acknowledged_p99", value=percentile(ours, 99), unit="ms", aim=_AIM),
        Figure(name="handled_p50", value=percentile(handled, 50), unit="ms"),
        Figure(name="handled_p99", value=percentile(handled, 99), unit="ms"),
    ]


async def _ours(url: str, people: Sequence[Customer]) -> tuple[list[float], list[float]]:
    """Milliseconds until acknowledged, and from received to handled."""
    with opened(url) as database:
        async with casewright(url) as child, chats(child.base) as ours:
            warm_up = customers(_WARM_UP, seed=2)
            await ours.start([*warm_up, *people])
            await ours.post_all(warm_up)
            await drained(database)
            started = datetime.now(UTC)
            acknowledged = await _steady(ours, people)
            await drained(database)
            handled = await database.read(partial(handling_seconds, since=started))
    return acknowledged, [1000 * each for each in handled]


async def _steady(chats: Chats, people: Sequence[Customer]) -> list[float]:
    async def post(index: int) -> None:
        turn, customer = divmod(index, len(people))
        await chats.post(people[customer], people[customer].texts[turn])

    return await steadily(post, len(people) * TURNS)
