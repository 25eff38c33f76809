"""Cases that are opened by hand, over the API: of a call, of somebody at the counter, or beside a conversation."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.access.rights import Scope
from store import audit, cases, conversations
from store.engine import Connection
from store.model import ActorKind, CaseNumber, ConversationId, FieldId
from store.people.erasing import erase
from store.people.exporting import export
from store.schema import outbox
from tests.bot.api.caller import Caller, etag, program
from tests.bot.api.test_cases import hide_priority
from tests.bot.console.site import Site, open_site
from tests.store.examples import ANNA, contact, conversation, count, say, shown, wrote

CALLED = {"issue_description": "The kettle hums. Loudly.", "priority": "high"}


def customer(site: Site) -> int:
    return site.database.write_now(contact)


def talk(site: Site) -> int:
    def say_something(connection: Connection) -> ConversationId:
        place = conversation(connection, "talk")
        say(connection, place, wrote(conversation_key="talk"))
        return place

    return site.database.write_now(say_something)


async def opens(caller: Caller, answered: int = 201, **given: Any) -> Any:
    return await caller.does("POST", "/cases", {"fields": CALLED, **given}, answered)


async def test_a_case_is_opened_for_a_contact_who_called_and_is_somebodys_at_once(site: Site) -> None:
    site.account("ann", password=None)
    caller, who = program(site), customer(site)
    answer = await caller.send("POST", "/cases", {"fields": CALLED, "contact": who, "assignee": "ann"})
    assert answer.status == 201, answer.text
    number = site.database.read_now(partial(cases.listed, wanted=cases.CaseFilter()))[0].number
    assert answer.headers["Location"] == f"/api/v1/cases/{number}"
    read = await caller.send("GET", answer.headers["Location"].removeprefix("/api/v1"))
    assert json.loads(read.text) == json.loads(answer.text)
    case = shown(site.database, number)
    assert etag(answer) == etag(read) == f'"{case.revision}"'
    assert (case.title, case.status, case.contact_id, case.conversations) == (
        "The kettle hums.",
        "in_progress",
        who,
        (),
    )
    assert case.owner is not None
    assert case.owner.name == "Ann"
    assert {str(name): each.value for name, each in case.values.items()} == {**CALLED, "priority": "High"}
    assert {each.writer.kind for each in case.values.values()} == {ActorKind.PERSON}
    history = site.database.read_now(partial(audit.of_case, number=number))
    assert [each.change.what for each in history] == ["created", "field", "field", "owner", "status"]
    assert count(site.database, outbox) == 0


async def test_a_case_without_a_conversation_is_worked_on_like_any_other(site: Site) -> None:
    caller = program(site)
    number = (await opens(caller, title="  A call\nfrom Bob  "))["number"]
    assert (await caller.gets(f"/cases/{number}"))["title"] == "A call from Bob"
    for query in ("", "?q=hums", "?status=open&assignee=nobody"):
        assert [each["number"] for each in (await caller.gets(f"/cases{query}"))["items"]] == [number]
    (listed,) = (await caller.gets("/cases"))["items"]
    assert (listed["customer"], listed["channel"]) == (None, None)
    assert (await caller.gets("/cases?channel=slack"))["items"] == []
    await caller.acts(number, "claim")
    await caller.acts(number, "note", text="Calls again at five.")
    await caller.does("PATCH", f"/cases/{number}", {"fields": {"priority": "Low"}}, If_Match="*")
    await caller.acts(number, "resolve", text="Told them how")
    await caller.acts(number, "reopen")
    for action in ("enrich", "reply"):
        told = await caller.acts(number, action, 409, **({"text": "Hello"} if action == "reply" else {}))
        assert told["detail"] == f"Case {number} has no conversation."
    into = (await opens(caller))["number"]
    place = shown(site.database, site.case()).conversations[0]
    await caller.acts(number, "split_off", 409, conversation=place)
    await caller.acts(number, "merge", into=into)
    spoken = site.case()
    await caller.acts(into, "merge", into=spoken, take=["priority"])
    assert (await caller.gets(f"/cases/{spoken}"))["fields"]["priority"]["value"] == "High"
    assert (await caller.gets(f"/audit?case={into}"))["items"]


async def test_the_page_of_a_case_without_a_conversation_shows_it(site: Site) -> None:
    number = (await opens(program(site)))["number"]
    robin = await site.logged_in("robin")
    page = await robin.get(f"/console/cases/{number}")
    assert (page.status, "The kettle hums." in page.text, "Nothing was said yet." in page.text) == (200, True, True)
    assert "Update from conversation" not in page.text
    assert f"/console/cases/{number}" in (await robin.get("/console/cases")).text


async def test_what_a_contact_told_by_phone_is_handed_out_and_erased_with_them(site: Site) -> None:
    caller, who = program(site), customer(site)
    number = (await opens(caller, contact=who))["number"]
    exported = site.database.read_now(partial(export, contact_id=who)).document
    assert [each["number"] for each in exported["cases"]] == [number]
    assert "The kettle hums. Loudly." in str(exported["cases"])
    site.database.write_now(partial(erase, contact_id=who, by=ANNA))
    case = shown(site.database, number)
    assert (case.values, case.contact_id, "hums" in case.title) == ({}, None, False)
    history = site.database.read_now(partial(audit.of_case, number=CaseNumber(number)))
    assert "hums" not in str(history)
    await opens(caller, 422, contact=who)


async def test_a_case_of_a_conversation_is_its_live_one_and_its_customers(site: Site) -> None:
    caller, place = program(site), talk(site)
    number = (await opens(caller, conversation=place))["number"]
    case = shown(site.database, number)
    live = site.database.read_now(lambda connection: conversations.get(connection, place)).case_number
    assert (case.conversations, live) == ((place,), number)
    customers = site.database.read_now(partial(conversations.customer, conversation_id=place))
    assert case.contact_id == (customers.contact_id if customers else 0)
    assert count(site.database, outbox) == 1  # the card
    beside = (await opens(caller, conversation=place))["number"]
    live = site.database.read_now(lambda connection: conversations.get(connection, place)).case_number
    assert (live, shown(site.database, number).conversations) == (beside, (place,))


async def test_what_is_not_there_or_does_not_fit_is_named_and_no_case_is_opened(site: Site) -> None:
    caller = program(site)
    wrong: list[tuple[dict[str, Any], set[str]]] = [
        ({"fields": {}}, {"fields"}),
        ({"fields": {"priority": None}}, {"fields"}),
        ({"fields": {"priority": "Blue", "nothing": 1}}, {"fields.priority", "fields.nothing"}),
        ({"conversation": 999}, {"conversation"}),
        ({"contact": 999}, {"contact"}),
        ({"contact": 0}, {"contact"}),
        ({"assignee": "nobody"}, {"assignee"}),
        ({"title": "  "}, {"title"}),
        ({"title": "x" * 201}, {"title"}),
        ({"status": "resolved"}, {"status"}),
    ]
    for given, places in wrong:
        problem = await opens(caller, 422, **given)
        assert problem["errors"].keys() == places, given
    assert site.database.read_now(partial(cases.listed, wanted=cases.CaseFilter())) == []


async def test_a_case_that_is_sent_again_is_opened_once(site: Site) -> None:
    caller = program(site)
    sent = [await caller.send("POST", "/cases", {"fields": CALLED}, Idempotency_Key="c1") for _ in range(2)]
    assert [each.status for each in sent] == [201, 201]
    assert sent[0].text == sent[1].text
    assert sent[0].headers["Location"] == sent[1].headers["Location"]
    assert len(site.database.read_now(partial(cases.listed, wanted=cases.CaseFilter()))) == 1


async def test_who_may_not_see_a_field_can_not_set_it_either(sqlite_url: str, tmp_path: Path) -> None:
    async with open_site(sqlite_url, tmp_path, settings=hide_priority) as site:
        outside = program(site, Scope.WORK_ON_CASES)
        problem = await opens(outside, 422)
        assert problem["errors"] == {"fields.priority": "The settings know no field “priority”."}
        number = (await opens(program(site)))["number"]
        assert shown(site.database, number).values[FieldId("priority")].value == "High"
        await opens(program(site, Scope.READ_CASES), 403)


@pytest.mark.parametrize("title", [None, "\u200b"])
async def test_a_title_comes_of_the_words_that_customers_may_see(site: Site, title: str | None) -> None:
    caller = program(site)
    given = {"fields": {"priority": "high"}} | ({"title": title} if title else {})
    assert (await caller.does("POST", "/cases", given, 201))["title"] == "Untitled case"
