"""All calls of the API."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web

from bot.access.rights import IDENTIFIED, PUBLIC
from bot.access.routes import Refused, Route, Visit
from bot.api import me
from bot.api.actions import Actions
from bot.api.audit import Audit
from bot.api.calls import PREFIX, Call
from bot.api.cases import Cases
from bot.api.changing import Changing
from bot.api.contact_list import Contacts
from bot.api.conversations import Conversations
from bot.api.evaluations import Evaluations
from bot.api.opening import Opening
from bot.api.people import People
from bot.api.problems import Problems
from bot.api.settings import SettingsCalls
from bot.api.webhooks import Webhooks
from bot.evaluation import Evaluator
from bot.webhooks.messages import Told
from store.engine import Database
from store.webhooks import Event


class Api:
    def __init__(
        self,
        database: Database,
        evaluator: Evaluator,
        *,
        posts: Callable[[], None],
        works: Callable[[], None],
        private_webhooks: bool = False,
    ) -> None:
        """`posts` is called when there is something to send, `works` when there is something to do."""
        self.problems = Problems()
        changing = Changing(database, posts)
        self.calls: list[Call] = [
            *me.calls(),
            *Cases(database, changing).calls(),
            *Opening(database, posts).calls(),
            *Actions(database, changing, evaluator).calls(),
            *Conversations(database, works).calls(),
            *Evaluations(database).calls(),
            *SettingsCalls(database).calls(),
            *Contacts(database).calls(),
            *People(database).calls(),
            *Audit(database).calls(),
            *Webhooks(database, private=private_webhooks).calls(),
        ]

    def routes(self) -> list[Route]:
        """The last one is for every other address."""
        return [
            *(call.route for call in self.calls),
            Route(method="GET", path=f"{PREFIX}/openapi.json", right=PUBLIC, handler=self._describe),
            Route(method="*", path=r"/api/{rest:[\s\S]*}", right=IDENTIFIED, handler=self._nothing_here),
        ]

    async def _describe(self, _visit: Visit) -> web.StreamResponse:
        from bot.api.openapi import document  # noqa: PLC0415 -- pydantic builds its schemas only where one is read

        return web.json_response(document(self.calls, dict.fromkeys(Event, Told)))

    async def _nothing_here(self, visit: Visit) -> NoReturn:
        if methods := sorted({call.method for call in self.calls if call.is_at(visit.request.path)}):
            detail = f"Here it takes {', '.join(methods)}."
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, detail, headers={"Allow": ", ".join(methods)})
        raise Refused(HTTPStatus.NOT_FOUND)
