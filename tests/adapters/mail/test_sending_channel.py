"""Sending through the channel: limits, copies in the Sent folder, and nothing sent twice that may have got through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.channel import PartlyDelivered, RetryLater, Undeliverable
from adapters.mail.channel import MailChannel
from store.engine import Database
from tests.adapters.mail.imap import leftovers, until
from tests.adapters.mail.smtp import World, mailbox_at, outbound, password, world
from tests.dovecot import USER, Dovecot

BEA = "bea@example.org"


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


async def representatives() -> frozenset[str]:
    return frozenset({BEA})


def channel(database: Database, there: World, dovecot: Dovecot | None = None, **changes: Any) -> MailChannel:
    imap = {"host": "127.0.0.1", "port": dovecot.tls_port, "ca_file": dovecot.ca_file} if dovecot else {}
    mailbox = mailbox_at(there.port, **({"imap": imap, "sent_folder": "Sent"} if dovecot else {}), **changes)
    return MailChannel(database, [(mailbox, password())], representatives=representatives)


@asynccontextmanager
async def sending(database: Database, **changes: Any) -> AsyncGenerator[tuple[MailChannel, World]]:
    async with world() as there:
        yield channel(database, there, **changes), there


async def test_a_post_is_sent_and_its_message_id_is_its_native_id(database: Database) -> None:
    async with sending(database) as (mails, there):
        native_id = await mails.send(outbound())

    assert [letter.mail["Message-ID"] for letter in there.letters] == [native_id]


async def test_the_agent_does_not_write_to_one_address_without_end(database: Database) -> None:
    async with sending(database, limits={"automatic_per_hour": 2}) as (mails, there):
        for key in ("1", "2", "2"):  # trying again counts once
            await mails.send(outbound(key=key))
        with pytest.raises(Undeliverable, match=r"ada@example\.com has had 2 automatic mails within an hour"):
            await mails.send(outbound(key="3", reply_address={"cc": []}))
        await mails.send(outbound(key="4", reply_address={"to": ["eve@example.com"]}))

    assert len(there.letters) == 4


async def test_the_limit_is_for_customers_and_for_what_no_person_wrote(database: Database) -> None:
    async with sending(database, limits={"automatic_per_hour": 1}) as (mails, there):
        for key in ("1", "2", "3"):
            await mails.send(outbound(key=f"answer {key}", audience=BEA))
            await mails.send(outbound(key=f"relay {key}", relay="digest"))
        await mails.send(outbound(key="customer", audience="ada@example.com"))
        with pytest.raises(Undeliverable):
            await mails.send(outbound(key="customer again", audience="ada@example.com"))

    assert len(there.letters) == 7


async def test_whom_the_server_refused_is_told_of(database: Database) -> None:
    async with sending(database) as (mails, there):
        there.answers["bob@example.com"] = "550 5.1.1 No such user"
        with pytest.raises(PartlyDelivered, match=r"bob@example\.com \(550 5\.1\.1 No such user\)") as partly:
            await mails.send(outbound(relay="digest"))

    assert [letter.mail["Message-ID"] for letter in there.letters] == [partly.value.native_id]


async def test_a_copy_is_kept_as_it_was_sent_and_read_already(database: Database, dovecot: Dovecot) -> None:
    dovecot.create("Sent")
    async with sending(database, dovecot=dovecot) as (mails, there):
        await mails.send(outbound())

    with dovecot.client() as client:
        client.select_folder("Sent")
        [copy] = client.fetch([1], ["BODY.PEEK[]", "FLAGS"]).values()
    assert copy[b"BODY[]"] == there.letters[0].raw
    assert rb"\Seen" in copy[b"FLAGS"]


async def test_what_may_have_got_through_is_not_sent_again_when_its_copy_is_there(
    database: Database, dovecot: Dovecot
) -> None:
    dovecot.create("Sent")
    async with sending(database, dovecot=dovecot) as (mails, there):
        first = await mails.send(outbound())
        again = await mails.send(outbound(uncertain=True))
        await mails.send(outbound(key="other", uncertain=True))

    assert first == again
    assert [letter.mail["Message-ID"] == first for letter in there.letters] == [True, False]


async def test_what_may_have_got_through_waits_until_we_can_look(database: Database, dovecot: Dovecot) -> None:
    async with sending(database, dovecot=dovecot) as (mails, there):
        dovecot.kill()
        with pytest.raises(RetryLater, match="may have got through") as refused:
            await mails.send(outbound(uncertain=True))
        assert there.letters == []
        assert not refused.value.nothing_posted

        await mails.send(outbound())  # and the copy of what is sent is not worth sending it again

    assert len(there.letters) == 1


async def test_what_is_sent_stays_sent_when_time_runs_out_over_its_copy(database: Database, dovecot: Dovecot) -> None:
    dovecot.create("Sent")
    async with sending(database, dovecot=dovecot) as (mails, there):
        dovecot.freeze()
        posting = asyncio.create_task(mails.send(outbound()))
        await until(lambda: any("append" in each for each in leftovers()))
        posting.cancel()  # as the delivery does when a channel takes too long
        assert await posting == there.letters[0].mail["Message-ID"]
        dovecot.thaw()


async def test_without_the_folder_there_is_no_copy_to_find(database: Database, dovecot: Dovecot) -> None:
    async with sending(database, dovecot=dovecot) as (mails, there):
        await mails.send(outbound(uncertain=True))

    assert len(there.letters) == 1
    assert there.letters[0].sender == USER
