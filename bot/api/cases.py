"""Cases, as far as the caller may see them: listed, read, and their fields set by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from math import isfinite
from typing import Annotated, Any, cast

from aiohttp import web
from pydantic import BaseModel, Field, WithJsonSchema

from agent import fields
from agent.settings import CaseField, Settings
from bot import acting, forms, words
from bot.access import reads
from bot.access.rights import READ_CASES, READ_INTERNAL_FIELDS, WORK_ON_CASES
from bot.access.routes import Refused, Visit
from bot.acting import Acting, NotPossible
from bot.api import body, cursors, etags, idempotency
from bot.api.calls import NUMBER, Body, Call, Parameter, answered, numbered
from bot.api.changing import Changing
from bot.api.etags import etag
from bot.console import filters
from bot.console.lists import asker
from store import cases, workspace
from store.cases import FieldWrite, UnknownCase
from store.engine import Connection, Database
from store.model import (
    Actor,
    ActorKind,
    Case,
    CaseNumber,
    CaseStatus,
    Evidence,
    FieldId,
    FieldValue,
    Json,
    Value,
    utcnow,
)
from store.workspace import CaseRow

PATH = f"/cases/{{number:{NUMBER}}}"
OF_A_CASE = numbered("number", "The case's number, e.g. 1042.")
_MOST_SEARCHED = 200  # characters
_LARGEST = 10**18 - 1
Id = Annotated[int, Field(ge=1, le=_LARGEST)]
Login = Annotated[str, Field(min_length=1, max_length=320)]
_FILTERS = {
    "status": (filters.STATUSES, "Cases of this status; `open` is new or in progress."),
    "assignee": (filters.ASSIGNEES, "`me`: the caller's; `nobody`: unclaimed."),
    "channel": (filters.CHANNELS, "Cases with a conversation on this channel."),
    "waiting": (filters.WAITING, "`yes`: cases with a suggestion that waits for a representative."),
    "case": (filters.LINKED, "`none`: conversations without a live case; `some`: those with one."),
}
_WORDS = Parameter(
    name="q",
    place="query",
    schema={"type": "string", "maxLength": _MOST_SEARCHED},
    description="Words that all stand in the case or in a message. Of an API key it takes the scope `cases:internal`.",
)
Given = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "boolean", "number", "null"]},
                {"type": "array", "items": {"type": "string"}},
            ]
        }
    ),
]
"""A value as it is kept, or as people write it; null clears the field."""


_QUEUE = Parameter(
    name="queue",
    place="query",
    schema={"type": "string", "pattern": f"^({filters.QUEUE_ID.pattern})?$"},
    description="Cases in this queue, by its id; `mine`: in one of the caller's; `none`: in no queue."
    " Of an API key it takes the scope `cases:internal`.",
)


def filtered(*names: str) -> tuple[Parameter, ...]:
    """The parameters of a list, by which the console filters as well."""
    chosen = (
        Parameter(name=name, place="query", schema={"enum": [*_FILTERS[name][0]]}, description=_FILTERS[name][1])
        for name in names
    )
    return (*chosen, _QUEUE, _WORDS, *cursors.PARAMETERS)


class Who(BaseModel):
    kind: ActorKind
    name: str


class Quoted(BaseModel):
    """The words that a value rests on: they stand at [start:end] of the message."""

    message: int
    quote: str
    start: int
    end: int


class CaseFieldRead(BaseModel):
    value: Value
    written_by: Who
    written_at: datetime
    confidence: float | None
    evidence: list[Quoted]


class SuggestionRead(BaseModel):
    """A value that waits for a representative to accept or reject it."""

    id: int
    field: str
    value: Value
    confidence: float
    evidence: list[Quoted]


class CaseRead(BaseModel):
    """`fields`: by their ids in the settings, those that the caller may see. `revision`: of its ETag.

    `queue`: for who may see internal fields; one that was removed from the settings stays.
    """

    number: int
    title: str
    status: CaseStatus
    owner: Who | None
    queue: str | None
    contact: int | None
    resolution: str | None
    merged_into: int | None
    fields: dict[str, CaseFieldRead]
    suggestions: list[SuggestionRead]
    conversations: list[int]
    created_at: datetime
    updated_at: datetime
    revision: int


class CaseListed(BaseModel):
    """`channel` and `customer`: of the conversation that was linked first. `suggestions`: how many wait.

    `queue`: for who may see internal fields.
    """

    number: int
    title: str
    status: CaseStatus
    owner: str | None
    queue: str | None
    customer: str | None
    channel: str | None
    suggestions: int
    updated_at: datetime


class CasePage(BaseModel):
    """Newest first; `next` is null on the last page."""

    items: list[CaseListed]
    next: str | None


class FieldsGiven(Body):
    """By the ids of the fields."""

    fields: dict[str, Given] = Field(min_length=1)


class Cases:
    def __init__(self, database: Database, changing: Changing) -> None:
        self._database = database
        self._changing = changing

    def calls(self) -> list[Call]:
        return [
            Call(
                method="GET",
                path="/cases",
                right=READ_CASES,
                handler=self._list,
                summary="Cases, newest first",
                answer=CasePage,
                parameters=filtered("status", "assignee", "channel", "waiting"),
            ),
            Call(
                method="GET",
                path=PATH,
                right=READ_CASES,
                handler=self._show,
                summary="A case and its fields",
                answer=CaseRead,
                parameters=(OF_A_CASE,),
                hidden=True,
            ),
            Call(
                method="PATCH",
                path=PATH,
                right=WORK_ON_CASES,
                handler=self._set_fields,
                summary="Set fields by hand: the agent does not change them any more",
                answer=CaseRead,
                body=FieldsGiven,
                parameters=(OF_A_CASE, etags.PARAMETER, idempotency.PARAMETER),
                hidden=True,
            ),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        query = visit.request.query
        chosen, page = searched(visit), cursors.wanted(query)
        after = str(page.after[0]) if page.after else None
        wanted = filters.cases_wanted(chosen, asker(visit), after, page.limit + 1)
        found = await self._database.read(partial(workspace.cases_page, wanted=wanted))
        rows, following = cursors.cut(found, page, lambda each: (each.number,))
        return answered(
            CasePage(items=[_listed(each, internal=visit.may(READ_INTERNAL_FIELDS)) for each in rows], next=following)
        )

    async def _show(self, visit: Visit) -> web.StreamResponse:
        number = CaseNumber(int(visit.request.match_info["number"]))
        settings = visit.in_force.settings
        try:
            case = await self._database.read(partial(cases.get, number=number))
        except UnknownCase:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        await reads.keep(self._database, visit, number, "api")
        internal = visit.may(READ_INTERNAL_FIELDS)
        return answered(shown(case, settings, internal=internal), ETag=etag(case.revision))

    async def _set_fields(self, visit: Visit) -> web.StreamResponse:
        given = await body.read(visit.request, FieldsGiven)
        internal = visit.may(READ_INTERNAL_FIELDS)
        settings = visit.in_force.settings
        writes = writes_of(given.fields, settings, internal=internal)

        def act(connection: Connection, who: Acting, case: Case) -> Json:
            if not case.status.is_open:
                raise NotPossible(words.is_closed(case))
            acting.write(connection, who, case, writes)
            after = cases.get(connection, case.number)
            return shown(after, settings, internal=internal).model_dump(mode="json")

        return await self._changing.do(visit, "fields", act, must_match=True)


def searched(visit: Visit) -> filters.Filter:
    """Raises Refused. A search finds internal values, too: who may not read them may not guess them by it either.

    Nor may they ask for a queue, which is internal.
    """
    chosen = filters.read(visit.request.query)
    if len(visit.request.query.get("q", "")) > _MOST_SEARCHED:
        right = f"should have at most {_MOST_SEARCHED} characters"
        raise Refused(HTTPStatus.BAD_REQUEST, f"q {right}.", errors={"q": right})
    if (chosen.text or chosen.queue) and not visit.may(READ_INTERNAL_FIELDS):
        what, name = ("search", "q") if chosen.text else ("ask for a queue", "queue")
        detail = f"To {what}, the key needs the scope {READ_INTERNAL_FIELDS.scope}."
        raise Refused(HTTPStatus.FORBIDDEN, detail, errors={name: detail})
    return chosen


# --- what is given ----------------------------------------------------------------------------------


def writes_of(given: Mapping[str, Any], settings: Settings, *, internal: bool) -> list[FieldWrite]:
    """Raises Refused, which names each field that is wrong."""
    wrong: dict[str, str] = {}
    writes: list[FieldWrite] = []
    for name, value in given.items():
        field = settings.field(name)
        if field is None or (field.internal and not internal):
            wrong[f"fields.{name}"] = words.no_field(name)
            continue
        try:
            writes.append(FieldWrite(field=FieldId(field.id), value=_value(field, value, settings)))
        except fields.BadValue as error:
            wrong[f"fields.{name}"] = str(error)
    if wrong:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, " ".join(wrong.values()), errors=wrong)
    return writes


def _value(field: CaseField, given: Any, settings: Settings) -> Value | None:
    """What is kept as it is kept, anything else as people write it. Raises BadValue."""
    texts = _texts(given)
    if texts is None:
        raise fields.BadValue(field, "it should be a text, a number, true, false, null, or a list of texts")
    as_it_is: Value = given if isinstance(given, bool | int) else texts if isinstance(given, list) else str(given)
    if texts and fields.check(field, as_it_is) is None:
        return as_it_is
    return forms.parsed(field, texts, settings, utcnow())


def _texts(given: Any) -> list[str] | None:
    """As people would write it; None for what is no value."""
    if given is None:
        return []
    if isinstance(given, bool):
        return ["yes" if given else "no"]
    if isinstance(given, float) and not isfinite(given):  # 1e400 is one: it would be kept as the text “inf”
        return None
    if isinstance(given, str | int | float):
        return [str(given)]
    texts = cast("list[object]", given) if isinstance(given, list) else [None]
    return [each for each in texts if isinstance(each, str)] if all(isinstance(each, str) for each in texts) else None


# --- what is shown ----------------------------------------------------------------------------------


def shown(case: Case, settings: Settings, *, internal: bool) -> CaseRead:
    """A field that the settings don't know any more counts as internal: nobody says that it isn't."""
    hidden = HiddenFields(settings, internal=internal)
    return CaseRead(
        number=case.number,
        title=case.title,
        status=case.status,
        owner=who(case.owner) if case.owner else None,
        queue=None if hidden.queue else case.queue,
        contact=case.contact_id,
        resolution=case.resolution,
        merged_into=case.merged_into,
        fields={name: _field(held) for name, held in case.values.items() if name not in hidden},
        suggestions=[
            SuggestionRead(
                id=each.id,
                field=each.field,
                value=each.value,
                confidence=each.confidence,
                evidence=quoted(each.evidence),
            )
            for each in case.suggestions
            if each.field not in hidden
        ],
        conversations=list(case.conversations),
        created_at=case.created_at,
        updated_at=case.updated_at,
        revision=case.revision,
    )


class HiddenFields:
    """The fields that somebody may not see; `queue`: nor the queue."""

    def __init__(self, settings: Settings, *, internal: bool) -> None:
        self.queue = not internal
        self._open = None if internal else {field.id for field in settings.fields if not field.internal}

    def __contains__(self, field: object) -> bool:
        return self._open is not None and field not in self._open


def _field(held: FieldValue) -> CaseFieldRead:
    return CaseFieldRead(
        value=held.value,
        written_by=who(held.writer),
        written_at=held.written_at,
        confidence=held.confidence,
        evidence=quoted(held.evidence),
    )


def quoted(evidence: Iterable[Evidence]) -> list[Quoted]:
    return [Quoted(message=each.message_id, quote=each.quote, start=each.start, end=each.end) for each in evidence]


def who(actor: Actor) -> Who:
    return Who(kind=actor.kind, name=actor.name)


def _listed(row: CaseRow, *, internal: bool) -> CaseListed:
    return CaseListed(
        number=row.number,
        title=row.title,
        status=row.status,
        owner=row.owner,
        queue=row.queue if internal else None,
        customer=row.customer,
        channel=row.channel,
        suggestions=row.suggestions,
        updated_at=row.updated_at,
    )
