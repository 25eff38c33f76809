"""A web chat server on loopback over a real database, and a small Direct Line client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, FormData, web
from aiohttp.test_utils import TestServer

from adapters.channel import Channel, State
from adapters.webchat import WebChat
from store.engine import Database
from store.model import Json, Outbound
from tests.adapters.contract import PATIENCE, Inbox, Remote

SECRET = "a secret of the tests, as long as one should be"
REPRESENTATIVE = "robin"
ADA: Json = {"id": "ada", "name": "Ada", "email": "ada@example.org"}


async def is_representative(user_id: str) -> bool:
    return user_id in {REPRESENTATIVE, "demo-representative"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One request: everything that a test may want to get wrong."""

    path: str
    body: Any  # JSON; bytes go as they are
    token: str | None
    headers: dict[str, str] = field(default_factory=dict[str, str])


class WebChatServer(Remote):
    """`token` and `conversation` are Ada's, who has started one."""

    def __init__(self, database: Database, *, beside: Sequence[web.AbstractRouteDef] = (), **options: Any) -> None:
        self.database = database
        self.inbox = Inbox(database)
        self.webchat = WebChat(database, secret=SECRET, is_representative=is_representative, **options)
        self.channel = self.webchat
        self.token = self.conversation = ""
        self._beside = beside

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[WebChatServer]:
        app = web.Application()
        app.add_routes([*self._beside, *self.webchat.routes()])
        self.running = asyncio.create_task(self.webchat.run(self.inbox))
        try:
            async with TestServer(app) as server, ClientSession() as self._session:
                self.base = str(server.make_url("/")).rstrip("/")
                await until(lambda: self.webchat.health.state is State.CONNECTED)
                self.conversation, self.token = await self.start(ADA)
                yield self
        finally:
            self.running.cancel()
            await asyncio.wait([self.running])

    # --- a client -----------------------------------------------------------------------------------

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        token: str | None = SECRET,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """`path` starts at /v3/directline, unless it is a whole address."""
        given = {"Content-Type": "application/json"} if body is not None and not isinstance(body, FormData) else {}
        given |= {"Authorization": f"Bearer {token}"} if token is not None else {}
        data = body if isinstance(body, bytes | FormData) or body is None else json.dumps(body).encode()
        url = path if path.startswith("http") else f"{self.base}/v3/directline{path}"
        async with self._session.request(method, url, data=data, headers=given | (headers or {})) as response:
            content = await response.read()
            is_json = response.content_type == "application/json"
            return Answer(
                status=response.status,
                body=json.loads(content) if is_json else content,
                headers=dict(response.headers),
            )

    async def token_for(self, user: Json) -> tuple[str, str]:
        made = (await self.call("POST", "/tokens/generate", body={"user": user})).body
        return made["conversationId"], made["token"]

    async def start(self, user: Json) -> tuple[str, str]:
        """The conversation's id and the user's token."""
        started = await self.call("POST", "/conversations", body={"user": user})
        return started.body["conversationId"], started.body["token"]

    async def join(self, user: Json) -> str:
        """A token for Ada's conversation."""
        body = {"user": user, "conversationId": self.conversation}
        return (await self.call("POST", "/tokens/generate", body=body)).body["token"]

    async def post(self, activity: Any, *, token: str | None = None, conversation: str | None = None) -> Answer:
        path = f"/conversations/{conversation or self.conversation}/activities"
        return await self.call("POST", path, body=activity, token=token or self.token)

    async def say(self, text: str, *, token: str | None = None) -> str:
        posted = await self.post({"type": "message", "text": text}, token=token)
        assert posted.status == 200, posted.body
        return posted.body["id"]

    async def read(self, watermark: str = "", *, token: str | None = None) -> Json:
        path = f"/conversations/{self.conversation}/activities?watermark={watermark}"
        return (await self.call("GET", path, token=token or self.token)).body

    async def texts(self, *, token: str | None = None) -> list[str]:
        return [activity["text"] for activity in (await self.read(token=token))["activities"]]

    async def connect(self, watermark: str = "", *, token: str | None = None) -> ClientWebSocketResponse:
        path = f"/conversations/{self.conversation}?watermark={watermark}"
        stream_url = (await self.call("GET", path, token=token or self.token)).body["streamUrl"]
        return await self.websocket(stream_url)

    async def websocket(self, url: str) -> ClientWebSocketResponse:
        return await self._session.ws_connect(url)

    # --- the contract -------------------------------------------------------------------------------

    def message(self, text: str) -> Delivery:
        return self._activity({"type": "message", "text": text, "channelData": {"clientActivityID": text}})

    def ignored(self) -> Sequence[Delivery]:
        return [self._activity(each) for each in ({"type": "typing"}, {"type": "event", "name": "pageView"})]

    def forged(self) -> Sequence[Delivery]:
        message = self.message("Let me in")
        header, claims, signature = self.token.split(".")
        unsigned = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
        tokens = [None, "", "nonsense", SECRET[:-1], f"{header}.{claims}.{signature[::-1]}", f"{unsigned}.{claims}."]
        return [replace(message, token=token) for token in tokens]

    def malformed(self) -> Sequence[Delivery]:
        bodies: list[Any] = [
            b"",
            b"{",
            b"[]",
            b"\xff",
            {},
            {"type": "nonsense"},
            {"type": "message"},
            {"type": 1, "text": []},
        ]
        return [self._activity(body) for body in bodies]

    async def deliver(self, payload: Any) -> int:
        answer = await self.call("POST", payload.path, body=payload.body, token=payload.token, headers=payload.headers)
        return answer.status

    async def thread(self, reply_address: Json) -> list[str]:
        path = f"/conversations/{reply_address['conversation']}/activities"
        return [activity["text"] for activity in (await self.call("GET", path)).body["activities"]]

    def vanished(self, outbound: Outbound) -> Outbound:
        return replace(outbound, conversation_key="gone", reply_address={"conversation": "gone"})

    def refusing(self) -> Channel:
        nowhere = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
        return WebChat(nowhere, secret=SECRET, is_representative=is_representative)

    def _activity(self, body: Any) -> Delivery:
        return Delivery(path=f"/conversations/{self.conversation}/activities", body=body, token=self.token)


@asynccontextmanager
async def webchat_server(url: str, **options: Any) -> AsyncGenerator[WebChatServer]:
    database = Database(url)
    try:
        async with WebChatServer(database, **options).serving() as server:
            yield server
    finally:
        database.close()


async def next_frame(socket: ClientWebSocketResponse) -> Json:
    """The next activity set, empty frames left out."""
    while True:
        if text := await socket.receive_str(timeout=PATIENCE):
            return json.loads(text)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)
