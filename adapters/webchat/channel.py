"""The web chat channel: a small chat server of our own, which public Direct Line 3.0 clients work against."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from aiohttp import web

from adapters.channel import Health, Receive, RetryLater, State, Undeliverable
from adapters.webchat import page
from adapters.webchat.chat import Chat, IsRepresentative
from adapters.webchat.demo import CommandHint, Demo
from adapters.webchat.directline import PREFIX, DirectLine
from adapters.webchat.incoming import CHANNEL
from adapters.webchat.outgoing import post_of
from adapters.webchat.tokens import Tokens
from store.engine import Database, DatabaseUnavailable
from store.model import Outbound
from store.webchat import UnknownConversation

log = structlog.get_logger()

POLL = 1.0  # seconds until what another process wrote is seen
_FAREWELL = 2.0  # seconds that open sockets have to close


class WebChat:
    """Implements `adapters.channel.Channel`.

    `secret` signs the tokens and, as a bearer itself, may do everything: it belongs to servers. `demo` gives tokens to
    anybody who reaches us, so the server has to listen on loopback only. `public_url` is what clients reach us at
    where the request's own Host does not say it, behind a proxy that ends TLS.
    """

    def __init__(
        self,
        database: Database,
        *,
        secret: str,
        is_representative: IsRepresentative,
        public_url: str | None = None,
        attachment_limit: int = 10 * 2**20,
        posts_per_minute: int = 60,
        demo: bool = False,
        commands: Sequence[CommandHint] = (),
    ) -> None:
        tokens = Tokens(secret)
        self._chat = Chat(database, is_representative)
        self._directline = DirectLine(
            self._chat,
            tokens,
            public_url=public_url,
            attachment_limit=attachment_limit,
            posts_per_minute=posts_per_minute,
        )
        self._demo = Demo(tokens, commands=commands) if demo else None
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
        if self._demo is None:
            return [*self._directline.routes(), *page.routes(demo=False)]
        return [*self._directline.routes(), *self._demo.routes(), *page.routes(demo=True)]

    async def run(self, receive: Receive) -> None:
        """Takes posts until cancelled; before and after, they are answered with 503."""
        self._chat.hub.open()
        self._chat.receive = receive
        try:
            while True:
                await self._hear_others()
                await asyncio.sleep(POLL)
        finally:
            self._chat.receive = None
            self._health = Health(state=State.STARTING, sentence="Stopped.")
            await self._chat.hub.close(_FAREWELL)

    async def send(self, outbound: Outbound) -> str:
        """The same key posts once, so a retry after a crash repeats nothing."""
        try:
            return await self._chat.say(post_of(outbound))
        except UnknownConversation as error:
            raise Undeliverable(f"There is no web chat conversation {outbound.conversation_key}.") from error
        except DatabaseUnavailable as error:
            raise RetryLater(str(error)) from error

    async def _hear_others(self) -> None:
        try:
            await self._chat.hear_others()
        except DatabaseUnavailable as error:
            if self._health.state is not State.BROKEN:
                log.warning("webchat_feed_unavailable", error=str(error))
            self._health = Health(state=State.BROKEN, sentence="The database can't be reached.")
        else:
            self._health = Health(state=State.CONNECTED, sentence=f"Listening at {PREFIX}.")
