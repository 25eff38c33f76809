"""What a second click, the Back button, a colleague or a lost session do to what somebody writes: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

from playwright.async_api import Page, Route, expect

from store import audit, sessions
from store.accounts import Account
from store.model import CaseNumber
from tests.adapters.browser import page
from tests.bot.console.site import PASSWORD, Site
from tests.bot.console.test_pages_in_a_browser import log_in
from tests.bot.console.test_workspace_case import does, talked_about
from tests.bot.console.test_workspace_in_a_browser import at_the_case


def notes(site: Site, number: int) -> list[object]:
    entries = site.database.read_now(partial(audit.of_case, number=CaseNumber(number)))
    return [each.change.new for each in entries if each.change.what == "note"]


def log_out(site: Site, account: Account) -> None:
    site.database.write_now(partial(sessions.end_all, account_id=account.id))


@asynccontextmanager
async def answered_late(view: Page, path: str) -> AsyncGenerator[asyncio.Event]:
    """What the page asks of `path` is done at once, and answered at the end; the event is set once one is done."""
    done, passed = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch(max_redirects=0)
        done.set()
        await passed.wait()
        await route.fulfill(response=answer)

    await view.route(path, hold)
    yield done
    passed.set()


async def test_what_is_sent_is_sent_once_and_what_is_not_stays_in_its_box(site: Site) -> None:
    number = talked_about(site)
    site.account("robin")
    async with page(tolerated="ERR_CONNECTION_REFUSED") as view:
        await at_the_case(view, site)
        box, status = view.get_by_label("Note"), view.get_by_role("status")
        await box.fill("Called back")
        button = view.get_by_role("button", name="Keep note")
        await button.scroll_into_view_if_needed()
        at = await button.bounding_box()
        assert at is not None
        async with answered_late(view, "**/note") as done:
            await view.mouse.click(at["x"] + 5, at["y"] + 5)
            await done.wait()
            await view.mouse.click(at["x"] + 5, at["y"] + 5)
        await expect(status).to_contain_text("Note kept")
        assert notes(site, number) == ["Called back"]
        await view.wait_for_url(lambda url: "done" not in url)
        await view.reload()
        await expect(status).to_have_count(0)

        await view.go_back()  # the page before, which the browser would fill in again
        await expect(box).to_have_value("")
        await box.fill("Half a no")
        await view.get_by_role("link", name="Inbox", exact=True).click()
        await view.go_back()
        await expect(box).to_have_value("Half a no")
        await view.route("**/note", lambda route: route.abort("connectionrefused"))
        await view.get_by_role("button", name="Keep note").click()
        await view.wait_for_url("chrome-error://**")
        await view.go_back()
        await expect(box).to_have_value("Half a no")


async def test_what_was_written_is_given_back_where_it_could_not_be_kept(site: Site) -> None:
    number, ben = talked_about(site), await site.logged_in("ben")
    robin = site.account("robin")
    async with page(tolerated="the server responded with a status of 4") as view:
        await at_the_case(view, site)
        await view.get_by_label("Note").fill("n" * 20_001)
        await view.get_by_role("button", name="Keep note").click()
        await expect(view.get_by_role("alert")).to_contain_text("at most 20000 characters")
        assert len(await view.get_by_label("Note").input_value()) == 20_001

        await view.goto(f"{site.base}console/cases/{number}")
        await view.get_by_label("What solved it").fill("A new seal")
        await view.get_by_text("Cancel the case").first.click()  # a form that is open: the page stays as it is
        await does(ben, number, "field", field="contact", value="bea@example.com")
        await view.locator("#resolve").get_by_role("button").click()
        await expect(view.get_by_role("alert")).to_contain_text("Ben: Contact: — → bea@example.com.")
        await expect(view.get_by_label("What solved it")).to_have_value("A new seal")

        await does(ben, number, "resolve", text="Replaced")
        await expect(view.locator("#live-head")).to_contain_text("Resolved")
        await view.locator("#resolve").get_by_role("button").click()
        await expect(view.get_by_role("alert")).to_contain_text(f"Case {number} is Resolved already.")
        await expect(view.locator("#live-head")).to_contain_text("Replaced")
        await expect(view.get_by_label("Note")).to_have_value("A new seal")

        log_out(site, robin)
        await view.get_by_role("button", name="Keep note").click()
        await expect(view.get_by_label("What you had written")).to_have_value("A new seal")
        await view.get_by_role("link", name="Log in again").click()
        await view.get_by_label("Login").fill("robin")
        await view.get_by_label("Password").fill(PASSWORD)
        await view.get_by_role("button", name="Log in").click()
        await expect(view.get_by_role("heading", name="Fields")).to_be_visible()  # of the case

        await view.get_by_label("Note").fill("Second thoughts")
        other = await view.context.new_page()
        log_out(site, robin)
        await log_in(other, site.base, "robin", PASSWORD)
        await view.get_by_role("button", name="Keep note").click()
        await expect(view.get_by_text("This page is out of date")).to_be_visible()
        await expect(view.get_by_label("What you had written")).to_have_value("Second thoughts")
        assert notes(site, number) == []


async def test_a_case_stays_live_around_the_part_in_which_somebody_is_at_work(site: Site) -> None:
    number, ben = talked_about(site), await site.logged_in("ben")
    site.account("robin")
    async with page(tolerated="the server responded with a status of 409") as view:
        await at_the_case(view, site)
        await view.get_by_text("Edit Contact").click()
        contact = view.get_by_label("Contact", exact=True)
        await contact.fill("half@")
        await does(ben, number, "field", field="contact", value="bea@example.com")
        await expect(view.locator("#live-history")).to_contain_text("bea@example.com")
        await expect(contact).to_have_value("half@")
        await expect(contact).to_be_focused()
        await expect(view.locator("#live-fields .value", has_text="bea@example.com")).to_have_count(0)
        await contact.press("Enter")  # by what the person saw, not by what came meanwhile
        await expect(view.get_by_role("alert")).to_contain_text("Ben: Contact: — → bea@example.com.")
        await expect(contact).to_have_value("half@")

        await view.goto(f"{site.base}console/cases/{number}")
        await view.get_by_text("Edit Contact").click()
        await does(ben, number, "claim")
        await expect(view.locator("#live-head")).to_contain_text("Ben")
        await does(ben, number, "field", field="contact", value="cy@example.com")
        await expect(view.locator("#live-history")).to_contain_text("cy@example.com")
        await view.get_by_text("Edit Contact").click()  # closed, and the focus goes elsewhere
        await view.get_by_label("Answer").focus()
        await expect(view.locator("#live-fields .value", has_text="cy@example.com")).to_be_visible()

        looks = view.locator("details", has_text="What the agent looked at")
        await looks.locator("summary").click()
        await view.get_by_label("Answer").focus()
        await does(ben, number, "note", text="Called back")
        await expect(view.locator("#live-history")).to_contain_text("Called back")
        await expect(looks).to_have_attribute("open", "")
