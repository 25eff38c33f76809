"""Several processes on one database share the work of a mailbox: one attends, the others stand by."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from socket import gethostname

import pytest

from adapters.mail.attending import Attending, is_gone, this_process
from adapters.mail.imap import MailboxState, Supervisor
from store import mail as mails
from store.engine import Connection, Database
from store.mail import KeptMail, MailState
from tests.adapters.mail.imap import MemoryStore, mail, mailbox_of, password, until
from tests.dovecot import Dovecot

SECONDS = 1.0  # of a lease


@pytest.fixture
def database(sqlite_url: str) -> Database:
    return Database(sqlite_url)


def process(database: Database, dovecot: Dovecot, store: MemoryStore, holder: str, **changes: object) -> Attending:
    mailbox = mailbox_of(dovecot, **changes)
    return Attending(database, mailbox, Supervisor(mailbox, store, password()), holder=holder, seconds=SECONDS)


@asynccontextmanager
async def running(attending: Attending) -> AsyncGenerator[None]:
    task = asyncio.create_task(attending.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_one_attends_and_the_other_takes_over_when_it_stops(database: Database, dovecot: Dovecot) -> None:
    first, second = MemoryStore(), MemoryStore()
    attending, standing_by = process(database, dovecot, first, "1"), process(database, dovecot, second, "2")
    async with running(attending):
        await until(lambda: attending.health.state is MailboxState.CONNECTED)
        async with running(standing_by):
            # It says what the other one says.
            await until(lambda: standing_by.health.state is MailboxState.CONNECTED)
            dovecot.deliver(mail("for the first"))
            await until(lambda: first.kept)
            assert not second.positions
    second.positions = first.positions
    async with running(standing_by):
        dovecot.deliver(mail("for the second"))
        await until(lambda: second.kept)
    assert (first.texts, second.texts) == (["for the first"], ["for the second"])


async def test_a_mailbox_without_mail_for_longer_than_usual_is_called_silent_whenever_that_began(
    database: Database, dovecot: Dovecot
) -> None:
    three_days_ago = datetime.now(UTC) - timedelta(days=3)
    database.write_now(partial(came, at=three_days_ago - timedelta(hours=2)))
    database.write_now(partial(came, at=three_days_ago))
    attending = process(database, dovecot, MemoryStore(), "1", quiet_hours=24)
    async with running(attending):
        await until(lambda: attending.health.state is MailboxState.SILENT)
        assert "No mail came for 72 hours: longer than usual." in attending.health.sentence
        await until(lambda: database.read_now(mails.mailbox_reports)[0].condition.state == "silent")
        database.write_now(partial(came, at=datetime.now(UTC)))
        await until(lambda: attending.health.state is MailboxState.CONNECTED)


def came(connection: Connection, at: datetime) -> None:
    kept = KeptMail(
        account="support",
        folder="INBOX",
        uidvalidity=1,
        uid=int(at.timestamp()),
        digest=str(at),
        sender="ann@example.org",
        subject="",
        state=MailState.IGNORED,
        raw=b"",
        size=0,
        received_at=at,
    )
    mails.keep(connection, kept)


def test_a_holder_that_has_ended_on_this_machine_is_known_to_be_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        mine, its = this_process(), f"{gethostname()} {other.pid} its"
        assert not is_gone(its)
        other.kill()
        other.wait()
        assert is_gone(its)
    # The number of ours was another's before: it can't be both.
    assert is_gone(mine.rsplit(" ", 1)[0] + " another")
    assert not is_gone(f"elsewhere {2**22} its")
    assert not is_gone("")
