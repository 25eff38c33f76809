"""Programs are told of cases: signed, at least once, and nothing that is not theirs to know."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import update
from standardwebhooks import WebhookVerificationError

from bot.webhooks.sending import LONGEST_WAIT, WAITS, Answered, next_wait
from store import cases, webhooks
from store.engine import Connection, Database
from store.model import CaseStatus
from store.schema import webhook_deliveries, webhook_endpoints
from store.webhooks import Delivery, DeliveryStatus, Event
from tests.bot.console.site import SECRET, Site, open_site
from tests.bot.webhooks.receiver import receiving, until
from tests.store.examples import BY_AGENT, changed, field, open_case, opened


def hide_priority(settings: dict[str, Any]) -> None:
    next(each for each in settings["fields"] if each["id"] == "priority")["internal"] = True


@asynccontextmanager
async def open_place(url: str, folder: Path, **more: Any) -> AsyncGenerator[Site]:
    async with open_site(url, folder, settings=hide_priority, CASEWRIGHT_WEBHOOKS_PRIVATE="true", **more) as site:
        yield site


@pytest.fixture
async def site(sqlite_url: str, tmp_path: Path) -> AsyncGenerator[Site]:
    async with open_place(sqlite_url, tmp_path) as site:
        yield site


def listen(database: Database, url: str, *events: Event, internal: bool = False) -> str:
    """The secret of a new endpoint."""
    add = partial(webhooks.add, url=url, events=events or list(Event), internal=internal, made_by="Ada")
    return database.write_now(add)[1]


def deliveries(database: Database) -> list[Delivery]:
    return database.read_now(partial(webhooks.page, limit=50))


async def settled(database: Database) -> list[Delivery]:
    """All of them, once none is on its way."""
    waiting = {DeliveryStatus.QUEUED, DeliveryStatus.SENDING}
    await until(lambda: bool(found := deliveries(database)) and all(each.status not in waiting for each in found))
    return deliveries(database)


def let_time_pass(database: Database) -> None:
    """What waits for its next attempt is due."""
    due = update(webhook_deliveries).where(webhook_deliveries.c.status == "queued")
    database.write_now(lambda connection: connection.execute(due.values(due_at=datetime(2026, 1, 1, tzinfo=UTC))))


async def test_what_happens_to_a_case_is_told_and_signed(site: Site) -> None:
    async with receiving() as receiver:
        secret = listen(site.database, receiver.url)
        case = opened(site.database, field("issue_description", "It leaks"), key="talk")
        changed(site.database, cases.set_status, case.number, CaseStatus.RESOLVED, resolution="Replaced")
        changed(site.database, cases.set_status, case.number, CaseStatus.NEW)
        changed(site.database, cases.write, case.number, [field("issue_description", "It leaks a lot")])
        await receiver.heard(4)
        told = [receiver.verified(number, secret) for number in range(4)]
        await settled(site.database)
    assert [each["type"] for each in told] == ["case.created", "case.resolved", "case.reopened", "case.updated"]
    assert {each["data"]["case"]["number"] for each in told} == {case.number}
    assert [each["what"] for each in told[0]["data"]["changes"]] == ["created", "linked", "field"]
    [last] = told[3]["data"]["changes"]
    assert (last["old"], last["new"], last["by"]["name"]) == ("It leaks", "It leaks a lot", "Anna Berg")
    headers = await receiver.heard(4)
    assert len({each["webhook-id"] for each in headers}) == 4
    assert {each["content-type"] for each in headers} == {"application/json"}
    assert {each.status for each in deliveries(site.database)} == {DeliveryStatus.DELIVERED}


async def test_while_a_secret_is_replaced_both_check_what_is_sent_and_then_the_new_one_alone(site: Site) -> None:
    async with receiving() as receiver:
        old = listen(site.database, receiver.url)
        [endpoint] = site.database.read_now(webhooks.endpoints)
        _, new = site.database.write_now(partial(webhooks.rotate, endpoint_id=endpoint.id))
        opened(site.database, key="first")
        await receiver.heard(1)
        over = update(webhook_endpoints).values(old_secret_until=datetime(2026, 1, 1, tzinfo=UTC))
        site.database.write_now(lambda connection: connection.execute(over))
        opened(site.database, key="second")
        await receiver.heard(2)
        await settled(site.database)
    assert receiver.verified(0, old)["type"] == receiver.verified(0, new)["type"] == "case.created"
    assert receiver.verified(1, new)["type"] == "case.created"
    with pytest.raises(WebhookVerificationError):
        receiver.verified(1, old)


async def test_internal_fields_notes_and_queues_are_told_to_who_is_meant_alone(site: Site) -> None:
    async with receiving() as outside, receiving() as inside:
        listen(site.database, outside.url)
        listen(site.database, inside.url, internal=True)
        case = opened(site.database, field("issue_description", "It leaks"), field("priority", "High"), key="talk")
        changed(site.database, cases.add_note, case.number, "A secret note")
        changed(site.database, cases.write, case.number, [field("priority", "Low")])
        changed(site.database, cases.set_queue, case.number, "hardware")
        await inside.heard(4)
        await outside.heard(1)
        found = await settled(site.database)
    assert sorted(each.status for each in found) == ["delivered"] * 5 + ["skipped"] * 3
    assert len(outside.requests) == 1
    hidden = ("priority", "Low", "A secret note", "hardware")
    assert not any(word in outside.requests[0][1] for word in ("High", *hidden))
    assert all(any(word in text for _, text in inside.requests) for word in hidden)


async def test_only_what_was_asked_for_is_told(site: Site) -> None:
    async with receiving() as receiver:
        listen(site.database, receiver.url, Event.RESOLVED)
        case = opened(site.database, field("issue_description", "It leaks"), key="talk")
        changed(site.database, cases.suggest, case.number, [field("priority", "High", confidence=0.5)], origin=BY_AGENT)
        changed(site.database, cases.set_status, case.number, CaseStatus.RESOLVED)
        await receiver.heard(1)
        [only] = await settled(site.database)
    assert only.event == Event.RESOLVED


async def test_what_did_not_arrive_is_sent_again_under_the_same_id(site: Site) -> None:
    async with receiving(answers=[web.Response(status=503, headers={"Retry-After": "7200"})]) as receiver:
        secret = listen(site.database, receiver.url)
        opened(site.database, key="talk")
        await until(lambda: bool(each := deliveries(site.database)) and each[0].answered == 503)
        [waiting] = deliveries(site.database)
        assert waiting.status == DeliveryStatus.QUEUED
        assert (waiting.due_at - waiting.created_at).total_seconds() > 7000
        let_time_pass(site.database)
        first, second = await receiver.heard(2)
        assert first["webhook-id"] == second["webhook-id"]
        assert receiver.verified(1, secret)["type"] == "case.created"
        [done] = await settled(site.database)
    assert (done.status, done.attempts, done.answered) == (DeliveryStatus.DELIVERED, 2, 204)


async def test_a_redirect_is_not_followed(site: Site) -> None:
    async with (
        receiving() as other,
        receiving(answers=[web.Response(status=307, headers={"Location": other.url})]) as receiver,
    ):
        listen(site.database, receiver.url)
        opened(site.database, key="talk")
        await until(lambda: bool(each := deliveries(site.database)) and each[0].answered == 307)
    assert deliveries(site.database)[0].error == "It answered 307, and redirects are not followed."
    assert other.requests == []


async def test_who_is_gone_is_told_no_more(site: Site) -> None:
    async with receiving(answers=[web.Response(status=410)]) as receiver:
        listen(site.database, receiver.url)
        opened(site.database, key="talk")
        [dead] = await settled(site.database)
        opened(site.database, key="other")
    assert dead.status == DeliveryStatus.DEAD
    [endpoint] = site.database.read_now(webhooks.endpoints)
    assert endpoint.ended_because == "It answered 410: nobody is there any more."
    assert len(deliveries(site.database)) == 1
    assert not site.database.write_now(partial(webhooks.revive, delivery_id=dead.id))


async def test_an_endpoint_that_hangs_holds_up_no_other(site: Site) -> None:
    async with receiving(held=asyncio.Event()) as slow, receiving() as quick:
        listen(site.database, slow.url)
        listen(site.database, quick.url)
        for number in range(3):
            opened(site.database, key=f"talk {number}")
        await quick.heard(3)
        await slow.heard(1)
    assert len(slow.requests) == 1


async def test_nothing_goes_to_this_network_unless_it_may(sqlite_url: str, tmp_path: Path) -> None:
    async with open_site(sqlite_url, tmp_path) as site, receiving() as receiver:
        listen(site.database, receiver.url.replace("http://127.0.0.1", "https://localhost"))
        listen(site.database, receiver.url)
        opened(site.database, key="talk")
        named, literal = sorted(await settled(site.database), key=lambda each: each.endpoint_id)
    assert (named.status, named.error) == (DeliveryStatus.DEAD, "localhost stands for an address that is not public.")
    assert (literal.status, literal.attempts) == (DeliveryStatus.DEAD, 1)
    assert receiver.requests == []


async def test_a_change_that_never_was_is_told_to_nobody(site: Site) -> None:
    listen(site.database, "http://127.0.0.1:1/")

    def undone(connection: Connection) -> None:
        open_case(connection)
        raise KeyError

    with pytest.raises(KeyError):
        site.database.write_now(undone)
    assert deliveries(site.database) == []


async def test_a_process_that_is_killed_in_between_leaves_nothing_untold(database_url: str) -> None:
    async with receiving(held=asyncio.Event()) as receiver:
        process = await started(database_url)
        database = Database(database_url)
        try:
            secret = listen(database, receiver.url)
            opened(database, key="talk")
            await receiver.heard(1)
            process.kill()
            await process.wait()
            process = await started(database_url)
            first, second = await receiver.heard(2)
            assert receiver.held is not None
            receiver.held.set()
            [done] = await settled(database)
        finally:
            process.kill()
            await process.wait()
            database.close()
    assert first["webhook-id"] == second["webhook-id"] == done.message_id
    assert receiver.verified(1, secret)["type"] == "case.created"
    assert (done.status, done.attempts) == (DeliveryStatus.DELIVERED, 2)


async def started(database_url: str) -> asyncio.subprocess.Process:
    """A process of our own, once it runs."""
    environment = {
        "CASEWRIGHT_DATABASE_URL": database_url,
        "CASEWRIGHT_WEBCHAT_SECRET": SECRET,
        "CASEWRIGHT_PORT": "0",
        "CASEWRIGHT_WEBHOOKS_PRIVATE": "true",
    }
    if not database_url.startswith("sqlite"):
        migrate = [sys.executable, "-m", "bot", "db", "upgrade"]
        upgrade = await asyncio.create_subprocess_exec(*migrate, env={**os.environ, **environment})
        assert await upgrade.wait() == 0
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        await process.stdout.readline()
    return process


def test_waits_grow_and_end_and_an_endpoint_may_ask_for_longer() -> None:
    waits = [next_wait(attempts, Answered(status=500)) for attempts in range(1, len(WAITS) + 2)]
    assert waits[-1] is None
    assert all(wait and usual * 0.8 <= wait <= usual * 1.2 for wait, usual in zip(waits, WAITS, strict=False))
    assert next_wait(1, Answered(status=429, retry_after=600)) == 600
    assert next_wait(1, Answered(status=429, retry_after=10**9)) == LONGEST_WAIT
    assert next_wait(1, Answered(status=410, hopeless=True)) is None
