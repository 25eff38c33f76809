"""What an operator leafs through: conversations, newest first, each with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ScalarSelect, func, select

from store.model import CaseNumber, ConversationId, Role
from store.schema import case_conversations, conversations, evaluations, messages, participants


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
            _first_customer().label("customer"),
            _message_count().label("messages"),
        )
        .outerjoin(case_conversations, live)
        .outerjoin(evaluations, evaluations.c.id == _latest_evaluation())
        .order_by(conversations.c.id.desc())
        .limit(limit)
    )
    if without_case:
        query = query.where(case_conversations.c.case_number.is_(None))
    return [Glance(**row) for row in connection.execute(query).mappings()]


def has_conversation(connection: Connection, conversation_id: int) -> bool:
    mine = select(conversations.c.id).where(conversations.c.id == conversation_id)
    return connection.execute(mine).first() is not None


def _first_customer() -> ScalarSelect[Any]:
    mine = participants.c.conversation_id == conversations.c.id
    customers = select(participants.c.name).where(mine, participants.c.role == Role.CUSTOMER)
    return customers.order_by(participants.c.id).limit(1).scalar_subquery()


def _message_count() -> ScalarSelect[Any]:
    return select(func.count()).where(messages.c.conversation_id == conversations.c.id).scalar_subquery()


def _latest_evaluation() -> ScalarSelect[Any]:
    mine = evaluations.alias()
    return select(func.max(mine.c.id)).where(mine.c.conversation_id == conversations.c.id).scalar_subquery()
