"""What an evaluation costs as its conversation grows: with the 1st, the 100th and the 1,000th message."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from agent.decision import Trigger
from agent.embedded import EmbeddedPredictor
from bot import evaluation
from bot.evaluation import Evaluator, Question
from bot.metrics import Metrics
from bot.settings import CurrentSettings
from store.engine import Connection, Database
from store.model import ConversationId, Inbound
from tests.bench.figures import Aim, Figure, Figures
from tests.bench.keeping import begin, keep, written
from tests.bench.load import long_talk
from tests.bench.places import Place, opened, prepare
from tests.bench.sizes import Size

_TWICE = Aim(at_most=2)
_FIRSTS = 9  # conversations whose first message counts
_AROUND = 5  # the hundredth and those before it, as many count; the same with the thousandth
_HUNDREDTH, _THOUSANDTH = 100, 1000
_WARM_UP = 20  # messages
_CALM = range(_HUNDREDTH + 1, _THOUSANDTH - 60)
"""Messages that are only kept: no evaluation before or after them looks at more than a window of its transcript, and
evaluating all of them takes minutes to give the same figures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    database: Database
    evaluator: Evaluator


async def measure(place: Place, size: Size) -> Figures:
    """Reading, predicting, deciding and writing together; medians, after a conversation that warms up."""
    with place.fresh() as url:
        prepare(url)
        with opened(url) as database:
            evaluator = Evaluator(database, CurrentSettings(), EmbeddedPredictor(), Metrics())
            desk = Desk(database=database, evaluator=evaluator)
            await _costs(desk, 0, _WARM_UP)
            firsts = [(await _costs(desk, number, 1))[1] for number in range(1, _FIRSTS + 1)]
            talks = [await _costs(desk, 100 + number, _THOUSANDTH) for number in range(size.conversations)]
    return _figures(median(firsts), _around(talks, _HUNDREDTH), _around(talks, _THOUSANDTH))


def _around(talks: Sequence[dict[int, float]], message: int) -> float:
    return median(costs[message - back] for costs in talks for back in range(_AROUND))


def _figures(first: float, hundredth: float, thousandth: float) -> Figures:
    return [
        Figure(name="1st_message", value=first, unit="ms"),
        Figure(name="100th_message", value=hundredth, unit="ms"),
        Figure(name="1000th_message", value=thousandth, unit="ms"),
        Figure(name="1000th_to_1st", value=thousandth / first, aim=_TWICE),
        Figure(name="1000th_to_100th", value=thousandth / hundredth),
    ]


async def _costs(desk: Desk, number: int, messages: int) -> dict[int, float]:
    """Lives through a conversation; milliseconds of the evaluation after each message, by the message's place."""
    found: dict[int, float] = {}
    unkept: list[Inbound] = []
    conversation_id: ConversationId | None = None
    for at, text in zip(range(1, messages + 1), long_talk(random.Random(number)), strict=False):
        inbound = written(f"talk-{number}", at, text)
        if conversation_id is None:
            conversation_id = await desk.database.write(partial(begin, inbound=inbound))
        unkept.append(inbound)
        if at not in _CALM:
            await desk.database.write(partial(_keep_all, conversation_id=conversation_id, inbounds=unkept))
            unkept = []
            found[at] = await _evaluated(desk, conversation_id, key=inbound.external_id)
    return found


def _keep_all(connection: Connection, conversation_id: ConversationId, inbounds: Sequence[Inbound]) -> None:
    for inbound in inbounds:
        keep(connection, conversation_id, inbound)


async def _evaluated(desk: Desk, conversation_id: ConversationId, *, key: str) -> float:
    started = time.perf_counter()
    finding = await desk.evaluator.find(Question(conversation_id=conversation_id, trigger=Trigger.MESSAGE))
    await desk.database.write(partial(evaluation.apply, finding=finding, key=key))
    return 1000 * (time.perf_counter() - started)
