"""A running Casewright in a tenant of the fake Teams: Ada asks, Robin is a representative."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from adapters.channel import State
from store.model import FieldId, Json, Value
from tests.adapters.teams import events
from tests.adapters.teams.events import AAD, ADA, CHAT, ROBIN
from tests.adapters.teams.fake import APP_ID, SECRET, TENANT, FakeTeams, fake_teams
from tests.adapters.webchat import until
from tests.authority import Authority
from tests.flow.desk import Desk, change_settings, open_desk


@dataclass(kw_only=True)
class TeamsDesk:
    desk: Desk
    teams: FakeTeams
    session: ClientSession

    async def says(self, text: str, **more: Any) -> Json:
        """Ada in her chat, unless it says otherwise."""
        told = events.said(self.teams, text, **more)
        await self.tells(told)
        return told

    async def tells(self, activity: Json) -> Json:
        headers = {"Authorization": self.teams.signed()}
        async with self.session.post(f"{self.desk.base}api/messages", json=activity, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json() if answer.content_type == "application/json" else {}

    async def invokes(self, name: str, value: Json, *, event_id: str, conversation: str = CHAT, **more: Any) -> Json:
        """Robin, unless it says otherwise. `conversation` may be a thread."""
        place, _, _ = conversation.partition(";")
        told = events.invoke(self.teams, name, value, conversation=place, **{"user": ROBIN, "id": event_id, **more})
        told["conversation"]["id"] = conversation
        return await self.tells(told)

    def value(self, number: int, field_id: str) -> Value | None:
        held = self.desk.case(number).values.get(FieldId(field_id))
        return held.value if held else None

    async def card(self, conversation: str, containing: str) -> Json:
        """The case card there, as it stands now."""
        await until(lambda: containing in str(self.cards(conversation)))
        return self.cards(conversation)[-1]

    def cards(self, conversation: str) -> list[Json]:
        return [each for each in self.teams.thread.get(conversation, []) if each.get("attachments")]

    async def hears(self, conversation: str, containing: str) -> str:
        await until(lambda: any(containing in each for each in self.teams.texts(conversation)))
        return next(each for each in self.teams.texts(conversation) if containing in each)


def environment(teams: FakeTeams) -> dict[str, str]:
    return {
        "CASEWRIGHT_TEAMS_APP_ID": APP_ID,
        "CASEWRIGHT_TEAMS_APP_SECRET": SECRET,
        "CASEWRIGHT_TEAMS_TENANT_ID": TENANT,
        "CASEWRIGHT_TEAMS_LOGIN_URL": teams.url,
        "CASEWRIGHT_TEAMS_METADATA_URL": f"{teams.url}/openid",
        "CASEWRIGHT_TEAMS_SERVICE_HOSTS": teams.host,
        "CASEWRIGHT_TEAMS_CA_FILE": str(teams.ca_file),
    }


@asynccontextmanager
async def open_teams_desk(database_url: str, folder: Path, authority: Authority) -> AsyncGenerator[TeamsDesk]:
    async with fake_teams(authority, folder / "tls") as teams, ClientSession() as session:
        teams.members[ADA] = {"id": ADA, "email": "ada@example.org", "tenantId": TENANT, "userRole": "user"}
        settings: dict[str, Any] = {**environment(teams)}
        async with open_desk(database_url, folder, **settings) as desk:
            representatives = {"representatives": [AAD[ROBIN]]}
            change_settings(desk.database, lambda document: document["channels"]["teams"].update(representatives))
            await until(lambda: desk.app.channels["teams"].health.state is State.CONNECTED)
            yield TeamsDesk(desk=desk, teams=teams, session=session)
