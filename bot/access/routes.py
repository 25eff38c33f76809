"""What a page or call is before it is guarded: a path, a handler, and the right it takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, Protocol

from aiohttp import web

from bot.access import rights
from bot.access.rights import Right, Visitor
from bot.settings import InForce

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "*"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """A request of somebody who may make it."""

    request: web.Request
    visitor: Visitor
    in_force: InForce
    origin: str  # "https://cases.example.org", as people reach us
    csrf: str  # that a form of this visitor carries

    def may(self, right: Right) -> bool:
        return rights.may(self.visitor, right, self.in_force.settings)


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """`hidden`: for a person who lacks the right there is nothing here, instead of something that they may not see.

    `by_itself`: asked for by an open page, with or without somebody before it: it does not count as use of a session.
    """

    method: Method
    path: str
    right: Right
    handler: Handler
    hidden: bool = False
    by_itself: bool = False


class Refused(Exception):
    """The answer is an error, told in the words of whoever serves the route: a page or a problem document."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str = "",
        *,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or status.phrase)
        self.status = status
        self.detail = detail
        self.errors = errors or {}  # where in the request, and what would be right there
        self.headers = headers or {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is known of a request that is refused."""

    request: web.Request
    visit: Visit | None = field(default=None)  # None: not even who asks could be found out
    form: Mapping[str, str] = field(default_factory=dict[str, str])  # that a page of ours sent


class Face(Protocol):
    """How the console and the API each tell of a refusal, and whether API keys count there."""

    @property
    def takes_keys(self) -> bool: ...

    def tell(self, asked: Asked, refused: Refused) -> web.StreamResponse: ...
