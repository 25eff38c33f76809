"""A running Casewright in a workspace of the fake Slack: Ada asks in #help, Robin is a representative."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.channel import State
from store import conversations
from store.engine import Connection
from store.model import FieldId, Json, Value
from tests.adapters.slack import events
from tests.adapters.slack.fake import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, TEAM, FakeSlack
from tests.adapters.webchat import until
from tests.flow.desk import Desk, open_desk

HELP, TRIAGE, ADA, ROBIN = "CHELP", "CTRIAGE", "UADA", "UROBIN"


@dataclass(kw_only=True)
class SlackDesk:
    desk: Desk
    slack: FakeSlack
    heard: int = 0  # whispers that a test has looked at

    async def says(self, text: str, *, user: str = ADA, thread_ts: str | None = None, channel: str = HELP) -> Json:
        said = events.said(self.slack, text, user=user, channel=channel, thread_ts=thread_ts)
        await self.tells(said)
        return said

    async def tells(self, payload: Json) -> Json:
        answer = await self.slack.deliver(f"{self.desk.base}slack/events", payload)
        assert answer.status == 200, answer
        return answer.json if answer.body else {}

    def value(self, number: int, field_id: str) -> Value | None:
        held = self.desk.case(number).values.get(FieldId(field_id))
        return held.value if held else None

    def transcript(self, said: Json) -> list[str]:
        """What counts as said in the thread that begins with this message."""
        key = f"{HELP}:{said['event']['ts']}"

        def read(connection: Connection) -> list[str]:
            found = conversations.find(connection, "slack", TEAM, key)
            said = conversations.transcript(connection, found) if found else ()
            return [each.text for each in said if not each.deleted]

        return self.desk.database.read_now(read)

    async def card(self, containing: str = "") -> Json:
        """The case card in a thread, as it stands now."""
        await until(lambda: bool(self._cards(containing)))
        return self._cards(containing)[-1]

    def _cards(self, containing: str) -> list[Json]:
        posts = [each for said in self.slack.messages.values() for each in said]
        cards = [each for each in posts if any(block["type"] == "header" for block in each.get("blocks") or ())]
        return [each for each in cards if containing in str(each["blocks"])]

    async def whisper(self, containing: str) -> str:
        """The next answer to one person alone that holds these words."""

        def found() -> list[str]:
            return [each["text"] for each in self.slack.ephemerals[self.heard :] if containing in each["text"]]

        await until(lambda: bool(found()))
        text = found()[0]
        self.heard = len(self.slack.ephemerals)
        return text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")

    async def form(self, callback: str, about: Json) -> Json:
        """A shortcut on a message; the view once it is filled in."""
        before = len(self.slack.views)
        await self.tells(events.shortcut(self.slack, callback, about, user=ROBIN))
        await until(lambda: len(self.slack.views) > before and "submit" in list(self.slack.views.values())[-1])
        return list(self.slack.views.values())[-1]

    def filled(self, view: Json) -> dict[str, Any]:
        """What each field of the form holds when it opens."""
        inputs = [block for block in view["blocks"] if block["type"] == "input"]
        return {block["block_id"].removeprefix("field:"): _initial(block["element"]) for block in inputs}


def _initial(element: Json) -> Any:
    option = element.get("initial_option")
    return option["value"] if option else element.get("initial_value", element.get("initial_date"))


@asynccontextmanager
async def open_slack_desk(
    database_url: str, folder: Path, *, socket: bool = False, **slack_settings: Any
) -> AsyncGenerator[SlackDesk]:
    slack = FakeSlack()
    slack.person(ADA, "Ada Example", email="ada@example.org")
    slack.person(ROBIN, "Robin Rep", email="robin@hearth.example")
    slack.channel(HELP, ADA, ROBIN)
    slack.channel(TRIAGE, ROBIN)
    way = {"CASEWRIGHT_SLACK_APP_TOKEN": APP_TOKEN} if socket else {"CASEWRIGHT_SLACK_SIGNING_SECRET": SIGNING_SECRET}
    async with slack.serving():
        environment = {
            "CASEWRIGHT_SLACK_BOT_TOKEN": BOT_TOKEN,
            "CASEWRIGHT_SLACK_API_URL": f"{slack.url}/api",
            **way,
        }
        mine = {"representatives": [ROBIN], "watched": [HELP], **slack_settings}

        def ours(document: dict[str, Any]) -> None:
            document["channels"]["slack"].update(mine)

        async with open_desk(database_url, folder, quiet=0.2, settings=ours, **environment) as desk:
            await until(lambda: desk.app.channels["slack"].health.state is State.CONNECTED)
            yield SlackDesk(desk=desk, slack=slack)
