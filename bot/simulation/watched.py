"""What the agent recorded while it only watched (`automation: shadow`), against what people made of the same cases."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from agent.decision import Outcome
from agent.settings import CaseField, Level
from bot.evaluation import placing
from bot.simulation.course import Course, Fate
from bot.simulation.figures import Played, Slot
from bot.simulation.labelled import Labelled
from bot.simulation.past import in_force, labelled
from store import audit, conversations, evaluations
from store import settings as versions
from store.audit import Entry
from store.cases import FieldWrite
from store.engine import Connection, Database
from store.evaluations import Evaluation, Watching
from store.model import Conversation, ConversationId, FieldId, Value

_MOST = 10_000  # conversations, the latest first


def watched(database: Database) -> tuple[Generator[Played], int]:
    """By the settings in force, one at a time; and how many there are."""
    settings = database.read_now(in_force)
    watching = database.read_now(_watching)
    ids = database.read_now(partial(evaluations.conversations_watched, watching=watching, limit=_MOST))

    def read(connection: Connection, conversation_id: ConversationId) -> Played:
        conversation = labelled(connection, conversation_id, settings)
        found = evaluations.watched(connection, watching, conversation_id)
        course = _course(conversation, conversations.get(connection, conversation_id), found)
        return _played(conversation, found, dict(_values(connection, found)), course)

    return (database.read_now(partial(read, conversation_id=each)) for each in ids), len(ids)


def _watching(connection: Connection) -> Watching:
    return Watching(
        creating=versions.saying(connection, "automation", "create", value=Level.SHADOW),
        updating=versions.saying(connection, "automation", "update", value=Level.SHADOW),
    )


_Found = tuple[Value | None, float]


def _values(connection: Connection, found: Sequence[Evaluation]) -> Iterator[tuple[FieldId, _Found]]:
    """What would have been written or suggested; and what stood there, where the agent would not have changed it."""
    for each in found:
        if each.case_number is not None:
            trail = audit.of_case(connection, each.case_number) if each.detail["unchanged"] else []
            for name in each.detail["unchanged"]:
                yield FieldId(name), (_standing(trail, name, each), 1.0)
        if each.outcome == Outcome.SHADOW:
            yield from ((FieldId(name), (value, 1.0)) for name, value in each.detail["suggested"].items())
            for name, written in each.detail["written"].items():
                yield FieldId(name), (written["value"], written["confidence"] or 0.0)


def _standing(trail: Sequence[Entry], name: str, seen: Evaluation) -> Value | None:
    """What the case said of the field then: people may have changed it since."""
    said = [
        each.change.new
        for each in trail
        if each.change.what == "field"
        and each.change.field == name
        and (seen.created_at is None or each.at <= seen.created_at)
    ]
    return said[-1] if said else None


def _played(
    conversation: Labelled, found: Sequence[Evaluation], values: Mapping[FieldId, _Found], course: Course
) -> Played:
    """Of fields nothing is said where none would have been tried: no case was opened, and none would have been."""
    before = [each for each in found if each.case_number is None]
    tried = any(each.case_number is not None or each.outcome == Outcome.SHADOW for each in found)
    fields = conversation.settings.fields if tried else ()
    return Played(
        conversation=conversation if before else replace(conversation, case=None),  # opened by others, and no decision
        slots=tuple(_slot(conversation, field, values.get(FieldId(field.id))) for field in fields),
        course=course,
        seconds=tuple(each.milliseconds / 1000 for each in found),
    )


def _slot(conversation: Labelled, field: CaseField, found: _Found | None) -> Slot:
    value, confidence = found or (None, 0.0)
    return Slot(
        field=field,
        value=value,
        confidence=confidence,
        expected=FieldId(field.id) in conversation.expected,
        right=value is not None and conversation.is_right(field, value),
        refused=None,
        overlaps=None,
        why_not=None if value is not None else "Nothing would have been written.",
    )


def _course(conversation: Labelled, talk: Conversation, found: Sequence[Evaluation]) -> Course:
    before = [each for each in found if each.case_number is None]
    changes = [each for each in found if each.case_number is not None and each.outcome == Outcome.SHADOW]
    first = next((each for each in before if each.outcome == Outcome.SHADOW), None)
    fate = Fate.WATCHED if first else Fate.NOT_CREATED if before else Fate.JOINED
    return Course(
        fate=fate,
        why="A case was there." if not before else (first or before[-1]).why,
        opened=None if first is None else _message_before(conversation, first),
        placing=None if first is None else placing(conversation.settings, talk, list(_written(first))),
        updates=len(changes),
        suggested=sum(len(each.detail["suggested"]) for each in changes),
        flips=0,
        values={},
    )


def _written(shadow: Evaluation) -> Iterator[FieldWrite]:
    for name, written in shadow.detail["written"].items():
        yield FieldWrite(field=FieldId(name), value=written["value"])


def _message_before(conversation: Labelled, shadow: Evaluation) -> int:
    """The index of the last message that it can have seen."""
    moment = shadow.created_at
    seen = sum(moment is not None and each.sent_at <= moment for each in conversation.transcript)
    return max(0, seen - 1)
