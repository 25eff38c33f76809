"""Several workers at once on the same conversations."""

import asyncio
from contextlib import AsyncExitStack

from bot.worker import EVENTS_PER_CLAIM
from store.engine import Database
from tests.engine.assembly import working
from tests.engine.scene import Scene
from tests.engine.scratch import until

CONVERSATIONS = 2
ROUNDS = 15


async def test_workers_racing_for_few_conversations_do_everything_once_and_in_order(scene: Scene) -> None:
    def accept() -> None:
        for number in range(ROUNDS):
            for conversation in range(CONVERSATIONS):
                scene.accept(f"{conversation}", "", "timer" if number else "fail 1", "")

    async with AsyncExitStack() as workers:
        for _ in range(2):
            database = Database(scene.url)
            workers.callback(database.close)
            await workers.enter_async_context(working(database, scene.folder))
        accepting = asyncio.create_task(asyncio.to_thread(accept))
        await until(lambda: accepting.done() and scene.drained())
        scene.accept("0", "", "")  # which had nothing to do any more
        await until(scene.drained)

    assert scene.faults() == {}
    assert scene.repeated() == set()
    assert ROUNDS * 3 > EVENTS_PER_CLAIM, "each line changes hands"
