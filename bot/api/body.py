"""A request's JSON body as a model."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.access.routes import Refused

Model = TypeVar("Model", bound=BaseModel)
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
        wrong = {".".join(map(str, each["loc"])) or "body": each["msg"] for each in error.errors(include_url=False)}
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "The body is not what the call takes.", errors=wrong) from None
