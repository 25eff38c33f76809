"""What people hear of an answer that did not reach whom it was for; and what a post knows of its conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

import pytest
from aiohttp import web
from sqlalchemy import select, update

from adapters.channel import Health, PartlyDelivered, Receive, RetryLater, State, Undeliverable
from bot.delivery import Delivery
from bot.metrics import Metrics
from bot.settings import CurrentSettings, ensure_starter
from bot.wake import Wake
from store import audit, outbox
from store.engine import Connection, Database
from store.model import Author, CaseNumber, Outbound, Role
from store.schema import conversations
from store.schema import outbox as posts
from tests.store.examples import conversation, open_case, say, wrote

BEA = Author(id="bea@example.org", name="Bea")


class Mute:
    """Implements `adapters.channel.Channel`: `failures` come first, one a post, and what comes after gets through."""

    name = "webchat"
    private_answers = True
    health = Health(state=State.CONNECTED, sentence="Listening.")

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.sent: list[Outbound] = []

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return ()

    async def run(self, receive: Receive) -> None:
        pass

    async def send(self, outbound: Outbound) -> str:
        self.sent.append(outbound)
        if self._failures:
            raise self._failures.pop(0)
        return outbound.key


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    ensure_starter(opened)
    yield opened
    opened.close()


def situation(connection: Connection, *, with_case: bool = True) -> int:
    """A conversation with a message of a representative, `relayed`."""
    conversation_id = conversation(connection)
    say(connection, conversation_id, wrote("It is the pump.", author=BEA, external_id="relayed"), Role.REPRESENTATIVE)
    if with_case:
        open_case(connection, conversation_id=conversation_id)
    return conversation_id


async def deliver(database: Database, channel: Mute) -> None:
    """Runs the delivery until no post waits any more."""
    wake = Wake()
    delivery = Delivery(database, {"webchat": channel}, CurrentSettings(), wake, Metrics())
    running = asyncio.create_task(delivery.run(worker=1))
    async with asyncio.timeout(20):
        while _waiting(database):  # noqa: ASYNC110 - it shows in the database alone
            await asyncio.sleep(0.01)
    delivery.stop()
    await running


def _waiting(database: Database) -> bool:
    waiting = select(posts.c.id).where(posts.c.status.in_(["queued", "sending"]))
    return database.read_now(lambda connection: connection.execute(waiting).first()) is not None


def failures(database: Database) -> list[str | None]:
    entries = database.read_now(partial(audit.of_case, number=CaseNumber(1001)))
    return [each.change.reason for each in entries if each.change.what == "failed"]


@pytest.mark.parametrize("kind", ["text", "card"])
async def test_an_answer_that_cannot_be_delivered_leaves_a_mark_on_its_case(database: Database, kind: str) -> None:
    def queue(connection: Connection) -> None:
        conversation_id = situation(connection)
        if kind == "text":
            outbox.queue_text(connection, conversation_id, "1:answer", "It is the pump.")
        else:
            outbox.queue_card(connection, conversation_id, "1:card", 1001, None)

    database.write_now(queue)
    await deliver(database, Mute(Undeliverable("550 No such\nuser")))

    [post] = database.read_now(lambda connection: connection.execute(select(posts)).all())
    assert post.status == "dead"
    assert failures(database) == [f"An answer did not reach the customer (reference {post.error_id}): 550 No such user"]


async def test_who_wrote_what_could_not_be_passed_on_hears_of_it(database: Database) -> None:
    def queue(connection: Connection) -> None:
        outbox.queue_text(connection, situation(connection), "1:relay", "It is the pump.", relay="relayed")

    database.write_now(queue)
    channel = Mute(Undeliverable("550 No such user"), Undeliverable("nor the representative"))
    await deliver(database, channel)

    told = channel.sent[1]
    assert (told.audience, told.relay) == ("bea@example.org", None)
    assert told.text == failures(database)[0]
    assert "550 No such user" in told.text
    assert len(channel.sent) == 2, "what can't be told is not told about"


async def test_without_a_case_it_is_given_up_all_the_same(database: Database) -> None:
    def queue(connection: Connection) -> None:
        outbox.queue_text(connection, situation(connection, with_case=False), "1:answer", "What is it?")

    database.write_now(queue)
    await deliver(database, Mute(Undeliverable("550 No such user")))

    assert database.read_now(lambda connection: connection.execute(select(posts.c.status)).scalar_one()) == "dead"


async def test_what_reached_some_is_delivered_and_the_case_says_whom_it_did_not_reach(database: Database) -> None:
    def queue(connection: Connection) -> None:
        outbox.queue_text(connection, situation(connection), "1:relay", "It is the pump.", relay="relayed")

    database.write_now(queue)
    channel = Mute(PartlyDelivered("bob@example.com (550 No such user)", native_id="native"))
    await deliver(database, channel)

    first = database.read_now(lambda connection: connection.execute(select(posts).order_by(posts.c.id)).first())
    assert first is not None
    assert (first.status, first.native_id, first.attempts) == ("delivered", "native", 1)
    assert failures(database) == ["An answer did not reach everybody: bob@example.com (550 No such user)"]
    assert [each.audience for each in channel.sent] == [None, "bea@example.org"]


@pytest.mark.parametrize(
    ("error", "uncertain"),
    [
        (RetryLater("451 later", nothing_posted=True), False),
        (RetryLater("busy", after=0.01), False),
        (RetryLater("no answer"), True),
    ],
)
async def test_only_what_surely_did_not_get_through_is_sent_again_without_a_mark(
    database: Database, error: Exception, *, uncertain: bool
) -> None:
    def queue(connection: Connection) -> None:
        outbox.queue_text(connection, situation(connection), "1:answer", "It is the pump.")

    database.write_now(queue)
    channel = Mute(error)
    await deliver(database, channel)

    assert [each.uncertain for each in channel.sent] == [False, uncertain]
    assert failures(database) == []


async def test_a_post_knows_the_language_of_its_conversation(database: Database) -> None:
    def queue(connection: Connection) -> None:
        conversation_id = situation(connection)
        connection.execute(update(conversations).values(language="de"))
        outbox.queue_text(connection, conversation_id, "1:answer", "It is the pump.")
        outbox.queue_card(connection, conversation_id, "1:card", 1001, None)

    database.write_now(queue)
    channel = Mute()
    await deliver(database, channel)

    assert [each.language for each in channel.sent] == ["de", "de"]
