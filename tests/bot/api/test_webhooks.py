"""Endpoints over the API: made with a secret that is told once, ended, and what they were told."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from store import webhooks
from store.schema import webhook_deliveries
from tests.bot.api.caller import program
from tests.bot.console.site import Site

URL = "https://example.org/casewright"
GIVEN = {"url": URL, "events": ["case.created", "case.resolved"]}


def queued(site: Site) -> None:
    """A delivery that nobody sends: it is due in an hour."""
    number = site.case()
    later = update(webhook_deliveries).values(status="dead", error="It answered 500.")
    site.database.write_now(lambda connection: connection.execute(later))
    assert number


async def test_a_secret_is_told_once(site: Site) -> None:
    caller = program(site)
    made = await caller.does("POST", "/webhooks", GIVEN, 201)
    assert made["secret"].startswith("whsec_")
    assert (made["url"], made["events"], made["internal"], made["made_by"]) == (URL, GIVEN["events"], False, "Test")
    shown = await caller.gets(f"/webhooks/{made['id']}")
    assert shown == {**made, "secret": None}
    assert await caller.gets("/webhooks") == {"items": [shown]}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"url": "http://example.org/"}, "url"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "url"),
        ({"url": ""}, "url"),
        ({"url": 7}, "url"),
        ({"events": []}, "events"),
        ({"events": ["case.exploded"]}, "events.0"),
        ({"internal": "yes"}, "internal"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
async def test_what_is_no_endpoint_is_refused_by_its_place(site: Site, given: dict[str, Any], wrong: str) -> None:
    problem = await program(site).does("POST", "/webhooks", {**GIVEN, **given}, 422)
    assert problem["errors"].keys() == {wrong}
    assert site.database.read_now(webhooks.endpoints) == []


async def test_an_endpoint_that_has_ended_is_told_nothing_and_its_log_stays(site: Site) -> None:
    caller = program(site)
    made = await caller.does("POST", "/webhooks", GIVEN, 201)
    queued(site)
    log = await caller.gets(f"/webhooks/deliveries?endpoint={made['id']}&status=dead")
    assert [(each["event"], each["error"]) for each in log["items"]] == [("case.created", "It answered 500.")]
    path = f"/webhooks/deliveries/{log['items'][0]['id']}/retry"
    assert (await caller.does("POST", path, None))["attempts"] == 0
    ended = await caller.does("POST", f"/webhooks/{made['id']}/end", None)
    assert ended["ended_because"] == "An administrator ended it."
    await caller.does("POST", path, None, 409)
    site.case()
    found = site.database.read_now(partial(webhooks.page, limit=9))
    assert len(found) == 1


async def test_what_is_not_there_is_no_webhook(site: Site) -> None:
    caller = program(site)
    await caller.gets("/webhooks/999", 404)
    await caller.does("POST", "/webhooks/999/end", None, 404)
    await caller.does("POST", "/webhooks/deliveries/999/retry", None, 404)
    assert (await caller.gets("/webhooks/deliveries?status=lost", 400))["errors"].keys() == {"status"}


async def test_the_document_describes_what_is_sent(site: Site) -> None:
    described = await program(site).gets("/openapi.json")
    assert set(described["webhooks"]) == {"case.created", "case.updated", "case.resolved", "case.reopened"}
    body = described["webhooks"]["case.created"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Told"}


async def test_what_an_endpoint_is_told_of_is_changed_and_its_secret_replaced(site: Site) -> None:
    caller = program(site)
    made = await caller.does("POST", "/webhooks", GIVEN, 201)
    path = f"/webhooks/{made['id']}"
    changed = await caller.does("PATCH", path, {"internal": True})
    assert (changed["events"], changed["internal"], changed["secret"]) == (GIVEN["events"], True, None)
    assert (await caller.does("PATCH", path, {"events": ["case.updated"]}))["events"] == ["case.updated"]
    assert (await caller.does("PATCH", path, {"events": []}, 422))["errors"].keys() == {"events"}
    rotated = await caller.does("POST", f"{path}/secret", None)
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_until"] > made["created_at"]
    assert (await caller.gets(path))["secret"] is None
    await caller.does("POST", f"{path}/end", None)
    await caller.does("PATCH", path, {"internal": False}, 409)
    await caller.does("POST", f"{path}/secret", None, 409)
    await caller.does("PATCH", "/webhooks/999", {"internal": False}, 404)
