"""The Slack channel: what customers and representatives write in workspaces, and what we post there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings

from adapters.channel import Health, Receive, RetryLater, State, Undeliverable
from adapters.desk import Desk
from adapters.filing import Filing
from adapters.pacing import Pacing
from adapters.slack.api import Api
from adapters.slack.configuration import InForce, SlackConfiguration
from adapters.slack.filing import SlackFiles
from adapters.slack.interacting import Interacting
from adapters.slack.people import People
from adapters.slack.places import Places
from adapters.slack.receiving import Receiving
from adapters.slack.sending import Sending
from adapters.slack.surface import BOT_SCOPES, INSTALL, REDIRECT
from adapters.slack.transport import Transport
from adapters.slack.workspaces import Installations, States, Workspaces
from store.engine import Database
from store.model import Outbound
from store.slack import CHANNEL

log = structlog.get_logger()

_CHECK = 60.0  # seconds between two looks at whether the token still works
_AGAIN = 5.0  # seconds until a connection that failed is tried again


class SlackChannel:
    """Implements `adapters.channel.Channel`."""

    def __init__(
        self,
        database: Database,
        configuration: SlackConfiguration,
        *,
        desk: Desk,
        in_force: InForce,
        pacing: Pacing | None = None,
    ) -> None:
        self._configuration = configuration
        self._api = Api(configuration.api_url)
        installations = Installations(database, configuration.client_id) if configuration.client_id else None
        self._workspaces = Workspaces(database, self._api, configuration.bot_token, installations)
        people, places = People(self._api), Places(database)
        self._receiving = Receiving(database, self._api, people, places, in_force)
        self._interacting = Interacting(desk, self._api, people, places, self._receiving, in_force)
        limit, api_url = configuration.attachment_limit, configuration.api_url
        source = SlackFiles(self._api, self._workspaces, api_url=api_url, limit=limit)
        self._filing = Filing(database, CHANNEL, source)
        self._sending = Sending(database, self._api, self._workspaces, people, desk, in_force, pacing or Pacing())
        self._transport = Transport(
            self._workspaces,
            self._receiving,
            self._interacting,
            people,
            signing_secret=configuration.signing_secret,
            installations=installations,
            oauth=_oauth(database, configuration, installations, self._api) if installations else None,
        )
        self._health = Health(state=State.STARTING, sentence="Starting.")

    @property
    def name(self) -> str:
        return CHANNEL

    @property
    def health(self) -> Health:
        if self._sending.triage_problem is not None and self._health.state is State.CONNECTED:
            return replace(self._health, state=State.DEGRADED, sentence=self._sending.triage_problem)
        return self._health

    @property
    def private_answers(self) -> bool:
        return True

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [*self._transport.routes(), *self._filing.routes()]

    async def run(self, receive: Receive) -> None:
        """Takes events until cancelled; before and after, Slack is asked to send them again."""
        async with self._api.opened():
            self._receiving.receive = receive
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._filing.run(), name="slack files")
                    if self._configuration.app_token is not None:
                        tasks.create_task(self._stay_connected(self._configuration.app_token), name="slack socket")
                    else:
                        tasks.create_task(self._look_after_token(), name="slack token")
            finally:
                self._receiving.receive = None
                self._health = Health(state=State.STARTING, sentence="Stopped.")
                await self._interacting.stop()

    async def send(self, outbound: Outbound) -> str:
        return await self._sending.send(outbound)

    async def _look_after_token(self) -> None:
        while True:
            self._health = await self._looked("Listening for events.")
            await asyncio.sleep(_CHECK if self._health.state is State.CONNECTED else _AGAIN)

    async def _looked(self, well: str) -> Health:
        token = self._configuration.bot_token
        if token is None:
            return Health(state=State.CONNECTED, sentence=well)
        try:
            workspace = await self._workspaces.single(token, afresh=True)
        except (RetryLater, Undeliverable) as error:
            return Health(state=State.DEGRADED, sentence=str(error))
        return Health(state=State.CONNECTED, sentence=well, accounts={workspace.name or workspace.team_id: "connected"})

    async def _stay_connected(self, app_token: str) -> None:
        """The SDK renews its socket by itself; what it can't, is begun anew."""
        while True:
            try:
                async with self._transport.connected(self._api, app_token) as socket:
                    while True:
                        up = await socket.is_connected()
                        self._health = (
                            await self._looked("Connected by Socket Mode.")
                            if up
                            else Health(state=State.DEGRADED, sentence="Slack's socket is down; connecting again.")
                        )
                        await asyncio.sleep(_AGAIN)
            except Exception as error:  # noqa: BLE001 -- whatever the SDK raises, connecting again is what helps
                log.warning("slack_socket_lost", error=repr(error))
                self._health = Health(state=State.DEGRADED, sentence=f"Slack's socket can't be opened: {error}.")
            await asyncio.sleep(_AGAIN)


def _oauth(
    database: Database, configuration: SlackConfiguration, installations: Installations, api: Api
) -> AsyncOAuthFlow:
    public_url = configuration.public_url
    parts = urlsplit(configuration.api_url)
    settings = AsyncOAuthSettings(
        authorization_url=f"{parts.scheme}://{parts.netloc}/oauth/v2/authorize",
        client_id=configuration.client_id,
        client_secret=configuration.client_secret,
        scopes=sorted(BOT_SCOPES),
        redirect_uri=f"{public_url}{REDIRECT}" if public_url else None,
        install_path=INSTALL,
        redirect_uri_path=REDIRECT,
        installation_store=installations,
        state_store=States(database),
        install_page_rendering_enabled=False,  # straight to Slack's own page
    )
    return AsyncOAuthFlow(client=api.client(""), settings=settings)
