"""Views of the two lists that people save for themselves."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from urllib.parse import parse_qsl

from aiohttp import web

from bot.access.rights import READ_CASES
from bot.access.routes import Refused, Route, Visit
from bot.console import filters
from bot.console.lists import CASES, INBOX
from bot.console.rendering import form_of, go
from store import views
from store.engine import Database
from store.views import TooManyViews

_LISTS = {"cases": CASES, "inbox": INBOX}
_LONGEST = 40  # characters of a name


class SavedViews:
    def __init__(self, database: Database) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        path = "/console/views/{list:cases|inbox}"
        return [
            Route(method="POST", path=path, right=READ_CASES, handler=self._save),
            Route(method="POST", path=f"{path}/{{id:[0-9]{{1,18}}}}/remove", right=READ_CASES, handler=self._remove),
        ]

    async def _save(self, visit: Visit) -> web.StreamResponse:
        form, of = await form_of(visit), visit.request.match_info["list"]
        name = " ".join(form.get("name", "").split())
        if not 0 < len(name) <= _LONGEST:
            raise Refused(HTTPStatus.BAD_REQUEST, f"A view needs a name of 1 to {_LONGEST} characters.")
        query = filters.read(dict(parse_qsl(form.get("query", "")))).query
        save = partial(views.save, account_id=_account(visit), of=of, name=name, query=query)
        try:
            await self._database.write(save)
        except TooManyViews:
            detail = f"You have {views.MOST} views of this list: remove one first."
            raise Refused(HTTPStatus.BAD_REQUEST, detail) from None
        return go(f"{_LISTS[of]}?{query}" if query else _LISTS[of])

    async def _remove(self, visit: Visit) -> web.StreamResponse:
        number = int(visit.request.match_info["id"])
        await self._database.write(partial(views.remove, account_id=_account(visit), view_id=number))
        return go(_LISTS[visit.request.match_info["list"]])


def _account(visit: Visit) -> int:
    if visit.visitor.account is None:
        raise Refused(HTTPStatus.FORBIDDEN, "Views belong to people.")
    return visit.visitor.account.id
