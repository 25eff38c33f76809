"""Demo mode: on a machine's own loopback address anybody at the keyboard is a customer and a representative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.webchat.http import Handler, Refused, bad_request, read_json, refusal
from adapters.webchat.incoming import CONVERSATION
from adapters.webchat.tokens import LIFETIME, Grant, Tokens, User

REPRESENTATIVE = "demo-representative"
"""The demo's one representative: to be named in the settings' list of the web chat."""
_HERE = {"localhost", "127.0.0.1", "::1"}
_PROXYS = ("x-forwarded-", "forwarded", "x-real-ip", "via")


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandHint:
    """One command as the page offers it to a representative who types "/"."""

    name: str  # "update-case"
    usage: str
    summary: str


class _Wanted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["customer", "representative"]
    conversation: Annotated[str, Field(pattern=f"^{CONVERSATION}$")] | None = None
    name: Annotated[str, Field(max_length=80)] = ""


class Demo:
    def __init__(self, tokens: Tokens, *, commands: Sequence[CommandHint]) -> None:
        self._tokens = tokens
        self._commands = commands

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [web.post("/demo/token", _from_here(self._token)), web.get("/demo/commands", _from_here(self._offer))]

    async def _token(self, request: web.Request) -> web.Response:
        try:
            wanted = _Wanted.model_validate(await read_json(request))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise bad_request(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
        grant = _grant(wanted)
        token = {
            "conversationId": grant.conversation,
            "token": self._tokens.issue(grant),
            "expires_in": int(LIFETIME.total_seconds()),
            "user": {"id": grant.user.id, "name": grant.user.name},
        }
        return web.json_response(token)

    async def _offer(self, _request: web.Request) -> web.Response:
        return web.json_response([asdict(each) for each in self._commands])


def _grant(wanted: _Wanted) -> Grant:
    """Whoever joins a conversation as its customer is the same customer: a second window of the same person."""
    conversation = wanted.conversation or uuid4().hex
    if wanted.role == "representative":
        return Grant(conversation=conversation, user=User(id=REPRESENTATIVE, name=wanted.name or "Representative"))
    return Grant(conversation=conversation, user=User(id=f"demo-customer-{conversation[:8]}", name=wanted.name))


def _from_here(handler: Handler) -> Handler:
    """Refuses what a page of somebody else, open in the same browser, makes it send, and what a proxy passes on.

    Such a page can name this machine under a domain of its own (DNS rebinding), which the Host header shows; or send
    from its own origin, which the Origin and Sec-Fetch-Site headers show. A proxy on this machine may put any Host
    there, and who is behind it is anybody: it shows by the headers that it adds.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            _check_origin(request)
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - what is not ours is raised again
            return refusal(error).response()

    return answer


def _check_origin(request: web.Request) -> None:
    if any(name.lower().startswith(_PROXYS) for name in request.headers):
        raise Refused(HTTPStatus.FORBIDDEN, "The demo is for this machine only: open it without a proxy before it.")
    if _hostname(request.host) not in _HERE:
        raise Refused(HTTPStatus.FORBIDDEN, "The demo is for this machine only: open it as localhost or 127.0.0.1.")
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin not in {None, f"{request.scheme}://{request.host}"} or site not in {None, "same-origin", "none"}:
        raise Refused(HTTPStatus.FORBIDDEN, "The demo is for its own page only.")


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
