"""Timers are rows: they fire once, in order with everything else, and never later than promised."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select, update

from store import work
from store.engine import Connection, Database
from store.model import InboundKind
from store.schema import timers
from store.sql import now
from tests.engine.scene import Scene


def conversation(scene: Scene, name: str = "a") -> int:
    """A conversation with nothing to do."""
    scene.accept(name, "")
    [claim] = scene.database.write_now(partial(work.claim, worker=1, seconds=300, limit=1))
    finish = partial(work.finish, lease=claim.lease, event=claim.event, apply=lambda _: None, most=20)
    assert scene.database.write_now(finish) is None
    return claim.lease.conversation_id


def set_timer(scene: Scene, conversation_id: int, *, quiet: float, at_most: float) -> datetime:
    """Returns when it will fire."""

    def write(connection: Connection) -> datetime:
        work.set_timer(connection, conversation_id, "quiet", quiet=quiet, at_most=at_most)
        return connection.execute(select(timers.c.due_at)).scalar_one()

    return scene.database.write_now(write)


def let_pass(scene: Scene, seconds: float) -> None:
    """Time goes by, as far as the timers can tell."""

    def shift(connection: Connection) -> None:
        for timer in connection.execute(select(timers)).all():
            earlier = {
                "due_at": timer.due_at - timedelta(seconds=seconds),
                "latest_at": timer.latest_at - timedelta(seconds=seconds),
            }
            connection.execute(update(timers).where(timers.c.conversation_id == timer.conversation_id).values(earlier))

    scene.database.write_now(shift)


def fire(scene: Scene) -> int:
    return scene.database.write_now(work.fire_due_timers)


def test_every_message_pushes_a_timer_back_but_never_beyond_its_limit(scene: Scene) -> None:
    chat = conversation(scene)
    moment = scene.database.read_now(now)
    assert set_timer(scene, chat, quiet=10, at_most=25) >= moment + timedelta(seconds=10)
    fired_after = 0
    while fire(scene) == 0:
        set_timer(scene, chat, quiet=10, at_most=25)
        let_pass(scene, 6)
        fired_after += 6
        assert fired_after <= 30

    assert fired_after == 30, "the first look after 25 seconds, at a message every 6"
    assert fire(scene) == 0
    assert [event.kind for event in scene.events("ready")] == [InboundKind.TIMER]


def test_a_timer_whose_limit_is_below_its_quiet_fires_at_the_limit(scene: Scene) -> None:
    chat = conversation(scene)
    set_timer(scene, chat, quiet=30, at_most=5)
    let_pass(scene, 5)

    assert fire(scene) == 1


def test_a_cancelled_timer_does_not_fire(scene: Scene) -> None:
    chat = conversation(scene)
    set_timer(scene, chat, quiet=0, at_most=0)
    scene.database.write_now(partial(work.cancel_timer, conversation_id=chat, kind="quiet"))

    assert not scene.database.read_now(work.has_due_timer)
    assert fire(scene) == 0


def test_two_clocks_at_once_make_one_event_of_each_timer(scene: Scene) -> None:
    chats = [conversation(scene, f"{number}") for number in range(12)]
    ready = threading.Barrier(2)

    def tick(database: Database) -> int:
        ready.wait(timeout=20)
        return database.write_now(work.fire_due_timers) + database.write_now(work.fire_due_timers)

    def due(connection: Connection) -> None:
        for chat in chats:
            work.set_timer(connection, chat, "quiet", quiet=0, at_most=0)

    scene.database.write_now(due)
    other = Database(scene.url)
    with ThreadPoolExecutor(2) as clocks:
        fired = list(clocks.map(tick, [scene.database, other]))
    other.close()

    assert sum(fired) == len(chats)
    assert sorted(event.conversation_id for event in scene.events("ready")) == sorted(chats)


def test_a_timer_fires_behind_what_came_before_it(scene: Scene) -> None:
    chat = conversation(scene)
    set_timer(scene, chat, quiet=0, at_most=0)
    [message] = scene.accept("a", "")
    fire(scene)

    first, second = scene.events("ready")
    assert (first.id, second.kind) == (message, InboundKind.TIMER)


def test_a_clock_does_not_wait_for_a_conversation_that_is_being_finished(postgres_url: str, tmp_path: Path) -> None:
    """Each would wait for what the other has locked: the final transaction pushes back the very timer that is due."""
    with Scene(postgres_url, tmp_path) as scene, ThreadPoolExecutor(1) as clock:
        chat = conversation(scene)
        set_timer(scene, chat, quiet=0, at_most=60)
        scene.accept("a", "")
        [claim] = scene.database.write_now(partial(work.claim, worker=1, seconds=300, limit=1))

        def push_back(connection: Connection) -> int:
            fired = clock.submit(fire, scene).result(timeout=10)
            work.set_timer(connection, chat, "quiet", quiet=30, at_most=60)
            return fired

        fired: list[int] = []
        finish = partial(
            work.finish,
            lease=claim.lease,
            event=claim.event,
            apply=lambda connection: fired.append(push_back(connection)),
            most=20,
        )
        scene.database.write_now(finish)

        assert fired == [0]
        assert fire(scene) == 0, "it has been pushed back"
