"""A thing's revision as its ETag, and If-Match: nobody overwrites what they have not seen."""

from __future__ import annotations

import re
from http import HTTPStatus

from aiohttp import web

from bot.access.routes import Refused
from bot.api.calls import Parameter

HEADER = "If-Match"
PARAMETER = Parameter(
    name=HEADER,
    place="header",
    schema={"type": "string"},
    description="The ETag that you have read: nothing is done where it has changed since.",
    required=True,
)
_TAG = re.compile(r'(?:W/)?"[^"]*"|\*')


def etag(revision: int) -> str:
    return f'"{revision}"'


def sends_match(request: web.Request) -> bool:
    return HEADER in request.headers


def check_match(request: web.Request, revision: int) -> None:
    """Raises Refused: 428 without If-Match, 412 where the thing has changed. A weak tag never matches (RFC 9110)."""
    sent = request.headers.getall(HEADER, [])
    if not sent:
        raise Refused(HTTPStatus.PRECONDITION_REQUIRED, "Send If-Match with the ETag that you have read.")
    tags = _TAG.findall(",".join(sent))
    if "*" not in tags and etag(revision) not in tags:
        detail = "It was changed since you read it: read it again."
        raise Refused(HTTPStatus.PRECONDITION_FAILED, detail, headers={"ETag": etag(revision)})
