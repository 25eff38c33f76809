"""Events that can't be handled: each delays its own conversation for a bounded time, and nobody else's."""

from datetime import datetime
from functools import partial

from sqlalchemy import update

from store import work
from store.engine import Connection, DatabaseUnavailable, Transaction
from store.model import InboundKind, utcnow
from store.schema import inbox
from store.work import MAX_ATTEMPTS, Claim
from tests.engine.assembly import working
from tests.engine.scene import Scene
from tests.engine.scratch import Labour, until


async def test_an_event_that_kills_its_process_is_given_up_and_takes_nobody_with_it(scene: Scene) -> None:
    for neighbour in range(3):
        scene.accept(f"{neighbour}", "slow 0.1", "")
    [_, poison, _] = scene.accept("poisoned", "", "die", "")

    def supervised() -> bool:
        if not scene.children or scene.children[-1].exitcode is not None:
            scene.start()
        return scene.drained()

    await until(supervised)

    assert [(event.id, event.attempts) for event in scene.events("dead")] == [(poison, MAX_ATTEMPTS)]
    assert scene.faults(dead=[poison]) == {}


async def test_a_worker_handles_one_event_at_a_time_that_may_kill_it_and_others_alongside(scene: Scene) -> None:
    suspects = {event for name in "abc" for event in scene.accept(name, "slow 0.2", "")[:1]}
    for name in "uvwxyz":
        scene.accept(name, "slow 0.05", "slow 0.05")
    died_twice = update(inbox).where(inbox.c.id.in_(suspects)).values(attempts=2)
    scene.database.write_now(lambda connection: connection.execute(died_twice))
    labour, in_hand = Labour(scene.gate), list[int]()
    together: list[set[int]] = []

    async def watched(claim: Claim) -> Transaction:
        in_hand.append(claim.event.id)
        together.append(set(in_hand))
        try:
            return await labour(claim)
        finally:
            in_hand.remove(claim.event.id)

    async with working(scene.database, scene.folder, handler=watched):
        await until(scene.drained)

    assert scene.faults() == {}
    assert max(len(each & suspects) for each in together) == 1
    assert any(each & suspects and each - suspects for each in together)


async def test_an_event_that_fails_is_tried_again_later_and_delays_no_other(scene: Scene) -> None:
    [failing, behind] = scene.accept("failing", "fail 1", "")
    [other] = scene.accept("other", "")
    labour, begun = Labour(scene.gate), list[datetime]()

    async def watched(claim: Claim) -> Transaction:
        if claim.event.id == failing:
            begun.append(utcnow())
        return await labour(claim)

    async with working(scene.database, scene.folder, handler=watched):
        await until(scene.drained)

    [first, second] = begun
    assert (second - first).total_seconds() >= 0.8
    assert [row.event_id for row in scene.applied()] == [other, failing, behind]
    assert scene.faults() == {}


async def test_an_event_that_always_fails_is_given_up_and_can_be_revived(scene: Scene) -> None:
    [broken, behind] = scene.accept("broken", "broken", "")
    async with working(scene.database, scene.folder) as parts:

        def goes_on() -> bool:
            scene.bring_forward()
            parts.wake()
            return scene.drained()

        await until(goes_on)
        [dead] = scene.events("dead")
        assert (dead.id, dead.attempts, dead.error) == (broken, MAX_ATTEMPTS, "RuntimeError: as told")
        assert len(dead.error_id) == 32
        assert [row.event_id for row in scene.applied()] == [behind]

        scene.gate.open()
        assert scene.database.write_now(partial(work.revive, event_id=broken))
        parts.wake()
        await until(scene.drained)

    assert [row.event_id for row in scene.applied()] == [behind, broken]
    assert scene.events("dead") == []
    assert not scene.database.write_now(partial(work.revive, event_id=broken)), "it is done"


async def test_an_event_that_this_version_cannot_read_is_given_up_alone(scene: Scene) -> None:
    [_, unreadable, _] = scene.accept("a", "", "", "")
    scene.accept("b", "")
    strange = update(inbox).where(inbox.c.id == unreadable).values(payload={"kind": "telepathy"})
    scene.database.write_now(lambda connection: connection.execute(strange))

    async with working(scene.database, scene.folder):
        await until(scene.drained)

    assert [event.id for event in scene.events("dead")] == [unreadable]
    assert len(scene.applied()) == 3


async def test_an_error_that_quotes_a_nul_character_can_be_written_down(scene: Scene) -> None:
    async def quoting(claim: Claim) -> Transaction:
        raise ValueError(f"{claim.event.inbound.text}\0")

    scene.accept("a", "")
    async with working(scene.database, scene.folder, handler=quoting):
        await until(lambda: scene.events("ready")[0].error == "ValueError: 0\N{REPLACEMENT CHARACTER}")


async def test_an_attempt_that_found_the_database_away_does_not_count(scene: Scene) -> None:
    labour = Labour(scene.gate)
    outages = iter([True])

    async def interrupted(claim: Claim) -> Transaction:
        if next(outages, False):
            raise DatabaseUnavailable("for a moment")
        return await labour(claim)

    scene.accept("a", "")
    async with working(scene.database, scene.folder, handler=interrupted):
        await until(scene.drained)

    assert [event.attempts for event in scene.events("done")] == [1]
    assert scene.faults() == {}


async def test_a_failing_final_transaction_leaves_nothing_behind(scene: Scene) -> None:
    labour = Labour(scene.gate)

    async def stumbling(claim: Claim) -> Transaction:
        apply = await labour(claim)

        def write(connection: Connection) -> None:
            apply(connection)
            if claim.event.attempts == 1 and claim.event.inbound.kind is InboundKind.MESSAGE:
                raise ArithmeticError

        return write

    scene.accept("a", "timer")
    async with working(scene.database, scene.folder, handler=stumbling):
        await until(scene.drained)

    assert scene.faults() == {}
    assert [event.attempts for event in scene.events("done")] == [2, 1], "the message and its one timer"
