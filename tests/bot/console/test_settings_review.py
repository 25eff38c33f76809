"""Between a form and a new version: nothing that was typed is lost, and two who change one list both keep theirs."""

from __future__ import annotations

from functools import partial
from typing import Any

from playwright.async_api import expect

from bot.console.reviewing import as_document, merged
from store import settings as versions
from store.engine import Connection
from store.model import AccountRole
from tests.adapters.browser import page
from tests.adapters.webchat import until
from tests.bot.console.site import PASSWORD, Site
from tests.bot.console.test_pages_in_a_browser import log_in
from tests.bot.console.test_settings import in_force, reviewed, save, values
from tests.flow.desk import change_settings


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, **more}


def test_two_who_change_different_entries_of_a_list_both_keep_theirs() -> None:
    base = [entry("a"), entry("b"), entry("c")]
    mine = [entry("a", label="mine"), entry("b"), entry("new")]
    theirs = [entry("c"), entry("a"), entry("b", label="theirs"), entry("other")]
    assert merged(base, mine, theirs) == [
        entry("a", label="mine"),
        entry("b", label="theirs"),
        entry("other"),
        entry("new"),
    ]


def test_who_moved_entries_has_the_last_word_on_their_order() -> None:
    base = [entry("a"), entry("b")]
    assert merged(base, [entry("b"), entry("a")], [*base, entry("c")]) == [entry("b"), entry("a"), entry("c")]


def test_a_key_that_was_taken_away_stays_away() -> None:
    assert merged({"values": {"a": 1, "b": 2}}, {"values": {"a": 1}}, {"values": {"a": 3, "b": 2}}) == {
        "values": {"a": 3}
    }


async def test_what_was_typed_is_given_back_to_be_changed_further(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    typed_in = {"channels.slack.session_hours": ["7"], "channels.slack.representatives": ["U0BEA\nU0BEN"]}
    review = await reviewed(ada, "/console/agent/channels", **typed_in)
    typed = values(review, 'id="typed"')
    sent = [(name, each) for name in typed for each in typed[name]]
    form = await ada.send("POST", "/console/agent/channels", data=[*sent, ("do", "again")])
    assert form.status == 200
    again = values(form)
    assert again["channels.slack.session_hours"] == ["7"]
    assert again["channels.slack.representatives"][0].split() == ["U0BEA", "U0BEN"]
    assert in_force(site).channels.slack.session_hours == 12


async def test_what_was_typed_survives_another_administrators_save(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    review = await reviewed(ada, **{"evaluation.quiet": ["7"]})
    change_settings(site.database, lambda document: document.update(company="Meanwhile"))
    told = await save(ada, review)
    assert told.status == 409
    assert values(told, 'id="typed"')["evaluation.quiet"] == ["7"]


async def test_a_version_that_does_not_fit_is_told_and_breaks_no_page(site: Site) -> None:
    def unreadable(connection: Connection) -> None:
        versions.save(connection, {"fields": "from the future"}, author="x", comment="", based_on=1)
        versions.save(connection, as_document(in_force(site)), author="x", comment="", based_on=2)

    site.database.write_now(unreadable)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    assert (await ada.get("/console/agent/versions")).status == 200
    for path in ("difference?old=1&new=2", "2/export"):
        answer = await ada.get(f"/console/agent/versions/{path}")
        assert answer.status == 422
        assert "Version 2 of the settings does not fit" in answer.text
    back = await ada.post("/console/agent/versions/2/back", page="/console/agent/versions")
    assert back.status == 422
    moved = await ada.post("/console/agent/rules/0/change", {"based_on": "2", "do": "up"}, page="/console/agent/rules")
    assert moved.status == 400


def save_what_nobody_can_read(site: Site) -> None:
    unreadable = {"fields": "from the future"}
    save_it = partial(versions.save, document=unreadable, author="Zoe", comment="", based_on=1)
    site.database.write_now(save_it)


async def test_where_the_newest_version_does_not_fit_the_last_that_does_is_in_force_and_it_is_said(site: Site) -> None:
    save_what_nobody_can_read(site)
    await until(lambda: site.database.read_now(site.app.settings).newest == 2)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    told = "Version 2 of the settings does not fit this version of Casewright: version 1 is in force instead."
    for path in ("agent", "agent/general", "agent/rules", "agent/fields", "profiles", "inbox", "agent/versions"):
        answer = await ada.get(f"/console/{path}")
        assert answer.status == 200, path
        assert told in answer.text, path
    inbox = await (await site.logged_in("robin")).get("/console/inbox")
    assert inbox.status == 200
    assert told not in inbox.text


async def test_from_a_version_that_does_not_fit_the_way_back_is_to_save_an_earlier_one(site: Site) -> None:
    save_what_nobody_can_read(site)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    listed = await ada.get("/console/agent/versions")
    assert "Can’t be read" in listed.text
    assert 'action="/console/agent/versions/1/back"' in listed.text
    assert 'action="/console/agent/versions/2/back"' not in listed.text
    review = await ada.post("/console/agent/versions/1/back", page="/console/agent/versions")
    assert "Save as version 3" in review.text
    assert (await save(ada, review)).location == "/console/agent/versions?done=saved"
    await until(lambda: site.database.read_now(site.app.settings).version == 3)
    assert "does not fit" not in (await ada.get("/console/agent/versions")).text


async def test_a_form_saved_over_a_version_that_does_not_fit_follows_it(site: Site) -> None:
    save_what_nobody_can_read(site)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    review = await reviewed(ada, **{"evaluation.quiet": ["7"]})
    assert (await save(ada, review)).location == "/console/agent?done=saved"
    assert site.database.read_now(versions.current_number) == 3
    assert in_force(site).evaluation.quiet == 7


async def test_the_history_comes_a_page_at_a_time(site: Site) -> None:
    def many(connection: Connection) -> None:
        document = as_document(in_force(site))
        for number in range(1, 61):
            versions.save(connection, document, author="x", comment=f"Change {number}", based_on=number)

    site.database.write_now(many)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    first = await ada.get("/console/agent/versions")
    assert "Change 60<" in first.text
    assert "Change 2<" not in first.text
    assert 'href="/console/agent/versions?before=12"' in first.text
    assert "Change 2<" in (await ada.get("/console/agent/versions?before=12")).text


async def test_all_that_is_wrong_with_a_rule_is_told_at_once(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    form = {
        "based_on": "1",
        "position": "",
        "do": "review",
        "name": "",
        "groups": "1",
        "g0.size": "3",
        "g0.c0.field": "priority",
        "g0.c0.operator": "equals",
        "g0.c0.value": "Gigantic",
        "g0.c1.field": "",
        "g0.c2.field": "serial_number",
        "g0.c2.operator": "equals",
    }
    answer = await ada.post("/console/agent/rules/form", form, page="/console/agent/rules/new")
    assert answer.status == 422
    assert "Condition 1 of group 1: &#39;Gigantic&#39; is not one of" in answer.text
    assert "Condition 2 of group 1: choose a field" in answer.text
    assert "Condition 3 of group 1: equals needs a value" in answer.text
    assert answer.text.count('class="error"') == 3  # beside the name and the fields


def three(document: dict[str, Any]) -> None:
    document["update_rules"] = [{"name": name, "fields": ["priority"]} for name in ("First", "Second", "Third")]


async def test_an_order_that_does_not_hold_each_rule_once_is_refused(site: Site) -> None:
    change_settings(site.database, three)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    for order in ("", "0,1", "0,0,1", "0,1,3", "2,1,0;"):
        form = {"based_on": "2", "order": order}
        assert (await ada.post("/console/agent/rules/order", form, page="/console/agent/rules")).status == 400, order


async def test_rules_are_dragged_into_another_order(site: Site) -> None:
    change_settings(site.database, three)
    site.account("ada", AccountRole.ADMINISTRATOR)
    async with page() as view:
        await log_in(view, site.base, "ada", PASSWORD)
        await view.goto(f"{site.base}console/agent/rules")
        rules = view.locator("ol[data-order] > li")
        await rules.nth(2).locator("p.quiet").drag_to(rules.nth(0), target_position={"x": 20, "y": 5})
        await view.get_by_role("button", name="Save as version 3").click()
        await expect(view.get_by_role("status")).to_contain_text("Saved")
    assert [each.name for each in in_force(site).update_rules] == ["Third", "First", "Second"]
    saved = site.database.read_now(partial(versions.get, version=3))
    assert saved is not None
    assert saved.author == "Ada"
