"""Mails in the database: each place of a mailbox once, each mail once, whatever is in it and whatever goes wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select

from adapters.channel import Overloaded
from adapters.mail.configuration import Mailbox
from adapters.mail.imap import Arrival, Position
from adapters.mail.keeping import Keeping
from store import work
from store.engine import Database, DatabaseUnavailable, Transaction
from store.mail import MailState
from store.model import Inbound
from store.schema import inbox as events
from store.schema import mails
from tests.adapters.mail.imap import attended, begun, mailbox_of, until
from tests.adapters.mail.mutations import mutated, originals
from tests.dovecot import USER, Dovecot

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
START = Position(uidvalidity=1, last_uid=0, since=NOW)
MAILS = 1_000


class Inbox:
    """Implements `adapters.channel.Receive` on a database; raises `failures` first, one a call."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.failures: list[Exception] = []
        self.refused = ""  # a mail with this word in it can never be stored
        self.texts: list[str] = []

    async def __call__(self, inbound: Inbound, *, alongside: Transaction | None = None) -> bool:
        raise NotImplementedError

    async def together(self, inbounds: Sequence[Inbound], *, alongside: Transaction) -> None:
        if self.failures:
            raise self.failures.pop(0)
        if self.refused and any(self.refused in inbound.text for inbound in inbounds):
            raise ValueError("can't be stored")
        await self._database.write(partial(work.accept_all, inbounds=inbounds, alongside=alongside))
        self.texts += [inbound.text for inbound in inbounds]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def inbox(database: Database) -> Inbox:
    return Inbox(database)


@pytest.fixture
def keeping(database: Database, inbox: Inbox) -> Keeping:
    return _keeping(database, inbox)


def _keeping(database: Database, inbox: Inbox) -> Keeping:
    async def nobody() -> frozenset[str]:
        return frozenset()

    server = {"host": "127.0.0.1", "port": 993}
    mailbox = Mailbox.model_validate({"name": "support", "address": USER, "imap": server, "smtp": server})
    keeping = Keeping(database, mailbox, nobody)
    keeping.receive = inbox
    return keeping


def arrival(raw: bytes, uid: int = 1, **changes: Any) -> Arrival:
    plain = Arrival(folder="INBOX", uidvalidity=1, uid=uid, raw=raw, size=len(raw), received_at=NOW)
    return replace(plain, **changes)


def letter(text: str, sent: datetime = NOW + timedelta(hours=1)) -> bytes:
    head = f"From: ada@example.org\r\nSubject: {text}\r\nMessage-ID: <{text}@example.org>\r\n"
    return f"{head}Date: {format_datetime(sent)}\r\n\r\n{text}\r\n".encode()


def at(uid: int, uidvalidity: int = 1) -> Position:
    return replace(START, last_uid=uid, uidvalidity=uidvalidity)


async def rows(database: Database) -> list[Row[Any]]:
    """What is kept, in the order of the mailbox."""
    query = select(mails).order_by(mails.c.uidvalidity, mails.c.uid)
    return await database.read(lambda connection: list(connection.execute(query)))


async def _reached(keeping: Keeping) -> tuple[int, int] | None:
    known = await keeping.position("INBOX")
    return None if known is None else (known.uidvalidity, known.last_uid)


async def test_mails_and_the_position_behind_them_are_kept_together(
    database: Database, keeping: Keeping, inbox: Inbox
) -> None:
    await keeping.keep("INBOX", at(2), [arrival(letter("one"), 1), arrival(letter("two"), 2)])
    assert [row.raw for row in await rows(database)] == [letter("one"), letter("two")]
    assert inbox.texts == ["one", "two"]
    assert await _reached(keeping) == (1, 2)


@pytest.mark.parametrize("error", [DatabaseUnavailable("the disk is full"), Overloaded(), OSError(28, "No space left")])
async def test_what_waiting_may_mend_keeps_nothing_and_moves_nothing_on(
    database: Database, keeping: Keeping, inbox: Inbox, error: Exception
) -> None:
    inbox.failures = [error]
    with pytest.raises(type(error)):
        await keeping.keep("INBOX", at(1), [arrival(letter("one"))])
    assert (await rows(database), await _reached(keeping)) == ([], None)
    await keeping.keep("INBOX", at(1), [arrival(letter("one"))])
    assert inbox.texts == ["one"]


async def test_a_mail_that_can_never_be_stored_as_read_is_kept_as_it_came_and_stops_no_other(
    database: Database, keeping: Keeping, inbox: Inbox
) -> None:
    inbox.refused = "poison"
    three = [arrival(letter(text), uid) for uid, text in enumerate(["before", "poison", "after"], 1)]
    await keeping.keep("INBOX", at(3), three)
    found = await rows(database)
    assert [(row.raw, row.state) for row in found] == [
        (letter("before"), MailState.WAITING),
        (letter("poison"), MailState.REVIEW),
        (letter("after"), MailState.WAITING),
    ]
    assert found[1].reason == "It could not be taken in (ValueError)."
    assert inbox.texts == ["before", "after"]
    assert await _reached(keeping) == (1, 3)


async def test_the_same_place_again_and_the_same_mail_elsewhere_change_nothing(
    database: Database, keeping: Keeping, inbox: Inbox
) -> None:
    for uid in (1, 1, 2):
        await keeping.keep("INBOX", at(uid), [arrival(letter("one"), uid)])
    await keeping.keep("Other", at(1), [arrival(letter("one"), 1, folder="Other")])
    assert inbox.texts == ["one"]
    first, *copies = await rows(database)
    assert first.state == MailState.WAITING
    assert [(row.state, row.raw) for row in copies] == [(MailState.IGNORED, b"")] * 2


async def test_a_mailbox_that_is_numbered_anew_answers_nothing_twice_and_nothing_older(
    database: Database, keeping: Keeping, inbox: Inbox
) -> None:
    await keeping.start("INBOX", at(0))
    await keeping.keep("INBOX", at(1), [arrival(letter("known"))])
    moved = [
        arrival(letter("ancient", sent=NOW - timedelta(days=400)), 1, uidvalidity=2),
        arrival(letter("known"), 2, uidvalidity=2),
        arrival(letter("missed"), 3, uidvalidity=2),
    ]
    await keeping.keep("INBOX", at(1), moved)
    await keeping.keep("INBOX", at(3, uidvalidity=2), [])
    assert inbox.texts == ["known", "missed"]
    found = [row for row in await rows(database) if row.uidvalidity == 2]
    assert [row.state for row in found] == [MailState.IGNORED, MailState.IGNORED, MailState.WAITING]
    assert "from before the mailbox was switched on" in found[0].reason
    assert found[0].raw == moved[0].raw  # kept, and shown


async def test_a_mail_of_the_second_in_which_the_mailbox_was_switched_on_is_not_older(
    keeping: Keeping, inbox: Inbox
) -> None:
    switched_on = NOW.replace(microsecond=500_000)
    await keeping.start("INBOX", at(0))
    sent_after = arrival(letter("new", sent=switched_on + timedelta(milliseconds=1)), 1, uidvalidity=2)
    await keeping.keep("INBOX", replace(at(0), since=switched_on), [sent_after])
    assert inbox.texts == ["new"]


async def test_old_mails_that_a_restored_backup_brings_are_kept_and_not_answered(
    database: Database, keeping: Keeping, inbox: Inbox
) -> None:
    await keeping.start("INBOX", at(0))
    restored = arrival(letter("old"), received_at=NOW - timedelta(days=1))
    slow_clock = arrival(letter("new"), 2, received_at=NOW - timedelta(minutes=10))
    await keeping.keep("INBOX", at(0), [restored, slow_clock])
    assert inbox.texts == ["new"]
    assert [row.state for row in await rows(database)] == [MailState.IGNORED, MailState.WAITING]


async def test_a_thousand_broken_mails_are_all_kept_as_they_came(
    database: Database, keeping: Keeping, data_dir: Path
) -> None:
    chance = random.Random(20260304)
    real = originals(data_dir)
    broken = list(dict.fromkeys(mutated(chance.choice(real), chance) for _ in range(MAILS)))
    for start in range(0, len(broken), 50):
        batch = [arrival(raw, uid) for uid, raw in enumerate(broken[start : start + 50], start + 1)]
        await keeping.keep("INBOX", at(batch[-1].uid), batch)
    found = await rows(database)
    assert [row.uid for row in found] == list(range(1, len(broken) + 1))
    assert {row.raw for row in found if row.raw} <= set(broken)
    # What is taken for a copy, and kept once, differs at most in the fields that are added on the way.
    came = dict(enumerate(broken, 1))
    first = {row.digest: came[row.uid] for row in reversed(found)}
    assert not [row.uid for row in found if _body(came[row.uid]) != _body(first[row.digest])]
    assert not [row.reason for row in found if "taken in" in (row.reason or "")]


def _body(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[2] or raw.partition(b"\n\n")[2] or raw


async def test_ended_at_any_moment_and_begun_again_each_mail_is_kept_and_handed_on_once(
    dovecot: Dovecot, sqlite_url: str
) -> None:
    database = Database(sqlite_url)
    inbox = Inbox(database)
    keeping = _keeping(database, inbox)
    mailbox = mailbox_of(dovecot)
    async with begun(mailbox, keeping):
        pass
    texts = [f"mail {number}" for number in range(400)]
    dovecot.fill(letter(text) for text in texts)
    stops = 0
    # Of a batch that commits while it is cancelled, the database alone knows.
    while (seen := _handed_on(database)) < len(texts):
        async with attended(mailbox, keeping):
            await until(lambda seen=seen: _handed_on(database) > seen)
        stops += 1
    assert stops >= 3
    found = await rows(database)
    assert [(row.raw, row.state) for row in found] == [(letter(text), MailState.WAITING) for text in texts]
    assert await _events(database) == texts
    database.close()


def _handed_on(database: Database) -> int:
    return database.read_now(lambda connection: len(connection.execute(select(events.c.id)).all()))


async def _events(database: Database) -> list[str]:
    query = select(events.c.payload).order_by(events.c.id)
    return await database.read(lambda connection: [row.payload["text"] for row in connection.execute(query)])
