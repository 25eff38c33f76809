"""What the agent recorded while it only watched (`automation: shadow`), against what people made of the same cases."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import partial

from agent.settings import CaseField
from bot.simulation.course import Course, Fate
from bot.simulation.figures import Played, Slot
from bot.simulation.labelled import Labelled
from bot.simulation.past import in_force, labelled
from store import evaluations
from store.engine import Connection, Database
from store.evaluations import Evaluation
from store.model import ConversationId, FieldId, Value

_MOST = 10_000  # conversations, the latest first


def watched(database: Database) -> tuple[Generator[Played], int]:
    """By the settings in force, one at a time; and how many there are."""
    settings = database.read_now(in_force)
    ids = database.read_now(partial(evaluations.conversations_watched, limit=_MOST))

    def read(connection: Connection, conversation_id: ConversationId) -> Played:
        conversation = labelled(connection, conversation_id, settings)
        return _played(conversation, evaluations.shadows(connection, conversation_id))

    return (database.read_now(partial(read, conversation_id=each)) for each in ids), len(ids)


def _played(conversation: Labelled, shadows: Sequence[Evaluation]) -> Played:
    found: dict[FieldId, tuple[Value | None, float]] = {}
    for shadow in shadows:
        found |= _found(shadow, conversation)
    return Played(
        conversation=conversation,
        slots=tuple(_slot(conversation, field, found.get(FieldId(field.id))) for field in conversation.settings.fields),
        course=_course(conversation, shadows),
        seconds=tuple(shadow.milliseconds / 1000 for shadow in shadows),
    )


def _found(shadow: Evaluation, conversation: Labelled) -> Iterator[tuple[FieldId, tuple[Value | None, float]]]:
    """What would have been written or suggested; and what people had written and the agent would not have changed."""
    for name in shadow.detail["unchanged"]:
        if expected := conversation.expected.get(FieldId(name)):
            yield FieldId(name), (expected[0], 1.0)
    for name, value in shadow.detail["suggested"].items():
        yield FieldId(name), (value, 1.0)
    for name, written in shadow.detail["written"].items():
        yield FieldId(name), (written["value"], written["confidence"] or 0.0)


def _slot(conversation: Labelled, field: CaseField, found: tuple[Value | None, float] | None) -> Slot:
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


def _course(conversation: Labelled, shadows: Sequence[Evaluation]) -> Course:
    before = [shadow for shadow in shadows if shadow.case_number is None]
    after = [shadow for shadow in shadows if shadow.case_number is not None]
    first = before[0] if before else None
    return Course(
        fate=Fate.JOINED if first is None else Fate.WATCHED,
        why="A case was there." if first is None else first.why,
        opened=None if first is None else _message_before(conversation, first),
        updates=len(after),
        suggested=sum(len(shadow.detail["suggested"]) for shadow in after),
        flips=0,
        values={},
    )


def _message_before(conversation: Labelled, shadow: Evaluation) -> int:
    """The index of the last message that it can have seen."""
    moment = shadow.created_at
    seen = sum(moment is not None and each.sent_at <= moment for each in conversation.transcript)
    return max(0, seen - 1)
