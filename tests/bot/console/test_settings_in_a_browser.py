"""The settings in a real browser: the worked example set up from nothing, and what comes of it; and how pages look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bot.console.reviewing import latest
from store.model import AccountRole
from tests.adapters.browser import page
from tests.bot.console.site import PASSWORD, Site, open_site
from tests.bot.console.test_pages_in_a_browser import LOOKS, is_fine, log_in, looked_at
from tests.bot.console.test_settings_trial import CONTACT, DETAILS, PROBLEM
from tests.flow.test_in_a_browser import LONG, pane, say, until_heard


def nothing(document: dict[str, Any]) -> None:
    """The emptiest settings that there are."""
    for name in ("fields", "default_fields", "update_rules", "record_creation_rules", "experience_profiles"):
        document[name] = []
    document["categories"] = []
    document["creation"] = {"require": "all", "optional": []}
    for channel in document["channels"].values():
        channel["enabled"] = False


async def saved(view: Page) -> None:
    await view.get_by_role("button", name="Review changes").click()
    await view.get_by_role("button", name="Save as version").click()
    await expect(view.get_by_role("status")).to_contain_text("Saved")


async def define(view: Page, label: str, kind: str = "Text, several lines", description: str = "") -> None:
    """Leaves the form of a new field open, of the type that was chosen."""
    await view.get_by_role("link", name="Fields", exact=True).click()
    await view.get_by_role("link", name="New field").click()
    await view.get_by_label("Label").fill(label)
    await view.get_by_label("Description").fill(description)
    await view.get_by_label("Type").select_option(kind)
    await view.get_by_role("button", name="Use this type").click()


async def the_fields(view: Page) -> None:
    await define(view, "Issue description", description="What is wrong. Use when: the customer names a problem.")
    await saved(view)
    await define(view, "Contact", "E-mail address")
    await view.get_by_label("Filled from the sender’s verified identity first").check()
    await saved(view)
    await define(view, "Case category", "Choice: one of some options")
    await view.get_by_label("Add", exact=True).fill("Product defect\nBilling")
    await view.get_by_role("button", name="Add these").click()
    await view.get_by_label("Also called of 1").fill("broken\ndefective")
    await view.get_by_label("Description of 1").fill("Use when: a product stopped working, leaks, shows an error.")
    await view.get_by_label("Description of 2").fill("A charge, an invoice, a refund.")
    await saved(view)
    await define(view, "Product", "Lookup: an entry of a catalogue")
    await view.get_by_label("Add", exact=True).fill("Toaster Duo")
    await saved(view)
    await view.get_by_role("link", name="1 entries of Product").click()
    await view.get_by_label("Or lines, pasted").fill("value,synonyms\nToaster Duo,the toaster\nKettle One,kettle")
    await view.get_by_role("button", name="Preview").click()
    await expect(view.get_by_text("1 added, 1 changed, 0 removed")).to_be_visible()
    await saved(view)
    await view.get_by_role("link", name="Fields").click()
    await define(view, "Priority", "Choice: one of some options")
    await view.get_by_label("Add", exact=True).fill("Low\nUrgent")
    await view.get_by_role("button", name="Add these").click()
    await view.get_by_label("Also called of 2").fill("as soon as possible\nurgently")
    await saved(view)
    await define(view, "Serial number", "Identifier with a pattern", "Letters, digits, a dash, such as EH24-000000.")
    await view.get_by_label("Pattern").fill(r"[A-Z]{2}\d{2}-\d{6}")
    await saved(view)


async def the_channels_and_default_fields(view: Page) -> None:
    await view.get_by_role("link", name="Agent", exact=True).click()
    await view.get_by_label("Chat", exact=True).check()
    for label in ("Issue description", "Contact"):
        await view.get_by_role("group", name="Default fields").get_by_label(label, exact=True).check()
    await view.get_by_role("group", name="Optional fields").get_by_label("Case category").check()
    await view.get_by_label("Seconds of quiet").fill("0.2")
    await saved(view)
    await view.get_by_role("link", name="Channels", exact=True).click()
    await view.get_by_label("Web chat is on").check()
    await view.get_by_label("Representatives on Web chat").fill("demo-representative")
    await saved(view)


async def the_rule(view: Page) -> None:
    await view.get_by_role("link", name="Rules for case update").click()
    await view.get_by_role("link", name="New rule").click()
    await view.get_by_label("Rule name").fill("Product defect")
    await view.get_by_role("button", name="Add a condition").click()
    await view.get_by_label("Field of condition 1 in group 1").select_option("Case category")
    await view.get_by_label("Value of condition 1 in group 1").select_option("Product defect")
    for label in ("Product", "Priority", "Serial number"):
        await view.get_by_role("group", name="Fields to update").get_by_label(label, exact=True).check()
    await saved(view)


async def the_profile(view: Page) -> None:
    await view.get_by_role("link", name="Agent experience profiles").click()
    await expect(view.get_by_text("no representative may use anything")).to_be_visible()
    await view.get_by_role("link", name="New profile").click()
    await view.get_by_label("Profile name").fill("Support")
    await view.get_by_label("Members").fill("demo-representative")
    await saved(view)


async def trying(view: Page) -> None:
    await view.get_by_role("link", name="Case Management Agent").click()
    await view.get_by_role("link", name="Try it").click()
    await view.get_by_label("Lines of it").fill(PROBLEM + CONTACT + DETAILS)
    await view.get_by_role("button", name="Try it").click()
    await expect(view.get_by_role("heading", name="A case would be opened")).to_be_visible(timeout=LONG)
    words = view.locator("mark[data-fields=serial_number]")
    await expect(words).to_have_text("EH24-123456")
    await view.get_by_role("link", name="“EH24-123456”").focus()
    await expect(words).to_have_class("lit")


async def test_the_worked_example_is_set_up_from_nothing_and_works(sqlite_url: str, tmp_path: Path) -> None:
    async with open_site(sqlite_url, tmp_path, settings=nothing, CASEWRIGHT_DEMO="true") as site:
        site.account("ada", AccountRole.ADMINISTRATOR)
        async with page(viewport={"width": 1280, "height": 900}) as view:
            await log_in(view, site.base, "ada", PASSWORD)
            await view.get_by_role("link", name="Case Management Agent").click()
            await the_fields(view)
            await the_channels_and_default_fields(view)
            await the_rule(view)
            await the_profile(view)
            await trying(view)
        settings = site.database.read_now(latest).settings
        assert settings.default_fields == ("issue_description", "contact")
        async with page(viewport={"width": 1280, "height": 900}) as view:
            await view.goto(site.base)
            await view.get_by_role("button", name="Both").click()
            await say(view, "customer", "Hello there!")
            await say(view, "customer", PROBLEM.removeprefix("customer: ").strip())
            await until_heard(view, "customer", "I still need your Contact")
            await expect(view.locator("[data-case-number]")).to_have_count(0)
            await say(view, "customer", CONTACT.removeprefix("customer: ").strip())
            card = pane(view, "customer").locator("[data-case-number]").last
            await expect(card).to_contain_text("ann.lee@example.org", timeout=LONG)
            await say(view, "customer", DETAILS.removeprefix("customer: "))
            await expect(card).to_contain_text("EH24-123456", timeout=LONG)
            await say(view, "representative", "/update-case")
            await until_heard(view, "representative", "No changes.")
            for words in ("Product defect", "Toaster Duo", "Urgent", "leaks sparks"):
                await expect(card).to_contain_text(words, timeout=LONG)


@pytest.mark.parametrize("look", list(LOOKS))
async def test_pages_between_a_form_and_a_new_version_are_fine(site: Site, tmp_path: Path, look: str) -> None:
    base = site.base.rstrip("/")
    async with looked_at(site, look) as view:
        await log_in(view, site.base, "ada", PASSWORD)
        await expect(view.get_by_role("heading", level=1)).to_have_text("Inbox")
        await view.goto(f"{base}/console/agent/try")
        await view.get_by_label("Lines of it").fill(PROBLEM + CONTACT + DETAILS)
        await view.get_by_role("button", name="Try it").click()
        await is_fine(view, tmp_path, "tried")
        await view.goto(f"{base}/console/agent/fields")
        await view.get_by_role("button", name="Remove Case category").click()
        await is_fine(view, tmp_path, "field used")
        await view.goto(f"{base}/console/agent/fields/3/catalogue")
        await view.get_by_label("Or lines, pasted").fill("value,description\nKettle One,New words\nPan,Of iron")
        await view.get_by_role("button", name="Preview").click()
        await is_fine(view, tmp_path, "preview")
        await view.get_by_role("button", name="Review changes").click()
        await is_fine(view, tmp_path, "review")
        await view.get_by_role("button", name="Try it first").click()
        await is_fine(view, tmp_path, "try a draft")
        await view.goto(f"{base}/console/agent/fields/3/catalogue")
        await view.get_by_label("Or lines, pasted").fill("value,colour\nKettle One,New words")
        await view.get_by_role("button", name="Preview").click()
        await is_fine(view, tmp_path, "wrong file")
        await view.goto(f"{base}/console/agent/fields/2")
        await view.get_by_label("Option of 1").fill("Broken")
        await view.get_by_label("Option of 2").fill("")
        await view.get_by_label("Least confidence").fill("7")
        await view.get_by_role("button", name="Review changes").last.click()
        await is_fine(view, tmp_path, "wrong field")
