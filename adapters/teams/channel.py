"""The Teams channel: chats, group chats and channel threads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web

from adapters.channel import Health, Receive, RetryLater, State
from adapters.desk import Desk
from adapters.filing import Filing
from adapters.pacing import Pacing
from adapters.teams.configuration import CHANNEL, TeamsConfiguration
from adapters.teams.connector import Connector
from adapters.teams.filing import TeamsFiles
from adapters.teams.gate import Gate
from adapters.teams.greeting import Greeter, Words
from adapters.teams.http import Http
from adapters.teams.interacting import Interacting
from adapters.teams.keys import Keys
from adapters.teams.people import People
from adapters.teams.receiving import Receiving
from adapters.teams.sending import Sending
from adapters.teams.tokens import Tokens
from adapters.teams.transport import Transport
from store.engine import Database
from store.model import Outbound

_INTERVAL = 0.3  # seconds between two posts in a conversation (learn.microsoft.com, "Optimize your bot: rate limits")
_CHECK, _AGAIN = 600.0, 10.0  # seconds between two looks at whether we can sign in


class TeamsChannel:
    """Implements `adapters.channel.Channel`."""

    def __init__(
        self,
        database: Database,
        configuration: TeamsConfiguration,
        *,
        desk: Desk,
        greeting: Words,
        pacing: Pacing | None = None,
    ) -> None:
        """`greeting` gives what who joins is told, or None."""
        self._configuration = configuration
        self._http = Http(configuration.ca_file)
        self._tokens = Tokens(configuration)
        connector = Connector(configuration, self._http, self._tokens)
        self._receiving = Receiving(People(connector, configuration))
        gate = Gate(configuration, Keys(self._http, configuration.addresses.metadata_url))
        self._sending = Sending(connector, pacing or Pacing(_INTERVAL))
        self._greeter = Greeter(database, self._sending, greeting)
        self._transport = Transport(gate, self._receiving, Interacting(desk, self._receiving), self._greeter)
        self._filing = Filing(database, CHANNEL, TeamsFiles(configuration, self._http, self._tokens))
        self._health = Health(state=State.STARTING, sentence="Starting.")

    @property
    def name(self) -> str:
        return CHANNEL

    @property
    def health(self) -> Health:
        return self._health

    @property
    def private_answers(self) -> bool:
        return True

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [*self._transport.routes(), *self._filing.routes()]

    async def run(self, receive: Receive) -> None:
        """Takes activities until cancelled; before and after, Teams is asked to send them again."""
        async with self._http.opened():
            self._receiving.receive = receive
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._filing.run(), name="teams files")
                    tasks.create_task(self._greeter.run(), name="teams greetings")
                    tasks.create_task(self._look(), name="teams token")
            finally:
                self._receiving.receive = None
                self._tokens.close()
                self._health = Health(state=State.STARTING, sentence="Stopped.")

    async def send(self, outbound: Outbound) -> str:
        return await self._sending.send(outbound)

    async def _look(self) -> None:
        while True:
            self._health = await self._looked()
            await asyncio.sleep(_CHECK if self._health.state is State.CONNECTED else _AGAIN)

    async def _looked(self) -> Health:
        try:
            await self._tokens.header()
        except RetryLater as error:
            return Health(state=State.DEGRADED, sentence=f"{str(error).rstrip('.')}.")
        playground = self._configuration.playground
        return Health(
            state=State.CONNECTED, sentence="Listening for the Agents Playground." if playground else "Listening."
        )
