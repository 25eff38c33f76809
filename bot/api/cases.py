"""Cases, as far as the caller may see them."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel

from agent.settings import Settings
from bot.access.rights import READ_CASES, READ_INTERNAL_FIELDS
from bot.access.routes import Refused, Visit
from bot.api.calls import NUMBER, Call, Parameter, answered
from bot.api.etags import etag
from store import case_reads, cases
from store.cases import UnknownCase
from store.engine import Connection, Database
from store.model import Actor, ActorKind, Case, CaseNumber, CaseStatus, FieldValue, Value

_NUMBER = Parameter(
    name="number",
    place="path",
    schema={"type": "integer", "minimum": 1, "maximum": 10**18 - 1},
    description="The case's number, e.g. 1042.",
)


class Who(BaseModel):
    kind: ActorKind
    name: str


class CaseFieldRead(BaseModel):
    value: Value
    written_by: Who
    written_at: datetime
    confidence: float | None


class CaseRead(BaseModel):
    """`fields`: by their ids in the settings, those that the caller may see."""

    number: int
    title: str
    status: CaseStatus
    owner: Who | None
    resolution: str | None
    merged_into: int | None
    fields: dict[str, CaseFieldRead]
    conversations: list[int]
    created_at: datetime
    updated_at: datetime
    revision: int


class Cases:
    def __init__(self, database: Database) -> None:
        self._database = database

    def calls(self) -> list[Call]:
        return [
            Call(
                method="GET",
                path=f"/cases/{{number:{NUMBER}}}",
                right=READ_CASES,
                handler=self._show,
                summary="A case and its fields",
                answer=CaseRead,
                parameters=(_NUMBER,),
                hidden=True,
            )
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        number = CaseNumber(int(visit.request.match_info["number"]))
        settings = visit.in_force.settings
        try:
            if settings.keep_case_reads:
                case = await self._database.write(partial(_read_and_tell, number=number, visit=visit))
            else:
                case = await self._database.read(partial(cases.get, number=number))
        except UnknownCase:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        internal = visit.may(READ_INTERNAL_FIELDS)
        return answered(shown(case, settings, internal=internal), ETag=etag(case.revision))


def _read_and_tell(connection: Connection, *, number: CaseNumber, visit: Visit) -> Case:
    case = cases.get(connection, number)
    case_reads.keep(connection, number, actor_id=visit.visitor.id, actor_name=visit.visitor.name, way="api")
    return case


def shown(case: Case, settings: Settings, *, internal: bool) -> CaseRead:
    """A field that the settings don't know any more counts as internal: nobody says that it isn't."""
    open_to_all = {field.id for field in settings.fields if not field.internal}
    return CaseRead(
        number=case.number,
        title=case.title,
        status=case.status,
        owner=_who(case.owner) if case.owner else None,
        resolution=case.resolution,
        merged_into=case.merged_into,
        fields={name: _field(held) for name, held in case.values.items() if internal or name in open_to_all},
        conversations=list(case.conversations),
        created_at=case.created_at,
        updated_at=case.updated_at,
        revision=case.revision,
    )


def _field(held: FieldValue) -> CaseFieldRead:
    return CaseFieldRead(
        value=held.value,
        written_by=_who(held.writer),
        written_at=held.written_at,
        confidence=held.confidence,
    )


def _who(actor: Actor) -> Who:
    return Who(kind=actor.kind, name=actor.name)
