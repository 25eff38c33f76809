"""A clean stop finishes what it can, gives back the rest as if it had never been claimed, and holds nothing."""

import os

from tests.engine.assembly import working
from tests.engine.scene import Scene
from tests.engine.scratch import until


async def test_what_is_in_hand_is_finished_and_nothing_is_begun(scene: Scene) -> None:
    [begun, following] = scene.accept("a", "gate", "")
    async with working(scene.database, scene.folder) as parts:
        await until(lambda: scene.gate.reached_by(os.getpid()))
        parts.stop()
        scene.gate.open()
        await until(parts.running.done)

    assert [row.event_id for row in scene.applied()] == [begun]
    assert [(event.id, event.attempts) for event in scene.events("ready")] == [(following, 0)]
    assert scene.leases() == []


async def test_what_takes_too_long_is_given_back_even_when_all_hands_are_full(scene: Scene) -> None:
    for conversation in range(3):
        scene.accept(f"{conversation}", "gate", "")
    async with working(scene.database, scene.folder, concurrency=2, stop_seconds=0.1) as parts:
        await until(lambda: len(scene.leases()) == 2)
        parts.stop()
        await until(parts.running.done, seconds=10)

    assert scene.leases() == []
    assert [event.attempts for event in scene.events("ready")] == [0] * 6

    scene.gate.open()
    async with working(scene.database, scene.folder):
        await until(scene.drained)
    assert scene.faults() == {}
    assert {event.attempts for event in scene.events("done")} == {1}


async def test_a_process_told_to_stop_ends_without_a_lease_or_a_lock(scene: Scene) -> None:
    for conversation in range(6):
        scene.accept(f"{conversation}", "slow 0.05", "slow 0.05", "timer")
    process = scene.start()
    await until(lambda: len(scene.applied()) >= 3)

    process.terminate()
    await until(lambda: process.exitcode is not None)

    assert process.exitcode == 0
    assert scene.leases() == []
    assert scene.sending() == set()
    assert {event.attempts for event in scene.events("ready")} <= {0}
    assert list(scene.folder.glob("*.lock")) == []

    scene.start()
    await until(scene.drained)
    assert scene.faults() == {}
    assert scene.repeated() == set()
