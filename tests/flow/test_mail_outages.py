"""Processes die, the disk is full: each mail is stored once, none is lost, none is answered by two mails."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bot.settings import ensure_starter
from store import mail as mails
from store import work
from store.engine import Database
from store.mail import MailState
from tests.adapters.mail.imap import Network, until
from tests.adapters.mail.smtp import World, world
from tests.adapters.mail.tokens import ENVIRONMENT as TOKEN_SECRETS
from tests.adapters.mail.tokens import granted, refreshed, token_server
from tests.authority import Authority
from tests.dovecot import Dovecot
from tests.flow.desk import change_settings, open_desk
from tests.flow.mail_desk import ANN, MailDesk, casewright, described, environment, open_mail_desk, reply, written
from tests.flow.product import Product

MAILS = 12


@asynccontextmanager
async def process(url: str, folder: Path) -> AsyncGenerator[Process]:
    """`casewright run`, as soon as it says that it runs; killed at the end."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "bot", "run", cwd=folder, env=environment(url), stdout=PIPE, stderr=DEVNULL
    )
    try:
        assert running.stdout is not None
        assert b"Casewright is at" in await running.stdout.readline()
        yield running
    finally:
        running.kill()
        await running.wait()


async def test_a_process_killed_at_any_moment_loses_no_mail_and_stores_and_answers_each_once(
    database_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    chance = random.Random(20261125)
    async with world() as there, opened(database_url) as database:
        (tmp_path / "mailboxes.yaml").write_text(json.dumps({"mailboxes": [described(dovecot, there.port)]}))
        product = Product(database_url, tmp_path, environment(database_url))
        ensure_starter(database)
        change_settings(database, lambda settings: settings["evaluation"].update(quiet=0.1, at_most=1))
        async with product.runs():
            await until(lambda: started(database))
        for number in range(MAILS):
            sender = f"Person {number} <person{number}@many.example>"
            dovecot.deliver(bytes(written(sender, f"My kettle number {number} leaks water.", f"Kettle {number}")))
        for _ in range(6):
            async with product.runs():
                await asyncio.wait([asyncio.create_task(progress(database, chance.randint(1, 3)))], timeout=5)
        async with product.runs():
            # A case is there before the first look of the agent at it, which answers, is due.
            await until(lambda: finished(database, MAILS) and len(addressed(there)) == MAILS, seconds=150)
        found = database.read_now(partial(mails.listed, states=(), limit=1000))
        assert Counter(each.subject for each in found) == Counter({f"Kettle {number}": 1 for number in range(MAILS)})
        assert {each.state for each in found} == {MailState.CREATED}
        assert len({each.case_number for each in found}) == MAILS
        for number in range(MAILS):
            to_them = [each for each in there.letters if f"person{number}@many.example" in each.recipients]
            # What was on its way when a process died may come once more: with the same Message-ID, as one mail.
            assert len({str(each.mail["Message-ID"]) for each in to_them}) == 1
        assert len(there.letters) <= MAILS + 6


def addressed(there: World) -> set[str]:
    return {recipient for each in there.letters for recipient in each.recipients}


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def started(database: Database) -> bool:
    return database.read_now(partial(mails.position, account="support", folder="INBOX")) is not None


async def progress(database: Database, steps: int) -> None:
    """Returns when so many more transactions have left a trace in the mails or their work."""
    seen = trace(database)
    for _ in range(steps):
        await until(lambda seen=seen: trace(database) != seen)
        seen = trace(database)


def trace(database: Database) -> list[object]:
    entries = database.read_now(partial(mails.listed, states=(), limit=1000))
    left = database.read_now(partial(work.listed, statuses=("ready", "queued", "sending"), limit=1000))
    return [[(each.id, each.state) for each in entries], [(each.kind, each.id, each.status) for each in left]]


def finished(database: Database, count: int) -> bool:
    entries = database.read_now(partial(mails.listed, states=(), limit=1000))
    left = database.read_now(partial(work.listed, statuses=("ready", "queued", "sending"), limit=1))
    return len(entries) == count and not left and all(each.case_number for each in entries)


async def test_an_answer_in_flight_when_the_process_dies_comes_again_as_the_same_mail(
    database_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    async with world() as there, opened(database_url) as database:
        (tmp_path / "mailboxes.yaml").write_text(json.dumps({"mailboxes": [described(dovecot, there.port)]}))
        async with process(database_url, tmp_path):
            await until(lambda: started(database))
            there.gate.clear()  # the server has the answer, and we never hear that
            dovecot.deliver(bytes(written(ANN, "My kettle leaks water.", "My kettle")))
            await until(lambda: there.letters)
        there.gate.set()
        async with process(database_url, tmp_path):
            await until(lambda: finished(database, 1))
        first, again = there.letters
        assert first.mail["Message-ID"] == again.mail["Message-ID"]
        assert first.recipients == again.recipients == ["ann@customer.example"]


async def test_mails_that_wait_while_nothing_runs_are_left_to_the_mailbox_by_an_import(
    sqlite_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    dovecot.deliver(bytes(written(ANN, "My kettle leaks water.", "From before")))
    async with open_mail_desk(sqlite_url, tmp_path, dovecot):
        pass
    dovecot.deliver(bytes(written(ANN, "My kettle leaks sparks.", "Of the outage")))
    told = await casewright(
        sqlite_url,
        tmp_path,
        *("mail", "import", "support", "--since", f"{datetime.now(UTC):%Y-%m-%d}", "--folder", "inbox"),
    )
    assert "1 mails were brought in" in told
    async with open_mail_desk(sqlite_url, tmp_path, dovecot) as mail_desk:
        await mail_desk.entry("Of the outage", MailState.CREATED)
        await mail_desk.letter(to="ann@customer.example", containing="Case 1001")
        await mail_desk.entry("From before", MailState.IGNORED)
        assert len(mail_desk.entries) == 2


async def test_a_full_disk_leaves_the_mails_on_the_server_until_there_is_room(
    sqlite_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    async with open_mail_desk(sqlite_url, tmp_path, dovecot) as mail_desk:
        database = mail_desk.desk.database
        disk = Disk(database)
        await mail_desk.arrives(written("Ann <ann@customer.example>", "It leaks. " * 50_000, "A long one"))
        await until(lambda: "wait on the server" in mail_desk.desk.app.channels["email"].health.sentence)
        assert not mail_desk.entries
        disk.pages = 2**30
        await mail_desk.entry("A long one", MailState.CREATED)
        await mail_desk.desk.settled()
        assert len(mail_desk.entries) == 1
        assert len(mail_desk.letters_to("ann@customer.example")) == 1


class Disk:
    """Full, by SQLite's own limit, which never is less than what there is; until there is room for more pages."""

    def __init__(self, database: Database) -> None:
        self.pages = 1
        event.listen(database.engine, "checkout", self._limit)

    def _limit(self, connection: Any, _record: object, _proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count={self.pages}")


async def test_an_outage_of_each_kind_leaves_a_mailbox_that_goes_on_where_it_was(
    sqlite_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    """The network is cut, the server is killed, and a router forgets the connection that IDLE waits on."""
    network = Network(dovecot.tls_port)
    async with (
        network.up(),
        open_mail_desk(sqlite_url, tmp_path, dovecot, imap=at(network, dovecot), idle_seconds=1) as mail_desk,
    ):
        outages = {"cut": network.cut, "killed": dovecot.restart, "silent": network.forget}
        for number, (name, happens) in enumerate(outages.items()):
            await asyncio.to_thread(happens) if happens == dovecot.restart else happens()
            await mail_desk.arrives(written(f"Ann <{name}@customer.example>", "My kettle leaks water.", name))
            await mail_desk.entry(name, MailState.CREATED)
            await mail_desk.letter(to=f"{name}@customer.example", containing=f"Case {1001 + number}")
        await mail_desk.desk.settled()
        assert sorted(each.subject for each in mail_desk.entries) == sorted(outages)
        assert len(mail_desk.there.letters) == len(outages)


async def test_a_folder_that_is_numbered_anew_is_read_again_and_nothing_is_answered_twice(
    sqlite_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    dovecot.create("Support")
    async with open_mail_desk(sqlite_url, tmp_path, dovecot, folders=["Support"]) as mail_desk:
        first = written(ANN, "My kettle leaks water.", "Before")
        await asyncio.to_thread(dovecot.deliver, bytes(first), folder="Support")
        card = await mail_desk.letter(to="ann@customer.example", containing="Case 1001")
        second = reply(ANN, "It leaks sparks, too.", card)
        again = [(bytes(each), datetime.now(UTC)) for each in (first, second)]
        await asyncio.to_thread(dovecot.recreate, "Support", again)
        await mail_desk.entry(str(second["Subject"]), MailState.JOINED)
        await mail_desk.entry("Before", MailState.IGNORED)
        await mail_desk.desk.settled()
        assert sorted(each.state for each in mail_desk.entries) == ["created", "ignored", "joined"]
        # The card, and what the reply changed.
        assert (
            len(mail_desk.there.letters) == len({str(each.mail["Message-ID"]) for each in mail_desk.there.letters}) == 2
        )


async def test_a_mailbox_whose_token_expired_signs_in_anew_and_goes_on(
    sqlite_url: str, tmp_path: Path, dovecot: Dovecot, authority: Authority
) -> None:
    async with token_server(authority, tmp_path / "tls") as tokens, world() as there:
        end = datetime.now(UTC) + timedelta(seconds=3)
        long = dovecot.token(expires=datetime.now(UTC) + timedelta(hours=1))
        tokens.answers = [(200, granted(dovecot.token(expires=end))), (200, granted(long))]
        there.good_token = long
        secrets: dict[str, Any] = {**TOKEN_SECRETS}
        mailbox = described(dovecot, there.port, sign_in=json.loads(json.dumps(refreshed(tokens), default=str)))
        (tmp_path / "mailboxes.yaml").write_text(json.dumps({"mailboxes": [mailbox]}))
        async with open_desk(sqlite_url, tmp_path, CASEWRIGHT_MAILBOXES="mailboxes.yaml", **secrets) as desk:
            mail_desk = MailDesk(desk=desk, server=dovecot, there=there)
            await until(lambda: started(desk.database))
            await until(lambda: datetime.now(UTC) > end + timedelta(seconds=2))  # Dovecot counts whole seconds
            await asyncio.to_thread(dovecot.restart)
            await mail_desk.arrives(written(ANN, "My kettle leaks water.", "After"))
            await mail_desk.letter(to="ann@customer.example", containing="Case 1001")
            await desk.settled()
            assert [each.state for each in mail_desk.entries] == [MailState.CREATED]
            assert len(there.letters) == 1
            assert len(tokens.forms) == 2


def at(network: Network, dovecot: Dovecot) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": network.port, "ca_file": str(dovecot.ca_file)}
