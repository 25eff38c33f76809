"""Older mail on request: each once, nothing follows from it, and what the mailbox still awaits is left to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from adapters.mail.imap import Arrival
from adapters.mail.importing import Importing
from store import mail, work
from store.engine import Database
from store.mail import MailState
from tests.adapters.mail.smtp import mailbox_at


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()


def arrival(uid: int, *, uidvalidity: int = 1, since_switched_on: float = -1, **changes: Any) -> Arrival:
    raw = f"From: ann@customer.example\r\nSubject: {uid}\r\n\r\nMail {uid}\r\n".encode()
    at = datetime.now(UTC) + timedelta(hours=since_switched_on)
    plain: dict[str, Any] = {"folder": "INBOX", "raw": raw, "size": len(raw), "received_at": at}
    return Arrival(uid=uid, uidvalidity=uidvalidity, **(plain | changes))


def is_at(database: Database, last_uid: int, uidvalidity: int = 1) -> None:
    advance = partial(mail.advance, account="support", folder="INBOX", uidvalidity=uidvalidity, last_uid=last_uid)
    database.write_now(advance)


async def imported(database: Database, *arrivals: Arrival) -> list[str]:
    """The subjects of what was new."""
    before = len(database.read_now(partial(mail.listed, states=())))
    count = await Importing(database, mailbox_at(1)).keep(arrivals)
    entries = database.read_now(partial(mail.listed, states=()))
    assert count == len(entries) - before
    return [each.subject for each in reversed(entries)][before:]


async def test_older_mails_are_kept_once_with_the_reason_why_nothing_follows(database: Database) -> None:
    assert await imported(database, arrival(1), arrival(2)) == ["1", "2"]
    assert await imported(database, arrival(1), arrival(2), arrival(3, folder="Archive")) == ["3"]
    entries = database.read_now(partial(mail.listed, states=()))
    assert {(each.state, str(each.reason)[:39]) for each in entries} == {
        (MailState.IGNORED, "Brought in by `casewright mail import`:")
    }
    assert database.read_now(partial(work.listed, statuses=("ready",))) == []


@pytest.mark.parametrize(
    ("found", "taken"),
    [
        ({"uid": 7}, True),
        ({"uid": 8}, False),  # behind the position: it will be read, and answered
        ({"uid": 8, "folder": "Archive"}, True),  # a folder that nobody reads
        # The folder was numbered anew, which the mailbox has not seen yet.
        ({"uid": 1, "uidvalidity": 2}, True),
        ({"uid": 1, "uidvalidity": 2, "since_switched_on": 1}, False),
    ],
)
async def test_what_the_mailbox_is_still_to_read_is_left_to_it(
    database: Database, found: dict[str, Any], *, taken: bool
) -> None:
    is_at(database, 7)
    assert (await imported(database, arrival(**found)) != []) == taken
