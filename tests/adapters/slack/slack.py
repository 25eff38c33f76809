"""The Slack channel, running, against the fake Slack, over a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.channel import Channel, State
from adapters.desk import (
    CaseLine,
    Choice,
    Form,
    FormField,
    Input,
    NotAllowed,
    OpenConversation,
    Overview,
    Target,
    Values,
)
from adapters.pacing import Pacing
from adapters.slack.channel import SlackChannel
from adapters.slack.configuration import SlackConfiguration, Watching
from store.engine import Database
from store.model import Author, Card, CaseNumber, Json, Outbound
from tests.adapters.contract import Inbox, Remote
from tests.adapters.slack import events
from tests.adapters.slack.fake import APP_TOKEN, BOT_ID, BOT_TOKEN, BOT_USER, SIGNING_SECRET, FakeSlack
from tests.adapters.webchat import until

HELP, ADA, ROBIN = "CHELP", "UADA", "UROBIN"


class FakeDesk:
    """Knows one conversation, and says yes to Robin."""

    def __init__(self) -> None:
        self.known: list[OpenConversation] = []
        self.problems: dict[str, str] = {}
        self.checked: list[tuple[Target, Values]] = []
        self.case: CaseNumber | None = None

    async def is_representative(self, channel: str, author: Author) -> bool:  # noqa: ARG002
        return author.id == ROBIN or "SSUPPORT" in author.groups

    async def form(
        self,
        channel: str,
        account: str,
        conversation_key: str,
        author: Author,
        *,
        new: bool,
        case: CaseNumber | None = None,
    ) -> Form:
        if not await self.is_representative(channel, author):
            raise NotAllowed("This is for the support team.")
        target = Target(
            channel=channel, account=account, conversation_key=conversation_key, case=None if new else case or self.case
        )
        priorities = tuple(Choice(value=each, label=each) for each in ("Low", "High"))
        fields = (
            FormField(
                id="issue", label="Issue", input=Input.LINES, filled=("It leaks",), because="It leaks", predicted=True
            ),
            FormField(id="priority", label="Priority", input=Input.ONE_OF, choices=priorities),
            FormField(id="product", label="Product", input=Input.ONE_OF, searched=True),
        )
        return Form(target=target, title="It leaks", fields=fields)

    async def check(self, target: Target, author: Author, values: Values) -> Mapping[str, str]:
        del author
        self.checked.append((target, values))
        return self.problems

    async def choices(self, field_id: str, typed: str, *, limit: int) -> Sequence[Choice]:  # noqa: ARG002
        return [Choice(value=f"{typed} 3000", label=f"{typed} 3000")][:limit]

    async def conversations(
        self,
        channel: str,  # noqa: ARG002
        account: str,  # noqa: ARG002
        key_prefix: str,
        author: Author,  # noqa: ARG002
    ) -> Sequence[OpenConversation]:
        return [each for each in self.known if each.conversation_key.startswith(key_prefix)]

    async def conversation_of(self, channel: str, account: str, number: CaseNumber) -> str | None:  # noqa: ARG002
        return next((each.conversation_key for each in self.known if each.case == number), None)

    async def caught_up(self, channel: str, account: str, conversation_key: str) -> None:
        """Nothing waits here."""

    async def overview(self, channel: str, account: str, author: Author) -> Overview:  # noqa: ARG002
        return Overview(representative=await self.is_representative(channel, author), mine=())

    async def search(
        self,
        channel: str,  # noqa: ARG002
        account: str,  # noqa: ARG002
        author: Author,  # noqa: ARG002
        text: str,  # noqa: ARG002
        *,
        limit: int,  # noqa: ARG002
    ) -> Sequence[CaseLine]:
        return []

    async def card(
        self,
        channel: str,  # noqa: ARG002
        account: str,  # noqa: ARG002
        conversation_key: str,  # noqa: ARG002
        author: Author,  # noqa: ARG002
        number: CaseNumber,  # noqa: ARG002
    ) -> tuple[Card, bool] | None:
        return None


class SlackRemote(Remote):
    """Ada writes in #help, which is watched. `socket`: events come by Socket Mode instead of HTTP."""

    def __init__(
        self,
        database: Database,
        slack: FakeSlack,
        *,
        socket: bool = False,
        oauth: bool = False,
        bot_token: str = BOT_TOKEN,
        expected: State = State.CONNECTED,
        **settings: Any,
    ) -> None:
        self._expected = expected
        self.slack = slack
        self.database = database
        self.inbox = Inbox(database)
        self.desk = FakeDesk()
        self.watching = Watching(
            watched=frozenset({HELP}), grouping_seconds=120, session_hours=12, reaction="ticket", triage=None
        )
        self.socket = socket
        self._configuration = SlackConfiguration(
            signing_secret=None if socket else SIGNING_SECRET,
            app_token=APP_TOKEN if socket else None,
            bot_token=None if oauth else bot_token,
            client_id="a-client" if oauth else None,
            client_secret="a secret of the tests" if oauth else None,
            api_url=f"{slack.url}/api/",
            **settings,
        )
        self.native = self._made()
        self.channel = self.native
        self.url = ""
        self._said: dict[str, Json] = {}
        self._root: str | None = None

    def _made(self) -> SlackChannel:
        return SlackChannel(
            self.database, self._configuration, desk=self.desk, in_force=self._in_force, pacing=Pacing(0.0)
        )

    async def _in_force(self) -> Watching:
        return self.watching

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[SlackRemote]:
        app = web.Application()
        app.add_routes(self.native.routes())
        self.running = asyncio.create_task(self.native.run(self.inbox))
        try:
            async with TestServer(app) as server:
                self.url = str(server.make_url("/slack/events"))
                await until(lambda: self.native.health.state is self._expected)
                yield self
        finally:
            self.running.cancel()
            await asyncio.wait([self.running])

    # --- the contract ---------------------------------------------------------------------------------

    def message(self, text: str) -> Any:
        if text not in self._said:
            root = self._root
            self._said[text] = events.said(self.slack, text, user=ADA, channel=HELP, thread_ts=root)
            self._root = root or self._said[text]["event"]["ts"]
        return self._said[text]

    def ignored(self) -> Sequence[Any]:
        ours = {"user": BOT_USER, "bot_id": BOT_ID, "channel": HELP}
        theirs = {"subtype": "bot_message", "bot_id": "B9", "channel": HELP}
        return [
            events.envelope({"type": "message", "subtype": "channel_join", "user": ADA, "channel": HELP, "ts": "1.1"}),
            events.envelope({"type": "message", "text": "Which model?", "ts": "1.2", **ours}),
            events.envelope({"type": "message", "ts": "1.3", **theirs}),
            events.envelope({"type": "member_joined_channel", "user": ADA, "channel": HELP}),
            events.said(self.slack, "Just talking", user=ADA, channel="CELSE"),
        ]

    def forged(self) -> Sequence[Any]:
        right = self.message("My kettle leaks")
        return [("secret", right), ("old", right), ("unsigned", right)]

    def malformed(self) -> Sequence[Any]:
        message: Json = {"type": "message", "channel": HELP, "text": "Hello"}
        return [("raw", "{"), ("raw", "[]"), ("raw", "\ud800".encode("utf-8", "replace").decode()),
                events.envelope(message), events.envelope({**message, "user": ADA, "ts": 7})]  # fmt: skip

    async def deliver(self, payload: Any) -> int:
        match payload:
            case ("secret", told):
                return (await self.slack.deliver(self.url, told, secret="another")).status
            case ("old", told):
                return (await self.slack.deliver(self.url, told, age=600)).status
            case ("unsigned", told):
                headers = {"X-Slack-Signature": ""}
                return (await self.slack.deliver(self.url, told, headers=headers)).status
            case ("raw", body):
                return (await self.slack.deliver(self.url, {}, body=body)).status
            case _:
                return (await self.slack.deliver(self.url, payload)).status

    async def thread(self, reply_address: Json) -> list[str]:
        return self.slack.thread(reply_address["channel"], reply_address["thread_ts"])

    def vanished(self, outbound: Outbound) -> Outbound:
        return replace(outbound, reply_address={**outbound.reply_address, "channel": "CGONE"})

    def refusing(self) -> Channel:
        self.slack.fail("chat.postMessage", status=429, retry_after=7, times=100)
        return self.native


def view_text(view: Json) -> str:
    return json.dumps(view, ensure_ascii=False)


@asynccontextmanager
async def slack_remote(
    database_url: str, remote: type[SlackRemote] = SlackRemote, *, grid: str | None = None, **options: Any
) -> AsyncGenerator[SlackRemote]:
    """`grid`: the token is that of a whole Enterprise Grid."""
    database = Database(database_url)
    slack = FakeSlack(enterprise=grid)
    slack.person(ADA, "Ada Example", email="ada@example.org")
    slack.person(ROBIN, "Robin Rep", email="robin@hearth.example")
    slack.channel(HELP, ADA, ROBIN)
    try:
        async with slack.serving(), remote(database, slack, **options).serving() as running:
            yield running
    finally:
        database.close()
