"""What every channel keeps to. A new channel subclasses `ChannelContract` and brings a `Remote` of its own."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from pydantic import TypeAdapter

from adapters.channel import Channel, Overloaded, RetryLater, State, Undeliverable
from store import work
from store.engine import Database, DatabaseUnavailable, Transaction
from store.model import Inbound, InboundKind, Json, Outbound

INBOUND = TypeAdapter(Inbound)
PATIENCE = 20.0  # seconds until a test that waits for something gives up


class Inbox:
    """A `Receive` that keeps events in the real inbox, and can be made to wait or to fail."""

    def __init__(self, database: Database) -> None:
        self.received: list[Inbound] = []
        self.called = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.storing = asyncio.Lock()  # what others see in the database is in `received`, too, once this is free
        self.database = database

    async def __call__(self, inbound: Inbound, *, alongside: Transaction | None = None) -> bool:
        self.called.set()
        await self.gate.wait()
        if self.failure:
            raise self.failure
        async with self.storing:
            try:
                await self.database.write(partial(work.accept, inbound=inbound, alongside=alongside))
            except work.Duplicate:
                return False
            self.received.append(inbound)
        return True

    async def together(self, inbounds: Sequence[Inbound], *, alongside: Transaction) -> None:
        self.called.set()
        await self.gate.wait()
        if self.failure:
            raise self.failure
        async with self.storing:
            await self.database.write(partial(work.accept_all, inbounds=inbounds, alongside=alongside))
            self.received += inbounds


class Remote(ABC):
    """The channel under test, running, and the service it talks to, or a fake of it at the network's edge."""

    channel: Channel
    inbox: Inbox
    running: asyncio.Task[None]  # channel.run(inbox)

    @abstractmethod
    def message(self, text: str) -> Any:
        """A recorded native message, as its sender signed it; the same text gives the same event."""

    @abstractmethod
    def ignored(self) -> Sequence[Any]:
        """What the service sends and we leave alone on purpose: joins, typing, our own messages."""

    @abstractmethod
    def forged(self) -> Sequence[Any]:
        """Messages with a signature that is missing or wrong."""

    @abstractmethod
    def malformed(self) -> Sequence[Any]:
        """Signed right, and yet no use."""

    @abstractmethod
    async def deliver(self, payload: Any) -> int:
        """The HTTP status of the acknowledgement; for a channel without one, 200 when it was taken, 500 when not."""

    @abstractmethod
    async def thread(self, reply_address: Json) -> list[str]:
        """The texts that people see there, oldest first."""

    @abstractmethod
    def vanished(self, outbound: Outbound) -> Outbound:
        """The same post to a thread that is gone."""

    @abstractmethod
    def refusing(self) -> Channel:
        """The channel, with a service that asks to wait or can't be reached."""


def answer_to(inbound: Inbound, text: str, *, key: str) -> Outbound:
    """As the outbox makes it: what the event said about the way back, once through JSON."""
    kept = INBOUND.validate_json(INBOUND.dump_json(inbound))
    return Outbound(
        key=key,
        channel=kept.channel,
        account=kept.account,
        conversation_key=kept.conversation_key,
        reply_address=json.loads(json.dumps(kept.reply_address)),
        text=text,
    )


class ChannelContract:
    @pytest.fixture
    async def remote(self) -> Remote:
        raise NotImplementedError("A channel's own tests say how to start it.")

    async def test_a_recorded_message_becomes_one_inbound(self, remote: Remote) -> None:
        assert 200 <= await remote.deliver(remote.message("My kettle leaks")) < 300
        (inbound,) = remote.inbox.received
        assert (inbound.kind, inbound.text) == (InboundKind.MESSAGE, "My kettle leaks")
        assert inbound.channel == remote.channel.name
        assert inbound.author.id
        assert inbound.sent_at.tzinfo is not None
        assert INBOUND.validate_json(INBOUND.dump_json(inbound)) == inbound

    async def test_a_redelivered_message_is_the_same_event_and_a_success(self, remote: Remote) -> None:
        statuses = [await remote.deliver(remote.message("My kettle leaks")) for _ in range(3)]
        assert all(200 <= status < 300 for status in statuses)
        assert len(remote.inbox.received) == 1
        await remote.deliver(remote.message("And it hisses"))
        first, second = remote.inbox.received
        assert first.external_id != second.external_id
        assert first.conversation_key == second.conversation_key

    async def test_what_is_not_for_us_is_acknowledged_and_ignored(self, remote: Remote) -> None:
        for payload in remote.ignored():
            assert 200 <= await remote.deliver(payload) < 300, payload
        assert remote.inbox.received == []

    async def test_our_own_posts_do_not_come_back_as_messages(self, remote: Remote) -> None:
        await remote.deliver(remote.message("My kettle leaks"))
        await remote.channel.send(answer_to(remote.inbox.received[0], "Which model is it?", key="1"))
        await remote.deliver(remote.message("The 3000"))
        assert [inbound.text for inbound in remote.inbox.received] == ["My kettle leaks", "The 3000"]

    async def test_a_bad_signature_is_401_and_stores_nothing(self, remote: Remote) -> None:
        for payload in remote.forged():
            assert await remote.deliver(payload) == 401, payload
        assert remote.inbox.received == []

    async def test_malformed_input_is_the_senders_error_and_stores_nothing(self, remote: Remote) -> None:
        for payload in remote.malformed():
            assert 400 <= await remote.deliver(payload) < 500, payload
        assert remote.inbox.received == []

    async def test_a_message_is_acknowledged_only_when_it_is_stored(self, remote: Remote) -> None:
        remote.inbox.gate.clear()
        delivery = asyncio.create_task(remote.deliver(remote.message("My kettle leaks")))
        await asyncio.wait_for(remote.inbox.called.wait(), PATIENCE)
        assert not delivery.done()
        remote.inbox.gate.set()
        assert 200 <= await asyncio.wait_for(delivery, PATIENCE) < 300

    @pytest.mark.parametrize("failure", [Overloaded(), DatabaseUnavailable("gone")], ids=["overloaded", "database"])
    async def test_a_message_that_could_not_be_stored_is_not_acknowledged(
        self,
        remote: Remote,
        failure: Exception,
    ) -> None:
        remote.inbox.failure = failure
        assert await remote.deliver(remote.message("My kettle leaks")) >= 500
        remote.inbox.failure = None
        assert 200 <= await remote.deliver(remote.message("My kettle leaks")) < 300
        assert len(remote.inbox.received) == 1

    async def test_an_answer_lands_in_the_thread_of_its_message(self, remote: Remote) -> None:
        await remote.deliver(remote.message("My kettle leaks"))
        inbound = remote.inbox.received[0]
        native_id = await remote.channel.send(answer_to(inbound, "Which model is it?", key="1"))
        assert native_id
        assert await remote.thread(inbound.reply_address) == ["My kettle leaks", "Which model is it?"]

    async def test_a_vanished_thread_is_undeliverable(self, remote: Remote) -> None:
        await remote.deliver(remote.message("My kettle leaks"))
        answer = answer_to(remote.inbox.received[0], "Which model is it?", key="1")
        with pytest.raises(Undeliverable):
            await remote.channel.send(remote.vanished(answer))

    async def test_a_service_that_asks_to_wait_is_tried_again_later(self, remote: Remote) -> None:
        await remote.deliver(remote.message("My kettle leaks"))
        answer = answer_to(remote.inbox.received[0], "Which model is it?", key="1")
        with pytest.raises(RetryLater):
            await remote.refusing().send(answer)

    async def test_a_running_channel_says_that_it_is_connected(self, remote: Remote) -> None:
        assert remote.channel.health.state is State.CONNECTED
        assert remote.channel.health.sentence.endswith(".")

    async def test_cancelling_leaves_no_task(self, remote: Remote) -> None:
        await remote.deliver(remote.message("My kettle leaks"))
        before = asyncio.all_tasks() - {remote.running}
        remote.running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await remote.running
        assert asyncio.all_tasks() <= before
        assert remote.channel.health.state is not State.CONNECTED
