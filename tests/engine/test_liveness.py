"""A worker is known to be dead when the lock is free that it held: at once, however long its leases last."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Integer, column, func, select, text

from store import outbox, work
from store.engine import Database
from store.liveness import Liveness
from store.schema import conversations
from tests.engine.scene import Scene
from tests.engine.scratch import until

LOCKS = text("pg_locks WHERE locktype = 'advisory'")


@contextmanager
def process(scene: Scene) -> Generator[Liveness]:
    """As if it were one: with connections of its own."""
    database = Database(scene.url)
    liveness = Liveness(database)
    try:
        yield liveness
    finally:
        liveness.let_go()
        database.close()


def lease(scene: Scene, worker: int) -> None:
    scene.accept(f"{worker}", "")
    assert scene.database.write_now(partial(work.claim, worker=worker, seconds=300, limit=1))


def test_the_leases_of_the_dead_are_freed_and_those_of_the_living_are_not(scene: Scene) -> None:
    with process(scene) as alive, process(scene) as witness:
        lease(scene, alive.worker)
        assert witness.free_the_dead() == 0
        assert len(scene.leases()) == 1

        alive.let_go()
        assert witness.free_the_dead() == 1
        assert scene.leases() == []


def test_what_the_dead_were_sending_is_free_and_uncertain(scene: Scene) -> None:
    scene.accept("a", "")
    [conversation] = scene.rows(select(conversations.c.id))
    queue = partial(outbox.queue_text, conversation_id=conversation.id, key="post-0", text="")
    scene.database.write_now(queue)
    with process(scene) as alive, process(scene) as witness:
        claim = partial(outbox.claim, seconds=300, limit=10)
        assert scene.database.write_now(partial(claim, worker=alive.worker))
        assert witness.free_the_dead() == 0
        assert scene.database.write_now(partial(claim, worker=witness.worker)) == []

        alive.let_go()
        assert witness.free_the_dead() == 1
        [post] = scene.database.write_now(partial(claim, worker=witness.worker))
    assert post.uncertain


def test_a_worker_without_a_lock_is_dead(scene: Scene) -> None:
    lease(scene, 4711)
    with process(scene) as witness:
        assert witness.free_the_dead() == 1


def test_a_worker_is_alive_whichever_of_its_threads_says_so(scene: Scene) -> None:
    with process(scene) as alive, process(scene) as witness:
        lease(scene, alive.worker)
        for _ in range(3):
            with ThreadPoolExecutor(1) as another_thread:
                another_thread.submit(alive.hold).result()

        assert witness.free_the_dead() == 0
        alive.let_go()
        assert witness.free_the_dead() == 1


async def test_a_worker_takes_its_lock_again_after_the_connection_was_lost(postgres_url: str, tmp_path: Path) -> None:
    with Scene(postgres_url, tmp_path) as scene, process(scene) as alive, process(scene) as witness:
        lease(scene, alive.worker)
        scene.rows(select(func.pg_terminate_backend(column("pid"))).select_from(LOCKS))
        await until(lambda: scene.rows(select(column("pid", Integer)).select_from(LOCKS)) == [])
        alive.hold()

        assert witness.free_the_dead() == 0


def test_lock_files_of_the_dead_are_cleared_away(sqlite_url: str, tmp_path: Path) -> None:
    with Scene(sqlite_url, tmp_path) as scene:
        lease(scene, 4711)
        with process(scene) as witness:
            witness.free_the_dead()
            assert len(list(tmp_path.glob("*.lock"))) == 1
        assert list(tmp_path.glob("*.lock")) == []
