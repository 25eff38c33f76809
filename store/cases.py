"""Cases: opened, read, changed, listed. Every change goes through here, and leaves its audit entry on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from store import audit, search
from store.audit import EVIDENCE, Origin
from store.examples import Lesson, learn
from store.model import (
    Actor,
    ActorKind,
    Case,
    CaseNumber,
    CaseStatus,
    Change,
    ContactId,
    ConversationId,
    Evidence,
    FieldId,
    FieldValue,
    Suggestion,
    Value,
)
from store.schema import Document, case_conversations, case_values, cases, suggestions
from store.schema import audit as audit_rows
from store.sql import insert, locked, now, words_of


class UnknownCase(Exception):
    """There is no case with this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no case {number}.")
        self.number = number


class Stale(Exception):
    """The case changed since it was read: decide again."""


class UnknownSuggestion(Exception):
    """The suggestion is not open any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldWrite:
    """A value to write, `None` to clear the field."""

    field: FieldId
    value: Value | None
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    rule: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Placing:
    """The queue that a new case goes to, and why."""

    queue: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseFilter:
    """Everything that is given must hold."""

    statuses: tuple[CaseStatus, ...] = ()
    owner_id: str | None = None
    unclaimed: bool = False
    undecided: bool = False  # with a suggestion that is open
    fields: tuple[tuple[FieldId, Value | None], ...] = ()  # None: no value
    words: tuple[str, ...] = ()  # each stands in the title or in a text value, case ignored
    limit: int = 20


_CREATE = insert(cases).returning(cases.c.number)
_UNLINK = (
    update(case_conversations)
    .where(case_conversations.c.conversation_id == bindparam("conversation"), case_conversations.c.live)
    .values(live=False)
)
_link_row = insert(case_conversations)
_LINK = _link_row.on_conflict_do_update(
    index_elements=["case_number", "conversation_id"], set_={"live": _link_row.excluded["live"]}
)
_LEAVE = delete(case_conversations).where(
    case_conversations.c.case_number == bindparam("case"),
    case_conversations.c.conversation_id == bindparam("conversation"),
)
_LIVE_OF = select(case_conversations.c.conversation_id).where(
    case_conversations.c.case_number == bindparam("case"), case_conversations.c.live
)
_GET = select(cases).where(cases.c.number == bindparam("case"))
_REOPENS = tuple(status for status in CaseStatus if status.reopens)
_CLOSED_IN = (
    select(cases.c.number)
    .join(case_conversations)
    .where(case_conversations.c.conversation_id == bindparam("conversation"), case_conversations.c.live)
    .where(cases.c.status.in_(_REOPENS))
)
_REVISION = locked(select(cases.c.revision).where(cases.c.number == bindparam("case")))
_LINKED = (
    select(case_conversations.c.conversation_id)
    .where(case_conversations.c.case_number == bindparam("case"))
    .order_by(case_conversations.c.linked_at)
)
_VALUES = select(case_values).where(case_values.c.case_number == bindparam("case"), case_values.c.value.is_not(None))
_value_row = insert(case_values)
_WRITE = _value_row.on_conflict_do_update(
    index_elements=["case_number", "field"],
    set_={
        column: _value_row.excluded[column]
        for column in ("value", "writer_kind", "writer_id", "writer_name", "written_at", "confidence", "evidence")
    },
)
_SUGGESTIONS = (
    select(suggestions)
    .where(suggestions.c.case_number == bindparam("case"), suggestions.c.status == "open")
    .order_by(suggestions.c.id)
)
_TURNED_DOWN = select(suggestions.c.field, suggestions.c.value).where(
    suggestions.c.case_number == bindparam("case"), suggestions.c.status == "rejected"
)
_EMPTIED = select(case_values.c.field).where(
    case_values.c.case_number == bindparam("case"),
    case_values.c.value.is_(None),
    case_values.c.writer_kind == ActorKind.PERSON,
)
_CLOSE_SUGGESTIONS = (
    update(suggestions)
    .where(suggestions.c.case_number == bindparam("case"))
    .where(suggestions.c.field.in_(bindparam("fields", expanding=True)), suggestions.c.status == "open")
    .values(status=bindparam("as"), decided_at=bindparam("moment"))
)


def create(
    connection: Connection,
    origin: Origin,
    *,
    title: str,
    conversation_id: ConversationId | None,
    contact_id: ContactId | None,
    writes: Iterable[FieldWrite],
    placing: Placing | None = None,
) -> CaseNumber:
    """Opens a case, as the live one of its conversation if it has one; an earlier live case stays linked."""
    moment = now(connection)
    row: dict[str, Any] = {
        "title": title,
        "status": CaseStatus.NEW,
        "contact_id": contact_id,
        "queue": placing.queue if placing else None,
        "created_at": moment,
        "updated_at": moment,
        "revision": 0,
    }
    number = CaseNumber(connection.execute(_CREATE, row).scalar_one())
    writes = tuple(writes)
    if conversation_id is not None:
        _make_live(connection, number, conversation_id)
    _put_values(connection, origin, number, writes)
    search.keep(connection, number)
    audit.record(
        connection,
        number,
        origin,
        [
            Change(what="created", new=title),
            *([] if conversation_id is None else [Change(what="linked", new=int(conversation_id))]),
            *[_change("field", each, None) for each in writes],
            *([Change(what="queue", new=placing.queue, reason=placing.why)] if placing else []),
        ],
    )
    return number


def link(connection: Connection, origin: Origin, number: CaseNumber, conversation_id: ConversationId) -> None:
    """Makes the case the live one of one more conversation; the one that was it stays linked."""
    _make_live(connection, number, conversation_id)
    audit.record(connection, number, origin, [Change(what="linked", new=int(conversation_id))])
    _touch(connection, number)


def unlink(connection: Connection, origin: Origin, case: Case, conversation_id: ConversationId) -> None:
    """The conversation is none of the case's any more, and has no live case where this one was it."""
    connection.execute(_LEAVE, {"case": case.number, "conversation": conversation_id})
    audit.record(connection, case.number, origin, [Change(what="unlinked", old=int(conversation_id))])
    _touch(connection, case.number)


def merge(connection: Connection, origin: Origin, source: Case, into: Case) -> None:
    """All conversations of `source` become those of `into`, live where they were; what waits to be decided ends.

    Both as they were read under their locks.
    """
    _close_suggestions(connection, source, [each.field for each in source.suggestions], "superseded")
    live = set(connection.execute(_LIVE_OF, {"case": source.number}).scalars())
    moment = now(connection)
    for conversation_id in source.conversations:
        connection.execute(_LEAVE, {"case": source.number, "conversation": conversation_id})
        if conversation_id in live or conversation_id not in into.conversations:
            row: dict[str, Any] = {
                "case_number": into.number,
                "conversation_id": conversation_id,
                "live": conversation_id in live,
                "linked_at": moment,
            }
            connection.execute(_LINK, row)
    moved = [each for each in source.conversations if each not in into.conversations]
    audit.record(connection, source.number, origin, [Change(what="merged", new=int(into.number))])
    audit.record(
        connection,
        into.number,
        origin,
        [
            Change(what="took over", new=int(source.number)),
            *[Change(what="linked", new=int(each)) for each in moved],
        ],
    )
    _touch(connection, source.number, status=CaseStatus.MERGED, merged_into=into.number)
    _touch(connection, into.number)


def _make_live(connection: Connection, number: CaseNumber, conversation_id: ConversationId) -> None:
    connection.execute(_UNLINK, {"conversation": conversation_id})
    row: dict[str, Any] = {
        "case_number": number,
        "conversation_id": conversation_id,
        "live": True,
        "linked_at": now(connection),
    }
    connection.execute(_LINK, row)


def get(connection: Connection, number: int, *, lock: bool = False) -> Case:
    """Raises UnknownCase. With `lock`, nobody else changes the case until the transaction ends."""
    row = connection.execute(locked(_GET) if lock else _GET, {"case": number}).one_or_none()
    if row is None:
        raise UnknownCase(number)
    return _case(connection, row)


def closed_in(connection: Connection, conversation_id: ConversationId) -> CaseNumber | None:
    """The conversation's live case, if it has been resolved or cancelled."""
    found = connection.execute(_CLOSED_IN, {"conversation": conversation_id}).scalar_one_or_none()
    return None if found is None else CaseNumber(found)


def closed_at(connection: Connection, number: CaseNumber) -> datetime | None:
    """When the case was last resolved or cancelled."""
    closings = select(func.max(audit_rows.c.at)).where(
        audit_rows.c.case_number == number,
        audit_rows.c.what == "status",
        or_(*[audit_rows.c.new == literal(status.value, Document) for status in _REOPENS]),
    )
    return connection.execute(closings).scalar_one()


def get_unchanged(connection: Connection, seen: Case) -> None:
    """Locks the case. Raises Stale when it is no longer as it was read."""
    if connection.execute(_REVISION, {"case": seen.number}).scalar_one() != seen.revision:
        raise Stale


def listed(connection: Connection, wanted: CaseFilter) -> list[Case]:
    """Newest first."""
    query: Select[Any] = select(cases).order_by(cases.c.number.desc()).limit(wanted.limit)
    if wanted.statuses:
        query = query.where(cases.c.status.in_(wanted.statuses))
    if wanted.owner_id is not None:
        query = query.where(cases.c.owner_id == wanted.owner_id)
    if wanted.unclaimed:
        query = query.where(cases.c.owner_id.is_(None))
    if wanted.undecided:
        waiting = exists().where(suggestions.c.case_number == cases.c.number, suggestions.c.status == "open")
        query = query.where(waiting)
    query = query.where(*[_has_value(field, value) for field, value in wanted.fields])
    query = query.where(*[_says(connection, word) for word in wanted.words])
    return [_case(connection, row) for row in connection.execute(query).all()]


def _has_value(field: FieldId, value: Value | None) -> ColumnElement[bool]:
    mine = exists().where(case_values.c.case_number == cases.c.number, case_values.c.field == field)
    if value is None:
        return ~mine.where(case_values.c.value.is_not(None))
    return mine.where(case_values.c.value == literal(value, Document))


def _says(connection: Connection, word: str) -> ColumnElement[bool]:
    in_value = exists().where(
        case_values.c.case_number == cases.c.number,
        words_of(connection, case_values.c.value).icontains(word, autoescape=True),
    )
    return or_(cases.c.title.icontains(word, autoescape=True), in_value)


def write(connection: Connection, origin: Origin, case: Case, writes: Sequence[FieldWrite]) -> None:
    _write(connection, origin, case, writes)
    _touch(connection, case.number)


def set_status(
    connection: Connection,
    origin: Origin,
    case: Case,
    status: CaseStatus,
    *,
    resolution: str | None = None,
) -> None:
    change = Change(what="status", old=case.status.value, new=status.value, reason=resolution)
    audit.record(connection, case.number, origin, [change])
    _touch(connection, case.number, status=status, resolution=resolution)
    search.keep(connection, case.number)


def set_owner(connection: Connection, origin: Origin, case: Case, owner: Actor) -> None:
    change = Change(what="owner", old=case.owner.name if case.owner else None, new=owner.name)
    audit.record(connection, case.number, origin, [change])
    _touch(
        connection,
        case.number,
        owner_kind=owner.kind,
        owner_id=owner.id,
        owner_name=owner.name,
    )


def set_queue(connection: Connection, origin: Origin, case: Case, queue: str | None, *, why: str | None = None) -> None:
    """None: it is in no queue any more."""
    change = Change(what="queue", old=case.queue, new=queue, reason=why)
    audit.record(connection, case.number, origin, [change])
    _touch(connection, case.number, queue=queue)


def add_note(connection: Connection, origin: Origin, case: Case, text: str) -> None:
    """A note is an audit entry: it is never changed, and never leaves the team."""
    audit.record(connection, case.number, origin, [Change(what="note", new=text)])
    _touch(connection, case.number)


def add_failure(connection: Connection, origin: Origin, number: CaseNumber, reason: str) -> None:
    """Marks that an event of the case could not be handled."""
    audit.record(connection, number, origin, [Change(what="failed", reason=reason)])
    _touch(connection, number)


def suggest(connection: Connection, origin: Origin, case: Case, wanted: Sequence[FieldWrite]) -> None:
    """Keeps values for a representative to accept or reject; a newer suggestion replaces the field's open one."""
    _close_suggestions(connection, case, [each.field for each in wanted], "superseded")
    for each in wanted:
        connection.execute(insert(suggestions).values(_suggestion_row(connection, case.number, each)))
    audit.record(
        connection,
        case.number,
        origin,
        [_change("suggested", each, case.values.get(each.field)) for each in wanted],
    )
    _touch(connection, case.number)


def withdraw(connection: Connection, case: Case, fields: Collection[FieldId]) -> None:
    """Ends the open suggestions of these fields."""
    _close_suggestions(connection, case, fields, "superseded")


def decide_suggestion(
    connection: Connection,
    origin: Origin,
    case: Case,
    suggestion_id: int,
    *,
    accept: bool,
) -> None:
    """Accepting writes the value as the person's own. Raises UnknownSuggestion when it isn't open any more."""
    chosen = next((each for each in case.suggestions if each.id == suggestion_id), None)
    if chosen is None:
        raise UnknownSuggestion
    _close_suggestions(connection, case, [chosen.field], "accepted" if accept else "rejected")
    write_ = FieldWrite(
        field=chosen.field,
        value=chosen.value,
        confidence=chosen.confidence,
        evidence=chosen.evidence,
    )
    if accept:
        _write(connection, origin, case, [write_])
    else:
        audit.record(connection, case.number, origin, [_change("rejected", write_, None)])
        held = case.values.get(chosen.field)
        stands = held.value if held and held.writer.kind is ActorKind.PERSON else None
        learn(connection, origin, case, [Lesson(field=chosen.field, value=stands, wrong=chosen.value)])
    _touch(connection, case.number)


def rejected(connection: Connection, number: CaseNumber) -> frozenset[tuple[FieldId, str]]:
    """What representatives turned down, as (field, text of the value): not to be suggested again."""
    turned_down = connection.execute(_TURNED_DOWN, {"case": number})
    return frozenset((FieldId(row.field), str(row.value)) for row in turned_down)


def cleared_by_people(connection: Connection, number: CaseNumber) -> frozenset[FieldId]:
    """Fields that a person emptied on purpose."""
    return frozenset(FieldId(field) for field in connection.execute(_EMPTIED, {"case": number}).scalars())


def _write(connection: Connection, origin: Origin, case: Case, writes: Sequence[FieldWrite]) -> None:
    _put_values(connection, origin, case.number, writes)
    search.keep(connection, case.number)
    _close_suggestions(connection, case, [each.field for each in writes], "superseded")
    changes = [_change("field", each, case.values.get(each.field)) for each in writes]
    audit.record(connection, case.number, origin, changes)
    learn(connection, origin, case, [_lesson(each, case.values.get(each.field)) for each in writes])


def _lesson(write: FieldWrite, before: FieldValue | None) -> Lesson:
    """What the agent had written was wrong, if a person wrote something else over it."""
    replaced = before is not None and before.writer.kind is ActorKind.AGENT and before.value != write.value
    return Lesson(field=write.field, value=write.value, wrong=before.value if before and replaced else None)


def _put_values(connection: Connection, origin: Origin, number: CaseNumber, writes: Sequence[FieldWrite]) -> None:
    moment = now(connection)
    rows = [_value_row_of(number, origin, each, moment) for each in writes]
    if rows:
        connection.execute(_WRITE, rows)


def _value_row_of(number: CaseNumber, origin: Origin, write: FieldWrite, moment: datetime) -> dict[str, Any]:
    return {
        "case_number": number,
        "field": write.field,
        "value": write.value,
        "writer_kind": origin.actor.kind,
        "writer_id": origin.actor.id,
        "writer_name": origin.actor.name,
        "written_at": moment,
        "confidence": write.confidence,
        "evidence": EVIDENCE.dump_python(write.evidence, mode="json"),
    }


def _change(what: str, write: FieldWrite, before: FieldValue | None) -> Change:
    return Change(
        what=what,
        field=write.field,
        old=before.value if before else None,
        new=write.value,
        confidence=write.confidence,
        evidence=write.evidence,
        rule=write.rule,
    )


def _touch(connection: Connection, number: CaseNumber, **values: Any) -> None:
    moved = update(cases).where(cases.c.number == number)
    connection.execute(moved.values(updated_at=now(connection), revision=cases.c.revision + 1, **values))


def _close_suggestions(connection: Connection, case: Case, fields: Collection[FieldId], status: str) -> None:
    """`case` as it was read under its lock: most have no open suggestion, and nothing to close."""
    closed = [each.field for each in case.suggestions if each.field in fields]
    if closed:
        moment = now(connection)
        connection.execute(_CLOSE_SUGGESTIONS, {"case": case.number, "fields": closed, "as": status, "moment": moment})


def _suggestion_row(connection: Connection, number: CaseNumber, wanted: FieldWrite) -> dict[str, Any]:
    return {
        "case_number": number,
        "field": wanted.field,
        "value": wanted.value,
        "confidence": wanted.confidence or 0.0,
        "evidence": EVIDENCE.dump_python(wanted.evidence, mode="json"),
        "status": "open",
        "created_at": now(connection),
    }


def _case(connection: Connection, row: Row[Any]) -> Case:
    ids = connection.execute(_LINKED, {"case": row.number}).scalars()
    return Case(
        number=CaseNumber(row.number),
        title=row.title,
        status=CaseStatus(row.status),
        owner=_owner(row),
        contact_id=None if row.contact_id is None else ContactId(row.contact_id),
        values=_values(connection, row.number),
        suggestions=_suggestions(connection, row.number),
        conversations=tuple(ConversationId(each) for each in ids),
        resolution=row.resolution,
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision=row.revision,
        merged_into=None if row.merged_into is None else CaseNumber(row.merged_into),
        queue=row.queue,
    )


def _owner(row: Row[Any]) -> Actor | None:
    if row.owner_id is None:
        return None
    return Actor(kind=ActorKind(row.owner_kind), id=row.owner_id, name=row.owner_name)


def _values(connection: Connection, number: int) -> dict[FieldId, FieldValue]:
    rows = connection.execute(_VALUES, {"case": number}).all()
    return {FieldId(row.field): _value(row) for row in rows}


def _value(row: Row[Any]) -> FieldValue:
    return FieldValue(
        field=FieldId(row.field),
        value=row.value,
        writer=Actor(kind=ActorKind(row.writer_kind), id=row.writer_id, name=row.writer_name),
        written_at=row.written_at,
        confidence=row.confidence,
        evidence=EVIDENCE.validate_python(row.evidence),
    )


def _suggestions(connection: Connection, number: int) -> tuple[Suggestion, ...]:
    return tuple(
        Suggestion(
            id=row.id,
            field=FieldId(row.field),
            value=row.value,
            confidence=row.confidence,
            evidence=EVIDENCE.validate_python(row.evidence),
        )
        for row in connection.execute(_SUGGESTIONS, {"case": number}).all()
    )
