"""SIGKILL at each commit on a Slack message's way: it is stored once, and its card is posted once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.settings import ensure_starter
from store.engine import Database
from tests.adapters.mail.imap import until
from tests.adapters.slack import events
from tests.adapters.slack.fake import APP_TOKEN, BOT_TOKEN, FakeSlack
from tests.engine.child import Death
from tests.flow.desk import change_settings
from tests.flow.product import Product, forget_the_deaths

HELP, ADA = "CHELP", "UADA"
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


async def test_a_death_at_any_commit_stores_each_message_once_and_posts_its_card_once(
    database_url: str, tmp_path: Path
) -> None:
    slack, database = FakeSlack(), Database(database_url)
    slack.person(ADA, "Ada Example", email="ada@example.org")
    slack.channel(HELP, ADA)
    try:
        async with slack.serving():
            ensure_starter(database)
            change_settings(database, lambda settings: settings["evaluation"].update(quiet=0, at_most=0))
            change_settings(database, lambda settings: settings["channels"]["slack"].update(watched=[HELP]))
            environment = {
                "CASEWRIGHT_DATABASE_URL": database_url,
                "CASEWRIGHT_PORT": "0",
                "CASEWRIGHT_SLACK_BOT_TOKEN": BOT_TOKEN,
                "CASEWRIGHT_SLACK_APP_TOKEN": APP_TOKEN,  # by Socket Mode: what is not acknowledged comes again
                "CASEWRIGHT_SLACK_API_URL": f"{slack.url}/api",
            }
            product = Product(database_url, tmp_path, environment)
            pushed: list[asyncio.Task[object]] = []
            roots: list[str] = []
            for number, death in enumerate(BOUNDARIES):
                ts = f"{1_700_000_000 + number * 1000}.000100"
                said = events.said(slack, f"My toaster {number} leaks sparks.", user=ADA, channel=HELP, ts=ts)
                roots.append(ts)
                pushed.append(asyncio.create_task(slack.push(said, patience=300)))
                await product.dies(death)
                forget_the_deaths(database)
            async with product.runs():
                await asyncio.gather(*pushed)
                await until(lambda: all(len(slack.thread(HELP, root)) > 1 for root in roots), seconds=60)
            for number, root in enumerate(roots):
                told = slack.thread(HELP, root)
                assert told[0] == f"My toaster {number} leaks sparks."
                assert len([each for each in told if each.startswith("Case ")]) == 1, told
    finally:
        database.close()
