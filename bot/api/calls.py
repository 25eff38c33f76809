"""What a call is, for the router and for the document."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from bot.access.rights import Right
from bot.access.routes import Handler, Method, Route

PREFIX = "/api/v1"
NUMBER = "[0-9]{1,18}"  # fits the database's integers


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One in the path or the query; `schema` is JSON Schema."""

    name: str
    place: str  # path, query, header
    schema: dict[str, Any]
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    method: Method
    path: str  # below the prefix: "/cases/{number:[0-9]{1,18}}"
    right: Right
    handler: Handler
    summary: str
    answer: type[BaseModel]
    status: HTTPStatus = HTTPStatus.OK
    body: type[BaseModel] | None = None
    parameters: tuple[Parameter, ...] = ()
    hidden: bool = False

    @property
    def route(self) -> Route:
        return Route(
            method=self.method,
            path=f"{PREFIX}{self.path}",
            right=self.right,
            handler=self.handler,
            hidden=self.hidden,
        )


def answered(model: BaseModel, *, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(
        body=model.model_dump_json().encode(), status=status, content_type="application/json", headers=named
    )
