"""Direct Line over HTTP: its errors, its bodies, and use by pages of other origins."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, NoReturn, cast

from aiohttp import web

from adapters.channel import Overloaded
from adapters.webchat.tokens import ExpiredToken, InvalidToken
from store.engine import DatabaseUnavailable
from store.model import Json
from store.webchat import UnknownConversation

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_LIMIT = 256 * 1024  # bytes of JSON
_MOST_LEVELS = 32  # of nesting
_CODES = {
    HTTPStatus.BAD_REQUEST: "BadArgument",
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.FORBIDDEN: "Forbidden",
    HTTPStatus.NOT_FOUND: "NotFound",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "MessageSizeTooBig",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "UnsupportedMediaType",
    HTTPStatus.TOO_MANY_REQUESTS: "TooManyRequests",
    HTTPStatus.SERVICE_UNAVAILABLE: "ServiceUnavailable",
}
# Any page that holds a token may use it: a token is no cookie, nothing is sent along unasked.
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, *",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Expose-Headers": "Retry-After",
    "Access-Control-Max-Age": "7200",
}
# Control characters but for tab and line feed; halves of surrogate pairs, which no database keeps.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Refused(Exception):
    """The answer is an error: {"error": {"code", "message"}} with this status."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or _CODES[status]
        self.retry_after = retry_after

    def response(self) -> web.Response:
        headers = {"Retry-After": str(math.ceil(self.retry_after))} if self.retry_after else {}
        if self.status is HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        error = {"code": self.code, "message": self.message}
        return web.json_response({"error": error}, status=self.status, headers=headers)


def bad_request(message: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, message)


def unavailable(message: str, *, retry_after: float = 5) -> Refused:
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, message, retry_after=retry_after)


def directline(handler: Handler) -> Handler:
    """Answers errors the way Direct Line does, and pages of any origin."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - what is not ours is raised again
            response = refusal(error).response()
        if not response.prepared:
            response.headers.update(_CORS)
        return response

    return answer


def refusal(error: Exception) -> Refused:
    """The answer to an error that a client or a full house caused; any other is raised."""
    match error:
        case Refused():
            return error
        case InvalidToken():
            return Refused(HTTPStatus.UNAUTHORIZED, "The token is not valid.")
        case ExpiredToken():
            return Refused(HTTPStatus.FORBIDDEN, "The token has expired.", code="TokenExpired")
        case UnknownConversation():
            return Refused(HTTPStatus.NOT_FOUND, "There is no such conversation.")
        case Overloaded():
            return unavailable(str(error), retry_after=error.retry_after)
        case DatabaseUnavailable():
            return unavailable("The database can't be reached; try again shortly.")
        case _:
            raise error


async def preflight(_request: web.Request) -> web.Response:
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def nothing_here(request: web.Request) -> NoReturn:
    raise Refused(HTTPStatus.NOT_FOUND, f"Direct Line has no {request.method} at this address.")


async def read_body(request: web.Request, limit: int, *, what: str = "The body") -> bytes:
    """Raises Refused as soon as the body is larger than `limit` bytes; `what` is what people take it for."""
    if (request.content_length or 0) > limit:
        raise too_big(limit, what)
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise too_big(limit, what)
    return bytes(body)


def too_big(limit: int, what: str = "The body") -> Refused:
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{what} may have at most {_size(limit)}.")


_UNITS = {"MiB": 1024**2, "MB": 1000**2, "KiB": 1024, "kB": 1000}


def _size(limit: int) -> str:
    """In the largest unit that shows it as it was configured: 10 MiB, 10 MB, 256 KiB."""
    whole = (f"{limit // factor} {unit}" for unit, factor in _UNITS.items() if limit and limit % factor == 0)
    return next(whole, f"{limit} bytes")


async def read_json(request: web.Request) -> Json:
    """The JSON object in the body; {} when there is none. Raises Refused."""
    body = await read_body(request, BODY_LIMIT)
    if not body.strip():
        return {}
    if request.content_type != "application/json":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body should be application/json.")
    return json_object(body)


def json_object(body: bytes) -> Json:
    """Free of what could not be kept or shown: control characters, numbers that aren't. Raises Refused."""
    try:
        value = json.loads(body.decode(), parse_constant=_no_number, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise bad_request(f"The body should be UTF-8: byte {error.start} is not.") from error
    except (ValueError, RecursionError) as error:
        raise bad_request(f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise bad_request("The body should be a JSON object.")
    return cast("Json", _clean(value, _MOST_LEVELS))


def clean_text(text: str) -> str:
    """Line ends become line feeds; control characters go."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _clean(value: Any, levels: int) -> Any:
    if levels == 0:
        raise bad_request(f"The body is nested deeper than {_MOST_LEVELS} levels.")
    match value:
        case str():
            return clean_text(value)
        case list():
            return [_clean(each, levels - 1) for each in cast("list[Any]", value)]
        case dict():
            members = cast("dict[str, Any]", value).items()
            return {clean_text(key): _clean(each, levels - 1) for key, each in members}
        case _:
            return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large")
    return number
