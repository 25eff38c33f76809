"""The database goes away in the middle and comes back: workers resume by themselves."""

import sqlite3
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.engine.scene import Scene
from tests.engine.scratch import until
from tests.postgres import PostgresServer


def load(scene: Scene) -> None:
    scene.accept("gated", "gate", "")
    for conversation in range(8):
        scene.accept(f"{conversation}", "slow 0.05", "timer", "slow 0.05", "", "slow 0.05", "timer")


async def test_workers_resume_after_postgresql_has_crashed(
    postgres_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with Scene(postgres_url, tmp_path) as scene:
        load(scene)
        workers = [scene.start(lease_seconds=300) for _ in range(2)]
        await until(lambda: len(scene.applied()) >= 10)

        postgres_server.restart_immediate()
        scene.gate.open()
        await until(scene.drained)

        assert scene.faults() == {}
        assert [worker.exitcode for worker in workers] == [None, None]


async def test_workers_resume_after_sqlite_was_locked_for_longer_than_they_wait(
    sqlite_url: str, tmp_path: Path
) -> None:
    with Scene(sqlite_url, tmp_path) as scene:
        load(scene)
        worker = scene.start(lease_seconds=300, busy_milliseconds=50)
        await until(lambda: scene.gate.reached_by(worker.pid))

        with closing(sqlite3.connect(scene.database.url.database or "", isolation_level=None)) as backup:
            backup.execute("BEGIN EXCLUSIVE")
            scene.gate.open()
            await until(lambda: has_given_up(scene, worker))
        await until(scene.drained)

        assert scene.faults() == {}
        assert worker.exitcode is None


def has_given_up(scene: Scene, worker: BaseProcess) -> bool:
    """The final transaction of an event has failed, and what was to give it back as well."""
    _, _, later = scene.log_of(worker).rpartition("event_id")
    return later.count("database_unavailable") > 6  # claims, renewals


async def test_a_sole_worker_killed_again_and_again_gets_everything_done(sqlite_url: str, tmp_path: Path) -> None:
    with Scene(sqlite_url, tmp_path) as scene:
        load(scene)
        scene.gate.open()
        in_flight: set[str] = set()
        for done in (5, 15, 30):
            worker = scene.start(lease_seconds=300)
            await until(lambda done=done: len(scene.applied()) >= done)
            worker.kill()
            worker.join()
            in_flight |= scene.sending()
        scene.start()
        await until(scene.drained)

        assert scene.faults() == {}
        assert scene.repeated() <= in_flight
