"""All pages of the console."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import NoReturn

from bot.access.login import Login
from bot.access.openid import OpenIdProvider
from bot.access.rights import OWN
from bot.access.routes import Refused, Route, Visit
from bot.console import files
from bot.console.agent_page import AgentPage
from bot.console.case_page import CasePage
from bot.console.creating import Creating
from bot.console.entrance import Entrance
from bot.console.keys import Keys
from bot.console.lists import Lists
from bot.console.merging import Merging
from bot.console.own import Own
from bot.console.people import People
from bot.console.rendering import Pages
from bot.console.reviewing import Reviewing
from bot.console.rules import Rules
from bot.console.saved_views import SavedViews
from bot.console.versions import Versions
from bot.evaluation import Evaluator
from store.engine import Database


class Console:
    """`provider`: who vouches for people; without one, they have passwords here. `posts`: something is to be sent."""

    def __init__(
        self,
        database: Database,
        provider: OpenIdProvider | None,
        evaluator: Evaluator,
        posts: Callable[[], None],
        *,
        behind_proxy: bool,
    ) -> None:
        self.pages = Pages()
        login, local = Login(database), provider is None
        reviewing = Reviewing(database, self.pages)
        self._parts = (
            Entrance(database, self.pages, login, provider, behind_proxy=behind_proxy),
            Own(database, self.pages, login, local_passwords=local, behind_proxy=behind_proxy),
            Lists(database, self.pages),
            CasePage(database, self.pages, evaluator, posts),
            Merging(database, self.pages, posts),
            Creating(database, self.pages, evaluator, posts),
            SavedViews(database),
            People(database, self.pages, local_passwords=local),
            Keys(database, self.pages),
            reviewing,
            AgentPage(database, self.pages, reviewing),
            Rules(database, self.pages, reviewing),
            Versions(database, self.pages, reviewing),
        )

    def routes(self) -> list[Route]:
        """The last one is for every other address, so that nobody can tell from outside which there are."""
        routes = [*(route for part in self._parts for route in part.routes()), *files.routes()]
        self.pages.rights = {route.path: route.right for route in routes if route.method == "GET"}
        return [*routes, Route(method="*", path="/console/{rest:.*}", right=OWN, handler=_nothing_here)]


async def _nothing_here(_visit: Visit) -> NoReturn:
    raise Refused(HTTPStatus.NOT_FOUND)
