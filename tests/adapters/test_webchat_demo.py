"""Demo mode gives tokens to whoever sits at this machine, and to no web page that runs on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.webchat import REPRESENTATIVE, CommandHint
from store.model import Json
from tests.adapters.webchat import Answer, WebChatServer, webchat_server

HINT = CommandHint(name="update-case", usage="[NUMBER]", summary="Update the case.")


@pytest.fixture
async def demo(sqlite_url: str) -> AsyncIterator[WebChatServer]:
    async with webchat_server(sqlite_url, demo=True, commands=[HINT]) as server:
        yield server


async def token(server: WebChatServer, body: Json, **headers: str) -> Answer:
    return await server.call("POST", f"{server.base}/demo/token", body=body, token=None, headers=headers)


async def test_a_customer_and_a_representative_share_a_conversation(demo: WebChatServer) -> None:
    customer = (await token(demo, {"role": "customer"})).body
    again = (await token(demo, {"role": "customer", "conversation": customer["conversationId"]})).body
    other = (await token(demo, {"role": "customer"})).body
    robin = (await token(demo, {"role": "representative", "conversation": customer["conversationId"]})).body
    assert customer["user"] == again["user"] != other["user"]
    assert robin["user"] == {"id": REPRESENTATIVE, "name": "Representative"}
    assert robin["conversationId"] == customer["conversationId"]
    started = [await demo.call("POST", "/conversations", token=each["token"]) for each in (customer, robin)]
    assert [each.status for each in started] == [201, 200]


async def test_a_demo_customer_is_nobody_yet(demo: WebChatServer) -> None:
    made = (await token(demo, {"role": "customer"})).body
    await demo.call("POST", "/conversations", token=made["token"])
    await demo.post({"type": "message", "text": "Hi"}, token=made["token"], conversation=made["conversationId"])
    author = demo.inbox.received[0].author
    assert (author.name, author.email) == ("Customer", None)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:3978"},
        {"Host": "localhost.evil.example"},
        {"Host": "[::1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-Host": "cases.example.org"},
        {"Forwarded": "for=203.0.113.9"},
    ],
)
async def test_a_page_of_somebody_else_and_a_proxy_get_no_token(demo: WebChatServer, headers: dict[str, str]) -> None:
    answer = await token(demo, {"role": "representative"}, **headers)
    assert answer.status in {400, 403}
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_form_of_somebody_else_gets_no_token(demo: WebChatServer) -> None:
    """Browsers post forms without asking first, as text/plain at the best."""
    assert (await token(demo, {"role": "representative"}, **{"Content-Type": "text/plain"})).status == 415


async def test_our_own_page_gets_one_under_each_name_of_this_machine(demo: WebChatServer) -> None:
    port = demo.base.rpartition(":")[2]
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert (await token(demo, {"role": "customer"}, Host=host, Origin=f"http://{host}")).status == 200


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "role: "),
        ({"role": "boss"}, "role: "),
        ({"role": "customer", "conversation": "a|b"}, "conversation: "),
        ({"role": "customer", "name": "x" * 200}, "name: "),
        ({"role": "customer", "email": "x@example.org"}, "email: "),
    ],
)
async def test_a_wrong_wish_is_refused_by_name(demo: WebChatServer, body: Json, named: str) -> None:
    answer = await token(demo, body)
    assert answer.status == 400
    assert answer.body["error"]["message"].startswith(named)


async def test_the_page_offers_the_commands(demo: WebChatServer) -> None:
    answer = await demo.call("GET", f"{demo.base}/demo/commands", token=None)
    assert answer.body == [{"name": "update-case", "usage": "[NUMBER]", "summary": "Update the case."}]


async def test_without_demo_mode_there_is_none_of_it(server: WebChatServer) -> None:
    assert (await token(server, {"role": "customer"})).status == 404
    page = await server.call("GET", f"{server.base}/", token=None)
    assert page.status == 200
    assert b"/v3/directline/tokens/generate" in page.body
    assert b"<script" not in page.body


async def test_every_file_of_the_page_is_served_with_a_strict_policy(demo: WebChatServer) -> None:
    for path in ("/", "/chat/chat.css", "/chat/chat.js", "/chat/conversation.js", "/chat/pane.js", "/chat/icon.svg"):
        answer = await demo.call("GET", f"{demo.base}{path}", token=None)
        assert answer.status == 200, path
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
