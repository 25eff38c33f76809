"""What a call is, for the router and for the document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from bot.access.rights import Right
from bot.access.routes import Handler, Method, Route

PREFIX = "/api/v1"
_LARGEST = 10**18 - 1
NUMBER = "[0-9]{1,18}"  # fits the database's integers
_VARIABLE = re.compile(r"\{(\w+):((?:[^{}]|\{[^{}]*\})*)\}")


class Body(BaseModel):
    """What a call takes: nothing is converted, and nothing unknown passed over."""

    model_config = ConfigDict(strict=True, extra="forbid")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One in the path or the query; `schema` is JSON Schema."""

    name: str
    place: str  # path, query, header
    schema: dict[str, Any]
    description: str
    required: bool = False  # one in the path always is


def numbered(name: str, description: str, *, place: str = "path") -> Parameter:
    """A number of ours: of a case, an entry, a version."""
    schema = {"type": "integer", "minimum": 0, "maximum": _LARGEST}
    return Parameter(name=name, place=place, schema=schema, description=description)


@dataclass(frozen=True, kw_only=True)
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

    @property
    def plain_path(self) -> str:
        """Without the patterns: {number:[0-9]{1,18}} is {number}."""
        return _VARIABLE.sub(r"{\1}", self.path)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(PREFIX + _VARIABLE.sub(r"(?:\2)", self.path))

    def is_at(self, path: str) -> bool:
        return self._pattern.fullmatch(path) is not None


def answered(model: BaseModel, *, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(
        body=model.model_dump_json().encode(), status=status, content_type="application/json", headers=named
    )
