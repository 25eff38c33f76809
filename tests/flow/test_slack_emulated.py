"""The worked example in a Slack that nobody here wrote: npm's `emulate`, a stateful Web API with OAuth and scopes.

It delivers events to subscribers that its public interface lets nobody become: what people do there by the Web API is
told to the product by the test, as Slack would, signed. It has no slash commands and no buttons.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.channel import State
from store.model import FieldId, Json, Value
from tests.adapters.slack import events
from tests.adapters.slack.fake import SIGNING_SECRET, FakeSlack
from tests.adapters.webchat import until
from tests.conftest import ROOT, unavailable
from tests.flow.desk import Desk, open_desk
from tests.postgres import free_port

FOLDER = ROOT / "tests/emulate"
CLIENT = {"client_id": "1.2", "client_secret": "a-secret-of-the-tests"}
ADA, ROBIN = "xoxp-ada", "xoxp-robin"  # their tokens
PROBLEM = "The machine on my desk leaks water."
NUMBER = re.compile(r"[Cc]ase (\d+)")
DETAILS = "It is the Espresso 3000, serial number EH24-123456. I need it back as soon as possible."


@dataclass(kw_only=True)
class Workspace:
    desk: Desk
    session: ClientSession
    api: str
    team: str
    channel: str
    app: str  # its user's id

    async def call(self, method: str, token: str, **body: Any) -> Json:
        return await called(self.session, self.api, method, token, **body)

    async def says(self, token: str, text: str, *, thread_ts: str | None = None) -> Json:
        """Somebody posts; Slack tells the product."""
        thread = {} if thread_ts is None else {"thread_ts": thread_ts}
        posted = await self.call("chat.postMessage", token, channel=self.channel, text=text, **thread)
        event: Json = {**posted["message"], "channel": self.channel, "channel_type": "channel", **thread}
        await self.tells({**event, "event_ts": posted["ts"]})
        return event

    async def tells(self, event: Json) -> None:
        envelope: Json = {**events.envelope(event, team=self.team), "authorizations": []}
        answer = await FakeSlack().deliver(f"{self.desk.base}slack/events", envelope)
        assert answer.status == 200, answer

    async def thread(self, opener: Json) -> list[Json]:
        told = await self.call("conversations.replies", ROBIN, channel=self.channel, ts=opener["ts"])
        return [each for each in told["messages"] if each["ts"] != opener["ts"]]

    async def card(self, opener: Json, containing: str) -> Json:
        """The one card of a thread, once these words stand in it."""
        async with asyncio.timeout(20):
            while True:
                cards = [each for each in await self.thread(opener) if "header" in str(each.get("blocks"))]
                if cards and containing in json.dumps(cards[-1], ensure_ascii=False):
                    assert len(cards) == 1
                    return cards[-1]
                await asyncio.sleep(0.05)

    async def edits(self, token: str, said: Json, text: str) -> None:
        told = await self.call("chat.update", token, channel=self.channel, ts=said["ts"], text=text)
        now = {**said, "text": told["text"], "edited": {"user": said["user"], "ts": "1900000000.000100"}}
        changed = {"type": "message", "subtype": "message_changed", "hidden": True, "channel": self.channel}
        await self.tells({**changed, "message": now, "previous_message": said, "event_ts": now["edited"]["ts"]})

    def value(self, number: int, field: str) -> Value | None:
        held = self.desk.case(number).values.get(FieldId(field))
        return held.value if held else None


async def called(session: ClientSession, api: str, method: str, token: str, **body: Any) -> Json:
    headers = {"Authorization": f"Bearer {token}"}
    async with session.post(f"{api}/{method}", json=body, headers=headers) as response:
        told = await response.json()
    assert told["ok"], (method, told)
    return told


@pytest.fixture
async def workspace(sqlite_url: str, tmp_path: Path) -> AsyncGenerator[Workspace]:
    if not (FOLDER / "node_modules/emulate").exists():
        unavailable("no `npm ci` in tests/emulate")
    slack_port, port = free_port(), free_port()
    base, api = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{slack_port}/api"
    environment = {
        "CASEWRIGHT_PORT": str(port),
        "CASEWRIGHT_DEMO": "false",
        "CASEWRIGHT_PUBLIC_URL": base,
        "CASEWRIGHT_SLACK_API_URL": f"{api}/",
        "CASEWRIGHT_SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "CASEWRIGHT_SLACK_CLIENT_ID": CLIENT["client_id"],
        "CASEWRIGHT_SLACK_CLIENT_SECRET": CLIENT["client_secret"],
    }
    seed = {
        "team": {"name": "Hearth", "domain": "hearth"},
        "users": [
            {"name": "ada", "real_name": "Ada Example", "email": "ada@example.org"},
            {"name": "robin", "real_name": "Robin Rep", "email": "robin@hearth.example"},
        ],
        "channels": [{"name": "help"}],
        "oauth_apps": [{**CLIENT, "name": "Casewright", "redirect_uris": [f"{base}/slack/oauth_redirect"]}],
        "tokens": [{"token": ADA, "user": "ada"}, {"token": ROBIN, "user": "robin"}],
        "strict_scopes": True,
    }
    process = await asyncio.create_subprocess_exec(
        "node", "slack.mjs", str(slack_port), json.dumps(seed), cwd=FOLDER, stdout=PIPE, stderr=DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"listening\n"
        async with ClientSession() as session:
            people = {name: await called(session, api, "auth.test", name) for name in (ADA, ROBIN)}
            listed = await called(session, api, "conversations.list", ROBIN)
            channel = next(each["id"] for each in listed["channels"] if each["name"] == "help")

            def ours(document: dict[str, Any]) -> None:
                robin = people[ROBIN]["user_id"]
                document["channels"]["slack"].update(representatives=[robin], watched=[channel])

            async with open_desk(sqlite_url, tmp_path, quiet=0.2, settings=ours, **environment) as desk:
                await install(session, base, people[ROBIN]["user_id"])
                await until(lambda: desk.app.channels["slack"].health.state is State.CONNECTED)
                members = (await called(session, api, "users.list", ROBIN))["members"]
                app = next(each["id"] for each in members if each["is_bot"])
                team = people[ADA]["team_id"]
                yield Workspace(desk=desk, session=session, api=api, team=team, channel=channel, app=app)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def install(session: ClientSession, base: str, user: str) -> None:
    """An administrator adds the app: our link, Slack's consent, the way back."""
    async with session.get(f"{base}/slack/install", allow_redirects=False) as answer:
        cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
        consent = answer.headers["Location"]
    async with session.get(consent) as page:
        assert "Authorize <strong>Casewright</strong>" in await page.text()
        asked = dict(page.url.query)
    callback = page.url.with_path("/oauth/v2/authorize/callback").with_query({})
    async with session.post(callback, data={**asked, "user_id": user}, allow_redirects=False) as answer:
        way_back = answer.headers["Location"]
    async with session.get(way_back, headers=cookie) as answer:
        assert answer.status == 200, await answer.text()


async def test_the_worked_example_in_a_thread(workspace: Workspace) -> None:
    opener = await workspace.says(ADA, PROBLEM)
    contact = await workspace.says(ADA, "You can reach me at ada@example.org", thread_ts=opener["ts"])
    card = await workspace.card(opener, "ada@example.org")
    number = int(NUMBER.findall(card["text"])[0])

    await workspace.says(ROBIN, "I am looking into it.", thread_ts=opener["ts"])
    await workspace.says(ADA, DETAILS, thread_ts=opener["ts"])
    edited = await workspace.card(opener, "EH24-123456")
    assert edited["ts"] == card["ts"]  # in place
    assert "Espresso 3000" in json.dumps(edited)
    assert (workspace.value(number, "priority"), workspace.value(number, "contact")) == ("Urgent", "ada@example.org")

    await workspace.edits(ADA, contact, "You can reach me at ada.example@example.net")
    await workspace.card(opener, "ada.example@example.net")
    assert workspace.value(number, "contact") == "ada.example@example.net"

    await workspace.says(ROBIN, f"<@{workspace.app}> /update-case {number} priority=low", thread_ts=opener["ts"])
    await workspace.card(opener, "Low")


async def test_a_customer_who_takes_everything_back_is_heard(workspace: Workspace) -> None:
    opener = await workspace.says(ADA, f"{PROBLEM} Write to ada@example.org.")
    card = await workspace.card(opener, "ada@example.org")
    await workspace.call("chat.delete", ADA, channel=workspace.channel, ts=opener["ts"])
    gone = {"type": "message", "subtype": "message_deleted", "channel": workspace.channel, "hidden": True}
    await workspace.tells({**gone, "deleted_ts": opener["ts"], "previous_message": opener, "event_ts": "1900000000.1"})
    number = int(NUMBER.findall(card["text"])[0])
    await until(lambda: workspace.value(number, "contact") is None)
