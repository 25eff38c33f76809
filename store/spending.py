"""Tokens spent at a provider's, per day and per conversation: kept, so that a restart forgets nothing."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, bindparam, select, update

from store.model import ConversationId
from store.schema import predictions_spent
from store.sql import insert


class Limit(StrEnum):
    DAY = "day"
    CONVERSATION = "conversation"


class OverBudget(Exception):
    """The tokens would go over this limit; nothing was set aside."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit)
        self.limit = limit


_insert = insert(predictions_spent)
_ADD = _insert.on_conflict_do_update(
    index_elements=[predictions_spent.c.scope],
    set_={"tokens": predictions_spent.c.tokens + _insert.excluded.tokens},
)
_ADD_WITHIN = _insert.on_conflict_do_update(
    index_elements=[predictions_spent.c.scope],
    set_={"tokens": predictions_spent.c.tokens + _insert.excluded.tokens},
    where=predictions_spent.c.tokens + _insert.excluded.tokens <= bindparam("most"),
).returning(predictions_spent.c.scope)
_CORRECT = (
    update(predictions_spent)
    .where(predictions_spent.c.scope == bindparam("which"))
    .values(tokens=predictions_spent.c.tokens + bindparam("difference"))
)
_SPENT = select(predictions_spent.c.tokens).where(predictions_spent.c.scope == bindparam("which"))


def reserve(
    connection: Connection,
    conversation_id: ConversationId,
    day: str,
    tokens: int,
    *,
    per_day: int | None,
    per_conversation: int | None,
) -> None:
    """Sets tokens aside before they are spent: what a process that dies was spending counts. Raises OverBudget."""
    _add(connection, _day(day), tokens, per_day, Limit.DAY)
    _add(connection, _conversation(conversation_id), tokens, per_conversation, Limit.CONVERSATION)


def settle(connection: Connection, conversation_id: ConversationId, day: str, difference: int) -> None:
    """What was spent beyond what was set aside, or less than zero."""
    for scope in (_day(day), _conversation(conversation_id)):
        connection.execute(_CORRECT, {"which": scope, "difference": difference})


def on_day(connection: Connection, day: str) -> int:
    return connection.execute(_SPENT, {"which": _day(day)}).scalar_one_or_none() or 0


def on_conversation(connection: Connection, conversation_id: ConversationId) -> int:
    return connection.execute(_SPENT, {"which": _conversation(conversation_id)}).scalar_one_or_none() or 0


def _add(connection: Connection, scope: str, tokens: int, most: int | None, limit: Limit) -> None:
    row = {"scope": scope, "tokens": tokens}
    if most is None:
        connection.execute(_ADD, row)
    elif tokens > most or connection.execute(_ADD_WITHIN, {**row, "most": most}).scalar_one_or_none() is None:
        raise OverBudget(limit)


def _day(day: str) -> str:
    return f"day {day}"


def _conversation(conversation_id: ConversationId) -> str:
    return f"conversation {conversation_id}"
