"""A case with everything that a trail can show, and a conversation that made none; both hold hostile words."""

from dataclasses import dataclass
from datetime import UTC, datetime

from store import cases, contacts, conversations, evaluations, work
from store.audit import Origin
from store.cases import FieldWrite
from store.engine import Connection, Database
from store.evaluations import Evaluation
from store.model import (
    Actor,
    ActorKind,
    Author,
    CaseNumber,
    Category,
    ConversationId,
    Evidence,
    FieldId,
    Inbound,
    InboundKind,
    Message,
    Role,
)

SENT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AGENT = Actor(kind=ActorKind.AGENT, id="agent", name="Casewright")
ANNA = Actor(kind=ActorKind.PERSON, id="U1", name="Anna Berg")
ISSUE, CONTACT, PRIORITY = FieldId("issue_description"), FieldId("contact"), FieldId("priority")
HOSTILE = "\x1b]0;owned\x07\x1b[31m[bold red]My kettle[/] leaks\x9b2J"  # title, colour, markup, 8-bit control
HARMLESS = "]0;owned[31m[bold red]My kettle[/] leaks2J"


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    number: CaseNumber
    conversation: ConversationId
    without_case: ConversationId


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    why: str
    field: str  # that did not resolve
    reason: str
    number: CaseNumber | None = None


def inbound(key: str, external_id: str, text: str, name: str = "Jane\x1b[5m Roe") -> Inbound:
    return Inbound(
        channel="webchat",
        category=Category.CHAT,
        account="default",
        conversation_key=key,
        external_id=external_id,
        kind=InboundKind.MESSAGE,
        author=Author(id="customer-1", name=name),
        text=text,
        sent_at=SENT,
    )


def seed(database: Database) -> Situation:
    return database.write_now(_seed)


def _seed(connection: Connection) -> Situation:
    talk = _say(connection, inbound("talk", "m1", HOSTILE))
    _say(connection, inbound("talk", "m2", "I am jane@example.org"))
    noise = _say(connection, inbound("noise", "m3", "Hello there"))
    _look(connection, noise, Found(why="No case because nothing resolved.", field="contact", reason="nothing is said"))
    why = "No case because Contact did not resolve."
    _look(connection, noise, Found(why=why, field="contact", reason="no address"))
    number = _open(connection, talk)
    conversations.edit(connection, talk, "m2", "customer-1", "I am j.roe@example.org", noise=False)
    why = "Issue description and Contact resolved."
    _look(connection, talk, Found(number=number, why=why, field="product", reason="none is named"))
    return Situation(number=number, conversation=talk, without_case=noise)


def _say(connection: Connection, message: Inbound) -> ConversationId:
    event = work.accept(connection, message)
    conversation = ConversationId(
        next(each.conversation_id for each in work.listed(connection, statuses=["ready"]) if each.id == event)
    )
    contact = contacts.identify(connection, message.channel, message.account, message.author)
    participant = conversations.join(connection, conversation, message, Role.CUSTOMER, contact)
    conversations.append(connection, conversation, participant, message, noise=message.text.startswith("Hello"))
    return conversation


def _open(connection: Connection, talk: ConversationId) -> CaseNumber:
    origin = Origin(actor=AGENT, conversation_id=talk, settings_version=1, predictor="embedded 0.1")
    said, address = conversations.transcript(connection, talk)
    writes = [
        FieldWrite(field=ISSUE, value=HOSTILE, confidence=0.91, evidence=_cited(said, HOSTILE)),
        FieldWrite(
            field=CONTACT,
            value="jane@example.org",
            confidence=0.98,
            evidence=_cited(address, "jane@example.org"),
            rule="Who it is",
        ),
    ]
    number = cases.create(connection, origin, title=HOSTILE, conversation_id=talk, contact_id=None, writes=writes)
    by_hand = Origin(actor=ANNA, conversation_id=talk, settings_version=1)
    high = [FieldWrite(field=PRIORITY, value="High")]
    cases.write(connection, by_hand, cases.get(connection, number), high)
    suggestion = FieldWrite(field=PRIORITY, value="Low", confidence=0.7, evidence=_cited(said, "leaks"))
    cases.suggest(connection, origin, cases.get(connection, number), [suggestion])
    return number


def _cited(message: Message, quote: str) -> tuple[Evidence, ...]:
    start = message.text.index(quote)
    return (Evidence(message_id=message.id, quote=quote, start=start, end=start + len(quote)),)


def _look(connection: Connection, place: ConversationId, found: Found) -> None:
    evaluations.keep(
        connection,
        Evaluation(
            conversation_id=place,
            case_number=found.number,
            trigger="message",
            outcome="created" if found.number else "not_created",
            why=found.why,
            detail={"refused": {found.field: {"reason": found.reason}}},
            predictor="embedded 0.1",
            settings_version=1,
            milliseconds=12.4,
        ),
    )
