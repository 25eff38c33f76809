"""The evidence behind a case, read in one transaction: for each value who wrote it, when, and on whose words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from store import audit, cases, conversations, evaluations
from store.audit import Entry
from store.engine import Connection
from store.evaluations import Evaluation
from store.model import (
    Case,
    CaseNumber,
    ConversationId,
    Evidence,
    FieldId,
    FieldValue,
    Message,
    MessageId,
    Role,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """The exact words, and the message they stand in; `author` None: that message is not there any more."""

    words: str
    message_id: MessageId
    conversation_id: ConversationId | None
    author: str | None
    role: Role | None
    sent_at: datetime | None
    since: str | None  # "edited" or "deleted", where the words don't stand there any more


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueTrail:
    """A value as it stands, and the audit entry that wrote it."""

    value: FieldValue
    quotes: tuple[Quote, ...]
    rule: str | None  # the update rule that claimed the field; None: the default fields, or a person
    settings_version: int | None
    predictor: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trail:
    case: Case
    values: tuple[ValueTrail, ...]
    history: tuple[Entry, ...]  # oldest first
    evaluations: tuple[Evaluation, ...]  # of each linked conversation, oldest first


def follow(connection: Connection, number: int) -> Trail:
    """Raises UnknownCase."""
    case = cases.get(connection, number)
    history = audit.of_case(connection, CaseNumber(number))
    cited = {evidence.message_id for value in case.values.values() for evidence in value.evidence}
    messages = _messages(connection, _conversations(case, history), cited)
    looks = [
        each
        for place in case.conversations
        for each in reversed(evaluations.of_conversation(connection, place))
        if each.case_number in {None, number}  # the others are of another case of the same conversation
    ]
    return Trail(
        case=case,
        values=tuple(_value(value, history, messages) for value in case.values.values()),
        history=tuple(history),
        evaluations=tuple(looks),
    )


def _written_by(history: Iterable[Entry], field: FieldId) -> Entry | None:
    """The entry that wrote the value which stands now."""
    writes = [entry for entry in history if entry.change.what == "field" and entry.change.field == field]
    return writes[-1] if writes else None


def _quote(evidence: Evidence, messages: Mapping[MessageId, tuple[ConversationId, Message]]) -> Quote:
    place, message = messages.get(evidence.message_id, (None, None))
    return Quote(
        words=evidence.quote,
        message_id=evidence.message_id,
        conversation_id=place,
        author=message and message.author.name,
        role=message and message.author.role,
        sent_at=message and message.sent_at,
        since=message and _since(evidence, message),
    )


def _conversations(case: Case, history: Iterable[Entry]) -> list[ConversationId]:
    """Those linked now, and those that a change came from."""
    before = [entry.origin.conversation_id for entry in history if entry.origin.conversation_id is not None]
    return list(dict.fromkeys([*case.conversations, *before]))


def _messages(
    connection: Connection, places: Iterable[ConversationId], cited: set[MessageId]
) -> dict[MessageId, tuple[ConversationId, Message]]:
    window = partial(conversations.window, connection, cited=cited)
    return {message.id: (place, message) for place in places for message in window(place)}


def _value(
    value: FieldValue, history: Iterable[Entry], messages: Mapping[MessageId, tuple[ConversationId, Message]]
) -> ValueTrail:
    entry = _written_by(history, value.field)
    return ValueTrail(
        value=value,
        quotes=tuple(_quote(evidence, messages) for evidence in value.evidence),
        rule=entry and entry.change.rule,
        settings_version=entry and entry.origin.settings_version,
        predictor=entry and entry.origin.predictor,
    )


def _since(evidence: Evidence, message: Message) -> str | None:
    if message.deleted:
        return "deleted"
    return None if message.text[evidence.start : evidence.end] == evidence.quote else "edited"
