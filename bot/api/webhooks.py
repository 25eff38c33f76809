"""Webhooks: endpoints that are told of cases, and the log of what they were told."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated

import structlog
from aiohttp import web
from pydantic import BaseModel, Field

from bot.access.rights import MANAGE_WEBHOOKS
from bot.access.routes import Refused, Visit
from bot.api import body, cursors, idempotency
from bot.api.calls import NUMBER, Body, Call, Parameter, answered, numbered
from bot.api.numbers import number_in
from bot.webhooks.targets import LONGEST, complaint
from store import webhooks
from store.api_answers import Answer
from store.engine import Connection, Database
from store.webhooks import Delivery, DeliveryStatus, Endpoint, EndpointEnded, Event, UnknownEndpoint

log = structlog.get_logger()

_ONE = f"/webhooks/{{id:{NUMBER}}}"
_ID = numbered("id", "The endpoint's id.")
_DELIVERIES = "/webhooks/deliveries"
ENDED = "An administrator ended it."


class EndpointGiven(Body):
    """`internal`: whether it is told of internal fields and notes as well."""

    url: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    events: Annotated[list[Annotated[Event, Field(strict=False)]], Field(min_length=1, max_length=len(Event))]
    internal: bool = False


class EndpointChanged(Body):
    """What is not given stays as it is."""

    events: (
        Annotated[list[Annotated[Event, Field(strict=False)]], Field(min_length=1, max_length=len(Event))] | None
    ) = None
    internal: bool | None = None


class EndpointRead(BaseModel):
    """`secret`: told once, when it is made; signatures are checked by it.

    Until `old_secret_until`, the secret of before signs as well.
    """

    id: int
    url: str
    events: list[str]
    internal: bool
    made_by: str
    created_at: datetime
    ended_at: datetime | None
    ended_because: str | None
    old_secret_until: datetime | None
    secret: str | None = None


class Endpoints(BaseModel):
    """Newest first."""

    items: list[EndpointRead]


class DeliveryRead(BaseModel):
    """`message`: its webhook-id. `answered`: the HTTP status of the latest answer."""

    id: int
    endpoint: int
    message: str
    event: Event
    case: int
    status: DeliveryStatus
    attempts: int
    due_at: datetime
    answered: int | None
    error: str | None
    created_at: datetime
    done_at: datetime | None


class DeliveryPage(BaseModel):
    """Newest first; `next` is null on the last page."""

    items: list[DeliveryRead]
    next: str | None


class Webhooks:
    def __init__(self, database: Database, *, private: bool) -> None:
        """`private`: whether they may go to this network, and without TLS."""
        self._database = database
        self._private = private

    def calls(self) -> list[Call]:
        right = MANAGE_WEBHOOKS
        return [
            Call(
                method="GET",
                path="/webhooks",
                right=right,
                handler=self._list,
                summary="Endpoints, the ended ones too",
                answer=Endpoints,
            ),
            Call(
                method="POST",
                path="/webhooks",
                right=right,
                handler=self._add,
                summary="Tell an address of cases; the answer has its secret, which is told only here",
                answer=EndpointRead,
                status=HTTPStatus.CREATED,
                body=EndpointGiven,
                parameters=(idempotency.PARAMETER,),
            ),
            Call(
                method="GET",
                path=_ONE,
                right=right,
                handler=self._show,
                summary="An endpoint",
                answer=EndpointRead,
                parameters=(_ID,),
            ),
            Call(
                method="PATCH",
                path=_ONE,
                right=right,
                handler=self._change,
                summary="Say what an endpoint is told of from now on",
                answer=EndpointRead,
                body=EndpointChanged,
                parameters=(_ID, idempotency.PARAMETER),
            ),
            Call(
                method="POST",
                path=f"{_ONE}/secret",
                right=right,
                handler=self._rotate,
                summary="A new secret, which is told only here; the one before signs for 24 hours more",
                answer=EndpointRead,
                parameters=(_ID, idempotency.PARAMETER),
            ),
            Call(
                method="POST",
                path=f"{_ONE}/end",
                right=right,
                handler=self._end,
                summary="Tell an endpoint nothing any more; its log stays",
                answer=EndpointRead,
                parameters=(_ID, idempotency.PARAMETER),
            ),
            Call(
                method="GET",
                path=_DELIVERIES,
                right=right,
                handler=self._log,
                summary="What endpoints were told, or are to be told, newest first",
                answer=DeliveryPage,
                parameters=(
                    numbered("endpoint", "Those to this endpoint.", place="query"),
                    Parameter(
                        name="status",
                        place="query",
                        schema={"enum": [*DeliveryStatus]},
                        description="Those of this status.",
                    ),
                    *cursors.PARAMETERS,
                ),
            ),
            Call(
                method="POST",
                path=f"{_DELIVERIES}/{{id:{NUMBER}}}/retry",
                right=right,
                handler=self._retry,
                summary="Give a delivery that was given up a fresh set of attempts",
                answer=DeliveryRead,
                parameters=(numbered("id", "The delivery's id."), idempotency.PARAMETER),
            ),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:  # noqa: ARG002 -- the same for all who may
        found = await self._database.read(webhooks.endpoints)
        return answered(Endpoints(items=[_described(each) for each in found]))

    async def _add(self, visit: Visit) -> web.StreamResponse:
        given = await body.read(visit.request, EndpointGiven)
        if (wrong := complaint(given.url, private=self._private)) is not None:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"url {wrong}.", errors={"url": wrong})
        response = await idempotency.once(self._database, visit, partial(_added, given=given, by=visit.visitor.name))
        log.info("webhook_added", by=visit.visitor.id)
        return response

    async def _show(self, visit: Visit) -> web.StreamResponse:
        with _refusing():
            found = await self._database.read(partial(webhooks.get, endpoint_id=_id(visit)))
        return answered(_described(found))

    async def _change(self, visit: Visit) -> web.StreamResponse:
        given = await body.read(visit.request, EndpointChanged)
        change = partial(_changed, endpoint_id=_id(visit), given=given)
        response = await idempotency.once(self._database, visit, change)
        log.info("webhook_changed", endpoint=_id(visit), by=visit.visitor.id)
        return response

    async def _rotate(self, visit: Visit) -> web.StreamResponse:
        response = await idempotency.once(self._database, visit, partial(_rotated, endpoint_id=_id(visit)))
        log.info("webhook_secret_made", endpoint=_id(visit), by=visit.visitor.id)
        return response

    async def _end(self, visit: Visit) -> web.StreamResponse:
        response = await idempotency.once(self._database, visit, partial(_ended, endpoint_id=_id(visit)))
        log.info("webhook_ended", endpoint=_id(visit), by=visit.visitor.id)
        return response

    async def _log(self, visit: Visit) -> web.StreamResponse:
        query = visit.request.query
        page = cursors.wanted(query)
        ask = partial(
            webhooks.page,
            endpoint_id=number_in(query, "endpoint"),
            status=_status(query.get("status")),
            before=page.after[0] if page.after else None,
            limit=page.limit + 1,
        )
        found = await self._database.read(ask)
        rows, following = cursors.cut(found, page, lambda each: (each.id,))
        return answered(DeliveryPage(items=[_told(each) for each in rows], next=following))

    async def _retry(self, visit: Visit) -> web.StreamResponse:
        return await idempotency.once(self._database, visit, partial(_revived, delivery_id=_id(visit)))


def _id(visit: Visit) -> int:
    return int(visit.request.match_info["id"])


def _status(given: str | None) -> str | None:
    """Raises Refused."""
    if given is not None and given not in set(DeliveryStatus):
        right = "should be one of " + ", ".join(DeliveryStatus)
        raise Refused(HTTPStatus.BAD_REQUEST, f"status {right}.", errors={"status": right})
    return given


def _added(connection: Connection, *, given: EndpointGiven, by: str) -> Answer:
    made, secret = webhooks.add(connection, url=given.url, events=given.events, internal=given.internal, made_by=by)
    shown = _described(made).model_copy(update={"secret": secret})
    return Answer(status=HTTPStatus.CREATED, body=shown.model_dump(mode="json"))


def _changed(connection: Connection, *, endpoint_id: int, given: EndpointChanged) -> Answer:
    """Raises Refused."""
    with _refusing():
        changed = webhooks.change(connection, endpoint_id, events=given.events, internal=given.internal)
    return Answer(status=HTTPStatus.OK, body=_described(changed).model_dump(mode="json"))


def _rotated(connection: Connection, *, endpoint_id: int) -> Answer:
    """Raises Refused."""
    with _refusing():
        changed, secret = webhooks.rotate(connection, endpoint_id)
    shown = _described(changed).model_copy(update={"secret": secret})
    return Answer(status=HTTPStatus.OK, body=shown.model_dump(mode="json"))


@contextmanager
def _refusing() -> Generator[None]:
    """Raises Refused."""
    try:
        yield
    except UnknownEndpoint:
        raise Refused(HTTPStatus.NOT_FOUND) from None
    except EndpointEnded:
        raise Refused(HTTPStatus.CONFLICT, "The endpoint has ended: make another one.") from None


def _ended(connection: Connection, *, endpoint_id: int) -> Answer:
    """Raises Refused."""
    with _refusing():
        webhooks.end(connection, endpoint_id, because=ENDED)
        shown = _described(webhooks.get(connection, endpoint_id))
    return Answer(status=HTTPStatus.OK, body=shown.model_dump(mode="json"))


def _revived(connection: Connection, *, delivery_id: int) -> Answer:
    """Raises Refused."""
    found = webhooks.page(connection, delivery_id=delivery_id, limit=1)
    if not found:
        raise Refused(HTTPStatus.NOT_FOUND)
    if not webhooks.revive(connection, delivery_id):
        detail = "Only what was given up is tried again, and only while its endpoint has not ended."
        raise Refused(HTTPStatus.CONFLICT, detail)
    [again] = webhooks.page(connection, delivery_id=delivery_id, limit=1)
    return Answer(status=HTTPStatus.OK, body=_told(again).model_dump(mode="json"))


def _described(endpoint: Endpoint) -> EndpointRead:
    return EndpointRead(
        id=endpoint.id,
        url=endpoint.url,
        events=list(endpoint.events),
        internal=endpoint.internal,
        made_by=endpoint.made_by,
        created_at=endpoint.created_at,
        ended_at=endpoint.ended_at,
        ended_because=endpoint.ended_because,
        old_secret_until=endpoint.old_secret_until,
    )


def _told(delivery: Delivery) -> DeliveryRead:
    return DeliveryRead(
        id=delivery.id,
        endpoint=delivery.endpoint_id,
        message=delivery.message_id,
        event=delivery.event,
        case=delivery.case_number,
        status=delivery.status,
        attempts=delivery.attempts,
        due_at=delivery.due_at,
        answered=delivery.answered,
        error=delivery.error,
        created_at=delivery.created_at,
        done_at=delivery.done_at,
    )
