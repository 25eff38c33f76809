"""The console in a real browser: what people do there, and that nobody is kept out by how it is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from bot.cli.console import login_link
from store import sessions, webhooks
from store.model import AccountRole
from store.schema import webhook_deliveries
from store.webhooks import Event
from tests.adapters.browser import page
from tests.bot.console.site import PASSWORD, Site
from tests.bot.console.test_operations import busy
from tests.conftest import ROOT, unavailable
from tests.flow.desk import change_settings

AXE = ROOT / "tests" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
QUEUES = [
    {
        "id": "hardware",
        "name": "Hardware",
        "description": "What is broken, and what does not work as it should",
        "members": ["robin-with-a-login-that-is-rather-long@brightwater.example", "U0BEA"],
        "when": {"field": "case_category", "operator": "equals", "value": "Product defect"},
    },
    {"id": "rest", "name": "All the rest"},
    {"id": "press", "name": "Press", "active": False},
]
OUTSIDE = ("/console/login", "/console/link/used")
SETTINGS = (
    "/console/agent",
    "/console/agent/channels",
    "/console/agent/prediction",
    "/console/agent/general",
    "/console/agent/fields",
    "/console/agent/fields/new",
    "/console/agent/fields/2",
    "/console/agent/fields/3/catalogue",
    "/console/agent/rules",
    "/console/agent/rules/new",
    "/console/agent/rules/0",
    "/console/agent/record-creation",
    "/console/agent/record-creation/0",
    "/console/agent/queues",
    "/console/agent/queues/0",
    "/console/agent/try",
    "/console/profiles",
    "/console/profiles/0",
    "/console/agent/versions",
    "/console/agent/versions/difference?old=1&new=1",
)
RUNNING = (
    "/console/operations",
    "/console/operations/work",
    "/console/operations/work?kind=post",
    "/console/operations/mails?state=all",
    "/console/operations/mails/1",
    "/console/people",
    "/console/people/1",
)
INSIDE = (
    *RUNNING,
    "/console/cases/new",
    "/console/me",
    "/console/accounts",
    "/console/accounts/1",
    "/console/keys",
    "/console/webhooks",
    "/console/webhooks/1",
    "/console/nowhere",
    *SETTINGS,
)


async def log_in(view: Page, base: str, login: str, password: str) -> None:
    await view.goto(f"{base}console/login")
    await view.get_by_label("Login").fill(login)
    await view.get_by_label("Password").fill(password)
    await view.get_by_role("button", name="Log in").click()


async def choose_password(view: Page, password: str) -> None:
    await view.get_by_label("New password").fill(password)
    await view.get_by_label("The same again").fill(password)
    await view.get_by_role("button", name="Set password").click()
    await expect(view.get_by_role("status")).to_contain_text("Your password is set")


async def test_the_first_link_makes_an_administrator_who_lets_a_representative_in(site: Site) -> None:
    async with page() as view, page(tolerated="403") as other:
        await view.goto(login_link(site.database, site.base))
        await view.get_by_role("button", name="Log in").click()
        await choose_password(view, PASSWORD)
        await view.get_by_role("link", name="Accounts").click()
        await view.get_by_label("Name").fill("Robin Miles")
        await view.get_by_label("Login", exact=True).fill("robin")
        await view.get_by_role("button", name="Add account").click()
        link = await view.get_by_label("One-time link").input_value()

        await other.goto(link)
        await expect(other.get_by_role("heading")).to_contain_text("Robin Miles")
        await other.get_by_role("button", name="Log in").click()
        await choose_password(other, PASSWORD)
        await other.get_by_role("button", name="Log out").first.click()
        await log_in(other, site.base, "robin", PASSWORD)
        await expect(other.get_by_role("link", name="Accounts")).to_have_count(0)
        refused = await other.goto(f"{site.base}console/accounts")
        assert refused is not None
        assert refused.status == 403
        await expect(other.get_by_role("heading", level=1)).to_have_text("You may not do this")


async def test_a_key_is_shown_once_and_can_be_revoked(site: Site) -> None:
    site.account("ada", AccountRole.ADMINISTRATOR)
    async with page() as view:
        await log_in(view, site.base, "ada", PASSWORD)
        await view.get_by_role("link", name="API keys").click()
        await view.get_by_label("What it is for").fill("Reports")
        await view.get_by_label("Read cases").check()
        await view.get_by_role("button", name="Make key").click()
        key = await view.get_by_role("textbox", name="API key").input_value()
        assert key.startswith("cwk_")
        await view.get_by_role("link", name="API keys").first.click()
        await expect(view.get_by_text(key)).to_have_count(0)
        await view.get_by_role("button", name="Revoke").click()
        await expect(view.get_by_text("Revoked")).to_be_visible()


async def test_the_keyboard_alone_gets_to_the_content_and_through_the_menu_of_a_phone(site: Site) -> None:
    site.account("ada", AccountRole.ADMINISTRATOR)
    async with page(**LOOKS["phone"]) as view:
        await log_in(view, site.base, "ada", PASSWORD)
        await expect(view.get_by_role("heading", level=1)).to_have_text("Inbox")
        await view.keyboard.press("Tab")
        await expect(view.get_by_role("link", name="Skip to the content")).to_be_focused()
        await view.keyboard.press("Enter")
        await expect(view.locator("main")).to_be_focused()
        await expect(view.get_by_role("link", name="API keys")).to_be_hidden()
        await view.get_by_role("button", name="Menu").focus()
        await view.keyboard.press("Enter")
        await expect(view.get_by_role("link", name="API keys")).to_be_visible()
        await view.keyboard.press("Escape")
        await expect(view.get_by_role("link", name="API keys")).to_be_hidden()


async def test_a_plot_that_a_phone_cuts_off_shows_its_newest_days(site: Site) -> None:
    site.account("ada", AccountRole.ADMINISTRATOR)
    async with page(**LOOKS["phone"]) as view:
        await log_in(view, site.base, "ada", PASSWORD)
        await expect(view.get_by_role("heading", level=1)).to_have_text("Inbox")
        await view.goto(f"{site.base}console/operations")
        await expect(view.get_by_role("region", name="Cases opened, drawn")).to_be_visible()
        at_its_end = "plot => plot.scrollLeft > 0 && plot.scrollLeft + plot.clientWidth > plot.scrollWidth - 2"
        for plot in await view.locator(".numbers:has(.figure)").all():
            assert await plot.evaluate(at_its_end)


@asynccontextmanager
async def looked_at(site: Site, look: str) -> AsyncGenerator[Page]:
    """Somebody with things to see on every page, at one of the looks; with axe."""
    if not AXE.is_file():
        unavailable("no axe-core installed: see the Makefile")
    ada = site.account("ada", AccountRole.ADMINISTRATOR, email="ada@example.org")
    site.account("robin-with-a-login-that-is-rather-long@brightwater.example", password=None)
    site.key("cases:read")
    site.database.write_now(busy)
    add = partial(webhooks.add, url="https://example.org/casewright", events=list(Event), internal=True, made_by="Ada")
    site.database.write_now(add)
    site.case(issue_description="It leaks")
    gone = update(webhook_deliveries).values(status="dead", attempts=10, answered=500, error="It answered 500.")
    site.database.write_now(lambda connection: connection.execute(gone))
    change_settings(site.database, lambda settings: settings.update(forget_after_days=365, queues=QUEUES))
    site.database.write_now(
        partial(sessions.start, account_id=ada.id, address="192.0.2.7", browser="Mozilla/5.0 (X11; Linux x86_64)")
    )
    async with page(tolerated="the server responded with a status of 4", **LOOKS[look]) as view:
        await view.add_init_script(path=AXE)
        await view.goto(f"{site.base}console/login")
        yield view


async def complaints(view: Page) -> list[str]:
    # What passes is most of what axe finds, and takes longer to tell than to find.
    found: Any = await view.evaluate("async () => (await axe.run({resultTypes: ['violations']})).violations")
    return [f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}" for each in found]


async def is_fine(view: Page, folder: Path, name: str) -> None:
    """`folder` gets a picture, for people to look at."""
    await expect(view.get_by_role("heading", level=1)).to_be_visible()
    await view.screenshot(path=folder / f"{name.partition('?')[0].strip('/').replace('/', '-')}.png", full_page=True)
    assert await complaints(view) == [], name
    sideways: Any = await view.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert sideways <= 0, f"{name} scrolls sideways"


@pytest.mark.parametrize("look", list(LOOKS))
async def test_axe_finds_nothing_on_any_page(site: Site, tmp_path: Path, look: str) -> None:
    base = site.base.rstrip("/")
    async with looked_at(site, look) as view:
        for path in OUTSIDE:
            await view.goto(f"{base}{path}")
            await is_fine(view, tmp_path, path)
        await log_in(view, site.base, "ada", "a wrong password")
        await is_fine(view, tmp_path, "wrong password")
        await log_in(view, site.base, "ada", PASSWORD)
        await expect(view.get_by_role("heading", level=1)).to_have_text("Inbox")
        for path in INSIDE:
            await view.goto(f"{base}{path}")
            await is_fine(view, tmp_path, path)
        await view.goto(f"{base}/console/operations?days=30")
        await view.get_by_text("The same as a table").click()
        await is_fine(view, tmp_path, "operations of a month")
        await view.goto(f"{base}/console/people/1")
        await view.get_by_role("button", name="Show what erasing would reach").click()
        await is_fine(view, tmp_path, "what erasing would reach")
        await view.goto(f"{base}/console/accounts/1")
        await view.get_by_role("button", name="Make a one-time link").click()
        await is_fine(view, tmp_path, "made link")
        await view.goto(f"{base}/console/me")
        await view.get_by_label("Password of now").fill(PASSWORD)
        await view.get_by_label("New password").fill("short")
        await view.get_by_label("The same again").fill("short")
        await view.get_by_role("button", name="Set password").click()
        await is_fine(view, tmp_path, "short password")
        if look == "phone":
            await view.get_by_role("button", name="Menu").click()
            await is_fine(view, tmp_path, "menu")
