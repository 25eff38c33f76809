"""Evaluations: what each look at a conversation found, also when it opened no case, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, or_, select

from store.model import CaseNumber, ConversationId, Json, MessageId, Value
from store.schema import evaluations
from store.sql import insert, now


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    conversation_id: ConversationId
    case_number: CaseNumber | None
    trigger: str
    outcome: str
    why: str
    detail: Json
    predictor: str
    settings_version: int
    milliseconds: float
    created_at: datetime | None = None
    id: int | None = None


_KEEP = insert(evaluations)
_LATEST = (
    select(evaluations.c.detail)
    .where(evaluations.c.conversation_id == bindparam("conversation"))
    .order_by(evaluations.c.id.desc())
    .limit(1)
)

_LATEST_PROPOSAL = (
    select(evaluations.c.detail)
    .where(evaluations.c.conversation_id == bindparam("conversation"), evaluations.c.case_number.is_(None))
    .where(evaluations.c.outcome == "proposed")
    .order_by(evaluations.c.id.desc())
    .limit(1)
)


def keep(connection: Connection, evaluation: Evaluation) -> None:
    row: dict[str, Any] = {
        "conversation_id": evaluation.conversation_id,
        "case_number": evaluation.case_number,
        "trigger": evaluation.trigger,
        "outcome": evaluation.outcome,
        "why": evaluation.why,
        "detail": evaluation.detail,
        "predictor": evaluation.predictor,
        "settings_version": evaluation.settings_version,
        "milliseconds": evaluation.milliseconds,
        "created_at": now(connection),
    }
    connection.execute(_KEEP, row)


def last_cited(connection: Connection, conversation_id: ConversationId) -> frozenset[MessageId]:
    """The messages that the latest evaluation's values rest on, so that the next one's window holds them."""
    detail: Json | None = connection.execute(_LATEST, {"conversation": conversation_id}).scalar_one_or_none()
    return frozenset(MessageId(each) for each in (detail or {}).get("cited", ()))


def last_reading(connection: Connection, conversation_id: ConversationId) -> Json | None:
    """What a model had read and found when the conversation was last looked at."""
    detail: Json | None = connection.execute(_LATEST, {"conversation": conversation_id}).scalar_one_or_none()
    return (detail or {}).get("reading")


def last_proposed(connection: Connection, conversation_id: ConversationId) -> dict[str, Value] | None:
    """The values of the case that was proposed last; None where none ever was."""
    detail: Json | None = connection.execute(_LATEST_PROPOSAL, {"conversation": conversation_id}).scalar_one_or_none()
    return None if detail is None else {name: each["value"] for name, each in detail["written"].items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Watching:
    """The settings versions that let the agent only watch: where there was no case yet, and where there was one."""

    creating: frozenset[int]
    updating: frozenset[int]


def conversations_watched(connection: Connection, watching: Watching, *, limit: int) -> list[ConversationId]:
    """Those in which the agent recorded what it would have done, or that it would have done nothing; newest first."""
    found = (
        select(evaluations.c.conversation_id)
        .where(_is_watched(watching))
        .group_by(evaluations.c.conversation_id)
        .order_by(func.max(evaluations.c.id).desc())
        .limit(limit)
    )
    return [ConversationId(each) for each in connection.execute(found).scalars()]


def watched(connection: Connection, watching: Watching, conversation_id: ConversationId) -> list[Evaluation]:
    """What the agent would have done in a conversation, in order."""
    mine = select(evaluations).where(evaluations.c.conversation_id == conversation_id, _is_watched(watching))
    return [_evaluation(row) for row in connection.execute(mine.order_by(evaluations.c.id))]


def _is_watched(watching: Watching) -> ColumnElement[bool]:
    row = evaluations.c
    idle = or_(
        and_(row.case_number.is_(None), row.outcome == "not_created", row.settings_version.in_(watching.creating)),
        and_(row.case_number.is_not(None), row.outcome == "no_changes", row.settings_version.in_(watching.updating)),
    )
    return or_(row.outcome == "shadow", idle)


def of_conversation(connection: Connection, conversation_id: ConversationId, *, limit: int = 50) -> list[Evaluation]:
    """Newest first."""
    return page(connection, conversation_id=conversation_id, limit=limit)


def page(
    connection: Connection,
    *,
    conversation_id: int | None = None,
    case_number: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[Evaluation]:
    """Newest first, from where the page before ended; everything that is given must hold."""
    wanted = select(evaluations).order_by(evaluations.c.id.desc()).limit(limit)
    if conversation_id is not None:
        wanted = wanted.where(evaluations.c.conversation_id == conversation_id)
    if case_number is not None:
        wanted = wanted.where(evaluations.c.case_number == case_number)
    if before is not None:
        wanted = wanted.where(evaluations.c.id < before)
    return [_evaluation(row) for row in connection.execute(wanted)]


def get(connection: Connection, evaluation_id: int) -> Evaluation | None:
    row = connection.execute(select(evaluations).where(evaluations.c.id == evaluation_id)).one_or_none()
    return None if row is None else _evaluation(row)


def _evaluation(row: Row[Any]) -> Evaluation:
    return Evaluation(
        id=row.id,
        conversation_id=ConversationId(row.conversation_id),
        case_number=None if row.case_number is None else CaseNumber(row.case_number),
        trigger=row.trigger,
        outcome=row.outcome,
        why=row.why,
        detail=row.detail,
        predictor=row.predictor,
        settings_version=row.settings_version,
        milliseconds=row.milliseconds,
        created_at=row.created_at,
    )
