"""What a person decides about a mail, on a store as the mail channel leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from adapters.mail.configuration import Mailbox
from bot import mail_review
from bot.mail_review import Decider, Undecidable
from store import cases, contacts, conversations, mail, work
from store.audit import Origin, of_case
from store.engine import Connection, Database
from store.mail import KeptMail, MailEntry, MailState, Signal
from store.model import (
    Actor,
    ActorKind,
    Author,
    CaseNumber,
    Category,
    ConversationId,
    Inbound,
    InboundKind,
    Role,
)
from store.work import Event

SENT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANNA = Actor(kind=ActorKind.PERSON, id="cli:anna", name="anna")
KEY = "a" * 16
SERVER = {"host": "mail.example.org", "port": 993}
MAILBOX = Mailbox.model_validate(
    {"name": "support", "address": "support@example.org", "imap": SERVER, "smtp": {**SERVER, "port": 465}}
)
DECIDER = Decider(actor=ANNA, mailbox=MAILBOX)
RAW = (
    b"From: Eve <eve@example.net>\r\nTo: support@example.org\r\nSubject: The same with mine\r\n\r\nMine leaks too.\r\n"
)


@pytest.fixture
def connection(sqlite_url: str) -> Iterator[Connection]:
    database = Database(sqlite_url)
    with database.engine.begin() as connection:
        yield connection
    database.close()


def keep(
    connection: Connection,
    state: MailState,
    *,
    signal: Signal | None = Signal.TOKEN,
    key: str = KEY,
    raw: bytes = RAW,
) -> int:
    kept = KeptMail(
        account="support",
        folder="INBOX",
        uidvalidity=1,
        uid=7,
        digest="d" * 64,
        sender="eve@example.net",
        subject="The same with mine",
        state=state,
        raw=raw,
        size=len(raw),
        received_at=SENT,
        signal=signal,
        conversation_key=key,
    )
    mail.keep(connection, kept)
    return mail.listed(connection, states=())[0].id


def wrote(external_id: str, author: str, text: str) -> Inbound:
    return Inbound(
        channel="email",
        category=Category.EMAIL,
        account="support",
        conversation_key=KEY,
        external_id=external_id,
        kind=InboundKind.MESSAGE,
        author=Author(id=author, name=author),
        text=text,
        sent_at=SENT,
        reply_address={"to": ["ann@example.org"], "cc": [], "subject": "My kettle"},
    )


def ann_wrote(connection: Connection) -> tuple[ConversationId, CaseNumber]:
    """A conversation with a case."""
    conversation = said(connection, wrote("first", "ann@example.org", "My kettle leaks."))
    origin = Origin(actor=ANNA)
    number = cases.create(
        connection, origin, title="My kettle", conversation_id=conversation, contact_id=None, writes=[]
    )
    return conversation, number


def said(connection: Connection, inbound: Inbound) -> ConversationId:
    work.accept(connection, inbound)
    conversation = waiting(connection)[-1].conversation_id
    contact = contacts.identify(connection, "email", "support", inbound.author)
    participant = conversations.join(connection, conversation, inbound, Role.CUSTOMER, contact)
    conversations.append(connection, conversation, participant, inbound, noise=False)
    return conversation


def waiting(connection: Connection) -> list[work.Work]:
    return sorted(work.listed(connection, statuses=["ready"]), key=lambda each: each.id)


def last_event(connection: Connection) -> Event:
    claims = work.claim(connection, worker=1, seconds=60, limit=10)
    return max((claim.event for claim in claims), key=lambda event: event.id)


def entry(connection: Connection, mail_id: int) -> MailEntry:
    found = mail.get(connection, mail_id)
    assert found
    return found[0]


def test_an_accepted_mail_begins_a_conversation_of_its_own(connection: Connection) -> None:
    ann_wrote(connection)
    mail_id = keep(connection, MailState.REVIEW)
    mail_review.accept(connection, mail_id, DECIDER, join=False)
    inbound = last_event(connection).inbound
    assert inbound.conversation_key != KEY
    assert inbound.text == "Mine leaks too."
    assert entry(connection, mail_id).signal is Signal.PERSON
    assert entry(connection, mail_id).state is MailState.WAITING


def test_an_accepted_mail_may_join_the_conversation_that_it_names(connection: Connection) -> None:
    conversation, _ = ann_wrote(connection)
    mail_id = keep(connection, MailState.REVIEW)
    mail_review.accept(connection, mail_id, DECIDER, join=True)
    assert {each.conversation_id for each in waiting(connection)} == {conversation}
    assert waiting(connection)[-1].id > waiting(connection)[0].id


def test_a_mail_that_names_no_conversation_can_join_none(connection: Connection) -> None:
    mail_id = keep(connection, MailState.REVIEW, key="b" * 16)
    with pytest.raises(Undecidable, match="names no conversation"):
        mail_review.accept(connection, mail_id, DECIDER, join=True)
    assert not waiting(connection)


def test_a_mail_that_nobody_could_be_answered_to_is_not_accepted(connection: Connection) -> None:
    mail_id = keep(connection, MailState.REVIEW, raw=b"Subject: From whom?\r\n\r\nMine leaks too.\r\n")
    with pytest.raises(Undecidable, match="no sender that can be read, so nobody could be answered: dismiss it"):
        mail_review.accept(connection, mail_id, DECIDER, join=False)
    assert not waiting(connection)
    assert entry(connection, mail_id).state is MailState.REVIEW


def test_a_dismissed_mail_stays_kept_and_is_decided(connection: Connection) -> None:
    mail_id = keep(connection, MailState.REVIEW)
    mail_review.dismiss(connection, mail_id)
    assert entry(connection, mail_id).state is MailState.DISMISSED
    with pytest.raises(Undecidable, match="is not in review: it is dismissed"):
        mail_review.accept(connection, mail_id, DECIDER, join=False)


def test_a_mail_that_was_split_off_leaves_its_conversation_and_begins_another(connection: Connection) -> None:
    conversation, number = ann_wrote(connection)
    said(connection, wrote("d" * 64, "eve@example.net", "Mine leaks too."))
    mail_id = keep(connection, MailState.JOINED)
    mail_review.split(connection, mail_id, DECIDER)
    assert [each.deleted for each in conversations.transcript(connection, conversation)] == [False, True]
    change = of_case(connection, number)[-1].change
    assert (change.what, change.new, change.reason) == ("split off", f"mail {mail_id}", "It had joined by token.")
    event = last_event(connection)
    assert event.inbound.conversation_key != KEY
    assert event.inbound.reply_address["to"] == ["eve@example.net"]
    # It ends where the new conversation takes it.
    mail.settle(connection, "support", event.inbound.external_id, MailState.CREATED)
    assert entry(connection, mail_id).state is MailState.CREATED
    assert mail.raw_of(connection, "support", event.inbound.external_id) == RAW


@pytest.mark.parametrize(
    ("state", "signal", "why"),
    [
        (MailState.JOINED, None, "began its conversation"),
        (MailState.REVIEW, Signal.TOKEN, "has joined no conversation: it is review"),
        (MailState.JOINED, Signal.TOKEN, "it was a command"),
    ],
)
def test_what_can_not_be_split_off_is_said(
    connection: Connection, state: MailState, signal: Signal | None, why: str
) -> None:
    ann_wrote(connection)
    mail_id = keep(connection, state, signal=signal)
    with pytest.raises(Undecidable, match=why):
        mail_review.split(connection, mail_id, DECIDER)


def test_a_mail_that_is_not_there_can_not_be_decided(connection: Connection) -> None:
    with pytest.raises(Undecidable, match="There is no mail 4"):
        mail_review.dismiss(connection, 4)
