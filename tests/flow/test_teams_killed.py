"""SIGKILL at each commit on a Teams message's way: it is stored once, and its card is there."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import ClientError, ClientSession

from bot.settings import ensure_starter
from store.engine import Database
from store.model import Json
from tests.adapters.mail.imap import until
from tests.adapters.teams import events
from tests.adapters.teams.events import ADA, HELP
from tests.adapters.teams.fake import TENANT, FakeTeams, fake_teams
from tests.authority import Authority
from tests.engine.child import Death
from tests.flow.desk import change_settings
from tests.flow.product import Product, forget_the_deaths
from tests.flow.teams_desk import environment
from tests.postgres import free_port

# In the order of a message's way. The second `finish` is that of the evaluation.
BOUNDARIES = [
    Death(at=at, when=when, nth=nth)
    for at, nth in (
        ("store.work.accept", 1),
        ("store.work.claim", 1),
        ("store.work.finish", 1),
        ("store.work.fire_due_timers", 1),
        ("store.work.finish", 2),
        ("store.outbox.claim", 1),
        ("bot.delivery._delivered", 1),
    )
    for when in ("before", "after")
]


async def test_a_death_at_any_commit_stores_each_message_once_and_its_card_is_posted(
    database_url: str, tmp_path: Path, authority: Authority
) -> None:
    database, port = Database(database_url), free_port()
    try:
        async with fake_teams(authority, tmp_path / "tls") as teams, ClientSession() as session:
            teams.members[ADA] = {"id": ADA, "email": "ada@example.org", "tenantId": TENANT, "userRole": "user"}
            ensure_starter(database)
            change_settings(database, lambda settings: settings["evaluation"].update(quiet=0, at_most=0))
            settings = {"CASEWRIGHT_DATABASE_URL": database_url, "CASEWRIGHT_PORT": str(port), **environment(teams)}
            product = Product(database_url, tmp_path, settings)
            pushed: list[asyncio.Task[None]] = []
            places: list[str] = []
            for number, death in enumerate(BOUNDARIES):
                told = events.said(teams, f"My toaster {number} leaks sparks.", conversation=HELP)
                places.append(told["conversation"]["id"])
                pushed.append(asyncio.create_task(_push(session, port, teams, told)))
                await product.dies(death)
                forget_the_deaths(database)
            async with product.runs():
                await asyncio.gather(*pushed)
                await until(lambda: all(teams.thread.get(place) for place in places), seconds=60)
            cards = [[each for each in teams.texts(place) if each.startswith("Case ")] for place in places]
            # Teams tells nobody what was posted: what was on its way at a death is repeated, once for each of those.
            deaths_in_delivery = [
                each for each in BOUNDARIES if each.at in {"store.outbox.claim", "bot.delivery._delivered"}
            ]
            assert all(1 <= len(each) <= 1 + len(deaths_in_delivery) for each in cards), cards
            numbers = {each[0].split()[1] for each in cards}
            assert len(numbers) == len(BOUNDARIES)
    finally:
        database.close()


async def _push(session: ClientSession, port: int, teams: FakeTeams, told: Json) -> None:
    """As Teams does: again, until it is acknowledged."""
    async with asyncio.timeout(900):
        while True:
            try:
                headers = {"Authorization": teams.signed()}
                url = f"http://127.0.0.1:{port}/api/messages"
                async with session.post(url, json=told, headers=headers) as answer:
                    if answer.status == 200:
                        return
            except (ClientError, OSError):
                pass
            await asyncio.sleep(0.05)
