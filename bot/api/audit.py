"""The audit: every change of a case, who made it and on whose words."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from bot.access.rights import READ_AUDIT
from bot.access.routes import Visit
from bot.api import cursors
from bot.api.calls import Call, answered, numbered
from bot.api.cases import Quoted, Who, quoted, who
from bot.api.numbers import number_in
from store import audit
from store.audit import Entry
from store.engine import Database


class AuditRead(BaseModel):
    """`what`: created, linked, field, status, owner, queue, note, suggested, rejected, refused, failed and others."""

    id: int
    at: datetime
    case: int | None
    conversation: int | None
    by: Who
    what: str
    field: str | None
    old: Any
    new: Any
    confidence: float | None
    evidence: list[Quoted]
    rule: str | None
    reason: str | None
    settings_version: int | None
    predictor: str | None


class AuditPage(BaseModel):
    """Newest first; `next` is null on the last page."""

    items: list[AuditRead]
    next: str | None


class Audit:
    def __init__(self, database: Database) -> None:
        self._database = database

    def calls(self) -> list[Call]:
        return [
            Call(
                method="GET",
                path="/audit",
                right=READ_AUDIT,
                handler=self._list,
                summary="The audit, newest first",
                answer=AuditPage,
                parameters=(numbered("case", "Entries of this case.", place="query"), *cursors.PARAMETERS),
            )
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        query = visit.request.query
        page = cursors.wanted(query)
        before = page.after[0] if page.after else None
        ask = partial(audit.page, number=number_in(query, "case"), before=before, limit=page.limit + 1)
        found = await self._database.read(ask)
        rows, following = cursors.cut(found, page, lambda each: (each.id,))
        return answered(AuditPage(items=[described(each) for each in rows], next=following))


def described(entry: Entry) -> AuditRead:
    change, origin = entry.change, entry.origin
    return AuditRead(
        id=entry.id,
        at=entry.at,
        case=entry.case_number,
        conversation=origin.conversation_id,
        by=who(origin.actor),
        what=change.what,
        field=change.field,
        old=change.old,
        new=change.new,
        confidence=change.confidence,
        evidence=quoted(change.evidence),
        rule=change.rule,
        reason=change.reason,
        settings_version=origin.settings_version,
        predictor=origin.predictor,
    )
