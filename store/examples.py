"""Examples: what people decided of a field, on which of the customer's words. Kept in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, delete, func, select, update

from store.audit import Origin
from store.model import ActorKind, Case, CaseNumber, ContactId, ConversationId, FieldId, Role, Value
from store.schema import examples, messages, participants
from store.sql import insert, now

KEPT = 1000  # of a field: the newest
MESSAGES = 6  # the latest of the customer's
CHARACTERS = 2000  # of their words, from the end
BETWEEN = "\x1e\n"  # messages: a thank-you or a signature ends one of them, not all


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """`value` is right where the customer says `words`; None: no value is known to be. `wrong` is what is not."""

    id: int
    case_number: CaseNumber
    contact_id: ContactId | None  # whose words they are
    field: FieldId
    words: str
    value: Value | None
    wrong: Value | None
    settings_version: int | None
    learnt_at: datetime
    gist: bytes | None = None  # what the words are compared by; None: not asked for, or not made yet


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """What one person decided of one field."""

    field: FieldId
    value: Value | None
    wrong: Value | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleFilter:
    """Everything that is given must hold."""

    field: FieldId | None = None
    contact_id: ContactId | None = None
    case_number: CaseNumber | None = None


Latest = tuple[int, int, datetime, int]
"""How many there are, the sum of their ids, when the newest was learnt, how many gists: another after every change.

The newest id alone is not enough: on PostgreSQL a lower one may be committed later, in place of an earlier lesson.
"""

_OPENER = (
    select(participants.c.id, participants.c.contact_id)
    .where(participants.c.conversation_id == bindparam("conversation"), participants.c.role == Role.CUSTOMER)
    .order_by(participants.c.id)
    .limit(1)
)
_SAID = (
    select(messages.c.text)
    .where(messages.c.conversation_id == bindparam("conversation"), messages.c.participant_id == bindparam("who"))
    .where(messages.c.noise.is_(False), messages.c.deleted_at.is_(None))
    .order_by(messages.c.id.desc())
    .limit(MESSAGES)
)
_FORGET = delete(examples).where(
    examples.c.case_number == bindparam("case"), examples.c.field.in_(bindparam("fields", expanding=True))
)
_KEEP = insert(examples)
_LATEST = select(
    func.count().label("number"),
    func.sum(examples.c.id).label("ids"),
    func.max(examples.c.learnt_at).label("learnt_at"),
    func.sum(case((examples.c.gist_by == bindparam("by"), 1), else_=0)).label("gists"),
)
_without_gist = (
    select(examples.c.id)
    .where(examples.c.gist_by.is_distinct_from(bindparam("by")))
    .order_by(examples.c.id.desc())
    .limit(bindparam("limit"))
)
_WITHOUT_GIST = select(examples).where(examples.c.id.in_(_without_gist)).order_by(examples.c.id.desc())
_KEEP_GIST = (
    update(examples)
    .where(examples.c.id == bindparam("example"), examples.c.words == bindparam("said"))  # an id may come again
    .values(gist=bindparam("gist"), gist_by=bindparam("by"))
)
_newest = (
    select(examples.c.id)
    .where(examples.c.field == bindparam("field"))
    .order_by(examples.c.id.desc())
    .offset(KEPT)
    .limit(1)
)
_TRIM = delete(examples).where(examples.c.field == bindparam("field"), examples.c.id <= _newest.scalar_subquery())


def learn(connection: Connection, origin: Origin, case: Case, lessons: Iterable[Lesson]) -> None:
    """From a person alone, and with words of the customer; a case's later lesson on a field replaces the earlier."""
    lessons = tuple(lessons)
    conversation_id = _conversation(origin, case)
    if origin.actor.kind is not ActorKind.PERSON or not lessons or conversation_id is None:
        return
    opener = connection.execute(_OPENER, {"conversation": conversation_id}).one_or_none()
    if opener is None:
        return
    said = connection.execute(_SAID, {"conversation": conversation_id, "who": opener.id}).scalars().all()
    words = BETWEEN.join(reversed(said))[-CHARACTERS:].strip()
    connection.execute(_FORGET, {"case": case.number, "fields": [each.field for each in lessons]})
    if words:
        moment = now(connection)
        shared = {
            "case_number": case.number,
            "contact_id": opener.contact_id,
            "words": words,
            "settings_version": origin.settings_version,
            "learnt_at": moment,
        }
        rows = [{**shared, "field": each.field, "value": each.value, "wrong": each.wrong} for each in lessons]
        connection.execute(_KEEP, rows)
        for each in lessons:
            connection.execute(_TRIM, {"field": each.field})


def _conversation(origin: Origin, case: Case) -> ConversationId | None:
    """The case's own alone: a representative may decide from wherever they are."""
    if origin.conversation_id in case.conversations:
        return origin.conversation_id
    return case.conversations[-1] if case.conversations else None


def listed(connection: Connection, wanted: ExampleFilter, *, limit: int) -> list[Example]:
    """Newest first."""
    query = select(examples).where(*_conditions(wanted)).order_by(examples.c.id.desc()).limit(limit)
    return [_example(row) for row in connection.execute(query)]


def known(connection: Connection, *, gist_by: str, limit: int) -> list[Example]:
    """Newest first, with the gists that `gist_by` made."""
    query = select(examples).order_by(examples.c.id.desc()).limit(limit)
    return [
        replace(_example(row), gist=row.gist if row.gist_by == gist_by else None) for row in connection.execute(query)
    ]


def latest(connection: Connection, *, gist_by: str) -> Latest | None:
    """None: there is none."""
    found = connection.execute(_LATEST, {"by": gist_by}).one()
    return (found.number, int(found.ids), found.learnt_at, int(found.gists)) if found.number else None


def without_gist(connection: Connection, *, gist_by: str, limit: int) -> list[Example]:
    """Newest first."""
    return [_example(row) for row in connection.execute(_WITHOUT_GIST, {"by": gist_by, "limit": limit})]


def keep_gists(connection: Connection, made: Iterable[tuple[Example, bytes]], *, gist_by: str) -> None:
    """Not of those that were erased or replaced meanwhile."""
    rows = [{"example": each.id, "said": each.words, "gist": gist, "by": gist_by} for each, gist in made]
    connection.execute(_KEEP_GIST, rows)


def get(connection: Connection, example_id: int) -> Example | None:
    row = connection.execute(select(examples).where(examples.c.id == example_id)).one_or_none()
    return None if row is None else _example(row)


def erase(connection: Connection, wanted: ExampleFilter) -> int:
    """For good; returns how many there were."""
    return connection.execute(delete(examples).where(*_conditions(wanted))).rowcount


def _conditions(wanted: ExampleFilter) -> list[ColumnElement[bool]]:
    given = {
        examples.c.field: wanted.field,
        examples.c.contact_id: wanted.contact_id,
        examples.c.case_number: wanted.case_number,
    }
    return [column == value for column, value in given.items() if value is not None]


def _example(row: Row[Any]) -> Example:
    return Example(
        id=row.id,
        case_number=CaseNumber(row.case_number),
        contact_id=None if row.contact_id is None else ContactId(row.contact_id),
        field=FieldId(row.field),
        words=row.words,
        value=row.value,
        wrong=row.wrong,
        settings_version=row.settings_version,
        learnt_at=row.learnt_at,
    )
