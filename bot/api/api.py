"""All calls of the API."""

from __future__ import annotations

from http import HTTPStatus
from typing import NoReturn

from aiohttp import web

from bot.access.rights import IDENTIFIED, PUBLIC
from bot.access.routes import Refused, Route, Visit
from bot.api import me
from bot.api.calls import PREFIX
from bot.api.cases import Cases
from bot.api.people import People
from bot.api.problems import Problems
from store.engine import Database


class Api:
    def __init__(self, database: Database) -> None:
        self.problems = Problems()
        self.calls = [*me.calls(), *Cases(database).calls(), *People(database).calls()]

    def routes(self) -> list[Route]:
        """The last one is for every other address."""
        return [
            *(call.route for call in self.calls),
            Route(method="GET", path=f"{PREFIX}/openapi.json", right=PUBLIC, handler=self._describe),
            Route(method="*", path="/api/{rest:.*}", right=IDENTIFIED, handler=_nothing_here),
        ]

    async def _describe(self, _visit: Visit) -> web.StreamResponse:
        from bot.api.openapi import document  # noqa: PLC0415 -- pydantic builds its schemas only where one is read

        return web.json_response(document(self.calls))


async def _nothing_here(_visit: Visit) -> NoReturn:
    raise Refused(HTTPStatus.NOT_FOUND)
