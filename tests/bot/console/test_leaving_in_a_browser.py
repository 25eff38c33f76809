"""Merging, splitting off and opening cases in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.adapters.browser import page
from tests.bot.console.site import PASSWORD, Site
from tests.bot.console.test_pages_in_a_browser import LOOKS, is_fine, log_in, looked_at
from tests.bot.console.test_workspace_case import case_of, does, talked_about
from tests.bot.console.test_workspace_leaving import spoken


async def test_two_cases_become_one_which_gives_a_conversation_away_that_gets_a_case_of_its_own(site: Site) -> None:
    source, into = (
        talked_about(site, said="My kettle leaks. Write to ann.lee@example.org."),
        talked_about(site, "other"),
    )
    site.account("robin")
    async with page() as view:
        await log_in(view, site.base, "robin", PASSWORD)
        await view.goto(f"{site.base}console/cases/{source}")
        await view.get_by_text("Merge into another case").click()
        await view.get_by_label("Number of the case that stays").fill(str(into))
        await view.get_by_role("button", name="Compare").click()
        await expect(view.get_by_role("heading", level=1)).to_have_text(f"Merge case {source} into case {into}")
        await view.get_by_role("button", name="Merge").click()
        await expect(view.get_by_role("status")).to_contain_text("Merged: all conversations are here now")
        await expect(view.locator("#live-thread").get_by_text("ann.lee@example.org")).to_be_visible()

        place = case_of(site, into).conversations[1]
        await view.get_by_text("Split a conversation off").click()
        await view.get_by_label("Which does not belong here").select_option(str(place))
        await view.get_by_role("button", name="Split off").click()
        await expect(view.get_by_role("status")).to_contain_text("Split off")
        await view.get_by_role("link", name="Create case").click()
        await expect(view.get_by_label("Contact", exact=True)).to_have_value("ann.lee@example.org")
        await view.get_by_label("Issue description").fill("The kettle leaks")
        await view.get_by_role("button", name="Create case").click()
        await expect(view.get_by_role("status")).to_contain_text("The case is open")
        await expect(view.get_by_role("heading", level=1)).to_have_text("The kettle leaks")

        await view.goto(f"{site.base}console/cases/{source}")
        await view.get_by_role("link", name=f"case {into}").click()
        await expect(view).to_have_url(re.compile(f"/console/cases/{into}$"))


async def test_a_view_is_kept_and_a_suggestion_rejected_by_the_keyboard(site: Site) -> None:
    talked_about(site)
    site.account("robin")
    async with page() as view:
        await log_in(view, site.base, "robin", PASSWORD)
        await view.goto(f"{site.base}console/cases?status=new")
        await view.get_by_text("Your views").click()
        await view.get_by_label("Save this view as").fill("Fresh")
        await view.keyboard.press("Enter")
        await expect(view.get_by_role("link", name="Fresh")).to_have_attribute("aria-current", "true")
        await view.locator("[data-list] .name a").first.click()
        await view.get_by_text("Keyboard", exact=True).click()
        await expect(view.get_by_text("To the first suggestion’s Reject")).to_be_visible()
        await view.keyboard.press("x")
        await expect(view.get_by_role("button", name="Reject Contact")).to_be_focused()


@pytest.mark.parametrize("look", list(LOOKS))
async def test_axe_finds_nothing_where_cases_are_merged_and_opened(site: Site, tmp_path: Path, look: str) -> None:
    source, into, gone = talked_about(site), talked_about(site, "other"), talked_about(site, "gone")
    place, robin = spoken(site), await site.logged_in("robin")
    await does(robin, source, "field", field="contact", value="bea@example.com")
    await does(robin, gone, "cancel", text="Opened twice")
    async with looked_at(site, look) as view:
        await log_in(view, site.base, "ada", PASSWORD)
        for name, path in (
            ("create", f"inbox/{place}/case"),
            ("talk", f"inbox/{place}?done=split"),
            ("merge", f"cases/{source}/merge?into={into}"),
            ("merge-closed", f"cases/{source}/merge?into={gone}"),
            ("cancelled", f"cases/{gone}"),
        ):
            await view.goto(f"{site.base}console/{path}")
            await is_fine(view, tmp_path, name)
        await view.goto(f"{site.base}console/cases/{source}")
        for summary in ("Merge into another case", "Cancel the case", "Keyboard"):
            await view.locator("summary").get_by_text(summary, exact=True).click()
        await is_fine(view, tmp_path, "leaving")
        await view.goto(f"{site.base}console/cases/{source}/merge?into={into}")
        await view.get_by_role("button", name="Merge").click()
        await is_fine(view, tmp_path, "merged-survivor")
        await view.locator("summary").get_by_text("Split a conversation off").click()
        await is_fine(view, tmp_path, "splitting")
        await view.goto(f"{site.base}console/cases/{source}")
        await is_fine(view, tmp_path, "merged")
        await view.goto(f"{site.base}console/cases?status=new")
        await view.get_by_text("Your views").click()
        await view.get_by_label("Save this view as").fill("Fresh")
        await view.keyboard.press("Enter")
        await expect(view.get_by_role("link", name="Fresh")).to_be_visible()
        await view.get_by_text("Your views").click()
        await is_fine(view, tmp_path, "views")
