"""What arrives is handed on once, in order, whatever the folder holds; against a real Dovecot."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from adapters.mail.configuration import Security, Server
from adapters.mail.imap import MailboxState, Position
from adapters.mail.imap.wire import Client, Line
from tests.adapters.mail.imap import MemoryStore, Network, attended, begun, mail, mailbox_of, until
from tests.dovecot import Dovecot

WITHOUT_IDLE = "IMAP4rev1 LITERAL+ UIDPLUS MOVE"


async def test_the_first_connection_begins_at_now(dovecot: Dovecot) -> None:
    dovecot.deliver(mail("old"), mail("older"))
    store = MemoryStore()
    async with begun(mailbox_of(dovecot), store):
        dovecot.deliver(mail("new"))
        await until(lambda: store.kept)
    assert store.texts == ["new"]
    assert store.positions["INBOX"].last_uid == 3


async def test_an_empty_mailbox_begins_at_now_too(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot), store):
        assert store.positions["INBOX"].last_uid == 0
        dovecot.deliver(mail("first"))
        await until(lambda: store.kept)
    assert store.texts == ["first"]


async def test_a_mail_arrives_by_idle_within_seconds(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot, idle_seconds=600, poll_seconds=600), store) as supervisor:
        for number in range(3):
            dovecot.deliver(mail(f"mail {number}"))
            await until(lambda number=number: len(store.kept) == number + 1, seconds=5)
        arrival = store.kept[0]
        assert supervisor.health.last_arrival
    assert arrival.raw == mail("mail 0")
    assert (arrival.folder, arrival.uid, arrival.size, arrival.is_cut) == ("INBOX", 1, len(arrival.raw), False)
    assert abs(arrival.received_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert arrival.received_at.tzinfo is UTC


async def test_a_server_without_idle_is_polled(dovecot: Dovecot) -> None:
    dovecot.restart(imap_capability=WITHOUT_IDLE)
    store = MemoryStore()
    async with begun(mailbox_of(dovecot, idle_seconds=600, poll_seconds=1), store):
        dovecot.deliver(mail("polled"))
        await until(lambda: store.kept)
    assert store.texts == ["polled"]


async def test_idle_is_renewed(dovecot: Dovecot) -> None:
    async with Network(dovecot.tls_port).up() as network:
        mailbox = mailbox_of(dovecot, idle_seconds=1, poll_seconds=600, imap={"port": network.port})
        async with begun(mailbox, MemoryStore()):
            before = network.bytes_passed
            await until(lambda: network.bytes_passed > before)
            assert network.connections == 1


async def test_an_outage_of_any_length_is_filled_up_from_where_it_was(dovecot: Dovecot) -> None:
    store = MemoryStore()
    mailbox = mailbox_of(dovecot)
    async with begun(mailbox, store):
        dovecot.deliver(mail("before"))
        await until(lambda: store.kept)
    dovecot.deliver(mail("meanwhile 1"), mail("meanwhile 2"))
    async with attended(mailbox, store):
        await until(lambda: len(store.kept) == 3)
        dovecot.deliver(mail("after"))
        await until(lambda: len(store.kept) == 4)
    assert store.texts == ["before", "meanwhile 1", "meanwhile 2", "after"]


async def test_two_thousand_mails_come_once_and_in_order_and_say_so(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot), store):
        pass
    dovecot.fill_numbered(2000)
    store.gate.clear()
    async with attended(mailbox_of(dovecot), store) as supervisor:
        await until(lambda: supervisor.health.state is MailboxState.CATCHING_UP)
        assert "more in INBOX" in supervisor.health.sentence
        store.gate.set()
        await until(lambda: len(store.kept) >= 2000)
        await until(lambda: supervisor.health.state is MailboxState.CONNECTED)
    assert store.texts == [str(number) for number in range(2000)]
    assert [arrival.uid for arrival in store.kept] == list(range(1, 2001))
    assert store.positions["INBOX"].last_uid == 2000


async def test_while_the_store_is_slow_one_batch_waits_and_no_more(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot), store):
        pass
    dovecot.fill_numbered(400)
    store.gate.clear()
    async with (
        Network(dovecot.tls_port).up() as network,
        attended(mailbox_of(dovecot, imap={"port": network.port}), store),
    ):
        await until(lambda: store.keeps == 1)
        halted = await network.still()
        assert store.keeps == 1
        store.gate.set()
        await until(lambda: len(store.kept) == 400)
        assert network.bytes_passed > halted * 1.5


async def test_mails_deleted_meanwhile_do_not_matter(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot), store):
        pass
    dovecot.deliver(*(mail(str(number)) for number in range(6)))
    dovecot.expunge(1, 2, 4, 6)
    async with begun(mailbox_of(dovecot), store):
        await until(lambda: len(store.kept) == 2)
        dovecot.expunge(5)
        dovecot.deliver(mail("next"))
        await until(lambda: len(store.kept) == 3)
    assert store.texts == ["2", "4", "next"]
    assert store.positions["INBOX"].last_uid == 7


async def test_when_the_last_mail_is_deleted_the_one_before_is_not_read_again(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot, idle_seconds=1), store):
        dovecot.deliver(mail("stays"))
        await until(lambda: store.kept)
    dovecot.deliver(mail("goes"))
    dovecot.expunge(2)
    async with begun(mailbox_of(dovecot), store):
        dovecot.deliver(mail("comes"))
        await until(lambda: len(store.kept) == 2)
    assert store.texts == ["stays", "comes"]


async def test_reading_sets_no_flag(dovecot: Dovecot) -> None:
    store = MemoryStore()
    limits = {"mail_bytes": 1 << 16}
    async with begun(mailbox_of(dovecot, limits=limits), store):
        dovecot.deliver(mail("small"), mail("large " * 20_000))
        await until(lambda: len(store.kept) == 2)
    assert dovecot.flags() == {1: set(), 2: set()}


async def test_an_oversized_mail_is_cut_and_tells_its_size(dovecot: Dovecot) -> None:
    store = MemoryStore()
    limit = 1 << 16
    large = mail("x" * 3 * limit)
    exact = mail("y" * limit)[:limit]
    async with begun(mailbox_of(dovecot, limits={"mail_bytes": limit}), store):
        dovecot.deliver(mail("before"), large, exact, mail("after"))
        await until(lambda: len(store.kept) == 4)
    before, cut, whole, after = store.kept
    assert (cut.raw, cut.size, cut.is_cut) == (large[:limit], len(large), True)
    assert (whole.raw, whole.is_cut) == (exact, False)
    assert (before.raw, after.raw) == (mail("before"), mail("after"))


async def test_several_folders_are_attended_side_by_side(dovecot: Dovecot) -> None:
    for folder in ("Returns", "Grüße & mehr"):
        dovecot.create(folder)
    store = MemoryStore()
    folders = ("INBOX", "Returns", "Grüße & mehr")
    async with begun(mailbox_of(dovecot, folders=folders), store):
        for folder in folders:
            dovecot.deliver(mail(f"to {folder}".encode("ascii", "replace").decode()), folder=folder)
        await until(lambda: len(store.kept) == 3)
    assert {arrival.folder for arrival in store.kept} == set(folders)
    assert set(store.positions) == set(folders)


async def test_a_folder_that_is_missing_is_named_and_stops_no_other(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with attended(mailbox_of(dovecot, folders=("INBOX", "Nowhere")), store) as supervisor:
        await until(lambda: supervisor.health.state is MailboxState.UNREACHABLE)
        assert "Nowhere" in supervisor.health.sentence
        await until(lambda: "INBOX" in store.positions)
        dovecot.deliver(mail("hello"))
        await until(lambda: store.kept)


@pytest.mark.parametrize("while_watching", [True, False])
async def test_a_changed_uidvalidity_reads_all_since_the_beginning_again(
    dovecot: Dovecot, *, while_watching: bool
) -> None:
    dovecot.create("Box")
    store = MemoryStore()
    now = datetime.now(UTC) + timedelta(minutes=1)
    long_ago, earlier = now - timedelta(days=40), now - timedelta(minutes=2)
    mailbox = mailbox_of(dovecot, folders=("Box",))
    async with begun(mailbox, store):
        dovecot.deliver(mail("one"), folder="Box")
        await until(lambda: store.kept)
        if while_watching:
            dovecot.recreate(
                "Box", [(mail("ancient"), long_ago), (mail("today"), earlier), (mail("one"), now), (mail("two"), now)]
            )
            await until(lambda: len(store.kept) == 3)
    if not while_watching:
        dovecot.recreate(
            "Box", [(mail("ancient"), long_ago), (mail("today"), earlier), (mail("one"), now), (mail("two"), now)]
        )
    async with begun(mailbox, store):
        await until(lambda: len(store.kept) == 3)
        dovecot.deliver(mail("three"), folder="Box")
        await until(lambda: len(store.kept) == 4)
    first, *again = store.kept
    assert store.texts == ["one", "one", "two", "three"]  # the store knows the double by its content
    assert {arrival.uidvalidity for arrival in again} == {store.positions["Box"].uidvalidity}
    assert first.uidvalidity != store.positions["Box"].uidvalidity
    assert store.positions["Box"].since < now


async def test_reading_again_that_is_interrupted_begins_anew(dovecot: Dovecot) -> None:
    store = MemoryStore()
    was = Position(uidvalidity=1, last_uid=7, since=datetime.now(UTC))
    store.positions["INBOX"] = was
    dovecot.fill_numbered(120)
    mailbox = mailbox_of(dovecot)
    store.failures = [RuntimeError("the disk is full")] * 50
    async with attended(mailbox, store):
        await until(lambda: store.keeps)
    assert store.positions["INBOX"] == was
    store.failures = []
    async with begun(mailbox, store):
        await until(lambda: len(store.kept) == 120)
    assert store.positions["INBOX"].last_uid == 120


async def test_a_poll_costs_the_same_whatever_the_size_of_the_folder(dovecot: Dovecot) -> None:
    small = await _bytes_of_four_polls(dovecot)
    dovecot.fill_numbered(3000)
    large = await _bytes_of_four_polls(dovecot)
    assert large < small * 1.1


async def _bytes_of_four_polls(dovecot: Dovecot) -> int:
    dovecot.restart(imap_capability=WITHOUT_IDLE)
    async with Network(dovecot.plain_port).up() as network:
        mailbox = mailbox_of(dovecot, poll_seconds=1, imap={"port": network.port, "security": "none"})
        async with begun(mailbox, MemoryStore()) as supervisor:
            await network.still()
            before = network.bytes_passed
            for _ in range(4):
                at = network.bytes_passed
                supervisor.wake()
                await until(lambda at=at: network.bytes_passed > at)
                await network.still()
            return network.bytes_passed - before


@pytest.mark.parametrize(("news", "rings"), [(b"* 1 EXISTS\r\n", False), (b"", True)])
async def test_what_comes_before_the_wait_has_begun_ends_it(news: bytes, *, rings: bool) -> None:
    async with await asyncio.start_server(partial(_answer, news=news), "127.0.0.1", 0) as server:
        place = Server(host="127.0.0.1", port=server.sockets[0].getsockname()[1], security=Security.NONE)
        line = Line()
        client = await asyncio.to_thread(Client, place, line, 5)
        if rings:
            line.ring()
        waiting = asyncio.create_task(asyncio.to_thread(client.await_news, 600))
        await asyncio.wait([waiting], timeout=5)
        ended = waiting.done()
        line.cut()
        await asyncio.wait([waiting])
        client.shutdown()
        line.close()
    assert ended


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, news: bytes) -> None:
    """A server whose news come in one packet with its answer to IDLE."""
    writer.write(b"* OK [CAPABILITY IMAP4rev1 IDLE] Hello\r\n")
    idle = b""
    while words := (await reader.readline()).split():
        tag = words[0]
        if words[-1] == b"IDLE":
            idle = tag
            writer.write(b"+ idling\r\n" + news)
        else:
            capability = b"* CAPABILITY IMAP4rev1 IDLE\r\n" if words[-1] == b"CAPABILITY" else b""
            writer.write(capability + (idle if tag == b"DONE" else tag) + b" OK done\r\n")
    writer.close()
