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
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event

from store import mail as mails
from store import work
from store.engine import Database
from store.mail import MailState
from tests.adapters.mail.imap import until
from tests.adapters.mail.smtp import world
from tests.dovecot import Dovecot
from tests.flow.desk import change_settings
from tests.flow.mail_desk import ANN, casewright, described, environment, open_mail_desk, written

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
    migrated_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    chance = random.Random(20261125)
    async with world() as there, opened(migrated_url) as database:
        (tmp_path / "mailboxes.yaml").write_text(json.dumps({"mailboxes": [described(dovecot, there.port)]}))
        async with process(migrated_url, tmp_path):
            await until(lambda: started(database))
            change_settings(database, lambda settings: settings["evaluation"].update(quiet=0.1, at_most=1))
        for number in range(MAILS):
            sender = f"Person {number} <person{number}@many.example>"
            dovecot.deliver(bytes(written(sender, f"My kettle number {number} leaks water.", f"Kettle {number}")))
        for _ in range(6):
            async with process(migrated_url, tmp_path):
                await asyncio.wait([asyncio.create_task(progress(database, chance.randint(1, 3)))], timeout=5)
        async with process(migrated_url, tmp_path):
            await until(lambda: finished(database, MAILS), seconds=60)
        found = database.read_now(partial(mails.listed, states=(), limit=1000))
        assert Counter(each.subject for each in found) == Counter({f"Kettle {number}": 1 for number in range(MAILS)})
        assert {each.state for each in found} == {MailState.CREATED}
        assert len({each.case_number for each in found}) == MAILS
        for number in range(MAILS):
            to_them = [each for each in there.letters if f"person{number}@many.example" in each.recipients]
            # What was on its way when a process died may come once more: with the same Message-ID, as one mail.
            assert len({str(each.mail["Message-ID"]) for each in to_them}) == 1
        assert len(there.letters) <= MAILS + 6


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
    migrated_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    async with world() as there, opened(migrated_url) as database:
        (tmp_path / "mailboxes.yaml").write_text(json.dumps({"mailboxes": [described(dovecot, there.port)]}))
        async with process(migrated_url, tmp_path):
            await until(lambda: started(database))
            there.gate.clear()  # the server has the answer, and we never hear that
            dovecot.deliver(bytes(written(ANN, "My kettle leaks water.", "My kettle")))
            await until(lambda: there.letters)
        there.gate.set()
        async with process(migrated_url, tmp_path):
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
        sqlite_url, tmp_path, "mail", "import", "support", "--since", f"{datetime.now(UTC):%Y-%m-%d}"
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
