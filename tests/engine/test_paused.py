"""SIGSTOP: a process that is paused past its lease, its lock still held, and comes back to what others have done."""

import os
import signal

from tests.engine.scene import Scene
from tests.engine.scratch import until


async def test_a_worker_that_was_paused_past_its_lease_finishes_nothing(scene: Scene) -> None:
    [gated, *_] = scene.accept("gated", "gate", "", "timer")
    zombie = scene.start(lease_seconds=1)
    await until(lambda: scene.gate.reached_by(zombie.pid))
    await until(lambda: scene.pause(zombie))
    scene.gate.open()
    scene.start(lease_seconds=1)
    await until(scene.drained)

    os.kill(zombie.pid or 0, signal.SIGCONT)
    await until(lambda: "lease_lost" in scene.log_of(zombie))

    assert scene.faults() == {}
    assert scene.repeated() == set()
    assert gated in {row.event_id for row in scene.applied() if row.pid != zombie.pid}
    assert [event.attempts for event in scene.events("done") if event.id == gated] == [2]


async def test_a_sender_that_was_paused_past_its_lease_settles_nothing(scene: Scene) -> None:
    scene.accept("gated", "post-gate", "", "")
    zombie = scene.start(lease_seconds=300, post_lease_seconds=1)
    await until(lambda: scene.gate.reached_by(zombie.pid) and not scene.leases())
    await until(lambda: scene.pause(zombie))
    in_flight = scene.sending()
    scene.gate.open()
    heir = scene.start(post_lease_seconds=1)
    await until(scene.drained)

    os.kill(zombie.pid or 0, signal.SIGCONT)
    os.kill(zombie.pid or 0, signal.SIGTERM)
    await until(lambda: zombie.exitcode is not None)  # it has settled, or tried to, what it had begun

    assert zombie.exitcode == 0
    assert scene.faults() == {}
    assert scene.repeated() == in_flight
    assert [post.native_id for post in scene.posts("delivered") if post.key in in_flight] == [
        f"{heir.pid}:{key}" for key in in_flight
    ]
