"""The public clients botframework-directlinejs and botframework-webchat work against our server."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from store.model import Json
from tests.adapters.contract import PATIENCE, answer_to
from tests.adapters.webchat import ADA, WebChatServer, until, webchat_server
from tests.conftest import unavailable

CLIENTS = Path(__file__).parent.parent / "directline"


class DirectLineJs:
    """A node process with one client in it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self._commands = process.stdin
        self._lines = process.stdout
        self._events: list[Json] = []  # not asked for yet

    async def do(self, command: str, argument: Any = None) -> None:
        self._commands.write(f"{json.dumps([command, argument])}\n".encode())
        await self._commands.drain()

    async def event(self, kind: str) -> Any:
        """The first of this kind that was not asked for before; others wait."""
        async with asyncio.timeout(PATIENCE):
            while not (found := next((event for event in self._events if kind in event), None)):
                self._events.append(json.loads(await self._lines.readline()))
        self._events.remove(found)
        return found[kind]


@pytest.fixture
async def server(sqlite_url: str) -> AsyncIterator[WebChatServer]:
    async with webchat_server(sqlite_url) as server:
        yield server


@asynccontextmanager
async def directlinejs(server: WebChatServer, token: str) -> AsyncGenerator[DirectLineJs]:
    node = shutil.which("node")
    if node is None or not (CLIENTS / "node_modules").is_dir():
        unavailable("no node, or no `npm ci` in tests/directline")
    process = await asyncio.create_subprocess_exec(
        node,
        CLIENTS / "client.js",
        f"{server.base}/v3/directline",
        token,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield DirectLineJs(process)
    finally:
        process.kill()
        await process.wait()


async def test_directlinejs_starts_posts_receives_and_picks_up_where_it_stopped(server: WebChatServer) -> None:
    _, token = await server.token_for(ADA)
    async with directlinejs(server, token) as client:
        await client.do("connect")
        await client.do("post", {"type": "message", "text": "My kettle leaks", "from": {"id": "mallory"}})
        posted = await client.event("posted")
        echo = await client.event("activity")
        assert (echo["id"], echo["text"], echo["from"]["id"]) == (posted, "My kettle leaks", "ada")

        inbound = server.inbox.received[0]
        await server.channel.send(answer_to(inbound, "Which model is it?", key="1"))
        answer = await client.event("activity")
        assert (answer["text"], answer["from"]["role"]) == ("Which model is it?", "bot")

        await client.do("reconnect")
        await server.channel.send(answer_to(inbound, "Are you there?", key="2"))
        assert (await client.event("activity"))["text"] == "Are you there?"

        await client.do("refresh")
        assert await client.event("refreshed")


async def test_directlinejs_polls_where_no_websocket_can_be_had(server: WebChatServer) -> None:
    _, token = await server.token_for(ADA)
    async with directlinejs(server, token) as client:
        await client.do("connect", {"webSocket": False, "pollingInterval": 200})
        await client.do("post", {"type": "message", "text": "My kettle leaks", "from": {"id": "ada"}})
        assert (await client.event("activity"))["text"] == "My kettle leaks"
        await server.channel.send(answer_to(server.inbox.received[0], "Which model is it?", key="1"))
        assert (await client.event("activity"))["text"] == "Which model is it?"


async def test_directlinejs_tells_its_page_that_a_post_was_refused(server: WebChatServer) -> None:
    _, token = await server.token_for(ADA)
    async with directlinejs(server, token) as client:
        await client.do("connect")
        await client.do("post", {"type": "message", "text": "x" * 40_000, "from": {"id": "ada"}})
        assert await client.event("status") == 413
    await until(lambda: server.inbox.received == [])
