"""The way in: what is acknowledged is stored, once, and more than we can do is refused."""

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
from sqlalchemy import insert, select

from adapters.channel import Overloaded
from bot.clock import Clock
from bot.intake import Intake
from bot.metrics import Metrics
from bot.wake import Wake
from store.engine import Connection
from store.schema import conversations, inbox
from tests.engine.scene import Scene
from tests.engine.scratch import applied, message, until


@dataclass(kw_only=True, slots=True)
class Door:
    """An intake, and how often it said that there is work."""

    intake: Intake
    metrics: Metrics
    hints: list[str] = field(default_factory=list[str])


def door(scene: Scene, *, backlog_limit: int = 1000) -> Door:
    metrics, hints = Metrics(), list[str]()
    intake = Intake(scene.database, partial(hints.append, "work"), metrics, backlog_limit=backlog_limit)
    return Door(intake=intake, metrics=metrics, hints=hints)


def keep(connection: Connection, text: str) -> None:
    """What a channel may keep alongside an event."""
    connection.execute(insert(applied).values(event_id=0, conversation_id=0, text=text, pid=0))


async def test_past_the_limit_events_are_refused_and_not_stored(scene: Scene) -> None:
    entrance = door(scene, backlog_limit=2)
    assert await entrance.intake(message("a", 0))
    assert await entrance.intake(message("b", 0))
    watch = asyncio.create_task(Clock(scene.database, Wake(), entrance.metrics, fires=False).run())
    await until(lambda: entrance.metrics.waiting == 2)
    watch.cancel()

    with pytest.raises(Overloaded):
        await entrance.intake(message("c", 0), alongside=partial(keep, text="c"))

    assert len(scene.events("ready")) == 2
    assert len(scene.rows(select(conversations))) == 2
    assert scene.applied() == []
    entrance.metrics.observe_backlog(1, 0, 0)
    assert await entrance.intake(message("c", 0))


async def test_what_a_channel_keeps_alongside_is_kept_with_a_new_event_alone(scene: Scene) -> None:
    entrance = door(scene)

    assert await entrance.intake(message("a", 0), alongside=partial(keep, text="first"))
    assert not await entrance.intake(message("a", 0), alongside=partial(keep, text="again"))

    assert [row.text for row in scene.applied()] == ["first"]
    assert entrance.hints == ["work"]


async def test_an_event_is_not_stored_without_what_belongs_to_it(scene: Scene) -> None:
    def stumble(_: Connection) -> None:
        raise ArithmeticError

    entrance = door(scene)

    with pytest.raises(ArithmeticError):
        await entrance.intake(message("a", 0), alongside=stumble)

    assert scene.rows(select(inbox)) == []
    assert scene.rows(select(conversations)) == []
    assert entrance.hints == []


async def test_of_the_same_event_arriving_several_times_at_once_one_wins(scene: Scene) -> None:
    entrance = door(scene)
    for number in range(10):
        again = [entrance.intake(message("a", number), alongside=partial(keep, text=f"{number}")) for _ in range(4)]
        assert sorted(await asyncio.gather(*again)) == [False, False, False, True]

    assert [row.text for row in scene.applied()] == [f"{number}" for number in range(10)]
    assert len(scene.events("ready")) == 10


async def test_the_same_event_for_two_conversations_is_one_event(scene: Scene) -> None:
    """As a channel might send it that moves a thread."""
    entrance = door(scene)
    events = [
        entrance.intake(replace(message("a", 0), conversation_key=key), alongside=partial(keep, text=key))
        for key in ("a", "b")
    ]

    assert sorted(await asyncio.gather(*events)) == [False, True]
    assert len(scene.rows(select(conversations))) == 1
