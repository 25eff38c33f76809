"""A request's JSON body as a model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar, cast

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from bot.access.routes import Refused

Model = TypeVar("Model", bound=BaseModel)
_WHOLE = "body"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000|\x00")


async def read(request: web.Request, model: type[Model]) -> Model:
    """Raises Refused, which names each place that is wrong."""
    if request.content_type != "application/json":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body should be application/json.")
    body = await request.read()
    if _NUL.search(body):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "It holds a NUL character, which no text may.")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False)
        wrong = {_place(each, body): each["msg"] for each in details}
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "The body is not what the call takes.", errors=wrong) from None


def _place(detail: ErrorDetails, body: bytes) -> str:
    """Where in the body, without the names of a union's members, which pydantic puts among the keys."""
    if detail["type"] == "json_invalid":
        return _WHOLE
    place: Any = from_json(body)
    path: list[str] = []
    for part in detail["loc"]:
        inside: Mapping[str | int, Any] = (
            dict(enumerate(cast("list[Any]", place))) if isinstance(place, list) else place
        )
        if isinstance(inside, dict) and part in inside:
            place = inside[part]
            path.append(str(part))
    if detail["type"] == "missing":
        path.append(str(detail["loc"][-1]))
    return ".".join(path) or _WHOLE
