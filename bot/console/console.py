"""All pages of the console."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn

from adapters.mail.configuration import Mailbox
from bot.access.login import Login
from bot.access.openid import OpenIdProvider
from bot.access.rights import OWN
from bot.access.routes import Refused, Route, Visit
from bot.console import files
from bot.console.agent_page import AgentPage
from bot.console.attachments import Attachments
from bot.console.case_page import CasePage
from bot.console.catalogues import Catalogues
from bot.console.creating import Creating
from bot.console.entrance import Entrance
from bot.console.fields import Fields
from bot.console.keys import Keys
from bot.console.lists import Lists
from bot.console.mails import Mails
from bot.console.merging import Merging
from bot.console.opening import Opening
from bot.console.operations import Operations, Running
from bot.console.own import Own
from bot.console.people import People
from bot.console.peoples_data import PeoplesData
from bot.console.profiles import Profiles
from bot.console.queues import Queues
from bot.console.record_creation import RecordCreation
from bot.console.rendering import Pages
from bot.console.reviewing import Reviewing
from bot.console.rules import Rules
from bot.console.saved_views import SavedViews
from bot.console.sheets import Sheets
from bot.console.trial import Trial
from bot.console.versions import Versions
from bot.console.webhooks import Webhooks
from bot.evaluation import Evaluator
from store.engine import Database


class Console:
    """`provider`: who vouches for people; without one, they have passwords here. `mailboxes`: by name."""

    def __init__(
        self,
        database: Database,
        provider: OpenIdProvider | None,
        running: Running,
        mailboxes: Mapping[str, Mailbox],
        evaluator: Evaluator,
        *,
        behind_proxy: bool,
        private_webhooks: bool,
    ) -> None:
        self.pages = Pages()
        login, local = Login(database), provider is None
        reviewing = Reviewing(database, self.pages)
        self._parts = (
            Entrance(database, self.pages, login, provider, behind_proxy=behind_proxy),
            Own(database, self.pages, login, local_passwords=local, behind_proxy=behind_proxy),
            Lists(database, self.pages),
            CasePage(database, self.pages, evaluator, running.posts),
            Merging(database, self.pages, running.posts),
            Attachments(database, mailboxes),
            Creating(database, self.pages, evaluator, running.posts),
            Opening(database, self.pages, running.posts),
            SavedViews(database),
            People(database, self.pages, local_passwords=local),
            Keys(database, self.pages),
            Webhooks(database, self.pages, private=private_webhooks),
            Operations(database, self.pages, running),
            Mails(database, self.pages, mailboxes, running.work),
            PeoplesData(database, self.pages),
            reviewing,
            AgentPage(database, self.pages, reviewing),
            Sheets(database, self.pages, reviewing),
            Fields(database, self.pages, reviewing),
            Catalogues(database, self.pages, reviewing),
            Rules(database, self.pages, reviewing),
            RecordCreation(database, self.pages, reviewing),
            Queues(database, self.pages, reviewing),
            Profiles(database, self.pages, reviewing),
            Trial(database, self.pages),
            Versions(database, self.pages, reviewing),
        )

    def routes(self) -> list[Route]:
        """The last one is for every other address, so that nobody can tell from outside which there are."""
        routes = [*(route for part in self._parts for route in part.routes()), *files.routes()]
        self.pages.rights = {route.path: route.right for route in routes if route.method == "GET"}
        return [*routes, Route(method="*", path="/console/{rest:.*}", right=OWN, handler=_nothing_here)]


async def _nothing_here(_visit: Visit) -> NoReturn:
    raise Refused(HTTPStatus.NOT_FOUND)
