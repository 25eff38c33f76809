"""SIGKILL: what was committed is finished by another, what was not never happened."""

import signal
from multiprocessing.process import BaseProcess

import pytest

from store.work import Duplicate
from tests.engine.child import Death
from tests.engine.scene import Scene
from tests.engine.scratch import until

TRANSACTIONS = (
    "store.work.claim",
    "store.work.finish",
    "store.work.fail",
    "store.work.fire_due_timers",
    "store.outbox.claim",
    "send",
    "bot.delivery._delivered",
    "store.outbox.put_back",
)
BOUNDARIES = [Death(at=at, when=when) for at in TRANSACTIONS for when in ("before", "after")]


def has_died(process: BaseProcess) -> bool:
    if process.exitcode not in {None, -signal.SIGKILL}:
        raise AssertionError(f"the child ended by itself: {process.exitcode}")
    return process.exitcode is not None


async def test_a_death_at_any_commit_boundary_loses_repeats_and_reorders_nothing(scene: Scene) -> None:
    in_flight: set[str] = set()
    for number, death in enumerate(BOUNDARIES):
        scene.accept(f"busy {number}", "", "timer", "fail 1", "")
        scene.accept(f"refused {number}", "", "refuse", "")
        doomed = scene.start(death=death)
        await until(lambda doomed=doomed: has_died(doomed))
        in_flight |= scene.sending()

    scene.start()
    await until(scene.drained)

    assert scene.faults() == {}
    assert scene.repeated() <= in_flight
    assert scene.repeated(), "a death between send and settle can't but repeat"


async def test_others_take_over_at_once_what_killed_workers_held(scene: Scene) -> None:
    for conversation in range(12):
        scene.accept(f"{conversation}", *["slow 0.05"] * 5, "gate", "")
    with pytest.raises(Duplicate):
        scene.accept_again("3", 2)
    workers = [scene.start(lease_seconds=300) for _ in range(3)]
    await until(lambda: len(scene.applied()) >= 15)

    for each in workers[:2]:
        each.kill()
        each.join()
    in_flight = scene.sending()
    scene.gate.open()
    await until(scene.drained)  # waits for less than the leases

    assert scene.faults() == {}
    assert scene.repeated() <= in_flight


async def test_a_post_in_flight_at_a_death_is_sent_again_at_once_and_says_so(scene: Scene) -> None:
    scene.accept("a", "post-gate", "")
    doomed = scene.start(post_lease_seconds=300)
    await until(lambda: len(scene.lines()) == 1)
    doomed.kill()
    doomed.join()
    assert len(scene.sending()) == 1

    scene.gate.open()
    scene.start(post_lease_seconds=300)
    await until(scene.drained)  # waits for less than the lease

    assert scene.faults() == {}
    assert [line.uncertain for line in scene.lines()] == [False, True, False]
