"""Retention by age: what was closed long enough ago is forgotten, a few rows a transaction.

What is old does not depend on what was forgotten just now, so that a dry run finds exactly what a run would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from store.model import Actor, ActorKind, CaseStatus
from store.people.erasing import (
    Counts,
    erase_cases,
    erase_conversations,
    erase_evaluations,
    erase_events,
    erase_mails,
    erase_messages,
    forget_contacts,
)
from store.people.reach import lock
from store.schema import (
    case_conversations,
    cases,
    contact_identities,
    contacts,
    conversations,
    inbox,
    mails,
    participants,
)
from store.sql import literally

LEAST_DAYS = 30  # as long as events are kept as they came
RETENTION = Actor(kind=ActorKind.RULE, id="retention", name="Retention")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """How far a run has come."""

    stage: int = 0
    after: int = 0


_START = Place()


def forget_some(
    connection: Connection, *, before: datetime, place: Place = _START, most: int = 100, dry_run: bool = False
) -> tuple[Counts, Place | None]:
    """The next few that are older; None: that was all."""
    due, forget = _STAGES[place.stage]
    counts: Counts = Counter()
    query = due(before)
    (key,) = query.selected_columns
    ids = connection.execute(query.where(key > place.after).order_by(key).limit(most)).scalars().all()
    with connection.begin_nested() as attempt:
        if ids:
            forget(connection, ids, before, counts)
        if dry_run:
            attempt.rollback()
    if len(ids) == most:
        return counts, Place(stage=place.stage, after=ids[-1])
    return counts, Place(stage=place.stage + 1) if place.stage + 1 < len(_STAGES) else None


# --- what is old ------------------------------------------------------------------------------------

_CLOSED = tuple(status for status in CaseStatus if not status.is_open)
_last = func.coalesce(conversations.c.last_message_at, conversations.c.created_at)


def _old_talk(before: datetime) -> ColumnElement[bool]:
    """Nothing waits in it, and no case of it is open or was changed since."""
    linked = case_conversations.join(cases)
    recent = or_(cases.c.status.not_in(_CLOSED), cases.c.updated_at >= before)
    here = case_conversations.c.conversation_id == conversations.c.id
    held = exists().select_from(linked).where(here, recent)
    return and_(_last < before, conversations.c.ready_at.is_(None), ~held)


def _old_case(before: datetime) -> ColumnElement[bool]:
    linked = case_conversations.join(conversations)
    here = case_conversations.c.case_number == cases.c.number
    spoken = exists().select_from(linked).where(here, or_(_last >= before, conversations.c.ready_at.is_not(None)))
    return and_(cases.c.status.in_(_CLOSED), cases.c.updated_at < before, ~spoken)


def _conversations_due(before: datetime) -> Select[Any]:
    return select(conversations.c.id).where(conversations.c.erased_at.is_(None), _old_talk(before))


def _cases_due(before: datetime) -> Select[Any]:
    return select(cases.c.number).where(cases.c.erased_at.is_(None), _old_case(before))


def _mails_due(before: datetime) -> Select[Any]:
    """Those of no conversation; the others go with theirs."""
    return select(mails.c.id).where(
        mails.c.state.in_(["ignored", "dismissed"]), mails.c.received_at < before, mails.c.sender != ""
    )


def _contacts_due(before: datetime) -> Select[Any]:
    """With a part in nothing that is kept."""
    talks = participants.join(conversations)
    kept = or_(conversations.c.erased_at.is_not(None), _old_talk(before))
    speaks = exists().select_from(talks).where(participants.c.contact_id == contacts.c.id, ~kept)
    closed = or_(cases.c.erased_at.is_not(None), _old_case(before))
    has_case = exists().select_from(cases).where(cases.c.contact_id == contacts.c.id, ~closed)
    return select(contacts.c.id).where(
        contacts.c.erased_at.is_(None), contacts.c.created_at < before, ~speaks, ~has_case
    )


# --- forgetting it ----------------------------------------------------------------------------------


def _still(connection: Connection, query: Select[Any], ids: Sequence[int]) -> Sequence[int]:
    """Those of them that are old also now that nobody else can change them."""
    (key,) = query.selected_columns
    return connection.execute(query.where(key.in_(ids)).order_by(key)).scalars().all()


def _forget_conversations(connection: Connection, ids: Sequence[int], before: datetime, counts: Counts) -> None:
    linked = select(case_conversations.c.case_number).where(case_conversations.c.conversation_id.in_(ids))
    lock(connection, ids, connection.execute(linked).scalars().all())
    old = _still(connection, _conversations_due(before), ids)
    erase_messages(connection, old, counts)
    erase_evaluations(connection, old, counts)
    # What was done is gone by its own age.
    dead = literally(inbox.c.status, "dead")
    erase_events(connection, and_(dead, inbox.c.conversation_id.in_(old)), counts)
    erase_conversations(connection, old, counts)


def _forget_cases(connection: Connection, ids: Sequence[int], before: datetime, counts: Counts) -> None:
    lock(connection, (), ids)
    erase_cases(connection, _still(connection, _cases_due(before), ids), RETENTION, counts)


def _forget_mails(connection: Connection, ids: Sequence[int], before: datetime, counts: Counts) -> None:  # noqa: ARG001 -- as the others
    erase_mails(connection, mails.c.id.in_(ids), counts)


def _forget_contacts(connection: Connection, ids: Sequence[int], before: datetime, counts: Counts) -> None:
    known = select(contact_identities.c.id).where(contact_identities.c.contact_id.in_(ids))
    connection.execute(known.order_by(contact_identities.c.id).with_for_update()).all()
    forget_contacts(connection, _still(connection, _contacts_due(before), ids), counts)


_Forget = Callable[[Connection, Sequence[int], datetime, Counts], None]
_STAGES: tuple[tuple[Callable[[datetime], Select[Any]], _Forget], ...] = (
    (_conversations_due, _forget_conversations),
    (_cases_due, _forget_cases),
    (_mails_due, _forget_mails),
    (_contacts_due, _forget_contacts),
)
