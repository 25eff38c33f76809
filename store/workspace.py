"""Pages of the workspace's lists: each is read by where the page before ended, never from the beginning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, exists, func, literal, select, tuple_

from store import search
from store.model import CaseNumber, CaseStatus, ConversationId, Role
from store.overview import first_customer, latest_evaluation
from store.schema import (
    UtcDateTime,
    case_conversations,
    cases,
    conversations,
    evaluations,
    messages,
    participants,
    suggestions,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Assigned:
    """Whose: one of these ids of a person, or nobody's."""

    to: frozenset[str] = frozenset()  # empty: nobody


Queues = tuple[str, ...] | Literal["none"] | None
"""Any of these, or in no queue; None: whichever, or none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CasesWanted:
    """Everything that is given must hold."""

    statuses: tuple[CaseStatus, ...] = ()
    assigned: Assigned | None = None
    queues: Queues = None
    undecided: bool = False  # with a suggestion that is open
    channel: str | None = None
    text: str = ""  # words, in the case or in a message of its conversations
    before: CaseNumber | None = None  # where the page before ended
    limit: int = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseRow:
    number: CaseNumber
    title: str
    status: CaseStatus
    owner: str | None
    queue: str | None
    customer: str | None
    channel: str | None  # of the conversation that was linked first
    suggestions: int  # that wait for a representative
    updated_at: datetime


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Where a conversation stands in the inbox."""

    at: datetime
    id: int


_FEW = 500  # conversations
_FEW_CASES = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationsWanted:
    with_case: bool | None = None  # None: whether or not there is a live case
    statuses: tuple[CaseStatus, ...] = ()  # of the live case
    assigned: Assigned | None = None  # of the live case
    queues: Queues = None  # of the live case
    channel: str | None = None
    text: str = ""  # words of a message
    before: Place | None = None
    limit: int = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationRow:
    """`outcome` and `why` are those of the latest evaluation, if there was any."""

    id: ConversationId
    channel: str
    customer: str | None
    latest: str | None  # the last message, as it reads now
    latest_role: Role | None
    last_message_at: datetime
    case_number: CaseNumber | None
    case_status: CaseStatus | None
    owner: str | None
    queue: str | None
    outcome: str | None
    why: str | None

    @property
    def place(self) -> Place:
        return Place(self.last_message_at, self.id)


def cases_page(connection: Connection, wanted: CasesWanted) -> list[CaseRow]:
    """Newest first."""
    chosen = select(cases.c.number).order_by(cases.c.number.desc()).limit(wanted.limit)
    conditions = [*_of_status(wanted.statuses), *_of_owner(wanted.assigned), *_in_queue(wanted.queues)]
    if wanted.before is not None:
        conditions.append(cases.c.number < wanted.before)
    if wanted.undecided:
        conditions.append(_waiting().exists())
    if wanted.channel is not None:
        conditions.append(_on(connection, wanted.channel))
    if wanted.text:
        conditions.append(cases.c.number.in_(search.cases_with(connection, wanted.text)))
    numbers = chosen.where(*conditions).subquery()
    query = (
        select(
            cases.c.number,
            cases.c.title,
            cases.c.status,
            cases.c.owner_name.label("owner"),
            cases.c.queue,
            cases.c.updated_at,
            _customer().label("customer"),
            _channel().label("channel"),
            _waiting().with_only_columns(func.count()).scalar_subquery().label("suggestions"),
        )
        .where(cases.c.number.in_(select(numbers.c.number)))
        .order_by(cases.c.number.desc())
    )
    return [_case(row) for row in connection.execute(query).mappings()]


def cases_in(connection: Connection, queue: str) -> dict[CaseStatus, int]:
    """How many cases are in a queue, by status."""
    by_status = select(cases.c.status, func.count()).where(cases.c.queue == queue).group_by(cases.c.status)
    return {CaseStatus(status): count for status, count in connection.execute(by_status)}


def conversations_page(connection: Connection, wanted: ConversationsWanted) -> list[ConversationRow]:
    """The latest message first."""
    at, id_ = conversations.c.last_message_at, conversations.c.id
    live = case_conversations.c.live & (case_conversations.c.conversation_id == id_)
    joined = conversations.outerjoin(case_conversations, live).outerjoin(cases)
    conditions: list[ColumnElement[bool]] = [at.is_not(None), *_of_status(wanted.statuses)]
    if wanted.assigned is not None:
        conditions += [cases.c.number.is_not(None), *_of_owner(wanted.assigned)]
    if wanted.queues is not None:
        conditions += [cases.c.number.is_not(None), *_in_queue(wanted.queues)]
    if wanted.assigned is not None and wanted.assigned.to:  # theirs are few: begun there, instead of at the latest
        conditions.append(id_.in_(_live_conversations_of(_of_owner(wanted.assigned))))
    elif wanted.queues is not None and wanted.queues != "none":
        of_queue = [*_in_queue(wanted.queues), *_of_status(wanted.statuses), *_of_owner(wanted.assigned)]
        if _are_few(connection, of_queue):
            conditions.append(id_.in_(_live_conversations_of(of_queue)))
    if wanted.with_case is not None:
        number = case_conversations.c.case_number
        conditions.append(number.is_not(None) if wanted.with_case else number.is_(None))
    if wanted.channel is not None:
        conditions.append(conversations.c.channel == wanted.channel)
    if wanted.before is not None:
        last = tuple_(literal(wanted.before.at, UtcDateTime()), literal(wanted.before.id))
        conditions.append(tuple_(at, id_) < last)
    if wanted.text:
        conditions.append(id_.in_(search.conversations_with(connection, wanted.text)))
    chosen = select(id_).select_from(joined).where(*conditions)
    ids = chosen.order_by(at.desc(), id_.desc()).limit(wanted.limit).subquery()
    query = (
        select(
            id_,
            conversations.c.channel,
            at,
            first_customer().label("customer"),
            cases.c.number.label("case_number"),
            cases.c.status.label("case_status"),
            cases.c.owner_name.label("owner"),
            cases.c.queue,
            messages.c.text.label("latest"),
            participants.c.role.label("latest_role"),
            evaluations.c.outcome,
            evaluations.c.why,
        )
        .select_from(joined)
        .outerjoin(messages, messages.c.id == _latest_message())
        .outerjoin(participants, participants.c.id == messages.c.participant_id)
        .outerjoin(evaluations, evaluations.c.id == latest_evaluation())
        .where(id_.in_(select(ids.c.id)))
        .order_by(at.desc(), id_.desc())
    )
    return [_conversation(row) for row in connection.execute(query).mappings()]


def _case(row: RowMapping) -> CaseRow:
    known: dict[str, Any] = {"status": CaseStatus(row["status"])}
    return CaseRow(**{**row, **known})


def _conversation(row: RowMapping) -> ConversationRow:
    status, role = row["case_status"], row["latest_role"]
    known: dict[str, Any] = {"case_status": status and CaseStatus(status), "latest_role": role and Role(role)}
    return ConversationRow(**{**row, **known})


def _of_status(statuses: tuple[CaseStatus, ...]) -> list[ColumnElement[bool]]:
    return [cases.c.status.in_(statuses)] if statuses else []


def _of_owner(assigned: Assigned | None) -> list[ColumnElement[bool]]:
    if assigned is None:
        return []
    return [cases.c.owner_id.in_(sorted(assigned.to)) if assigned.to else cases.c.owner_id.is_(None)]


def _in_queue(queues: Queues) -> list[ColumnElement[bool]]:
    if queues is None:
        return []
    return [cases.c.queue.is_(None) if queues == "none" else cases.c.queue.in_(queues)]


def _are_few(connection: Connection, conditions: list[ColumnElement[bool]]) -> bool:
    found = select(cases.c.number).where(*conditions).limit(_FEW_CASES + 1).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one() <= _FEW_CASES


def _live_conversations_of(conditions: list[ColumnElement[bool]]) -> Select[Any]:
    linked = case_conversations.alias()
    theirs = select(cases.c.number).where(*conditions)
    return select(linked.c.conversation_id).where(linked.c.case_number.in_(theirs), linked.c.live)


def _on(connection: Connection, channel: str) -> ColumnElement[bool]:
    """A rare channel's conversations are the way to its cases; of a common one, the newest cases are soon enough."""
    linked = case_conversations.join(conversations)
    few = select(conversations.c.id).where(conversations.c.channel == channel).limit(_FEW + 1)
    found = connection.execute(few).scalars().all()
    if len(found) <= _FEW:
        theirs = select(case_conversations.c.case_number).where(case_conversations.c.conversation_id.in_(found))
        return cases.c.number.in_(theirs)
    return (
        exists()
        .select_from(linked)
        .where(case_conversations.c.case_number == cases.c.number)
        .where(conversations.c.channel == channel)
    )


def _waiting() -> Select[Any]:
    mine = suggestions.c.case_number == cases.c.number
    return select(suggestions.c.id).where(mine, suggestions.c.status == "open").correlate(cases)


def _first_conversation() -> Any:
    mine = case_conversations.c.case_number == cases.c.number
    first = select(case_conversations.c.conversation_id).where(mine).correlate(cases)
    return first.order_by(case_conversations.c.linked_at, case_conversations.c.conversation_id).limit(1)


def _customer() -> Any:
    mine = participants.c.conversation_id == _first_conversation().scalar_subquery()
    named = select(participants.c.name).where(mine, participants.c.role == Role.CUSTOMER).correlate(cases)
    return named.order_by(participants.c.id).limit(1).scalar_subquery()


def _channel() -> Any:
    first = conversations.c.id == _first_conversation().scalar_subquery()
    return select(conversations.c.channel).where(first).correlate(cases).scalar_subquery()


def _latest_message() -> Any:
    mine = messages.alias()
    latest = select(func.max(mine.c.id)).where(mine.c.conversation_id == conversations.c.id)
    return latest.correlate(conversations).scalar_subquery()
