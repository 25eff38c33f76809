"""What an operator leafs through: conversations, newest first, each with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ScalarSelect, Select, func, or_, select

from store import cases
from store.model import Case, CaseNumber, ConversationId, Role
from store.schema import (
    case_conversations,
    contact_identities,
    conversations,
    evaluations,
    messages,
    participants,
)
from store.schema import cases as case_rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """A conversation at a glance; `outcome` and `why` are those of its latest evaluation, if there was any."""

    id: ConversationId
    channel: str
    customer: str | None
    messages: int
    last_message_at: datetime | None
    case_number: CaseNumber | None  # the live case
    outcome: str | None
    why: str | None


def conversations_listed(connection: Connection, *, without_case: bool, limit: int) -> list[Glance]:
    """Newest first; `without_case` leaves out those that have a live case."""
    live = case_conversations.c.live & (case_conversations.c.conversation_id == conversations.c.id)
    query = (
        select(
            conversations.c.id,
            conversations.c.channel,
            conversations.c.last_message_at,
            case_conversations.c.case_number,
            evaluations.c.outcome,
            evaluations.c.why,
            first_customer().label("customer"),
            _message_count().label("messages"),
        )
        .outerjoin(case_conversations, live)
        .outerjoin(evaluations, evaluations.c.id == latest_evaluation())
        .order_by(conversations.c.id.desc())
        .limit(limit)
    )
    if without_case:
        query = query.where(case_conversations.c.case_number.is_(None))
    return [Glance(**row) for row in connection.execute(query).mappings()]


def has_conversation(connection: Connection, conversation_id: int) -> bool:
    mine = select(conversations.c.id).where(conversations.c.id == conversation_id)
    return connection.execute(mine).first() is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A conversation that a command may be about."""

    key: str
    customer: str
    opening: str  # the first words of the customer
    case_number: CaseNumber | None  # the live case
    last_message_at: datetime


def open_conversations(
    connection: Connection, *, channel: str, account: str, key_prefix: str, since: datetime, limit: int
) -> list[Candidate]:
    """Those in which a customer wrote and that did not end before `since`, whose keys begin so; the latest first."""
    latest = (
        select(conversations.c.id)
        .where(
            conversations.c.channel == channel,
            conversations.c.account == account,
            # LIKE knows wildcards, and on SQLite no capitals.
            func.substr(conversations.c.key, 1, len(key_prefix)) == key_prefix,
            or_(conversations.c.ended_at.is_(None), conversations.c.ended_at >= since),
            _said_by_customers().exists(),
        )
        .order_by(conversations.c.last_message_at.desc(), conversations.c.id.desc())
        .limit(limit)
        .subquery()
    )
    live = case_conversations.c.live & (case_conversations.c.conversation_id == conversations.c.id)
    query = (
        select(
            conversations.c.key,
            conversations.c.last_message_at,
            case_conversations.c.case_number,
            first_customer().label("customer"),
            _opening().label("opening"),
        )
        .where(conversations.c.id.in_(select(latest.c.id)))
        .outerjoin(case_conversations, live)
        .order_by(conversations.c.last_message_at.desc(), conversations.c.id.desc())
    )
    return [Candidate(**row) for row in connection.execute(query).mappings()]


def conversation_key(connection: Connection, channel: str, account: str, number: CaseNumber) -> str | None:
    """The key of the conversation on this channel and account that was linked to the case last."""
    linked = (
        select(conversations.c.key)
        .join(case_conversations, case_conversations.c.conversation_id == conversations.c.id)
        .where(
            case_conversations.c.case_number == number,
            conversations.c.channel == channel,
            conversations.c.account == account,
        )
        .order_by(case_conversations.c.linked_at.desc(), conversations.c.id.desc())
        .limit(1)
    )
    return connection.execute(linked).scalar_one_or_none()


def cases_of(connection: Connection, channel: str, account: str, author_id: str, *, limit: int) -> list[Case]:
    """The cases of whoever is behind a native user, newest first."""
    who = select(contact_identities.c.contact_id).where(
        contact_identities.c.channel == channel,
        contact_identities.c.account == account,
        contact_identities.c.external_id == author_id,
    )
    mine = select(case_rows.c.number).where(case_rows.c.contact_id.in_(who))
    numbers = connection.execute(mine.order_by(case_rows.c.number.desc()).limit(limit)).scalars()
    return [cases.get(connection, number) for number in numbers]


def _opening() -> ScalarSelect[Any]:
    """A customer's first words, those that say something before a greeting."""
    return _said_by_customers().order_by(messages.c.noise, messages.c.id).limit(1).scalar_subquery()


def _said_by_customers() -> Select[tuple[str]]:
    return (
        select(messages.c.text)
        .join(participants, participants.c.id == messages.c.participant_id)
        .where(
            messages.c.conversation_id == conversations.c.id,
            participants.c.role == Role.CUSTOMER,
            messages.c.deleted_at.is_(None),
        )
        .correlate(conversations)
    )


def first_customer() -> ScalarSelect[Any]:
    mine = participants.c.conversation_id == conversations.c.id
    customers = select(participants.c.name).where(mine, participants.c.role == Role.CUSTOMER)
    return customers.order_by(participants.c.id).limit(1).correlate(conversations).scalar_subquery()


def _message_count() -> ScalarSelect[Any]:
    return select(func.count()).where(messages.c.conversation_id == conversations.c.id).scalar_subquery()


def latest_evaluation() -> ScalarSelect[Any]:
    mine = evaluations.alias()
    return select(func.max(mine.c.id)).where(mine.c.conversation_id == conversations.c.id).scalar_subquery()
