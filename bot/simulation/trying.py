"""One conversation tried by settings that may be a draft: what would come of it, field by field. Nothing is written."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.embedded import EmbeddedPredictor
from agent.predictor import Sender
from agent.settings import CaseField, Channels, Settings
from bot.simulation.course import Course, Rehearsal
from bot.simulation.labelled import Labelled
from store.model import (
    Case,
    Category,
    Conversation,
    Evidence,
    FieldId,
    FieldValue,
    Message,
    MessageId,
    Participant,
    Role,
    Value,
)

MOST_CHARACTERS = 20_000
MOST_MESSAGES = 60
CATEGORIES = dict.fromkeys(Channels.model_fields, Category.CHAT) | {
    "email": Category.EMAIL,
    "voice": Category.VOICE,
}
_SPEAKER = re.compile(r"\s*(customer|representative|agent)\s*:\s*(.*)", re.IGNORECASE)


class NotSaid(ValueError):
    """The lines are no conversation; says what would be right."""


def said(text: str, now: datetime) -> tuple[Message, ...]:
    """Lines of "customer: …" and "representative: …"; a line without either goes on with the last. Raises NotSaid."""
    if len(text) > MOST_CHARACTERS:
        raise NotSaid(f"Paste at most {MOST_CHARACTERS:,} characters; these are {len(text):,}.")
    turns: list[tuple[Role, list[str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if (begun := _SPEAKER.fullmatch(line)) is not None:
            turns.append((Role(begun[1].lower()), [begun[2]]))
        elif turns:
            turns[-1][1].append(line)
        elif line.strip():
            raise NotSaid(f"Line {number} says nothing of who speaks: begin it with “customer:” or “representative:”.")
    if not turns:
        raise NotSaid("Paste a conversation, or choose one: lines of “customer: …” and “representative: …”.")
    if len(turns) > MOST_MESSAGES:
        raise NotSaid(f"Paste at most {MOST_MESSAGES} messages; these are {len(turns)}.")
    return tuple(_message(at, role, "\n".join(lines).strip(), now) for at, (role, lines) in enumerate(turns))


def _message(at: int, role: Role, text: str, now: datetime) -> Message:
    author = Participant(author_id=role, name=role.capitalize(), role=role)
    sent_at = now + timedelta(seconds=at)
    return Message(id=MessageId(at + 1), external_id=str(at + 1), author=author, text=text, sent_at=sent_at)


def as_labelled(messages: tuple[Message, ...], channel: str, sender: Sender, settings: Settings) -> Labelled:
    return Labelled(
        id="tried",
        channel=channel,
        tags=(),
        settings=settings,
        transcript=messages,
        sender=sender,
        now=messages[-1].sent_at,
        expected={},
        contained={},
        evidence={},
        category=CATEGORIES[channel],
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class TriedField:
    """`value` None: there would be none, and `reason` says why."""

    field: CaseField
    value: Value | None = None
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    by: str | None = None  # the rule that claimed it, or that set it
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    course: Course
    conversation: Conversation
    title: str | None  # of the case, where there is one
    asks: bool
    fields: tuple[TriedField, ...]


def try_out(conversation: Labelled) -> Tried:
    """Message by message, as live, and in the end as `/update-case` would. For a thread: it takes its time."""
    return asyncio.run(_tried(conversation))


async def _tried(conversation: Labelled) -> Tried:
    predictor, rehearsal = EmbeddedPredictor(), Rehearsal(conversation)
    for at in range(len(conversation.transcript)):
        await rehearsal.evaluate(at, predictor)
    await rehearsal.update(predictor)
    return Tried(
        course=rehearsal.course,
        conversation=rehearsal.conversation,
        title=rehearsal.case.title if rehearsal.case else None,
        asks=rehearsal.asks,
        fields=tuple(_fields(rehearsal, conversation.settings.fields)),
    )


def _fields(rehearsal: Rehearsal, fields: Iterable[CaseField]) -> Iterable[TriedField]:
    found = _values(rehearsal.case, rehearsal)
    for field in fields:
        name = FieldId(field.id)
        rule = rehearsal.rules.get(name)
        if name in found:
            value, confidence, evidence = found[name]
            yield TriedField(field=field, value=value, confidence=confidence, evidence=evidence, by=rule)
        else:
            yield TriedField(field=field, by=rule, reason=rehearsal.refused.get(name, _NOT_TRIED))


_NOT_TRIED = "Not tried: it is in neither list of fields, and no rule that holds updates it."
_Found = dict[FieldId, tuple[Value, float | None, tuple[Evidence, ...]]]


def _values(case: Case | None, rehearsal: Rehearsal) -> _Found:
    """What the case says, or where there is none, what resolved all the same."""
    if case is not None:
        return {name: _held(each) for name, each in case.values.items()}
    writes = rehearsal.decision.writes if rehearsal.decision else ()
    return {each.field: (each.value, each.confidence, each.evidence) for each in writes if each.value is not None}


def _held(value: FieldValue) -> tuple[Value, float | None, tuple[Evidence, ...]]:
    return value.value, value.confidence, value.evidence
