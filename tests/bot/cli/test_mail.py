"""`casewright mail`: what a person sees of the mails, and decides."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from store import mail
from store.engine import Database
from store.mail import Condition, KeptMail, MailState, Signal
from tests.bot.cli.conftest import CommandLine
from tests.bot.cli.situation import HARMLESS, HOSTILE

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RAW = "From: Eve <eve@example.net>\r\nSubject: x\r\n\r\nMine leaks \x00\x1b[31m, caf\u00e9!\r\n".encode()
SERVER = {"host": "mail.example.org", "port": 993}
MAILBOX = {"name": "support", "address": "support@example.org", "imap": SERVER, "smtp": {**SERVER, "port": 465}}
KEPT = KeptMail(
    account="support",
    folder="INBOX",
    uidvalidity=1,
    uid=7,
    digest="d" * 64,
    sender="eve@example.net",
    subject=HOSTILE,
    state=MailState.REVIEW,
    raw=RAW,
    size=len(RAW),
    received_at=NOON,
    reason="eve@example.net is a stranger.",
    signal=Signal.TOKEN,
)


@pytest.fixture
def mails(database: Database, cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Two mails, the first of them in review, and the file that describes their mailbox."""
    del cli  # which has gone to an empty directory
    Path("mailboxes.yaml").write_text(json.dumps({"mailboxes": [MAILBOX]}))
    monkeypatch.setenv("CASEWRIGHT_MAILBOXES", "mailboxes.yaml")
    monkeypatch.setenv("CASEWRIGHT_MAILBOX_SUPPORT_PASSWORD", "correct horse")
    database.write_now(partial(mail.keep, mail=KEPT))
    other = replace(KEPT, uid=8, digest="e" * 64, state=MailState.JOINED, reason=None)
    database.write_now(partial(mail.keep, mail=other))
    return database


def state(database: Database, mail_id: int) -> MailState:
    found = database.read_now(partial(mail.get, mail_id=mail_id))
    assert found is not None
    return found[0].state


@pytest.mark.usefixtures("mails")
def test_mails_are_listed_with_where_they_ended_and_why_and_nothing_in_them_reaches_the_terminal(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    listed = cli("mail", "list").out
    assert listed.index("joined") < listed.index("review")
    assert "eve@example.net is a stranger." in listed
    assert "by token" in listed
    assert HARMLESS in listed
    assert "\x1b]0;" not in listed
    review: list[dict[str, Any]] = cli("mail", "list", "--state", "review", "--json").data
    assert [(each["id"], each["state"], each["subject"]) for each in review] == [(1, "review", HOSTILE)]
    assert cli("mail", "list", "--state", "failed", "--state", "waiting").out == "There is none.\n"
    assert len(cli("mail", "list", "--limit", "1", "--json").data) == 1


@pytest.mark.usefixtures("mails")
def test_a_mail_is_shown_byte_for_byte(cli: CommandLine) -> None:
    assert cli("mail", "show", "1").out.encode() == RAW


def test_a_mail_in_review_is_let_in_once(mails: Database, cli: CommandLine) -> None:
    done = cli("mail", "accept", "1")
    assert (done.status, done.out) == (0, "Mail 1 begins a new conversation.\n")
    assert state(mails, 1) is MailState.WAITING
    again = cli("mail", "accept", "1")
    assert again.status == 1
    assert "Mail 1 is not in review: it is waiting." in again.err


def test_a_mail_that_names_no_conversation_joins_none(mails: Database, cli: CommandLine) -> None:
    done = cli("mail", "accept", "1", "--join")
    assert done.status == 1
    assert "accept it as a new one" in done.err
    assert state(mails, 1) is MailState.REVIEW


def test_a_mail_in_review_is_closed(mails: Database, cli: CommandLine) -> None:
    assert cli("mail", "dismiss", "1").out == "Mail 1 is dismissed.\n"
    assert state(mails, 1) is MailState.DISMISSED


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize("command", ["accept", "dismiss", "split", "show"])
def test_a_mail_that_is_not_there_is_said(cli: CommandLine, command: str) -> None:
    done = cli("mail", command, "9")
    assert (done.status, done.out) == (1, "")
    assert "There is no mail 9." in done.err


def test_a_decision_needs_the_mailbox_that_the_mail_came_to(
    mails: Database, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CASEWRIGHT_MAILBOXES")
    done = cli("mail", "accept", "1")
    assert done.status == 2
    assert "CASEWRIGHT_MAILBOXES" in done.err
    assert state(mails, 1) is MailState.REVIEW


def test_how_a_mailbox_does_is_told_also_when_nobody_attends_to_it(database: Database, cli: CommandLine) -> None:
    assert "No mailbox has been attended to yet" in cli("mail", "status").out
    told = Condition(state="connected", sentence="Connected.", last_arrival=None)
    attend = partial(mail.attend, account="support", holder="me", condition=told)
    database.write_now(partial(attend, seconds=60))
    assert "Connected." in cli("mail", "status").out
    database.write_now(partial(attend, seconds=-1))
    assert "Nobody attends to it since" in " ".join(cli("mail", "status").out.split())
    assert [each["attended"] for each in cli("mail", "status", "--json").data] == [False]


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["import", "sales", "--since", "2026-01-01"], "There is no mailbox sales: there are support."),
        (["import", "support", "--since", "2999-01-01"], "--since lies in the future"),
        (["import", "support", "--since", "yesterday"], "does not match the format"),
        (["check", "sales"], "There is no mailbox sales: there are support."),
    ],
)
def test_a_mistake_is_said_in_words(cli: CommandLine, arguments: list[str], problem: str) -> None:
    done = cli("mail", *arguments)
    assert done.status == 2
    assert problem in " ".join(done.err.split())
    assert "correct horse" not in done.err


REPLY = b"""Authentication-Results: mx.example.org; dmarc=pass header.from=example.net\r
From: Eve <eve@example.net>\r
To: support@example.org\r
Subject: Re: My kettle [ref:aaaaaaaaaaaaaaaa]\r
\r
It still leaks.\r
\r
On Friday, Support wrote:\r
> Which model is it?\r
"""


@pytest.mark.usefixtures("mails")
def test_explain_tells_how_a_mail_is_read_and_where_it_would_go(cli: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "reply.eml"
    file.write_bytes(REPLY)
    told = cli("mail", "explain", str(file), "--mailbox", "support", "--json").data
    assert (told["sender"], told["text"], told["nature"]) == ("eve@example.net", "It still leaks.", "personal")
    assert "Which model is it?" in told["folded"][0]["text"]
    assert told["conversation"].startswith("aaaaaaaaaaaaaaaa, by the token in its subject")
    shown = cli("mail", "explain", str(file)).out
    assert "text: It still leaks." in shown
    assert "name the mailbox to see" in shown


@pytest.mark.usefixtures("mails")
def test_explain_says_which_file_or_mailbox_it_can_not_find(cli: CommandLine) -> None:
    missing = cli("mail", "explain", "missing.eml")
    assert missing.status == 2
    assert "missing.eml" in missing.err
