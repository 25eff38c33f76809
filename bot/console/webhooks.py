"""Webhooks: who is told of cases, of what, and what became of each message. A secret is shown once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

import structlog
from aiohttp import web
from multidict import MultiMapping

from bot.access.rights import MANAGE_WEBHOOKS
from bot.access.routes import Refused, Route, Visit
from bot.console.operations import number_of
from bot.console.rendering import Pages, form_of, seen
from bot.text import one_line
from bot.webhooks.targets import complaint
from store import webhooks
from store.engine import Connection, Database
from store.webhooks import DeliveryStatus, Endpoint, EndpointEnded, Event, UnknownEndpoint

log = structlog.get_logger()

PATH = "/console/webhooks"
_ONE = f"{PATH}/{{id:[0-9]{{1,18}}}}"
EVENTS = {
    Event.CREATED: "A case is opened",
    Event.UPDATED: "A case is changed",
    Event.RESOLVED: "A case is resolved",
    Event.REOPENED: "A case is reopened",
}
STATUSES = {
    "": "All",
    DeliveryStatus.QUEUED: "Waiting",
    DeliveryStatus.SENDING: "On its way",
    DeliveryStatus.DELIVERED: "Delivered",
    DeliveryStatus.SKIPPED: "Nothing to tell",
    DeliveryStatus.DEAD: "Given up",
}
_SHOWN = 50  # deliveries
_ENDED = "It is told nothing any more, and that stays so: make another one."
_NOT_AGAIN = "Only what was given up is sent again, and only while its endpoint is told of something."

Result = TypeVar("Result")


class Webhooks:
    def __init__(self, database: Database, pages: Pages, *, private: bool) -> None:
        """`private`: whether they may go to this network, and without TLS."""
        self._database = database
        self._pages = pages
        self._private = private

    def routes(self) -> list[Route]:
        right = MANAGE_WEBHOOKS
        return [
            Route(method="GET", path=PATH, right=right, handler=self._list),
            Route(method="POST", path=PATH, right=right, handler=self._add),
            Route(method="GET", path=_ONE, right=right, handler=self._show),
            Route(method="POST", path=_ONE, right=right, handler=self._change),
            Route(method="POST", path=f"{_ONE}/secret", right=right, handler=self._rotate),
            Route(method="POST", path=f"{_ONE}/end", right=right, handler=self._end),
            Route(method="POST", path=f"{_ONE}/retry", right=right, handler=self._retry),
        ]

    # --- the list -----------------------------------------------------------------------------------

    async def _list(self, visit: Visit) -> web.StreamResponse:
        return await self._listed(visit)

    async def _listed(self, visit: Visit, wrong: dict[str, str] | None = None, form: Any = None) -> web.Response:
        return self._pages.show(
            visit,
            "webhooks.html",
            title="Webhooks",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            endpoints=await self._database.read(webhooks.endpoints),
            events=EVENTS,
            url=form.get("url", "") if form else "",
            chosen=form.getall("events", []) if form else list(Event),
            internal=bool(form) and "internal" in form,
            errors=wrong or {},
        )

    async def _add(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        url, chosen = str(form.get("url", "")).strip(), _events(form)
        wrong = complaint(url, private=self._private)
        errors = {**({"url": f"It {wrong}."} if wrong else {}), **_complaints(chosen)}
        if errors:
            return await self._listed(visit, errors, form)
        add = partial(webhooks.add, url=url, events=chosen, internal="internal" in form, made_by=visit.visitor.name)
        endpoint, secret = await self._database.write(add)
        log.info("webhook_added", endpoint=endpoint.id, by=visit.visitor.id)
        return self._secret(visit, endpoint, secret)

    def _secret(self, visit: Visit, endpoint: Endpoint, secret: str) -> web.Response:
        return self._pages.show(
            visit, "webhook_secret.html", title="Webhook’s secret", endpoint=endpoint, secret=secret
        )

    # --- one of them --------------------------------------------------------------------------------

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return await self._shown(visit)

    async def _shown(
        self, visit: Visit, wrong: dict[str, str] | None = None, chosen: Sequence[str] | None = None
    ) -> web.Response:
        query = visit.request.query
        status, before = query.get("status", ""), number_of(query.get("before"))
        if status not in STATUSES:
            raise Refused(HTTPStatus.BAD_REQUEST, "“status” should be one of the list’s.")
        endpoint = await self._found(self._database.read, webhooks.get, _id(visit))
        page = partial(webhooks.page, endpoint_id=endpoint.id, status=status or None, before=before, limit=_SHOWN + 1)
        found = await self._database.read(page)
        return self._pages.show(
            visit,
            "webhook.html",
            title="Webhook",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            endpoint=endpoint,
            events=EVENTS,
            chosen=endpoint.events if chosen is None else chosen,
            deliveries=found[:_SHOWN],
            earlier=found[_SHOWN - 1].id if len(found) > _SHOWN else None,
            chosen_status=status,
            statuses=STATUSES,
            hours=int(webhooks.OVERLAP.total_seconds() // 3600),
            one_line=one_line,
            errors=wrong or {},
        )

    async def _change(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        chosen = _events(form)
        if wrong := _complaints(chosen):
            return await self._shown(visit, wrong, chosen)
        change = partial(webhooks.change, events=chosen, internal="internal" in form)
        endpoint = await self._found(self._database.write, change, _id(visit))
        log.info("webhook_changed", endpoint=endpoint.id, by=visit.visitor.id)
        return seen(f"{PATH}/{endpoint.id}", "changed")

    async def _rotate(self, visit: Visit) -> web.StreamResponse:
        endpoint, secret = await self._found(self._database.write, webhooks.rotate, _id(visit))
        log.info("webhook_secret_made", endpoint=endpoint.id, by=visit.visitor.id)
        return self._secret(visit, endpoint, secret)

    async def _end(self, visit: Visit) -> web.StreamResponse:
        because = f"{visit.visitor.name} switched it off."
        await self._found(self._database.write, partial(_ended, because=because), _id(visit))
        log.info("webhook_ended", endpoint=_id(visit), by=visit.visitor.id)
        return seen(f"{PATH}/{_id(visit)}", "ended")

    async def _retry(self, visit: Visit) -> web.StreamResponse:
        number = number_of((await form_of(visit)).get("delivery", ""))
        retry = partial(_revived, delivery_id=number or 0)
        if not await self._found(self._database.write, retry, _id(visit)):
            raise Refused(HTTPStatus.CONFLICT, _NOT_AGAIN)
        log.info("webhook_revived", endpoint=_id(visit), delivery=number, by=visit.visitor.id)
        return seen(f"{PATH}/{_id(visit)}", "again")

    async def _found(self, run: Callable[..., Any], ask: Callable[..., Result], endpoint_id: int) -> Result:
        """Raises Refused."""
        try:
            return await run(partial(ask, endpoint_id=endpoint_id))
        except UnknownEndpoint:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        except EndpointEnded:
            raise Refused(HTTPStatus.CONFLICT, _ENDED) from None


def _id(visit: Visit) -> int:
    return int(visit.request.match_info["id"])


def _events(form: MultiMapping[Any]) -> list[str]:
    return [str(each) for each in form.getall("events", [])]


def _complaints(events: Sequence[str]) -> dict[str, str]:
    return {} if events and set(events) <= set(EVENTS) else {"events": "Choose what it is told of."}


def _ended(connection: Connection, *, endpoint_id: int, because: str) -> None:
    """Raises UnknownEndpoint."""
    webhooks.get(connection, endpoint_id)
    webhooks.end(connection, endpoint_id, because=because)


def _revived(connection: Connection, *, endpoint_id: int, delivery_id: int) -> bool:
    """Raises UnknownEndpoint. False where it is no delivery of this endpoint's that was given up."""
    webhooks.get(connection, endpoint_id)
    mine = webhooks.page(connection, delivery_id=delivery_id, endpoint_id=endpoint_id, limit=1)
    return bool(mine) and webhooks.revive(connection, delivery_id)
