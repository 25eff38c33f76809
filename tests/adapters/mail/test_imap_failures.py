"""Whatever breaks on the way or at either end: each mail comes once, none is lost, and it is said what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from adapters.channel import Overloaded
from adapters.mail.credentials import PasswordSecret
from adapters.mail.imap import Arrival, MailboxState, Position
from adapters.mail.imap.folder import Folder
from adapters.mail.imap.refusals import RefusedSignIns
from store.engine import DatabaseUnavailable
from tests.adapters.mail.imap import (
    MemoryStore,
    Network,
    Secrets,
    attended,
    begun,
    mail,
    mailbox_of,
    password,
    until,
)
from tests.dovecot import PASSWORD, USER, Dovecot

NUMBERS = [str(number) for number in range(120)]


async def test_a_server_that_was_killed_is_found_again_when_it_is_back(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot), store) as supervisor:
        dovecot.deliver(mail("before"))
        await until(lambda: store.kept)
        dovecot.kill()
        await until(lambda: supervisor.health.sentence == f"Nothing listens at 127.0.0.1:{dovecot.tls_port}.")
        assert supervisor.health.state is MailboxState.UNREACHABLE
        dovecot.start()
        dovecot.deliver(mail("after"))
        await until(lambda: len(store.kept) == 2)
        await until(lambda: supervisor.health.state is MailboxState.CONNECTED)
    assert store.texts == ["before", "after"]


async def test_a_server_killed_in_the_middle_of_many_mails_loses_and_repeats_none(dovecot: Dovecot) -> None:
    store = await _switched_on(dovecot)
    dovecot.fill_numbered(len(NUMBERS))
    store.gate.clear()
    async with attended(mailbox_of(dovecot), store):
        await until(lambda: store.keeps == 1)
        dovecot.kill()
        store.gate.set()
        await until(lambda: store.kept)
        dovecot.start()
        await until(lambda: len(store.kept) >= len(NUMBERS))
    assert store.texts == NUMBERS


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
async def test_a_network_cut_in_the_middle_of_many_mails_loses_and_repeats_none(dovecot: Dovecot, share: float) -> None:
    store = await _switched_on(dovecot)
    dovecot.fill(mail(text * 5000) for text in NUMBERS)
    async with Network(dovecot.plain_port).up() as network:
        network.cut_at = int(sum(len(text) for text in NUMBERS) * 5000 * share)
        async with attended(mailbox_of(dovecot, imap={"port": network.port, "security": "starttls"}), store):
            await until(lambda: len(store.kept) >= len(NUMBERS))
        assert network.connections == 2
    assert store.texts == [text * 5000 for text in NUMBERS]


async def test_a_cut_connection_is_made_again(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with Network(dovecot.tls_port).up() as network:
        async with begun(mailbox_of(dovecot, idle_seconds=600, imap={"port": network.port}), store) as supervisor:
            network.cut()
            await until(lambda: supervisor.health.state is MailboxState.UNREACHABLE)
            dovecot.deliver(mail("meanwhile"))
            await until(lambda: store.kept)
        assert network.connections == 2
    assert store.texts == ["meanwhile"]


async def test_when_idle_has_gone_silent_a_mail_still_arrives_at_the_next_renewal(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with Network(dovecot.tls_port).up() as network:
        mailbox = mailbox_of(dovecot, idle_seconds=1, timeout_seconds=1, imap={"port": network.port})
        async with begun(mailbox, store):
            network.forget()
            dovecot.deliver(mail("unheard"))
            await until(lambda: store.kept)
    assert store.texts == ["unheard"]


async def test_a_server_that_hangs_is_given_up_in_time_and_found_again(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot, idle_seconds=1, timeout_seconds=1), store) as supervisor:
        dovecot.freeze()
        await until(lambda: supervisor.health.state is MailboxState.UNREACHABLE)
        assert supervisor.health.sentence == f"127.0.0.1:{dovecot.tls_port} does not answer in time."
        dovecot.thaw()
        dovecot.deliver(mail("after"))
        await until(lambda: store.kept)
    assert store.texts == ["after"]


async def test_a_network_on_which_nothing_passes_is_given_up_at_each_step(dovecot: Dovecot) -> None:
    async with Network(dovecot.tls_port).up() as network:
        network.freeze()
        mailbox = mailbox_of(dovecot, timeout_seconds=1, imap={"port": network.port})
        async with attended(mailbox, MemoryStore()) as supervisor:
            await until(lambda: supervisor.health.state is MailboxState.UNREACHABLE)
            await until(lambda: network.connections == 2)
            network.thaw()
            await until(lambda: supervisor.health.state is MailboxState.CONNECTED)


# --- our side -----------------------------------------------------------------------------------------


async def test_while_the_disk_is_full_mails_wait_on_the_server_and_are_kept_later_once(dovecot: Dovecot) -> None:
    store = await _switched_on(dovecot)
    dovecot.fill_numbered(len(NUMBERS))
    store.failures = [DatabaseUnavailable("the disk is full")] * 2
    with capture_logs() as logged:
        async with attended(mailbox_of(dovecot), store) as supervisor:
            await until(
                lambda: supervisor.health.sentence == "Mails can't be stored here now; they wait on the server."
            )
            assert supervisor.health.state is MailboxState.CATCHING_UP
            await until(lambda: len(store.kept) >= len(NUMBERS))
            await until(lambda: supervisor.health.state is MailboxState.CONNECTED)
    assert store.texts == NUMBERS
    failures = [each for each in logged if each["event"] == "mails can't be stored"]
    assert [bool(each["exc_info"]) for each in failures] == [True, False]  # one trace, for hours of retries


async def test_while_too_much_work_waits_the_mails_wait_on_the_server(dovecot: Dovecot) -> None:
    store = await _switched_on(dovecot)
    dovecot.fill_numbered(len(NUMBERS))
    store.failures = [Overloaded(retry_after=1)]
    async with attended(mailbox_of(dovecot), store) as supervisor:
        await until(lambda: "Too much work waits here" in supervisor.health.sentence)
        await until(lambda: len(store.kept) >= len(NUMBERS))
    assert store.texts == NUMBERS


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DatabaseUnavailable("gone"), "The database can't be reached; mails wait on the server."),
        (
            ZeroDivisionError("a mistake"),
            "Something unforeseen happened (ZeroDivisionError); the log says more. It is tried again.",
        ),
    ],
)
async def test_what_goes_wrong_in_one_folder_is_tried_again_and_stops_no_other(
    dovecot: Dovecot, error: Exception, sentence: str
) -> None:
    dovecot.create("Returns")
    store = MemoryStore()
    async with attended(mailbox_of(dovecot, folders=("INBOX", "Returns")), store) as supervisor:
        store.outages = [error]
        await until(lambda: sentence in {folder.health.sentence for folder in supervisor.folders})
        await until(lambda: supervisor.health.state is MailboxState.CONNECTED)
        for folder in ("INBOX", "Returns"):
            dovecot.deliver(mail(folder), folder=folder)
        await until(lambda: len(store.kept) == 2)


class Halting(MemoryStore):
    """Keeps so many batches and then never returns, as a process that is about to be ended."""

    def __init__(self, batches: int, *, keeps_the_last: bool) -> None:
        super().__init__()
        self.batches = batches
        self.keeps_the_last = keeps_the_last
        self.halted = False

    async def keep(self, folder: str, position: Position, arrivals: Sequence[Arrival]) -> None:
        self.batches -= 1
        if self.batches >= 0 or self.keeps_the_last:
            await super().keep(folder, position, arrivals)
        if self.batches < 0:
            self.halted = True
            await asyncio.Event().wait()


@pytest.mark.parametrize("batches", [0, 1])
@pytest.mark.parametrize("keeps_the_last", [True, False])
async def test_ended_in_the_middle_of_a_batch_it_goes_on_where_the_store_is(
    dovecot: Dovecot, batches: int, *, keeps_the_last: bool
) -> None:
    begin = await _switched_on(dovecot)
    store = Halting(batches, keeps_the_last=keeps_the_last)
    store.positions = begin.positions
    dovecot.fill_numbered(len(NUMBERS))
    async with attended(mailbox_of(dovecot), store):
        await until(lambda: store.halted)
    store.batches, store.keeps = 1_000, 0
    async with attended(mailbox_of(dovecot), store):
        await until(lambda: len(store.kept) >= len(NUMBERS))
    assert store.texts == NUMBERS


# --- passwords ----------------------------------------------------------------------------------------


async def test_a_refused_password_is_said_and_not_tried_again_at_once_for_any_folder(dovecot: Dovecot) -> None:
    dovecot.create("Returns")
    secrets = password("a wrong word")
    async with Network(dovecot.tls_port).up() as network:
        mailbox = mailbox_of(dovecot, folders=("INBOX", "Returns"), imap={"port": network.port})
        async with attended(mailbox, MemoryStore(), secrets) as supervisor:
            await until(lambda: supervisor.health.state is MailboxState.BAD_CREDENTIALS)
            assert f"refused the password of {USER}" in supervisor.health.sentence
            assert "a wrong word" not in supervisor.health.sentence
            await network.still()
    assert (secrets.asked, network.connections) == (1, 1)


class Changing(Secrets):
    """Wrong as many times as there are wrong words, then right."""

    async def sign_in(self) -> PasswordSecret:
        self.asked += 1
        return PasswordSecret(user=USER, password="wrong" if self.asked < 4 else PASSWORD)


async def test_the_pause_grows_with_each_refusal_until_the_password_is_right(dovecot: Dovecot) -> None:
    refusals: list[int] = []

    def at_once(count: int) -> float:
        refusals.append(count)
        return 0

    folder = Folder(mailbox_of(dovecot), "INBOX", MemoryStore(), Changing(), RefusedSignIns(at_once))
    running = asyncio.create_task(folder.run())
    await until(lambda: folder.health.state is MailboxState.CONNECTED)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert refusals == [1, 2, 3]


async def _switched_on(dovecot: Dovecot) -> MemoryStore:
    """The store of a mailbox whose first connection is behind it."""
    store = MemoryStore()
    async with begun(mailbox_of(dovecot), store):
        pass
    return store
