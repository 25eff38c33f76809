"""The append-only record of every change, and of what was refused: what, old, new, who, when and on whose words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, select

from store import webhooks
from store.model import (
    Actor,
    ActorKind,
    CaseNumber,
    Change,
    ConversationId,
    Evidence,
    FieldId,
)
from store.schema import audit
from store.sql import insert, now

EVIDENCE = TypeAdapter(tuple[Evidence, ...])

_RECORD = insert(audit)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where changes come from; the same for all that one decision changes."""

    actor: Actor
    conversation_id: ConversationId | None = None
    settings_version: int | None = None
    predictor: str | None = None  # name and version


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    id: int
    at: datetime
    change: Change
    origin: Origin
    case_number: CaseNumber | None


def record(
    connection: Connection,
    number: CaseNumber | None,
    origin: Origin,
    changes: Collection[Change],
) -> None:
    """What is recorded of a case, webhooks tell."""
    moment = now(connection)
    rows = [_row(number, origin, change, moment) for change in changes]
    if not rows:
        return
    told = None if number is None else webhooks.to_tell(connection, number, changes)
    if told is None:
        connection.execute(_RECORD, rows)
        return
    entries = connection.execute(_RECORD.returning(audit.c.id), rows).scalars().all()
    webhooks.queue(connection, told, entries)


def of_case(connection: Connection, number: CaseNumber) -> list[Entry]:
    """Everything that happened to a case, oldest first."""
    trail = select(audit).where(audit.c.case_number == number).order_by(audit.c.id)
    return [_entry(row) for row in connection.execute(trail)]


def latest_of_case(connection: Connection, number: CaseNumber, *, limit: int) -> list[Entry]:
    """The latest that happened to a case, newest first."""
    return page(connection, number=number, before=None, limit=limit)


def page(connection: Connection, *, number: int | None, before: int | None, limit: int) -> list[Entry]:
    """Newest first, from where the page before ended; with a number, those of this case."""
    trail = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if number is not None:
        trail = trail.where(audit.c.case_number == number)
    if before is not None:
        trail = trail.where(audit.c.id < before)
    return [_entry(row) for row in connection.execute(trail)]


def since(connection: Connection, number: CaseNumber, entry_id: int, *, limit: int) -> list[Entry]:
    """The first that happened to a case after an entry, oldest first."""
    later = select(audit).where(audit.c.case_number == number, audit.c.id > entry_id)
    return [_entry(row) for row in connection.execute(later.order_by(audit.c.id).limit(limit))]


def get(connection: Connection, number: CaseNumber, entry_id: int) -> Entry | None:
    """An entry, if it is of this case."""
    mine = select(audit).where(audit.c.case_number == number, audit.c.id == entry_id)
    row = connection.execute(mine).one_or_none()
    return None if row is None else _entry(row)


def of_ids(connection: Connection, ids: Collection[int]) -> list[Entry]:
    """In their order."""
    wanted = select(audit).where(audit.c.id.in_(ids)).order_by(audit.c.id)
    return [_entry(row) for row in connection.execute(wanted)]


def failures_of(connection: Connection, number: CaseNumber, *, limit: int) -> list[Entry]:
    """The marks that a case carries of what could not be done or delivered; of more than `limit`, the latest."""
    marks = select(audit).where(audit.c.case_number == number, audit.c.what == "failed")
    return [_entry(row) for row in connection.execute(marks.order_by(audit.c.id.desc()).limit(limit))][::-1]


def _row(number: CaseNumber | None, origin: Origin, change: Change, moment: datetime) -> dict[str, Any]:
    return {
        "at": moment,
        "case_number": number,
        "conversation_id": origin.conversation_id,
        "actor_kind": origin.actor.kind,
        "actor_id": origin.actor.id,
        "actor_name": origin.actor.name,
        "what": change.what,
        "field": change.field,
        "old": change.old,
        "new": change.new,
        "confidence": change.confidence,
        "evidence": EVIDENCE.dump_python(change.evidence, mode="json"),
        "rule": change.rule,
        "reason": change.reason,
        "settings_version": origin.settings_version,
        "predictor": origin.predictor,
    }


def _entry(row: Row[Any]) -> Entry:
    change = Change(
        what=row.what,
        field=None if row.field is None else FieldId(row.field),
        old=row.old,
        new=row.new,
        confidence=row.confidence,
        evidence=EVIDENCE.validate_python(row.evidence or ()),
        rule=row.rule,
        reason=row.reason,
    )
    origin = Origin(
        actor=Actor(kind=ActorKind(row.actor_kind), id=row.actor_id, name=row.actor_name),
        conversation_id=None if row.conversation_id is None else ConversationId(row.conversation_id),
        settings_version=row.settings_version,
        predictor=row.predictor,
    )
    number = None if row.case_number is None else CaseNumber(row.case_number)
    return Entry(id=row.id, at=row.at, change=change, origin=origin, case_number=number)
