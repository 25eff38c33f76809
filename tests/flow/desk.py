"""A running Casewright with people in front of it: customers and representatives over real Direct Line requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from sqlalchemy import exists, or_, select

from agent.settings import Feature, Settings
from bot import config
from bot.app import Application, opened, running
from store import audit, cases
from store import settings as versions
from store.audit import Origin
from store.cases import FieldWrite
from store.engine import Connection, Database
from store.model import Actor, ActorKind, Case, CaseNumber, ConversationId, FieldId
from store.schema import conversations, inbox, outbox, timers

SECRET = "a-secret-of-the-tests-that-nobody-can-guess"
DEADLINE = 20.0  # seconds until a test gives up waiting
DIRECT_LINE = "v3/directline"
ANNA = Origin(actor=Actor(kind=ActorKind.PERSON, id="anna", name="Anna"))


@dataclass(kw_only=True)
class Person:
    """Somebody at a web chat: knows only what a browser would."""

    session: ClientSession
    base: str
    conversation: str
    headers: dict[str, str]
    watermark: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def says(self, text: str, **more: Any) -> str:
        body = {"type": "message", "text": text, **more}
        async with self.session.post(self._at("activities"), json=body, headers=self.headers) as response:
            assert response.status == 200, await response.text()
            return (await response.json())["id"]

    async def presses(self, value: dict[str, Any]) -> None:
        await self.says("", value=value)

    async def hears(self, wanted: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The first activity that fits, of those that arrived since the last look; waits for it."""
        passed: list[str] = []
        try:
            async with asyncio.timeout(DEADLINE):
                while True:
                    while self.seen:
                        activity = self.seen.pop(0)
                        if wanted(activity):
                            return activity
                        passed.append(str(activity.get("text")))
                    await self._look()
        except TimeoutError:
            raise AssertionError(f"waited for {what!r}; heard {passed}") from None

    async def answer(self, containing: str) -> str:
        """The agent's next text that holds these words."""
        heard = await self.hears(lambda each: _by_agent(each) and containing in each.get("text", ""), containing)
        return heard["text"]

    async def card(self, containing: str = "") -> dict[str, Any]:
        return await self.hears(
            lambda each: "card" in each.get("channelData", {}) and containing in str(each["channelData"]["card"]),
            "card",
        )

    async def quiet(self) -> list[str]:
        """Every text that arrived since the last look, once nothing waits to be done or posted any more."""
        await self._look()
        heard, self.seen = self.seen, []
        return [each.get("text") or each.get("summary", "") for each in heard]

    async def _look(self) -> None:
        async with self.session.get(
            self._at("activities"), params={"watermark": self.watermark}, headers=self.headers
        ) as response:
            found = await response.json()
        self.watermark = found["watermark"]
        self.seen += found["activities"]
        if not found["activities"]:
            await asyncio.sleep(0.05)

    def _at(self, what: str) -> str:
        return f"{self.base}{DIRECT_LINE}/conversations/{self.conversation}/{what}"


def _by_agent(activity: dict[str, Any]) -> bool:
    return activity["from"]["id"] == "casewright"


@dataclass(kw_only=True)
class Desk:
    """The product, and the people at it."""

    app: Application
    session: ClientSession
    base: str

    @property
    def database(self) -> Database:
        return self.app.database

    def case(self, number: int) -> Case:
        return self.database.read_now(lambda connection: cases.get(connection, number))

    def give(self, number: int, field_id: str, value: str) -> None:
        """A person sets a field, on a page that the tests know nothing of."""
        writes = [FieldWrite(field=FieldId(field_id), value=value)]
        self.database.write_now(lambda connection: cases.write(connection, ANNA, cases.get(connection, number), writes))

    def failures(self, number: int) -> list[str]:
        """The marks that the case carries."""
        entries = self.database.read_now(lambda connection: audit.of_case(connection, CaseNumber(number)))
        return [str(entry.change.reason) for entry in entries if entry.change.what == "failed"]

    def link(self, number: int, person: Person) -> None:
        """Links a person's conversation to a case, as a merge does."""

        def link(connection: Connection) -> None:
            found = select(conversations.c.id).where(conversations.c.key == person.conversation)
            conversation_id = ConversationId(connection.execute(found).scalar_one())
            cases.link(connection, ANNA, CaseNumber(number), conversation_id)

        self.database.write_now(link)

    async def without_cases(self) -> None:
        """Nobody's experience profile has cases any more."""
        profiles = [{"name": "Others", "members": ["somebody-else"]}]
        change_settings(self.database, lambda settings: settings.update(experience_profiles=profiles))
        async with asyncio.timeout(DEADLINE):
            while (await self.app.settings.recently(self.database)).settings.enables({"anna"}, Feature.CASES):  # noqa: ASYNC110 - only the database knows
                await asyncio.sleep(0.05)

    async def settled(self) -> None:
        """Waits until no event, timer or post is left to be done."""
        async with asyncio.timeout(DEADLINE):
            while await self.database.read(_something_to_do):  # noqa: ASYNC110 - only the database knows
                await asyncio.sleep(0.05)

    async def customer(self, *, user: str = "ann", name: str = "Ann", email: str | None = None) -> Person:
        """Somebody in a new conversation; `email` is an address that the web site vouches for."""
        who = {"id": user, "name": name, **({"email": email} if email else {})}
        return await self._person(await self._token({"user": who}))

    async def representative(self, *, beside: Person, user: str = "demo-representative") -> Person:
        """Somebody who joins the conversation of another."""
        wanted = {"role": "representative", "conversation": beside.conversation}
        async with self.session.post(f"{self.base}demo/token", json=wanted) as response:
            assert response.status == 200, await response.text()
            given = await response.json()
        assert given["user"]["id"] == user
        return await self._person(given)

    async def _token(self, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {SECRET}"}
        async with self.session.post(
            f"{self.base}{DIRECT_LINE}/tokens/generate", json=body, headers=headers
        ) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def _person(self, given: dict[str, Any]) -> Person:
        headers = {"Authorization": f"Bearer {given['token']}"}
        async with self.session.post(f"{self.base}{DIRECT_LINE}/conversations", headers=headers) as response:
            assert response.status in {200, 201}, await response.text()
        return Person(session=self.session, base=self.base, conversation=given["conversationId"], headers=headers)


def _something_to_do(connection: Connection) -> bool:
    """In one statement: between two, a timer becomes an event, or an event a post, and neither is seen."""
    waits = (
        exists().where(inbox.c.status == "ready"),
        exists().where(outbox.c.status.in_(["queued", "sending"])),
        exists(select(timers.c.kind)),
    )
    return connection.execute(select(or_(*waits))).scalar_one()


def change_settings(database: Database, change: Callable[[dict[str, Any]], object]) -> None:
    """Saves the settings in force as a new version, with a change."""

    def save(connection: Connection) -> None:
        number = versions.current_number(connection)
        stored = versions.get(connection, number)
        assert stored is not None
        document = Settings.model_validate(stored.document).model_dump(mode="json")
        change(document)
        checked = Settings.model_validate(document).model_dump(mode="json")
        versions.save(connection, checked, author="test", comment="", based_on=number)

    database.write_now(save)


@asynccontextmanager
async def open_desk(
    database_url: str,
    folder: Path,
    *,
    quiet: float = 0.2,
    settings: Callable[[dict[str, Any]], object] | None = None,
    **environment: str,
) -> AsyncGenerator[Desk]:
    """`quiet`: seconds of quiet before a message is evaluated; `settings` changes those that it starts with."""
    environ = {
        "CASEWRIGHT_DATABASE_URL": database_url,
        "CASEWRIGHT_WEBCHAT_SECRET": SECRET,
        "CASEWRIGHT_PORT": "0",
        "CASEWRIGHT_DEMO": "true",
        **environment,
    }
    loaded = config.load(environ, folder)
    app = Application(loaded, opened(loaded))
    change_settings(app.database, lambda document: document["evaluation"].update(quiet=quiet, at_most=30))
    if settings is not None:
        change_settings(app.database, settings)
    try:
        async with running(app) as base, ClientSession() as session:
            yield Desk(app=app, session=session, base=base)
    finally:
        app.database.close()
