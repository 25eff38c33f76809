"""What a mail leads to in the conversation that it came to: the rules, the case that is there, and its people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from agent.decision import Trigger
from agent.settings import RecordCreationRule, Settings, UnknownSender
from bot import mailroom
from bot.mailroom import Reception
from bot.settings import InForce
from store import cases, contacts, conversations, mail, work
from store.audit import Origin
from store.engine import Connection, Database
from store.mail import KeptMail, MailState, Signal
from store.model import (
    Actor,
    ActorKind,
    Attachment,
    Author,
    Case,
    CaseNumber,
    CaseStatus,
    Category,
    FieldId,
    Inbound,
    InboundKind,
    Role,
)
from store.schema import audit, metadata, outbox, timers
from store.work import Claim
from tests.agent.examples import SETTINGS

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BEA = Actor(kind=ActorKind.PERSON, id="bea@example.org", name="Bea")
BY_BEA = Origin(actor=BEA)
ANN = "ann@customer.example"
RULE = RecordCreationRule(name="Every mail")


@pytest.fixture
def connection(empty_sqlite_url: str) -> Iterator[Connection]:
    """Without the triggers: what these tests are about happened long ago."""
    database = Database(empty_sqlite_url)
    database.write_now(metadata.create_all)
    with database.engine.begin() as connection:
        yield connection
    database.close()


def in_force(*rules: RecordCreationRule) -> InForce:
    settings: Settings = SETTINGS.model_copy(update={"record_creation_rules": rules})
    return InForce(3, settings)


def wrote(text: str = "It leaks.", sender: str = ANN, subject: str = "My kettle", **changes: Any) -> Inbound:
    plain = Inbound(
        channel="email",
        category=Category.EMAIL,
        account="support",
        conversation_key="a" * 16,
        external_id=f"digest of {text}",
        kind=InboundKind.MESSAGE,
        author=Author(id=sender, name=sender, email=sender),
        text=text,
        sent_at=NOON,
        reply_address={"to": [ANN], "cc": [], "subject": subject},
        raw={"subject": subject, "sender": sender, "recipients": ["support@example.org"]},
    )
    return replace(plain, **changes)


def came(connection: Connection, inbound: Inbound) -> Claim:
    """The mail at the head of its conversation's line."""
    work.accept(connection, inbound)
    [claim] = work.claim(connection, worker=1, seconds=60, limit=1)
    return claim


def said(connection: Connection, claim: Claim, role: Role = Role.CUSTOMER) -> None:
    inbound, conversation = claim.event.inbound, claim.lease.conversation_id
    contact = contacts.identify(connection, inbound.channel, inbound.account, inbound.author)
    participant = conversations.join(connection, conversation, inbound, role, contact)
    conversations.append(connection, conversation, participant, inbound, noise=False)


def case_of(connection: Connection, claim: Claim, *, resolved_ago: timedelta | None = None) -> Case:
    """The conversation's case; resolved so long ago, if it is."""
    conversation = claim.lease.conversation_id
    number = cases.create(
        connection, BY_BEA, title="My kettle", conversation_id=conversation, contact_id=None, writes=[]
    )
    if resolved_ago is not None:
        cases.set_status(connection, BY_BEA, cases.get(connection, number), CaseStatus.RESOLVED)
        connection.execute(update(audit).where(audit.c.what == "status").values(at=datetime.now(UTC) - resolved_ago))
    return cases.get(connection, number)


def received(
    connection: Connection,
    claim: Claim,
    *rules: RecordCreationRule,
    role: Role = Role.CUSTOMER,
    noise: bool = False,
) -> Reception | str:
    return mailroom.received(connection, claim, in_force(*rules), role=role, noise=noise)


# --- a customer's mail ------------------------------------------------------------------------------


def test_a_new_mail_opens_a_case_by_the_rule(connection: Connection) -> None:
    found = received(connection, came(connection, wrote()), RULE)
    assert found == Reception(opens=(RULE, RULE.items[0]))


def test_without_a_rule_for_the_mailbox_nothing_follows_and_it_is_said(connection: Connection) -> None:
    elsewhere = RULE.model_copy(update={"mailbox": "sales"})
    assert received(connection, came(connection, wrote()), elsewhere) == (
        "No active record-creation rule is for the mailbox support."
    )


@pytest.mark.parametrize("rules", [(RULE,), ()])
@pytest.mark.parametrize("noise", [True, False])
def test_a_mail_joins_the_open_case_whatever_rules_there_are(
    connection: Connection,
    rules: tuple[RecordCreationRule, ...],
    noise: bool,  # noqa: FBT001
) -> None:
    claim = came(connection, wrote())
    case_of(connection, claim)
    assert received(connection, claim, *rules, noise=noise) == Reception()


@pytest.mark.parametrize(
    ("days", "reopen", "ago", "joins"),
    [
        (14, True, timedelta(days=13, hours=23), Reception(reopens=True)),
        (14, False, timedelta(days=13, hours=23), Reception(reopens=False)),
        (14, True, timedelta(days=14, minutes=1), None),
        (0.5, True, timedelta(hours=11), Reception(reopens=True)),
        (0, True, timedelta(seconds=1), None),
    ],
)
def test_a_reply_to_a_resolved_case_joins_it_inside_the_window_and_opens_another_after(
    connection: Connection,
    days: float,
    reopen: bool,  # noqa: FBT001
    ago: timedelta,
    joins: Reception | None,
) -> None:
    rule = RULE.model_copy(update={"join_resolved_days": days, "reopen": reopen})
    claim = came(connection, wrote())
    case_of(connection, claim, resolved_ago=ago)
    assert received(connection, claim, rule) == (joins or Reception(opens=(rule, rule.items[0])))


def test_thanks_long_after_the_case_was_resolved_open_none(connection: Connection) -> None:
    claim = came(connection, wrote("Thank you!"))
    case_of(connection, claim, resolved_ago=timedelta(days=400))
    assert received(connection, claim, RULE, noise=True) == Reception()


def test_a_reply_to_a_resolved_case_is_heard_when_no_rule_is_active_any_more(connection: Connection) -> None:
    claim = came(connection, wrote())
    case_of(connection, claim, resolved_ago=timedelta(days=400))
    assert received(connection, claim) == Reception(reopens=True)


@pytest.mark.parametrize(
    ("changes", "opens"),
    [
        ({"subject": "Hello"}, False),
        ({"subject": ""}, False),
        ({"subject": "My kettle leaks"}, True),  # the subject says it
        ({"subject": "Hello", "attachments": (Attachment(name="a", content_type="image/png", size=9, url="u"),)}, True),
    ],
)
def test_a_mail_that_only_greets_opens_no_case_unless_subject_or_files_say_more(
    connection: Connection,
    changes: dict[str, Any],
    opens: bool,  # noqa: FBT001
) -> None:
    found = received(connection, came(connection, wrote("Hi there", **changes)), RULE, noise=True)
    assert (found == Reception(opens=(RULE, RULE.items[0]))) == opens
    assert opens or found == "It greets or thanks, and says nothing else."


def test_an_unknown_sender_is_skipped_until_they_are_known_or_let_in(connection: Connection) -> None:
    rule = RULE.model_copy(update={"unknown_sender": UnknownSender.SKIP})
    claim = came(connection, wrote())
    skipped = "The sender is unknown, and the rule “Every mail” skips those."
    assert received(connection, claim, rule) == skipped
    keep(connection, claim, Signal.PERSON)
    assert received(connection, claim, rule) == Reception(opens=(rule, rule.items[0]))


def test_a_sender_who_wrote_before_is_known(connection: Connection) -> None:
    rule = RULE.model_copy(update={"unknown_sender": UnknownSender.SKIP})
    claim = came(connection, wrote())
    said(connection, claim)
    assert received(connection, claim, rule) == Reception(opens=(rule, rule.items[0]))


def keep(connection: Connection, claim: Claim, signal: Signal | None = None) -> None:
    inbound = claim.event.inbound
    kept = KeptMail(
        account=inbound.account,
        folder="INBOX",
        uidvalidity=1,
        uid=claim.event.id,
        digest=inbound.external_id,
        sender=inbound.author.id,
        subject="My kettle",
        state=MailState.WAITING,
        raw=b"",
        size=0,
        received_at=NOON,
        signal=signal,
        conversation_key=inbound.conversation_key,
    )
    mail.keep(connection, kept)


def test_an_opened_case_has_the_subject_as_title_and_the_rules_values_and_is_filled_at_once(
    connection: Connection,
) -> None:
    claim = came(connection, wrote(subject="My kettle. It leaks."))
    said(connection, claim)
    rule = RecordCreationRule.model_validate({"name": "Low", "items": [{"values": {"priority": "low"}}]})
    mailroom.open_case(connection, claim, in_force(rule), rule, rule.items[0])
    number = conversations.get(connection, claim.lease.conversation_id).case_number
    case = cases.get(connection, CaseNumber(number or 0))
    assert case.title == "My kettle."
    assert {name: each.value for name, each in case.values.items()} == {"contact": ANN, "priority": "Low"}
    assert {each.writer for each in case.values.values()} == {Actor(kind=ActorKind.RULE, id="Low", name="Low")}
    assert case.values[FieldId("contact")].confidence is None
    assert [row.kind for row in connection.execute(select(timers))] == [Trigger.OPENED]


def test_the_case_goes_to_the_queue_that_the_rule_names(connection: Connection) -> None:
    claim = came(connection, wrote())
    rule = RecordCreationRule.model_validate({"name": "Urgent", "items": [{"queue": "hardware"}]})
    mailroom.open_case(connection, claim, in_force(rule), rule, rule.items[0])
    number = CaseNumber(conversations.get(connection, claim.lease.conversation_id).case_number or 0)
    assert cases.get(connection, number).queue == "hardware"
    why = select(audit.c.new, audit.c.reason, audit.c.actor_kind).where(audit.c.what == "queue")
    assert connection.execute(why).all() == [("hardware", "The record-creation rule “Urgent” names it.", "rule")]


@pytest.mark.parametrize("subject", ["", " \n "])
def test_a_case_without_a_subject_has_a_title(connection: Connection, subject: str) -> None:
    claim = came(connection, wrote(subject=subject))
    mailroom.open_case(connection, claim, in_force(RULE), RULE, RULE.items[0])
    number = conversations.get(connection, claim.lease.conversation_id).case_number
    assert cases.get(connection, CaseNumber(number or 0)).title


# --- a representative's mail ------------------------------------------------------------------------


def test_a_representatives_mail_joins_a_conversation_with_a_customer_or_a_case(connection: Connection) -> None:
    claim = came(connection, wrote())
    nowhere = received(connection, claim, RULE, role=Role.REPRESENTATIVE)
    assert nowhere == "A representative wrote it, and it names no conversation with a customer."
    said(connection, claim, Role.REPRESENTATIVE)  # their own words make nobody a customer
    assert received(connection, claim, RULE, role=Role.REPRESENTATIVE) == nowhere
    said(connection, replace(claim, event=replace(claim.event, inbound=wrote("It leaks.", "eve@stranger.example"))))
    assert received(connection, claim, RULE, role=Role.REPRESENTATIVE) == Reception()


def test_a_representatives_mail_joins_the_case_that_a_command_opened(connection: Connection) -> None:
    claim = came(connection, wrote())
    case_of(connection, claim)
    assert received(connection, claim, RULE, role=Role.REPRESENTATIVE) == Reception()


@pytest.mark.parametrize(
    ("to", "sender", "recipients", "passed_on"),
    [
        ([ANN], "bea@example.org", ["support@example.org"], True),
        ([ANN], "bea@example.org", ["support@example.org", ANN], False),  # has it already
        (["bea@example.org"], "bea@example.org", ["support@example.org"], False),  # there is only herself
        ([], "bea@example.org", ["support@example.org"], False),
    ],
)
def test_a_representatives_words_are_passed_on_to_whom_they_did_not_reach(
    connection: Connection,
    to: list[str],
    sender: str,
    recipients: list[str],
    passed_on: bool,  # noqa: FBT001
) -> None:
    inbound = wrote("Send it back.", sender)
    inbound = replace(inbound, raw={**inbound.raw, "recipients": recipients}, reply_address={"to": to, "cc": []})
    mailroom.relay(connection, came(connection, inbound))
    payloads = [row.payload for row in connection.execute(select(outbox))]
    wanted = {"text": "Send it back.", "audience": None, "relay": inbound.external_id, "internal": False}
    assert payloads == ([wanted] if passed_on else [])


# --- where it ended ---------------------------------------------------------------------------------


def test_the_first_word_on_where_a_mail_ended_stands(connection: Connection) -> None:
    claim = came(connection, wrote())
    keep(connection, claim)
    mailroom.settle(connection, claim.event.inbound, MailState.IGNORED, "because")
    mailroom.settle(connection, claim.event.inbound, MailState.JOINED)
    [entry] = mail.listed(connection, states=())
    assert (entry.state, entry.reason) == (MailState.IGNORED, "because")


def test_only_messages_of_the_mail_channel_are_mails() -> None:
    assert mailroom.is_mail(wrote())
    assert not mailroom.is_mail(wrote(channel="webchat"))
    assert not mailroom.is_mail(wrote(kind=InboundKind.UNDELIVERED))
