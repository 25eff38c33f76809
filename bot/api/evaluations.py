"""Evaluations: what the agent found when it looked at a conversation, and why nothing came of it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from bot.access.rights import READ_EVALUATIONS
from bot.access.routes import Refused, Visit
from bot.api import cursors
from bot.api.calls import NUMBER, Call, answered, numbered
from bot.api.numbers import number_in
from store import evaluations
from store.engine import Database
from store.evaluations import Evaluation
from store.model import Value


class FoundRead(BaseModel):
    value: Value | None
    confidence: float | None


class RefusedRead(BaseModel):
    """A value that did not hold, or none at all."""

    reason: str
    value: Any
    confidence: float | None


class EvaluationRead(BaseModel):
    """`fields`: those that were to be predicted, and why each. `messages`: on which the values rest.

    `model`: tokens, time and cost of a provider's model, where one was asked; `fallback`: why it had no say.
    """

    id: int
    conversation: int
    case: int | None
    trigger: str
    outcome: str
    why: str
    fields: dict[str, Any]
    written: dict[str, FoundRead]
    suggested: dict[str, Value | None]
    unchanged: list[str]
    missing: list[str]
    refused: dict[str, RefusedRead]
    messages: list[int]
    predictor: str
    model: dict[str, Any] | None
    fallback: str | None
    settings_version: int
    milliseconds: float
    created_at: datetime


class EvaluationPage(BaseModel):
    """Newest first; `next` is null on the last page."""

    items: list[EvaluationRead]
    next: str | None


class Evaluations:
    def __init__(self, database: Database) -> None:
        self._database = database

    def calls(self) -> list[Call]:
        return [
            Call(
                method="GET",
                path="/evaluations",
                right=READ_EVALUATIONS,
                handler=self._list,
                summary="Evaluations, newest first",
                answer=EvaluationPage,
                parameters=(
                    numbered("conversation", "Those of this conversation.", place="query"),
                    numbered("case", "Those of this case.", place="query"),
                    *cursors.PARAMETERS,
                ),
            ),
            Call(
                method="GET",
                path=f"/evaluations/{{id:{NUMBER}}}",
                right=READ_EVALUATIONS,
                handler=self._show,
                summary="An evaluation: values, reasons and cost",
                answer=EvaluationRead,
                parameters=(numbered("id", "The evaluation's id."),),
                hidden=True,
            ),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        query = visit.request.query
        page = cursors.wanted(query)
        ask = partial(
            evaluations.page,
            conversation_id=number_in(query, "conversation"),
            case_number=number_in(query, "case"),
            before=page.after[0] if page.after else None,
            limit=page.limit + 1,
        )
        found = await self._database.read(ask)
        rows, following = cursors.cut(found, page, lambda each: (each.id or 0,))
        return answered(EvaluationPage(items=[described(each) for each in rows], next=following))

    async def _show(self, visit: Visit) -> web.StreamResponse:
        wanted = int(visit.request.match_info["id"])
        found = await self._database.read(partial(evaluations.get, evaluation_id=wanted))
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND)
        return answered(described(found))


def described(kept: Evaluation) -> EvaluationRead:
    """Parts that an earlier version did not keep are empty."""
    detail = kept.detail
    return EvaluationRead.model_validate(
        {
            "fields": {},
            "written": {},
            "suggested": {},
            "unchanged": [],
            "missing": [],
            "refused": {},
            **detail,
            "id": kept.id,
            "conversation": kept.conversation_id,
            "case": kept.case_number,
            "trigger": kept.trigger,
            "outcome": kept.outcome,
            "why": kept.why,
            "messages": detail.get("cited", []),
            "predictor": kept.predictor,
            "model": detail.get("llm"),
            "fallback": detail.get("fallback"),
            "settings_version": kept.settings_version,
            "milliseconds": kept.milliseconds,
            "created_at": kept.created_at,
        }
    )
