"""The one way in: finds out who asks, asks `may`, refuses what other sites send, and says how browsers treat it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from aiohttp import web
from multidict import MultiMapping

from bot.access import cookies
from bot.access.requests import derived, is_ours, origin_of, same
from bot.access.rights import Right, Visitor
from bot.access.routes import Asked, Face, Refused, Route, Visit
from bot.settings import CurrentSettings
from store import accounts, api_keys, sessions
from store.engine import Connection, Database, DatabaseUnavailable
from store.model import utcnow

log = structlog.get_logger()

CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = {"GET", "HEAD"}
_IN_PARTS = "multipart/form-data"
_FORMS = {"application/x-www-form-urlencoded", _IN_PARTS}
_UNREADABLE = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers would then send our own forms without their origin.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HSTS = "max-age=31536000; includeSubDomains"


class Guarded:
    """What aiohttp is given in place of a route's own handler."""

    def __init__(self, gate: Gate, face: Face, route: Route) -> None:
        self.route = route
        self.gate = gate
        self.face = face

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        return await self.gate.answer(request, self.route, self.face)


class Gate:
    def __init__(self, database: Database, settings: CurrentSettings, *, public_url: str | None) -> None:
        self._database = database
        self._settings = settings
        self._public_url = public_url

    def guard(self, routes: Iterable[Route], face: Face) -> list[web.RouteDef]:
        """Raises TypeError for what has no right, however it was made."""
        guarded: list[web.RouteDef] = []
        for route in routes:
            if not isinstance(route.right, Right):  # pyright: ignore[reportUnnecessaryIsInstance] -- types end at run time
                raise TypeError(f"{route.method} {route.path} declares no right.")
            answer = Guarded(self, face, route)
            # Looked up by aiohttp before it takes an object for a handler.
            guarded.append(web.RouteDef(route.method, route.path, answer.__call__, {}))
        return guarded

    async def answer(self, request: web.Request, route: Route, face: Face) -> web.StreamResponse:
        origin = origin_of(request, self._public_url)
        before = cookies.read(request, cookies.BEFORE, origin) or cookies.fresh()
        asked = Asked(request=request)
        try:
            visit = await self._visit(request, origin, before, face)
            asked = Asked(request=request, visit=visit)
            if not route.by_itself:
                await self._note_use(visit.visitor)
            self._let_through(visit, route)
            await _check_text(visit)
            await _check_sender(visit)
            response = await route.handler(visit)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is told in the face's own way
            refused = _refusal(error, request)
            if refused.status not in _UNREADABLE:
                asked = replace(asked, form=await _ours(request, origin, asked.visit))
            response = face.tell(asked, refused)
        if not response.prepared:
            _harden(response, origin)
            if not face.takes_keys and not (asked.visit and asked.visit.visitor.known):
                _bind(response, before, origin)
        return response

    async def _visit(self, request: web.Request, origin: str, before: str, face: Face) -> Visit:
        in_force = await self._settings.recently(self._database)
        token = cookies.read(request, cookies.SESSION, origin)
        offered = request.headers.get("Authorization") if face.takes_keys else None
        visitor = await self._database.read(partial(_who, token=token, offered=offered))
        bound_to = token if visitor.session is not None and token is not None else before
        return Visit(
            request=request,
            visitor=visitor,
            in_force=in_force,
            origin=origin,
            csrf=derived(bound_to, CSRF_FIELD),
        )

    async def _note_use(self, visitor: Visitor) -> None:
        moment = utcnow()
        if visitor.session is not None and sessions.is_due(visitor.session, moment):
            await self._database.write(partial(sessions.seen, session_id=visitor.session.id))
        if visitor.key is not None and api_keys.is_due(visitor.key, moment):
            await self._database.write(partial(api_keys.used, key_id=visitor.key.id))

    def _let_through(self, visit: Visit, route: Route) -> None:
        if visit.may(route.right):
            return
        if not visit.visitor.known:
            raise Refused(
                HTTPStatus.UNAUTHORIZED, "Log in, or send an API key.", headers={"WWW-Authenticate": "Bearer"}
            )
        if visit.visitor.key is not None:
            scope = route.right.scope
            raise Refused(
                HTTPStatus.FORBIDDEN,
                f"The key needs the scope {scope}." if scope else "This is for people alone: no key will do.",
            )
        if route.hidden:
            raise Refused(HTTPStatus.NOT_FOUND)
        raise Refused(HTTPStatus.FORBIDDEN, "Your role or your experience profile does not allow this.")


def _who(connection: Connection, *, token: str | None, offered: str | None) -> Visitor:
    """A key that is offered counts alone: a wrong one is not mended by a cookie that happens to be there."""
    if offered is not None:
        scheme, _, key = offered.partition(" ")
        found = api_keys.find(connection, key.strip()) if scheme.casefold() == "bearer" else None
        return Visitor(key=found)
    session = sessions.find(connection, token) if token else None
    if session is None:
        return Visitor()
    return Visitor(session=session, known_as=accounts.known_as(connection, session.account))


async def _check_sender(visit: Visit) -> None:
    """What changes something comes from our own page, which knows a token that no other site can read."""
    request = visit.request
    if request.method in _SAFE or visit.visitor.key is not None:
        return
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.content_type in _FORMS:
        given = str((await _form(request, known=visit.visitor.known)).get(CSRF_FIELD, ""))
    if not is_ours(request.headers, visit.origin) or not same(given or "", visit.csrf):
        raise Refused(HTTPStatus.FORBIDDEN, "This page is out of date, or another site sent this. Load it again.")


async def _check_text(visit: Visit) -> None:
    """PostgreSQL keeps no NUL, no database half a pair of UTF-16, and nobody types one."""
    request = visit.request
    told = [*request.query, *request.query.values()]
    if request.content_type in _FORMS:
        form = await _form(request, known=visit.visitor.known)
        told += [*form, *map(str, form.values())]
    if any(_NO_TEXT.search(each) for each in told):
        raise Refused(HTTPStatus.BAD_REQUEST, "It holds a NUL, or another character that no text may.")


async def _ours(request: web.Request, origin: str, visit: Visit | None) -> dict[str, str]:
    """What a form of our own held, for its sender to have back; of anybody else's nothing is shown."""
    if request.method in _SAFE or request.content_type not in _FORMS or not is_ours(request.headers, origin):
        return {}
    try:
        form = await _form(request, known=visit is not None and visit.visitor.known)
    except (Refused, web.HTTPException, web.RequestPayloadError):
        return {}
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def _form(request: web.Request, *, known: bool) -> MultiMapping[Any]:
    """Raises Refused for what is no form, though it says so.

    UTF-8 alone: some character sets that a form could name take minutes for a megabyte. The parts of a form can each
    name one, so it comes in parts only from those whom we know.
    """
    if (request.charset or "utf-8").casefold() != "utf-8":
        raise Refused(HTTPStatus.BAD_REQUEST, "A form should be in UTF-8.")
    if request.content_type == _IN_PARTS and not known:
        raise Refused(HTTPStatus.BAD_REQUEST, f"Before the login, a form should be no {_IN_PARTS}.")
    try:
        return await request.post()
    except (ValueError, LookupError, RuntimeError):  # the last two: encodings of a part that don't exist
        raise Refused(HTTPStatus.BAD_REQUEST, "The form can't be read.") from None


def _refusal(error: Exception, request: web.Request) -> Refused:
    match error:
        case Refused():
            return error
        case web.HTTPException() if error.status >= HTTPStatus.BAD_REQUEST:
            return Refused(HTTPStatus(error.status))
        case web.HTTPException():
            raise error
        case web.RequestPayloadError():
            return Refused(HTTPStatus.BAD_REQUEST, "The body can't be read: it is not packed as it says.")
        case DatabaseUnavailable():
            log.warning("database_unavailable", error=str(error))
            detail = "The database can't be reached; try again in a moment."
            return Refused(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "5"})
        case _:
            error_id = uuid4().hex
            resource = request.match_info.route.resource
            route = resource.canonical if resource else "unknown"
            log.error("request_failed", error_id=error_id, method=request.method, route=route, exc_info=error)
            return Refused(
                HTTPStatus.INTERNAL_SERVER_ERROR, f"Something went wrong on our side (reference {error_id})."
            )


def _harden(response: web.StreamResponse, origin: str) -> None:
    for header, value in _HEADERS.items():
        response.headers.setdefault(header, value)
    response.headers.setdefault("Cache-Control", "no-store")
    if origin.startswith("https:"):
        response.headers["Strict-Transport-Security"] = _HSTS


def _bind(response: web.StreamResponse, before: str, origin: str) -> None:
    """What forms before the login are bound to, unless the handler has put something else there."""
    if cookies.name(cookies.BEFORE, origin) not in response.cookies:
        cookies.put(response, cookies.BEFORE, before, origin)
