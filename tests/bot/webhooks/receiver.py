"""Somebody who is told of cases: a server on loopback that checks each signature by the reference package."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

PATIENCE = 20  # seconds until a test gives up waiting


@dataclass(kw_only=True)
class Receiver:
    """`answers`: what it gives to each request in turn, then 204; `held`: the first one waits for it."""

    answers: list[web.Response] = field(default_factory=list[web.Response])
    held: asyncio.Event | None = None
    url: str = ""
    requests: list[tuple[dict[str, str], str]] = field(default_factory=list[tuple[dict[str, str], str]])
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.StreamResponse:
        async with self._news:
            self.requests.append((dict(request.headers), await request.text()))
            self._news.notify_all()
        if self.held is not None:
            await self.held.wait()
        return self.answers.pop(0) if self.answers else web.Response(status=204)

    async def heard(self, count: int) -> list[dict[str, str]]:
        """The headers of the first so many requests; waits for them."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.requests) >= count)
        return [{name.lower(): value for name, value in headers.items()} for headers, _ in self.requests[:count]]

    def verified(self, number: int, secret: str) -> Any:
        """What a request says, once the reference has found its signature right."""
        headers, text = self.requests[number]
        return Webhook(secret).verify(text, headers)


@asynccontextmanager
async def receiving(**more: Any) -> AsyncGenerator[Receiver]:
    receiver = Receiver(**more)
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", receiver.take)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("/cases"))
        yield receiver
        if receiver.held is not None:
            receiver.held.set()


async def until(condition: Callable[[], bool]) -> None:
    """Waits for it."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 -- a database tells nobody
            await asyncio.sleep(0.02)
