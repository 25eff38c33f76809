"""How Teams reaches us: the SDK's adapter, with the gate, the answers and the errors of our own.

botbuilder 4.17 blocks the event loop for tokens, takes what it should not, and answers invokes twice over; what is left
to it is the turn. Its activities drop what they don't know, so that everything is read from the JSON as it came.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, cast

import structlog
from aiohttp import web
from botbuilder.core import TurnContext
from botbuilder.integration.aiohttp import CloudAdapter
from botbuilder.schema import Activity
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
)

from adapters.channel import Overloaded, RetryLater
from adapters.payload import part, storable, text
from adapters.teams.gate import Gate, Refused
from adapters.teams.greeting import Greeter
from adapters.teams.interacting import Interacting
from adapters.teams.places import Place, place_of
from adapters.teams.receiving import Receiving
from adapters.teams.surface import MESSAGES
from store.engine import DatabaseUnavailable
from store.model import Json

log = structlog.get_logger()

_BODY_LIMIT = 1 << 20  # bytes
_TRANSIENT = (Overloaded, RetryLater, DatabaseUnavailable)

Turn = Callable[[Json], Awaitable[tuple[int, Json] | None]]


class Transport:
    def __init__(self, gate: Gate, receiving: Receiving, interacting: Interacting, greeter: Greeter) -> None:
        self._receiving = receiving
        self._interacting = interacting
        self._greeter = greeter
        self._adapter = Adapter(gate)

    def routes(self) -> list[web.RouteDef]:
        return [web.post(MESSAGES, self._http)]

    async def _http(self, request: web.Request) -> web.Response:
        return await self._adapter.answer(request, self._turn)

    async def _turn(self, activity: Json) -> tuple[int, Json] | None:
        """Every kind that is not named here is ignored on purpose: typing, reactions, installations."""
        kind = text(activity, "type")
        if kind == "conversationUpdate":
            await self._greeter.joined(activity)
        if kind not in {"message", "messageUpdate", "messageDelete", "invoke"}:
            return None
        place = place_of(activity)
        match kind:
            case "message" if _is_pressed(activity):
                await self._interacting.submitted_in_message(place, activity)
            case "message":
                await self._receiving.message(place, activity)
            case "invoke":
                return await self._invoked(place, activity)
            case _:
                await self._receiving.changed(place, activity)
        return None

    async def _invoked(self, place: Place, activity: Json) -> tuple[int, Json]:
        return await self._interacting.answer(place, activity)


class Adapter(CloudAdapter):
    """The SDK's adapter behind our own gate: nothing is acknowledged that isn't stored."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(_Authentication())
        self._gate = gate

    async def answer(self, request: web.Request, turn: Turn) -> web.Response:
        """The sender's mistakes are 4xx with a sentence; ours 503, so that Teams tries again."""
        try:
            claims = await self._gate.claims(request.headers.get("Authorization"))
            activity = await _read(request)
            self._gate.admit(claims, activity)
            answered = await self._turned(activity, turn)
        except Refused as error:
            log.info("teams_refused", status=int(error.status), why=str(error))
            return _said(error.status, str(error))
        except _TRANSIENT as error:
            log.warning("teams_put_off", error=str(error))
            return _said(HTTPStatus.SERVICE_UNAVAILABLE, "Try again in a moment.", {"Retry-After": "5"})
        except (ValueError, KeyError, TypeError, IndexError) as error:
            log.warning("teams_malformed", error=repr(error)[:300])
            return _said(HTTPStatus.BAD_REQUEST, "This is not what the Bot Framework's reference says.")
        if answered is None:
            return web.Response(status=HTTPStatus.OK)
        status, body = answered
        return web.json_response(body, status=status)

    async def _turned(self, activity: Json, turn: Turn) -> tuple[int, Json] | None:
        """Through the SDK's pipeline, with the activity as it came."""
        answers: list[tuple[int, Json] | None] = []

        async def logic(_context: TurnContext) -> None:
            answers.append(await turn(activity))

        admitted = AuthenticateRequestResult()
        admitted.claims_identity = ClaimsIdentity({}, True)  # noqa: FBT003 -- the SDK's order
        admitted.connector_factory = _NoConnector()
        named = {name: activity[name] for name in ("type", "id", "channelId", "serviceUrl") if name in activity}
        await self.process_activity(admitted, Activity().deserialize(named), logic)
        return answers[0] if answers else None


class _Authentication(BotFrameworkAuthentication):
    """Nothing is left for the SDK to find out: the gate has admitted it, and the outbox is the only sender."""

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        raise NotImplementedError

    async def authenticate_streaming_request(
        self, auth_header: str, channel_id_header: str
    ) -> AuthenticateRequestResult:
        raise NotImplementedError

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:  # noqa: ARG002
        return _NoConnector()

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> Any:  # noqa: ARG002
        return None


class _NoConnector(ConnectorFactory):
    async def create(self, service_url: str, audience: str) -> Any:  # noqa: ARG002
        return object()


async def _read(request: web.Request) -> Json:
    """Raises Refused."""
    if request.content_type != "application/json":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body should be application/json.")
    if (request.content_length or 0) > _BODY_LIMIT:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body may have at most {_BODY_LIMIT} bytes.")
    try:
        found: object = json.loads(await request.read())
    except (ValueError, RecursionError, web.RequestPayloadError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from error
    if not isinstance(found, dict) or not text(cast("Json", found), "type"):
        raise Refused(HTTPStatus.BAD_REQUEST, "The body should be an activity: a JSON object with a type.")
    try:
        return storable(cast("Json", found))
    except ValueError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error


def _is_pressed(activity: Json) -> bool:
    return bool(text(part(activity, "value"), "verb")) and not text(activity, "text").strip()


def _said(status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": sentence}, status=status, headers=headers)
