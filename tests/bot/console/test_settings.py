"""The settings pages: an administrator changes what the agent does, sees it first, and loses nothing to another."""

from __future__ import annotations

import html
import re
from functools import partial
from typing import Any

from playwright.async_api import expect

from agent.settings import Settings
from bot.console.reviewing import latest
from store import settings as versions
from store.model import AccountRole
from tests.adapters.browser import page
from tests.bot.console.site import PASSWORD, Answer, Browser, Site
from tests.bot.console.test_pages_in_a_browser import log_in
from tests.flow.desk import change_settings

HOSTILE = "<img src=x onerror=alert(1)>\"'{{7*7}}"


def in_force(site: Site) -> Settings:
    return site.database.read_now(latest).settings


def without_rules(document: dict[str, Any]) -> None:
    document["update_rules"] = []
    document["default_fields"] = ["case_category"]
    document["creation"] = {"require": "any", "optional": []}


async def test_the_worked_example_is_set_up_by_clicking(site: Site) -> None:
    change_settings(site.database, without_rules)
    site.account("ada", AccountRole.ADMINISTRATOR)
    async with page() as view:
        await log_in(view, site.base, "ada", PASSWORD)
        await view.get_by_role("link", name="Case Management Agent").click()
        defaults = view.get_by_role("group", name="Default fields")
        await defaults.get_by_label("Issue description").check()
        await defaults.get_by_label("Contact", exact=True).check()
        await defaults.get_by_label("Case category").uncheck()
        await view.get_by_label("A case is created once these default fields resolve").select_option("all")
        await view.get_by_role("button", name="Review changes").click()
        await view.get_by_role("button", name="Save as version 3").click()
        await expect(view.get_by_role("status")).to_contain_text("Saved")

        await view.get_by_role("link", name="Rules for case update").click()
        await view.get_by_role("link", name="New rule").click()
        await view.get_by_label("Rule name").fill("Product defect")
        await view.get_by_role("button", name="Add a condition").click()
        await view.get_by_label("Field of condition 1 in group 1").select_option("Case category")
        await view.get_by_label("Operator of condition 1 in group 1").select_option("Equals")
        await view.get_by_label("Value of condition 1 in group 1").select_option("Product defect")
        for label in ("Product", "Priority", "Serial number"):
            await view.get_by_role("group", name="Fields to update").get_by_label(label, exact=True).check()
        await view.get_by_role("button", name="Review changes").click()
        await view.get_by_role("button", name="Save as version 4").click()
        await expect(view.get_by_role("link", name="Product defect")).to_be_visible()

    settings = in_force(site).model_dump(mode="json")
    assert settings["default_fields"] == ["issue_description", "contact"]
    assert settings["creation"]["require"] == "all"
    (rule,) = settings["update_rules"]
    assert rule["when"] == {"field": "case_category", "operator": "equals", "value": "Product defect"}
    assert set(rule["fields"]) == {"product", "priority", "serial_number"}


# --- without a browser ------------------------------------------------------------------------------


def values(answer: Answer, form: str = 'class="sheet"') -> dict[str, Any]:
    """What a form would send as it stands: texts, chosen options, checked boxes, and texts of several lines."""
    inside = answer.text[answer.text.index(form) :].partition("</form>")[0]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", inside):
        known = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in known and (known.get("type") != "checkbox" or " checked" in tag):
            found.setdefault(known["name"], []).append(html.unescape(known.get("value", "on")))
    for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', inside, re.DOTALL):
        chosen = (
            re.findall(r'<option value="([^"]*)" selected', options)
            or re.findall(r'<option value="([^"]*)"', options)[:1]
        )
        found[name] = [html.unescape(each) for each in chosen]
    for name, text in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', inside, re.DOTALL):
        found[name] = [html.unescape(text)]
    return found


async def reviewed(browser: Browser, path: str = "/console/agent", /, **changed: list[str]) -> Answer:
    form = values(await browser.get(path)) | changed
    return await browser.send("POST", path, data=[(name, each) for name in form for each in form[name]])


async def save(browser: Browser, review: Answer) -> Answer:
    form = values(review, 'action="/console/agent/save"')
    return await browser.send(
        "POST", "/console/agent/save", data=[(name, each) for name in form for each in form[name]]
    )


async def test_a_page_saved_as_it_is_changes_nothing(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await reviewed(ada)
    assert answer.location == "/console/agent?done=same", answer.text


async def test_who_saves_after_another_administrator_is_told_who_and_what_and_loses_nothing(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    ben = await site.logged_in("ben", AccountRole.ADMINISTRATOR)
    adas = await reviewed(ada, **{"evaluation.quiet": ["7"]})
    bens = await reviewed(ben, "/console/agent/channels", **{"channels.slack.representatives": ["U0BEA"]})
    assert (await save(ben, bens)).location == "/console/agent/channels?done=saved"

    told = await save(ada, adas)
    assert told.status == 409
    assert "Somebody else saved" in told.text
    assert "Ben" in told.text
    assert "U0BEA" in told.text
    assert (await save(ada, told)).location == "/console/agent?done=saved"
    assert in_force(site).evaluation.quiet == 7
    assert in_force(site).channels.slack.representatives == ("U0BEA",)


async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_saved(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    before = site.database.read_now(versions.current_number)
    answer = await reviewed(ada, **{"evaluation.quiet": ["soon"]})
    assert answer.status == 422
    assert 'value="soon"' in answer.text
    assert "should be a number" in answer.text
    assert site.database.read_now(versions.current_number) == before


async def test_an_earlier_version_is_put_in_force_again_as_a_new_one(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    await save(ada, await reviewed(ada, **{"evaluation.quiet": ["7"]}))
    review = await ada.post("/console/agent/versions/1/back", page="/console/agent/versions")
    assert (await save(ada, review)).location == "/console/agent/versions?done=saved"
    assert in_force(site).evaluation.quiet == 3
    saved = site.database.read_now(partial(versions.get, version=3))
    assert saved is not None
    assert (saved.author, saved.comment) == ("Ada", "Back to version 1")
    assert "quiet: 7" in (await ada.get("/console/agent/versions/2/export")).text


async def test_rules_are_moved_and_removed(site: Site) -> None:
    def two(document: dict[str, Any]) -> None:
        document["update_rules"] = [{"name": name, "fields": ["priority"]} for name in ("First", "Second")]

    change_settings(site.database, two)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)

    async def press(position: int, button: str, based_on: str) -> None:
        form = {"do": button, "based_on": based_on}
        await save(ada, await ada.post(f"/console/agent/rules/{position}/change", form, page="/console/agent/rules"))

    await press(1, "up", "2")
    assert [each.name for each in in_force(site).update_rules] == ["Second", "First"]
    await press(0, "remove", "3")
    assert [each.name for each in in_force(site).update_rules] == ["First"]
    await press(0, "deactivate", "4")
    assert not in_force(site).update_rules[0].active


async def test_nothing_written_in_the_settings_gets_into_a_page_as_markup(site: Site) -> None:
    def hostile(document: dict[str, Any]) -> None:
        document["fields"][0]["label"] = HOSTILE
        document["channels"]["slack"]["representatives"] = [HOSTILE]
        document["channels"]["teams"]["greeting"] = HOSTILE
        document["company"] = HOSTILE
        document["update_rules"] = [
            {
                "name": HOSTILE,
                "when": {"field": "issue_description", "operator": "is_one_of", "value": [HOSTILE]},
                "fields": ["issue_description"],
            }
        ]

    change_settings(site.database, hostile)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    for path in (
        "",
        "/channels",
        "/prediction",
        "/general",
        "/rules",
        "/rules/0",
        "/rules/new",
        "/versions",
        "/versions/difference?old=1&new=2",
    ):
        answer = await ada.get(f"/console/agent{path}")
        assert answer.status == 200
        assert "<img src=x" not in answer.text, path
    review = await reviewed(ada, "/console/agent/channels", **{"channels.teams.representatives": [HOSTILE]})
    assert "&lt;img src=x" in review.text
    assert "<img src=x" not in review.text
