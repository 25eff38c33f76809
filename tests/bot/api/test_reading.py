"""What else the API gives to read: conversations, evaluations, contacts, the audit; and the settings to change."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from store import conversations
from store import settings as versions
from store.model import ConversationId
from tests.bot.api.caller import Caller, etag, program
from tests.bot.console.site import Site
from tests.store.examples import conversation, say, wrote

TOASTER = "My toaster leaks sparks and does not heat any more. You can reach me at ada@example.org."


def talk(site: Site, *said: str, key: str = "talk") -> int:
    """A conversation in which a customer wrote."""

    def write(connection: Any) -> int:
        place = conversation(connection, key)
        for each in said:
            say(connection, place, wrote(each, external_id=f"{key} {each}"))
        return place

    return site.database.write_now(write)


async def pages(caller: Caller, path: str, limit: int = 2) -> list[Any]:
    """All items, page by page."""
    items: list[Any] = []
    following: str | None = ""
    while following is not None:
        more = f"&after={following}" if following else ""
        page = await caller.gets(f"{path}{'&' if '?' in path else '?'}limit={limit}{more}")
        assert len(page["items"]) <= limit
        items += page["items"]
        following = page["next"]
    return items


async def test_a_conversation_is_read_message_by_message(site: Site) -> None:
    place = talk(site, "One", "Two", "Three")
    caller = program(site)
    assert [each["text"] for each in await pages(caller, f"/conversations/{place}/messages")] == ["One", "Two", "Three"]
    assert (await caller.gets(f"/conversations/{place}"))["channel"] == "webchat"


async def test_conversations_come_as_in_the_inbox(site: Site) -> None:
    places = [talk(site, "Hello", key=f"talk {each}") for each in range(5)]
    assert [each["id"] for each in await pages(program(site), "/conversations")] == places[::-1]
    await program(site).gets("/conversations?after=eyJhZnRlciI6IFs1XX0", 400)  # a cursor of another list


async def test_a_deleted_message_says_nothing_any_more(site: Site) -> None:
    place = talk(site, "My number is 1234")
    site.database.write_now(
        partial(
            conversations.delete,
            conversation_id=ConversationId(place),
            external_id="talk My number is 1234",
            author_id="ada",
        )
    )
    said = (await program(site).gets(f"/conversations/{place}/messages"))["items"]
    assert [(each["text"], each["deleted"]) for each in said] == [("", True)]


async def test_a_conversation_is_evaluated_when_asked_and_says_where_to_look(site: Site) -> None:
    place = talk(site, TOASTER)
    caller = program(site)
    asked = await caller.does("POST", f"/conversations/{place}/evaluate", {}, 202)
    path = asked["look_at"].removeprefix("/api/v1")
    async with asyncio.timeout(20):
        while not (found := (await caller.gets(path))["items"]):  # noqa: ASYNC110 -- the worker is asked over HTTP
            await asyncio.sleep(0.05)
    one = await caller.gets(f"/evaluations/{found[0]['id']}")
    assert (one, one["conversation"], one["trigger"]) == (found[0], place, "command")
    assert one["why"]
    assert (one["case"] is not None) == (one["outcome"] == "created")


async def test_contacts_and_the_audit_come_in_pages(site: Site) -> None:
    for each in range(3):
        talk(site, "Hello", key=f"talk {each}")
    number = site.case(issue_description="It leaks", priority="Low")
    caller = program(site)
    [contact] = await pages(caller, "/contacts")
    assert contact["identities"] == [{"channel": "webchat", "external_id": "ada", "email": None}]
    assert await caller.gets(f"/contacts/{contact['id']}") == contact
    entries = await pages(caller, f"/audit?case={number}")
    assert [each["what"] for each in entries] == ["field", "field", "linked", "created"]
    assert {each["case"] for each in entries} == {number}
    assert (await caller.gets("/audit?case=x", 400))["errors"].keys() == {"case"}


async def test_a_draft_is_checked_and_saved_on_top_of_what_was_read(site: Site) -> None:
    caller = program(site)
    read = await caller.send("GET", "/settings")
    now = await caller.gets("/settings")
    draft = {**now["document"], "company": "Toast & Co"}
    checked = await caller.does("POST", "/settings/check", {"document": draft})
    assert checked == {
        "valid": True,
        "problems": [],
        "changes": [{"path": "company", "old": now["document"]["company"], "new": "Toast & Co"}],
    }
    saved = await caller.does(
        "POST", "/settings/versions", {"document": draft, "comment": "Our name"}, 201, If_Match=etag(read) or ""
    )
    assert (saved["version"], saved["author"], saved["comment"]) == (now["version"] + 1, "Test", "Our name")
    again = {"document": draft}
    await caller.does("POST", "/settings/versions", again, 412, If_Match=etag(read) or "")
    await caller.does("POST", "/settings/versions", again, 428)
    assert [each["version"] for each in await pages(caller, "/settings/versions", 1)] == [2, 1]
    changed = await caller.gets("/settings/versions/2/changes")
    assert changed == {"items": checked["changes"]}
    assert (await caller.gets("/settings/versions/1"))["document"]["company"] == now["document"]["company"]
    await caller.gets("/settings/versions/9", 404)
    await caller.gets("/settings/versions/1/changes", 404)
    await caller.gets(f"/settings/versions/1/changes?since={10**18 - 1}", 404)


async def test_settings_that_are_wrong_are_told_by_their_places(site: Site) -> None:
    caller = program(site)
    now = await caller.gets("/settings")
    draft = {**now["document"], "default_fields": ["colour"]}
    checked = await caller.does("POST", "/settings/check", {"document": draft})
    assert not checked["valid"]
    assert checked["problems"][0]["path"].startswith("default_fields")
    problem = await caller.does("POST", "/settings/versions", {"document": draft}, 422, If_Match='"1"')
    assert list(problem["errors"]) == [f"document.{each['path']}" for each in checked["problems"]]
    assert site.database.read_now(versions.current_number) == now["version"]
