"""What a case, a conversation and a message are: frozen values and ids, free of any database or channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NewType

ConversationId = NewType("ConversationId", int)  # 17
MessageId = NewType("MessageId", int)  # 204
ContactId = NewType("ContactId", int)  # 9
CaseNumber = NewType("CaseNumber", int)  # 1042
FieldId = NewType("FieldId", str)  # "serial_number"

Json = dict[str, Any]
"""A JSON object."""

Value = str | bool | int | list[str]
"""A field's value in canonical form: text, ISO date, E.164 phone, decimal as plain digits ("12.5"), money as
"12.50 EUR", option or catalogue value, list of option values; yes/no is a bool, integers are ints."""


def utcnow() -> datetime:
    return datetime.now(UTC)


class Category(StrEnum):
    """A channel's category; the administrator switches categories on and off."""

    CHAT = "chat"
    EMAIL = "email"
    VOICE = "voice"


class Role(StrEnum):
    CUSTOMER = "customer"
    REPRESENTATIVE = "representative"
    AGENT = "agent"


class AccountRole(StrEnum):
    """What somebody is at the console; who is a representative on a channel is a setting of the channel."""

    ADMINISTRATOR = "administrator"
    REPRESENTATIVE = "representative"


class CaseStatus(StrEnum):
    NEW = "new"  # opened, nobody has claimed it
    IN_PROGRESS = "in_progress"  # claimed by a representative
    RESOLVED = "resolved"  # answered for good; a reopen keeps the number
    CANCELLED = "cancelled"  # closed without an answer: a mistake, a duplicate; a reopen keeps the number
    MERGED = "merged"  # its conversations went to another case, for good

    @property
    def is_open(self) -> bool:
        return self in {CaseStatus.NEW, CaseStatus.IN_PROGRESS}

    @property
    def reopens(self) -> bool:
        return self in {CaseStatus.RESOLVED, CaseStatus.CANCELLED}


class ActorKind(StrEnum):
    PERSON = "person"  # a human edit: the agent does not touch it
    AGENT = "agent"  # a prediction
    RULE = "rule"  # an administrator's rule, e.g. record creation


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who did something: a person's contact id as text or login, the predictor's name, a rule's name."""

    kind: ActorKind
    id: str
    name: str


# --- what arrives -----------------------------------------------------------------------------------


class InboundKind(StrEnum):
    MESSAGE = "message"  # somebody wrote; a text that starts with "/" is a command
    EDIT = "edit"  # `target` names the external id of the message that now reads `text`; {"restored": true}: it is back
    DELETE = "delete"  # `target` names the message that is gone
    ACTION = "action"  # a button or form of ours: `action` holds {"verb": ..., ...}
    MEMBERSHIP = "membership"  # `text` is "joined" or "left"
    UNDELIVERED = "undelivered"  # a post of ours came back: `text` names whom it did not reach, if that is known
    ENDED = "ended"  # the conversation is over
    TIMER = "timer"  # one of our own timers fired: `text` names its kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """Who wrote, as the channel vouches for it; never what the message claims of itself."""

    id: str  # native user id, stable within (channel, account)
    name: str = ""
    email: str | None = None  # only when the channel has verified it
    is_bot: bool = False
    groups: tuple[str, ...] = ()  # native ids of the groups that the channel says they are in


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file that came along. `url` is where it is kept: a path of ours, or the channel's link."""

    name: str
    content_type: str
    size: int  # bytes
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """One native event in our words. Plain data that survives JSON; (channel, account, external_id) is unique."""

    channel: str  # "webchat"
    category: Category
    account: str  # workspace, tenant, mailbox or bot the event belongs to
    conversation_key: str  # the thread, within (channel, account)
    external_id: str  # the event's own id: the same payload always gives the same id
    kind: InboundKind
    author: Author
    text: str = ""
    target: str | None = None  # external id of the message that an edit or delete is about
    message_id: str | None = None  # external id of the message itself, where it differs from the event's
    attachments: tuple[Attachment, ...] = ()
    action: Json = field(default_factory=dict[str, Any])
    sent_at: datetime  # the source's clock, UTC
    reply_address: Json = field(default_factory=dict[str, Any])  # what `Channel.send` needs to post into the thread
    raw: Json = field(default_factory=dict[str, Any])
    people: bool = False  # a place where people talk with each other, not a customer and the agent alone


# --- what is kept -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Participant:
    """A person in a conversation."""

    author_id: str
    name: str
    role: Role
    contact_id: ContactId | None = None
    email: str | None = None  # verified by the channel


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message as it reads now; earlier wordings are kept as revisions."""

    id: MessageId
    external_id: str
    author: Participant
    text: str
    sent_at: datetime
    attachments: tuple[Attachment, ...] = ()
    revision: int = 0  # counts edits
    deleted: bool = False
    noise: bool = False  # greeting, thanks, emoji: kept, shown, never a reason for a case


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """One thread on one channel."""

    id: ConversationId
    channel: str
    category: Category
    account: str
    key: str
    reply_address: Json
    people: bool
    language: str | None
    ended: bool
    asked: bool  # the one question for missing fields has been put
    case_number: CaseNumber | None  # the live case, if there is one
    erased: bool = False  # with its customer: there is nobody to answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """The exact words that justify a value: `quote` stands at text[start:end] of the message (characters)."""

    message_id: MessageId
    quote: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldValue:
    """A case field as it stands, and who wrote it last."""

    field: FieldId
    value: Value
    writer: Actor
    written_at: datetime
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """A value the agent may not write by itself; a representative accepts or rejects it."""

    id: int
    field: FieldId
    value: Value
    confidence: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What the team works on. `revision` grows with every change."""

    number: CaseNumber
    title: str
    status: CaseStatus
    owner: Actor | None
    contact_id: ContactId | None
    values: dict[FieldId, FieldValue]
    suggestions: tuple[Suggestion, ...]
    conversations: tuple[ConversationId, ...]
    resolution: str | None  # or why it was cancelled
    created_at: datetime
    updated_at: datetime
    revision: int
    merged_into: CaseNumber | None = None
    queue: str | None = None  # its id in the settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One audit entry: what changed, from what to what, and why."""

    what: str  # "created", "field", "status", "owner", "queue", "suggested", "refused", "note", "linked", ...
    field: FieldId | None = None
    old: Value | None = None
    new: Value | None = None
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    rule: str | None = None  # the update rule that claimed the field; None: the default fields
    reason: str | None = None


# --- what is posted ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class CardField:
    label: str
    value: str  # formatted for people
    internal: bool = False  # for representatives only; never in a rendering that a customer sees


@dataclass(frozen=True, kw_only=True, slots=True)
class CardSuggestion:
    id: int
    label: str
    value: str
    quote: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A case for people to look at, neutral: each channel renders it its own way."""

    number: CaseNumber
    title: str
    status: str
    status_label: str
    owner: str | None
    fields: tuple[CardField, ...]
    suggestions: tuple[CardSuggestion, ...]  # for representatives only
    changed: str | None  # "Priority set to High"
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbound:
    """One thing to post. `key` is unique for ever: the same key is never to be seen twice in a thread."""

    key: str
    channel: str
    account: str
    conversation_key: str
    reply_address: Json
    text: str = ""  # plain text, line breaks count; each channel escapes it for its own markup
    card: Card | None = None
    audience: str | None = None  # native user id of the only person who may see it; None: everybody in the thread
    internal: bool = False  # for the team alone, in the place that the channel keeps for it
    relay: str | None = None  # external id of a representative's message that this passes on, in their own words
    edit: str | None = None  # native id of our earlier post that this one replaces
    uncertain: bool = False  # an earlier attempt may have got through: look before posting again
    language: str | None = None  # of the conversation, as an ISO 639-1 code
