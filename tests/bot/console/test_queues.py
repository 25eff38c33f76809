"""Queues at the console: written, ordered, taken away; cases moved between them, and found by them."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from agent.settings import Queue
from store import audit, cases
from store.cases import Placing
from store.engine import Connection
from store.model import AccountRole, CaseNumber, CaseStatus
from tests.bot.console.site import Answer, Browser, Site
from tests.bot.console.test_settings import HOSTILE, in_force, save, values
from tests.bot.console.test_settings_fields import sent
from tests.bot.console.test_settings_profiles import edited, pressed
from tests.bot.console.test_workspace_case import case_of, does, talked_about
from tests.flow.desk import change_settings
from tests.store.examples import BY_AGENT, BY_ANNA, conversation, say, wrote

QUEUES = "/console/agent/queues"
DEFECT = {"field": "case_category", "operator": "equals", "value": "Product defect"}


def several(document: dict[str, Any]) -> None:
    said = {"field": "issue_description", "operator": "contains", "value": "leak"}
    when = {"any": [said, {"field": "conversation.channel", "operator": "equals", "value": "slack"}]}
    document["queues"] = [
        {"id": "hardware", "name": "Hardware", "description": "What breaks", "when": when, "members": ["robin"]},
        {"id": "second", "name": "Second level", "members": ["olaf"]},
        {"id": "rest", "name": "The rest", "active": False},
    ]


def queues(site: Site) -> tuple[Queue, ...]:
    return in_force(site).queues


# --- settings ---------------------------------------------------------------------------------------


async def test_a_queue_is_written_with_members_and_conditions(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    form = values(await ada.get(f"{QUEUES}/new"))
    typed = {"name": "Größere Geräte", "members": " robin \n\nrobin\nU0BEA", "description": "What breaks\r\n"}
    form = values(await sent(ada, form, f"{QUEUES}/form", do="group", **typed))
    fitted = await sent(ada, form, f"{QUEUES}/form", do="fit", **{"g0.c0.field": "case_category"})
    review = await sent(ada, values(fitted), f"{QUEUES}/form", **{"g0.c0.value": "Product defect"})
    assert (await save(ada, review)).location == f"{QUEUES}?done=saved", review.text
    assert [each.model_dump(mode="json") for each in queues(site)] == [
        {
            "id": "groere_gerate",
            "name": "Größere Geräte",
            "description": "What breaks",
            "active": True,
            "members": ["robin", "U0BEA"],
            "when": DEFECT,
        }
    ]


@pytest.mark.parametrize("position", [0, 1, 2])
async def test_a_queue_saved_as_its_form_shows_it_changes_nothing(site: Site, position: int) -> None:
    change_settings(site.database, several)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await edited(ada, f"{QUEUES}/{position}")
    assert answer.location == f"{QUEUES}?done=same", answer.text


async def test_the_id_of_a_queue_stays_as_cases_keep_it(site: Site) -> None:
    change_settings(site.database, several)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    await save(ada, await edited(ada, f"{QUEUES}/0", id="other", name="Devices"))
    assert (queues(site)[0].id, queues(site)[0].name) == ("hardware", "Devices")


async def test_queues_are_moved_switched_and_taken_away(site: Site) -> None:
    change_settings(site.database, several)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    await save(ada, await pressed(ada, f"{QUEUES}/2", "up"))
    await save(ada, await pressed(ada, f"{QUEUES}/1", "activate"))
    await save(ada, await pressed(ada, f"{QUEUES}/0", "remove"))
    assert [(each.id, each.active) for each in queues(site)] == [("rest", True), ("second", True)]


async def test_whoever_takes_a_queue_away_is_told_first_how_many_cases_are_in_it_and_what_becomes_of_them(
    site: Site,
) -> None:
    change_settings(site.database, several)
    first, _, _ = (queued(site, queue, str(at)) for at, queue in enumerate(("hardware", "hardware", "second")))
    site.database.write_now(partial(resolved, number=first))
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    review = await pressed(ada, f"{QUEUES}/0", "remove")
    told = " ".join(shown_words(review.text).split())
    assert "The queue “Hardware” holds 2 cases, 1 open. Cases in it keep its id, hardware: lists find them" in told
    assert '<a href="/console/cases?queue=hardware">2 cases</a>' in review.text
    assert "Second level" not in told
    await save(ada, review)
    assert listed(await ada.get("/console/cases?queue=hardware"), first) == [True]
    assert "No case is in the queue “The rest”." in (await pressed(ada, f"{QUEUES}/1", "remove")).text
    assert "The queue “Second level” holds" in (await pressed(ada, f"{QUEUES}/0", "remove")).text
    assert "?queue=" not in (await pressed(ada, f"{QUEUES}/0", "deactivate")).text


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": "second level"}, "each needs its own"),
        ({"name": ""}, "should have at least 1 character"),
        ({"g0.c1.value": ""}, "Condition 2 of group 1: equals needs a value"),
    ],
)
async def test_what_is_wrong_with_a_queue_is_told(site: Site, changed: dict[str, str], told: str) -> None:
    change_settings(site.database, several)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await edited(ada, f"{QUEUES}/0", **changed)
    assert answer.status == 422
    assert told in answer.text


async def test_an_id_that_lists_understand_otherwise_is_none(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await edited(ada, f"{QUEUES}/new", name="Mine")
    assert answer.status == 422
    assert "means something else where cases are listed" in answer.text


async def test_a_queue_that_a_rule_names_is_not_switched_off_or_taken_away(site: Site) -> None:
    change_settings(site.database, several)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    rule = "/console/agent/record-creation/0"
    await save(ada, await edited(ada, rule, **{"i0.queue": "second"}))
    assert in_force(site).record_creation_rules[0].items[0].queue == "second"
    assert (await edited(ada, rule)).location.endswith("?done=same")
    form = values(await ada.get(f"{QUEUES}/1"))
    del form["active"]
    answer = await sent(ada, form, f"{QUEUES}/form")
    assert answer.status == 422
    name = in_force(site).record_creation_rules[0].name
    assert f"In the rule “{name}”: the queue &#39;second&#39; is not active" in answer.text
    removed = await pressed(ada, f"{QUEUES}/1", "remove")
    assert removed.status == 422
    assert "there is no queue &#39;second&#39;" in removed.text


async def test_a_field_that_a_queue_asks_for_is_not_taken_away(site: Site) -> None:
    change_settings(site.database, several)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    page = await ada.post("/console/agent/fields/0/remove", {"based_on": "2"}, page=QUEUES)
    assert "A condition of the queue “Hardware” asks for it" in page.text


# --- cases ------------------------------------------------------------------------------------------


def queued(site: Site, queue: str | None, key: str) -> int:
    def work(connection: Connection) -> CaseNumber:
        return cases.create(
            connection,
            BY_AGENT,
            title=f"Leak {key}",
            conversation_id=conversation(connection, key),
            contact_id=None,
            writes=(),
            placing=Placing(queue=queue, why="Its conditions hold.") if queue else None,
        )

    return site.database.write_now(work)


def resolved(connection: Connection, *, number: int) -> None:
    cases.set_status(connection, BY_ANNA, cases.get(connection, number, lock=True), CaseStatus.RESOLVED)


def shown_words(markup: str) -> str:
    return re.sub("<[^>]*>", "", markup)


def listed(page: Answer, *numbers: int) -> list[bool]:
    return [f'href="/console/cases/{each}"' in page.text for each in numbers]


async def test_a_case_is_moved_to_another_queue_and_back(site: Site) -> None:
    await site.put_in_force(several)
    number, robin = talked_about(site), await site.logged_in("robin")
    page = await robin.get(f"/console/cases/{number}")
    assert '<option value="second">' in page.text
    assert '<option value="rest">' not in page.text  # it takes none
    answer = await does(robin, number, "move", queue="hardware")
    assert answer.location == f"/console/cases/{number}?done=move"
    await does(robin, number, "move", queue="second")
    assert case_of(site, number).queue == "second"
    page = await robin.get(f"/console/cases/{number}")
    assert "Queue: Hardware → Second level" in page.text
    entry = site.database.read_now(partial(audit.latest_of_case, number=CaseNumber(number), limit=1))[0]
    await does(robin, number, "undo", entry=entry.id)
    assert case_of(site, number).queue == "hardware"
    await does(robin, number, "move", queue="")
    assert case_of(site, number).queue is None
    refused = await does(robin, number, "move", queue="rest")
    assert refused.status == 422
    assert "No queue “rest” takes cases; hardware and second would." in refused.text


async def test_a_case_that_has_changed_meanwhile_is_not_moved(site: Site) -> None:
    await site.put_in_force(several)
    number, robin = talked_about(site), await site.logged_in("robin")
    answer = await does(robin, number, "move", queue="hardware", revision="0")
    assert answer.status == 409
    assert case_of(site, number).queue is None


async def test_my_queues_are_those_of_which_one_is_a_member(site: Site) -> None:
    await site.put_in_force(several)
    hardware, second, nowhere = (queued(site, each, str(each)) for each in ("hardware", "second", None))
    robin, olaf = await site.logged_in("robin"), await site.logged_in("olaf")

    async def found(browser: Browser, query: str) -> list[bool]:
        return listed(await browser.get(f"/console/cases?{query}"), hardware, second, nowhere)

    mine = "status=open&assignee=nobody&queue=mine"
    assert (
        f'href="/console/cases?{mine.replace("&", "&amp;")}" aria-current'
        in (await robin.get(f"/console/cases?{mine}")).text
    )
    assert await found(robin, mine) == [True, False, False]
    assert await found(olaf, mine) == [False, True, False]
    assert await found(robin, "queue=second") == [False, True, False]
    assert await found(robin, "queue=none") == [False, False, True]
    saved = await robin.post("/console/views/cases", {"name": "Two", "query": "queue=second"}, page="/console/cases")
    assert saved.location == "/console/cases?queue=second"


async def test_both_lists_tell_the_queue_beside_each_case_that_is_in_one(site: Site) -> None:
    await site.put_in_force(several)
    number, _ = talked_about(site), talked_about(site, "other")
    robin = await site.logged_in("robin")
    await does(robin, number, "move", queue="second")
    for path in ("cases", "inbox"):
        page = await robin.get(f"/console/{path}")
        rows = {f"Case {number}" in row: "in Second level" in shown_words(row) for row in page.text.split("<li>")[1:]}
        assert rows == {True: True, False: False}, path


async def test_cases_of_a_queue_that_was_removed_are_still_found(site: Site) -> None:
    number, robin = queued(site, "gone", "1"), await site.logged_in("robin")
    page = await robin.get("/console/cases?queue=gone")
    assert listed(page, number) == [True]
    assert '<option value="gone" selected>gone (no longer a queue)</option>' in page.text
    assert "gone (no longer a queue)" in (await robin.get(f"/console/cases/{number}")).text
    await does(robin, number, "move", queue="")
    assert case_of(site, number).queue is None


async def test_without_queues_nothing_is_said_of_them(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    for path in ("cases", "inbox", f"cases/{number}"):
        assert "ueue" not in (await robin.get(f"/console/{path}")).text


async def test_nothing_written_in_a_queue_gets_into_a_page_as_markup(site: Site) -> None:
    def hostile(document: dict[str, Any]) -> None:
        when = {"field": "issue_description", "operator": "equals", "value": HOSTILE}
        queue = {"id": "first", "name": HOSTILE, "description": HOSTILE, "members": [HOSTILE], "when": when}
        document["queues"] = [queue]

    await site.put_in_force(hostile)
    number, ada = queued(site, "first", "1"), await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    site.database.write_now(partial(say, conversation_id=1, inbound=wrote("Hello", conversation_key="1")))
    paths = (QUEUES, f"{QUEUES}/0", "/console/cases", "/console/inbox", f"/console/cases/{number}")
    pages = [await ada.get(path) for path in paths]
    pages.append(await edited(ada, f"{QUEUES}/0", members=f"{HOSTILE}\n{HOSTILE}2"))
    pages.append(await ada.get("/console/agent/record-creation/0"))
    pages.append(await pressed(ada, f"{QUEUES}/0", "remove"))
    for each in pages:
        assert each.status in {200, 422}
        assert "&lt;img src=x" in each.text
        assert "<img src=x" not in each.text
