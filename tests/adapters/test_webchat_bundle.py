"""The public client botframework-webchat, in a real browser, works against our server."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from store.model import Card, CardField, CardSuggestion, CaseNumber, utcnow
from tests.adapters import browser
from tests.adapters.contract import answer_to
from tests.adapters.webchat import ADA, REPRESENTATIVE, WebChatServer, until, webchat_server
from tests.conftest import unavailable

CLIENTS = Path(__file__).parent.parent / "directline"
BUNDLE = CLIENTS / "node_modules/botframework-webchat/dist/webchat.js"
CARD = Card(
    number=CaseNumber(1042),
    title="[Kettle](https://evil.example) **leaks**",
    status="new",
    status_label="New",
    owner="Robin",
    fields=(
        CardField(label="Contact", value="ada@example.org"),
        CardField(label="Risk", value="Two calls this week", internal=True),
    ),
    suggestions=(CardSuggestion(id=7, label="Priority", value="High", quote="it is urgent"),),
    changed="Case opened",
    updated_at=utcnow(),
)


def _static(path: Path) -> web.RouteDef:
    async def answer(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(path)

    return web.get(f"/client/{'bundle.js' if path == BUNDLE else path.name}", answer)


@pytest.fixture
async def server(sqlite_url: str) -> AsyncIterator[WebChatServer]:
    if not BUNDLE.exists():
        unavailable("no `npm ci` in tests/directline")
    beside = [_static(BUNDLE), _static(CLIENTS / "webchat.html")]
    async with webchat_server(sqlite_url, beside=beside) as server:
        yield server


@asynccontextmanager
async def webchat(server: WebChatServer, token: str) -> AsyncGenerator[Page]:
    async with browser.page() as page:
        await page.goto(f"{server.base}/client/webchat.html#{quote(server.base + '/v3/directline')}|{quote(token)}")
        yield page


async def test_webchat_shows_what_is_said_and_the_case_card(server: WebChatServer) -> None:
    async with webchat(server, server.token) as page:
        box = page.get_by_placeholder("Type your message")
        await box.fill("My <b>kettle</b> leaks")
        await box.press("Enter")
        await until(lambda: len(server.inbox.received) == 1)
        inbound = server.inbox.received[0]
        assert (inbound.author.id, inbound.text) == ("ada", "My <b>kettle</b> leaks")

        await server.channel.send(answer_to(inbound, "Which model is it?", key="1"))
        await expect(page.locator("p", has_text="Which model is it?")).to_be_visible()
        opened = replace(answer_to(inbound, "Case 1042", key="2"), card=CARD)
        card_id = await server.channel.send(opened)
        card = page.locator(".ac-adaptiveCard")
        await expect(card).to_contain_text("Case 1042 · New")
        await expect(card).to_contain_text("[Kettle](https://evil.example) **leaks**")  # words, no link
        await expect(card).to_contain_text("ada@example.org")
        assert not re.search("Two calls|urgent|Accept", await page.content())

        renewed = replace(opened, key="3", edit=card_id, card=replace(CARD, status_label="Resolved"))
        await server.channel.send(renewed)
        await expect(card).to_contain_text("Case 1042 · Resolved")
        assert await card.count() == 1


async def test_webchat_lets_a_representative_accept_a_suggestion(server: WebChatServer) -> None:
    await server.say("My kettle leaks")
    await server.channel.send(replace(answer_to(server.inbox.received[0], "Case 1042", key="1"), card=CARD))
    async with webchat(server, await server.join({"id": REPRESENTATIVE, "name": "Robin"})) as page:
        await expect(page.get_by_text("Two calls this week")).to_be_visible()
        await page.locator(".ac-pushButton", has_text="Accept").click()
        await until(lambda: len(server.inbox.received) == 2)
    assert server.inbox.received[1].action == {"verb": "accept_suggestion", "case": 1042, "suggestion": 7}
    assert server.inbox.received[1].author.id == REPRESENTATIVE


async def test_webchat_uploads_a_file(server: WebChatServer) -> None:
    _, token = await server.token_for(ADA)
    async with webchat(server, token) as page:
        await page.locator("input[type=file]").set_input_files(
            {"name": "leak.txt", "mimeType": "text/plain", "buffer": b"drip"},
        )
        await page.get_by_placeholder("Type your message").press("Enter")
        await until(lambda: len(server.inbox.received) == 1)
        await expect(page.get_by_text("leak.txt").first).to_be_visible()
        link = await page.locator("a[href*='/files/']").get_attribute("href")
        assert (await server.call("GET", link or "", token=None)).body == b"drip"
    (file,) = server.inbox.received[0].attachments
    assert (file.name, file.content_type, file.size) == ("leak.txt", "text/plain", 4)
