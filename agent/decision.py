"""What a decision is made from and what comes out of it: frozen values, no logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.predictor import Sender
from agent.settings import Settings
from store.examples import Example
from store.model import Case, Conversation, Evidence, FieldId, Message, Value


class Trigger(StrEnum):
    """Why a conversation is evaluated now."""

    MESSAGE = "message"  # a customer wrote, edited or deleted, and it has been quiet since
    OPENED = "opened"  # a record-creation rule has just opened the case: its first fill
    CLAIM = "claim"  # a representative claimed the case
    ANSWER = "answer"  # a representative answered for the first time
    ENDED = "ended"  # the conversation is over: nothing can be asked any more
    COMMAND = "command"  # a representative asked for it: /update-case or /create-case
    FORM = "form"  # a representative opens a case by a form, which offers all that can be predicted


class Outcome(StrEnum):
    CREATED = "created"  # open a case with the writes
    UPDATED = "updated"  # apply the writes, keep the suggestions
    NO_CHANGES = "no_changes"  # the case says already what the conversation says
    NOT_CREATED = "not_created"  # the gate is shut; `missing` and `why` say which field keeps it so
    PROPOSED = "proposed"  # a representative has to accept: the case (creation) or the suggestions (update)
    SHADOW = "shadow"  # what would have happened, for the record; nothing is to be applied
    OFF = "off"  # the administrator switched this off here; nothing was predicted


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """All that a decision may depend on, as read in one transaction."""

    settings: Settings
    settings_version: int
    conversation: Conversation
    transcript: tuple[Message, ...]  # in order of arrival, deleted messages included
    sender: Sender
    case: Case | None  # the live case of this conversation, or the one that the command names
    trigger: Trigger
    now: datetime
    manual: bool = False  # creation by a representative's hand: opens a case whatever resolved
    rejected: frozenset[tuple[FieldId, str]] = frozenset()  # (field, str(value)) of suggestions turned down
    human_cleared: frozenset[FieldId] = frozenset()  # fields that a person emptied: as protected as an edit
    examples: tuple[Example, ...] = ()  # what people decided in other cases, as far as it may be used here


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """A value to write, or to suggest. `value` None clears a field whose evidence is gone."""

    field: FieldId
    value: Value | None
    old: Value | None
    confidence: float
    evidence: tuple[Evidence, ...]
    rule: str | None  # the update rule that claimed the field; None: the default and optional fields


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A field that was tried and is not written: the predictor abstained, or its answer was refused."""

    field: FieldId
    reason: str  # a sentence for people
    value: Value | None = None  # what was predicted, where anything was
    rule: str | None = None
    confidence: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What to do, and everything that an evaluation's record has to say about why."""

    outcome: Outcome
    why: str  # one sentence for people: "No case because Contact did not resolve."
    writes: tuple[Write, ...] = ()  # to apply where the outcome says so; else what resolved all the same
    suggestions: tuple[Write, ...] = ()  # new ones only: those open already are not repeated
    refusals: tuple[Refusal, ...] = ()
    unchanged: tuple[FieldId, ...] = ()  # predicted, and the case says the same already
    missing: tuple[FieldId, ...] = ()  # default fields that did not resolve
    ask: bool = False  # put the one question for the missing fields now
    title: str | None = None  # of a new case
    passes: int = 0  # times the fields were selected and predicted: 0 to 2
    fields: Mapping[FieldId, str | None] = field(default_factory=dict[FieldId, str | None])  # tried -> rule
