"""API keys: made, listed, revoked. A key is shown once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.access.rights import MANAGE_ACCOUNTS, Scope
from bot.access.routes import Refused, Route, Visit
from bot.console.rendering import Pages, seen
from bot.text import one_line
from store import api_keys
from store.engine import Database

log = structlog.get_logger()

PATH = "/console/keys"
LIFETIMES = {"90": "90 days", "365": "1 year", "0": "No end"}
SCOPES = {
    Scope.READ_CASES: "Read cases",
    Scope.READ_INTERNAL_FIELDS: "Read fields that customers don’t see",
    Scope.WORK_ON_CASES: "Change cases, and answer in their threads",
    Scope.READ_CONVERSATIONS: "Read conversations",
    Scope.READ_EVALUATIONS: "Read what the agent found, internal fields too",
    Scope.READ_AUDIT: "Read the audit, internal fields and notes too",
    Scope.READ_CONTACTS: "Read contacts",
    Scope.READ_SETTINGS: "Read the settings",
    Scope.MANAGE_SETTINGS: "Change the settings",
    Scope.MANAGE_WEBHOOKS: "Manage webhooks",
    Scope.MANAGE_PEOPLE: "Hand out and erase people’s data",
}
_LONGEST = 100


class Keys:
    def __init__(self, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages

    def routes(self) -> list[Route]:
        right = MANAGE_ACCOUNTS
        return [
            Route(method="GET", path=PATH, right=right, handler=self._list),
            Route(method="POST", path=PATH, right=right, handler=self._make),
            Route(method="POST", path=f"{PATH}/{{id:[0-9]{{1,18}}}}/revoke", right=right, handler=self._revoke),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def _page(self, visit: Visit, wrong: dict[str, str] | None = None, name: str = "") -> web.Response:
        return self._pages.show(
            visit,
            "keys.html",
            title="API keys",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            keys=await self._database.read(api_keys.listed),
            scopes=SCOPES,
            lifetimes=LIFETIMES,
            name=name,
            errors=wrong or {},
        )

    async def _make(self, visit: Visit) -> web.StreamResponse:
        form, account = await visit.request.post(), visit.visitor.account
        if account is None:
            raise Refused(HTTPStatus.UNAUTHORIZED)
        name, lifetime = one_line(str(form.get("name", "")), _LONGEST), str(form.get("lifetime", ""))
        scopes = [str(each) for each in form.getall("scope", [])]
        wrong = {
            **({} if name else {"name": "Write what the key is for."}),
            **({} if scopes and set(scopes) <= set(SCOPES) else {"scope": "Choose what the key may be used for."}),
            **({} if lifetime in LIFETIMES else {"lifetime": "Choose when the key ends."}),
        }
        if wrong:
            return await self._page(visit, wrong, name)
        days = timedelta(days=int(lifetime)) or None
        make = partial(api_keys.make, name=name, scopes=scopes, account_id=account.id, lifetime=days)
        key = await self._database.write(make)
        log.info("api_key_made", by=visit.visitor.id, scopes=scopes)
        return self._pages.show(visit, "made_key.html", title="API key", key=key, name=name)

    async def _revoke(self, visit: Visit) -> web.StreamResponse:
        number = int(visit.request.match_info["id"])
        await self._database.write(partial(api_keys.revoke, key_id=number))
        log.info("api_key_revoked", key=number, by=visit.visitor.id)
        return seen(PATH, "revoked")
