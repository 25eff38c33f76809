"""Posting: in order within a conversation, one channel's trouble is nobody else's, and a repetition says so."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import insert, select, update

from store import outbox
from store.engine import Connection, Database
from store.model import ConversationId, utcnow
from store.outbox import Post
from store.schema import cases, conversations
from store.schema import outbox as posts
from tests.engine.assembly import working
from tests.engine.scene import Scene
from tests.engine.scratch import until


async def test_a_channel_that_hangs_delays_no_other_conversation(scene: Scene) -> None:
    scene.accept("hanging", "post-gate", "", "")
    async with working(scene.database, scene.folder):
        await until(lambda: len(scene.lines()) == 1)
        scene.accept("fine", "", "", "")
        await until(lambda: len(scene.lines()) == 4)
        assert [line.conversation for line in scene.lines()] == ["hanging", *["fine"] * 3]

        scene.gate.open()
        await until(scene.drained)

    assert scene.faults() == {}
    assert scene.repeated() == set()


async def test_what_the_channel_will_take_later_is_sent_later_and_holds_back_what_follows(scene: Scene) -> None:
    scene.accept("a", "refuse", "", "refuse", "")
    async with working(scene.database, scene.folder):
        await until(scene.drained)

    assert scene.faults() == {}
    assert [line.uncertain for line in scene.lines()] == [False] * 4
    assert [post.attempts for post in scene.posts("delivered")] == [2, 1, 2, 1]


async def test_what_may_have_got_through_is_repeated_with_a_mark(scene: Scene) -> None:
    scene.accept("a", "break", "")
    async with working(scene.database, scene.folder):
        await until(scene.drained)

    assert scene.faults() == {}
    assert [line.uncertain for line in scene.lines()] == [False, True, False]


async def test_what_cannot_be_delivered_is_given_up_and_can_be_revived(scene: Scene) -> None:
    scene.accept("a", "gone", "")
    async with working(scene.database, scene.folder) as parts:
        await until(scene.drained)
        [dead] = scene.posts("dead")
        assert (dead.error, dead.attempts) == ("Undeliverable: as told", 1)
        assert len(dead.error_id) == 32
        assert len(scene.lines()) == 1

        scene.gate.open()
        assert scene.database.write_now(partial(outbox.revive, post_id=dead.id))
        parts.wake()
        await until(scene.drained)

    assert [line.key for line in scene.lines()][-1] == dead.key
    assert scene.posts("dead") == []
    assert not scene.database.write_now(partial(outbox.revive, post_id=dead.id)), "it is delivered"


async def test_posts_on_their_way_are_settled_before_a_stop_and_none_is_begun(scene: Scene) -> None:
    scene.accept("a", "post-gate", "")
    async with working(scene.database, scene.folder) as parts:
        await until(lambda: len(scene.lines()) == 1 and len(scene.posts("queued")) == 1)
        parts.stop()
        scene.gate.open()
        await until(parts.running.done)

    assert [post.status for post in scene.posts("queued", "sending", "delivered")] == ["delivered", "queued"]
    assert len(scene.lines()) == 1


def queued(scene: Scene, count: int) -> ConversationId:
    """A conversation with so many texts to post."""
    scene.accept("a", "")
    [row] = scene.rows(select(conversations))

    def queue(connection: Connection) -> None:
        for number in range(count):
            outbox.queue_text(connection, row.id, f"post-{number}", "")

    scene.database.write_now(queue)
    return ConversationId(row.id)


def claimed(scene: Scene) -> list[Post]:
    return scene.database.write_now(partial(outbox.claim, worker=1, seconds=300, limit=10))


def test_of_a_conversation_one_post_is_on_its_way_at_a_time(scene: Scene) -> None:
    queued(scene, 2)
    [first] = claimed(scene)
    assert claimed(scene) == []

    scene.database.write_now(partial(outbox.delivered, post=first, native_id="1"))
    [second] = claimed(scene)
    assert (first.key, second.key) == ("post-0", "post-1")


def test_the_same_decision_posts_once(scene: Scene) -> None:
    queued(scene, 1)
    queue = partial(outbox.queue_text, conversation_id=1, key="post-0", text="again")
    scene.database.write_now(queue)

    assert len(scene.posts("queued")) == 1


def test_two_senders_at_once_do_not_take_the_same_post(scene: Scene) -> None:
    queued(scene, 10)
    together = threading.Barrier(2)

    def send_all(database: Database) -> list[str]:
        keys: list[str] = []
        together.wait(timeout=20)
        while scene.posts("queued", "sending"):
            for post in database.write_now(partial(outbox.claim, worker=1, seconds=300, limit=10)):
                keys.append(post.key)
                database.write_now(partial(outbox.delivered, post=post, native_id="1"))
        return keys

    other = Database(scene.url)
    with ThreadPoolExecutor(2) as senders:
        mine, theirs = senders.map(send_all, [scene.database, other])
    other.close()

    assert sorted([*mine, *theirs]) == [f"post-{number}" for number in range(10)]
    assert mine == sorted(mine)
    assert theirs == sorted(theirs)


@pytest.fixture
def two_claims(scene: Scene) -> tuple[Post, Post]:
    """A card that one sender took, and another again when the first one's lease had ended."""
    conversation_id = queued(scene, 0)
    case = {"title": "Broken", "status": "new", "created_at": utcnow(), "updated_at": utcnow(), "revision": 0}

    def queue(connection: Connection) -> None:
        number = connection.execute(insert(cases).values(case).returning(cases.c.number)).scalar_one()
        outbox.queue_card(connection, conversation_id, "card", number, None)

    scene.database.write_now(queue)
    [first] = claimed(scene)
    ended = update(posts).values(lease_until=posts.c.created_at)
    scene.database.write_now(lambda connection: connection.execute(ended))
    [second] = claimed(scene)
    assert (first.uncertain, second.uncertain) == (False, True)
    return first, second


def place(scene: Scene, post: Post) -> str | None:
    where = partial(outbox.card_place, conversation_id=post.conversation_id, number=post.payload["case"])
    return scene.database.read_now(where)


def test_a_sender_whose_lease_ended_settles_nothing(scene: Scene, two_claims: tuple[Post, Post]) -> None:
    late, current = two_claims
    settle = (
        partial(outbox.delivered, post=late, native_id="late"),
        partial(outbox.put_back, post=late, after=0, error="", uncertain=False),
        partial(outbox.bury, post=late, error="", error_id=""),
    )
    for each in settle:
        scene.database.write_now(each)
    assert [post.attempts for post in scene.posts("sending")] == [current.attempts]
    assert place(scene, current) is None

    scene.database.write_now(partial(outbox.delivered, post=current, native_id="current"))
    scene.database.write_now(settle[0])
    assert place(scene, current) == "current"
    assert [post.native_id for post in scene.posts("delivered")] == ["current"]
