"""The Teams channel, running, against the fake Teams, over a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from adapters.channel import Channel, State
from adapters.desk import CaseLine
from adapters.pacing import Pacing
from adapters.teams.channel import TeamsChannel
from adapters.teams.configuration import CLOUDS, Cloud, TeamsConfiguration
from store.engine import Database
from store.model import Card, CardField, CardSuggestion, CaseNumber, Json, Outbound, utcnow
from tests.adapters.contract import Inbox, Remote
from tests.adapters.slack.slack import FakeDesk
from tests.adapters.teams import events
from tests.adapters.teams.events import AAD, ADA, CHAT, ROBIN
from tests.adapters.teams.fake import APP_ID, BOT, SECRET, TENANT, FakeTeams, fake_teams
from tests.adapters.webchat import until
from tests.authority import Authority

CARD = Card(
    number=CaseNumber(1001),
    title="It leaks",
    status="new",
    status_label="New",
    owner=None,
    fields=(CardField(label="Issue", value="It leaks"), CardField(label="Cost", value="12", internal=True)),
    suggestions=(CardSuggestion(id=7, label="Priority", value="High", quote="urgent"),),
    changed=None,
    updated_at=utcnow(),
)


LINE = CaseLine(
    number=CARD.number,
    title=CARD.title,
    status=CARD.status_label,
    owner=None,
    suggestions=0,
    conversation_key=None,
    updated_at=CARD.updated_at,
)


class TeamsDesk(FakeDesk):
    """Says yes to Robin, by the id that the tenant's directory has."""

    async def is_representative(self, channel: str, author: Any) -> bool:  # noqa: ARG002
        return author.id == AAD[ROBIN]

    async def card(
        self, channel: str, account: str, conversation_key: str, author: Any, number: CaseNumber
    ) -> tuple[Card, bool] | None:
        del account, conversation_key
        representative = await self.is_representative(channel, author)
        return (CARD, representative) if number == CARD.number else None

    async def search(self, channel: str, account: str, author: Any, text: str, *, limit: int) -> Sequence[CaseLine]:
        del channel, account
        found = text == "kettle" and await self.is_representative("teams", author)
        return [LINE][:limit] if found else []


class TeamsRemote(Remote):
    """Ada writes in her chat with us."""

    def __init__(self, database: Database, teams: FakeTeams, **changes: Any) -> None:
        self.teams = teams
        self.inbox = Inbox(database)
        self.desk = TeamsDesk()
        self.greeting: str | None = "Hello!"
        addresses = replace(
            CLOUDS[Cloud.PUBLIC],
            login_url=teams.url,
            metadata_url=f"{teams.url}/openid",
            service_hosts=frozenset({teams.host}),
            file_hosts=frozenset({teams.file_host}),
        )
        given: dict[str, Any] = {
            "app_id": APP_ID,
            "secret": SECRET,
            "tenant_id": TENANT,
            "addresses": addresses,
            "ca_file": teams.ca_file,
        }
        self._configuration = TeamsConfiguration(**{**given, **changes})
        self.channel = self._made()
        self.url = ""

    def _made(self) -> TeamsChannel:
        return TeamsChannel(
            self.inbox.database, self._configuration, desk=self.desk, greeting=self._greeting, pacing=Pacing(0)
        )

    async def _greeting(self) -> str | None:
        return self.greeting

    def message(self, text: str) -> Json:
        return events.said(self.teams, text)

    def ignored(self) -> Sequence[Json]:
        bot = {"id": f"28:{APP_ID}", "name": "Casewright", "role": "bot"}
        left = events.activity(self.teams, "conversationUpdate", membersRemoved=[{"id": ADA}])
        return [
            left,
            events.activity(self.teams, "typing"),
            events.activity(self.teams, "installationUpdate", action="add"),
            events.activity(self.teams, "messageReaction", reactionsAdded=[{"type": "like"}]),
            {**events.said(self.teams, "Which model is it?"), "from": bot},
            events.changed(events.said(self.teams, "Hello"), "editMessage")
            | {"channelData": {"tenant": {"id": TENANT}}},
        ]

    def forged(self) -> Sequence[tuple[Json, str | None]]:
        return [(self.message("It is me"), None), (self.message("It is me"), "Bearer x.y.z")]

    def malformed(self) -> Sequence[Json]:
        told = self.message("My kettle leaks")
        without = [
            {key: value for key, value in told.items() if key != name} for name in ("from", "conversation", "id")
        ]
        return [
            *without,
            {**told, "timestamp": "yesterday"},
            {**told, "timestamp": "0001-01-01T00:00:00+14:00"},
            {**told, "conversation": []},
            {**told, "conversation": {**told["conversation"], "id": "a" * 10_000}},
            {**told, "id": "1" * 10_000},
        ]

    async def deliver(self, payload: Json | tuple[Json, str | None]) -> int:
        """An activity, signed as Teams does; or one with the header that it comes with."""
        told, authorization = payload if isinstance(payload, tuple) else (payload, self.teams.signed())
        status, _ = await self.post(told, authorization)
        if 200 <= status < 300 and told["type"] == "message":
            self._seen(told)
        return status

    async def post(self, activity: Json, authorization: str | None) -> tuple[int, Json]:
        headers = {} if authorization is None else {"Authorization": authorization}
        async with (
            ClientSession() as session,
            session.post(f"{self.url}/api/messages", json=activity, headers=headers) as answer,
        ):
            body: Mapping[str, Any] = await answer.json() if answer.content_type == "application/json" else {}
            return answer.status, dict(body)

    def _seen(self, told: Json) -> None:
        self.teams.thread.setdefault(told["conversation"]["id"], []).append(told)

    async def thread(self, reply_address: Json) -> list[str]:
        return self.teams.texts(reply_address["conversation_id"])

    def vanished(self, outbound: Outbound) -> Outbound:
        self.teams.gone.add(CHAT)
        return outbound

    def refusing(self) -> Channel:
        self.teams.refusals = [(429, {"Retry-After": "7"})]
        return self.channel


@asynccontextmanager
async def teams_remote(url: str, authority: Authority, folder: Path, **changes: Any) -> AsyncGenerator[TeamsRemote]:
    database = Database(url)
    async with fake_teams(authority, folder) as teams:
        teams.members[ADA] = {"id": ADA, "email": "ada@example.org", "tenantId": TENANT, "userRole": "user"}
        remote = TeamsRemote(database, teams, **changes)
        app = web.Application()
        app.add_routes(remote.channel.routes())
        async with TestServer(app) as server:
            remote.url = str(server.make_url("")).rstrip("/")
            remote.running = asyncio.create_task(remote.channel.run(remote.inbox))
            try:
                await until(lambda: remote.channel.health.state is not State.STARTING)
                yield remote
            finally:
                remote.running.cancel()
                await asyncio.wait([remote.running])
    database.close()


__all__ = ["BOT", "CARD", "TeamsRemote", "teams_remote"]
