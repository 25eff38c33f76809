"""Versions of the settings: who saved what and when, the difference of any two, back to one, and as a file."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from aiohttp import web

from agent import document
from agent.settings import Settings
from bot import settings as in_force
from bot.access.rights import MANAGE_SETTINGS
from bot.access.routes import Refused, Route, Visit
from bot.console.rendering import Pages
from bot.console.reviewing import Reviewing, as_document, latest, number_of
from store import settings as stored
from store.engine import Connection, Database

PATH = "/console/agent/versions"
_ONE = f"{PATH}/{{id:[0-9]{{1,9}}}}"
_SHOWN = 50
_LAST = 999_999_999


class Versions:
    def __init__(self, database: Database, pages: Pages, reviewing: Reviewing) -> None:
        self._database = database
        self._pages = pages
        self._reviewing = reviewing

    def routes(self) -> list[Route]:
        right = MANAGE_SETTINGS
        return [
            Route(method="GET", path=PATH, right=right, handler=self._list),
            Route(method="GET", path=f"{PATH}/difference", right=right, handler=self._compare),
            Route(method="GET", path=f"{_ONE}/export", right=right, handler=self._export),
            Route(method="POST", path=f"{_ONE}/back", right=right, handler=self._back),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        before = number_of(visit.request.query.get("before", str(_LAST)))
        found = await self._database.read(partial(stored.history, before=before, limit=_SHOWN + 1))
        history = found[:_SHOWN]
        return self._pages.show(
            visit,
            "versions.html",
            title="Versions",
            history=history,
            now=await self._database.read(latest),
            choices=[(each.version, f"Version {each.version}") for each in history],
            earlier=history[-1].version if len(found) > _SHOWN else None,
        )

    async def _compare(self, visit: Visit) -> web.StreamResponse:
        numbers = [number_of(visit.request.query.get(name, "")) for name in ("old", "new")]
        old, new = [await self._settings(number) for number in numbers]
        return self._pages.show(
            visit,
            "difference.html",
            title=f"From version {numbers[0]} to {numbers[1]}",
            changes=document.differences(old, new),
        )

    async def _export(self, visit: Visit) -> web.StreamResponse:
        number = int(visit.request.match_info["id"])
        return web.Response(
            text=document.dump(await self._settings(number)),
            content_type="application/yaml",
            headers={"Content-Disposition": f'attachment; filename="casewright-settings-{number}.yaml"'},
        )

    async def _back(self, visit: Visit) -> web.StreamResponse:
        number = int(visit.request.match_info["id"])
        wanted, now = as_document(await self._settings(number)), await self._database.read(latest)
        return await self._reviewing.propose(
            visit, wanted, based_on=now.version, back=PATH, comment=f"Back to version {number}"
        )

    async def _settings(self, number: int) -> Settings:
        try:
            return await self._database.read(partial(_read, number=number))
        except in_force.Unreadable as error:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
        except LookupError:
            raise Refused(HTTPStatus.NOT_FOUND) from None


def _read(connection: Connection, number: int) -> Settings:
    return in_force.read(connection, number).settings
