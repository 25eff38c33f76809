"""The workspace in a real browser: a customer writes, a representative decides, corrects, takes back and answers."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import FloatRect, Page, expect

from store import cases, sessions
from store import settings as versions
from store.engine import Connection
from store.model import AccountRole
from tests.adapters.browser import page
from tests.adapters.webchat import until
from tests.bot.console.site import PASSWORD, Site, open_site
from tests.bot.console.test_pages_in_a_browser import LOOKS, is_fine, log_in, looked_at
from tests.bot.console.test_workspace_case import does, talked_about
from tests.flow.test_in_a_browser import pane, say, until_heard
from tests.flow.test_worked_example import CONTACT, PROBLEM
from tests.store.examples import BY_ANNA, field


async def at_the_case(view: Page, site: Site) -> None:
    await log_in(view, site.base, "robin", PASSWORD)
    await expect(view.get_by_role("heading", level=1)).to_have_text("Inbox")
    await view.get_by_role("link", name="Cases", exact=True).click()
    await view.locator("[data-list] .name a").first.click()
    await expect(view.get_by_role("heading", name="Fields")).to_be_visible()
    await view.wait_for_load_state()  # before that, a key is nobody's


async def test_a_chat_becomes_a_case_that_is_corrected_taken_back_and_answered(sqlite_url: str, tmp_path: Path) -> None:
    async with (
        open_site(sqlite_url, tmp_path, CASEWRIGHT_DEMO="true") as site,
        page(viewport={"width": 1280, "height": 900}) as chat,
        page(viewport={"width": 1280, "height": 900}) as desk,
    ):
        site.account("robin")
        await chat.goto(site.base)
        await chat.get_by_role("button", name="Both").click()
        await say(chat, "customer", f"{PROBLEM} {CONTACT}")
        await expect(pane(chat, "customer").locator("[data-case-number]").last).to_be_visible()
        await at_the_case(desk, site)

        # On whose words: lit up while the field is pointed at, and by the keyboard.
        lit = desk.locator("mark.lit")
        await expect(lit).to_have_count(0)
        await desk.get_by_role("link", name=re.compile("ann.lee@example.org")).focus()
        await expect(lit).to_have_text("ann.lee@example.org")

        await desk.get_by_text("Edit Contact").click()
        await desk.get_by_label("Contact", exact=True).fill("bea@example.org")
        await desk.keyboard.press("Enter")
        await expect(desk.get_by_role("status")).to_contain_text("the agent leaves it alone now")
        await expect(desk.locator(".fields .value").get_by_text("bea@example.org")).to_be_visible()

        undo = desk.get_by_role("button", name=re.compile("Undo Issue description"))
        await undo.click()
        await expect(desk.get_by_role("status")).to_contain_text("Taken back")
        await expect(undo).to_have_count(0)

        await desk.get_by_label("Answer").fill("A new one is on its way.")
        await desk.get_by_role("button", name="Send").click()
        await until_heard(chat, "customer", "Robin: A new one is on its way.")
        await say(chat, "customer", "Thank you, that is quick!")
        await expect(desk.locator("#live-thread").get_by_text("that is quick")).to_be_visible()  # by itself


async def test_a_suggestion_is_accepted_by_the_keyboard_alone(site: Site) -> None:
    talked_about(site)
    site.account("robin")
    async with page() as view:
        await at_the_case(view, site)
        await view.keyboard.press("a")
        await expect(view.get_by_role("button", name="Accept Contact")).to_be_focused()
        await view.keyboard.press("Enter")
        await expect(view.get_by_role("status")).to_contain_text("Decided")
        await expect(view.get_by_role("heading", name="Suggestions")).to_have_count(0)


PARTS = ["Conversation", "Suggestions", "Fields", "Work on it", "History"]


@pytest.mark.parametrize("width", [375, 1000])
async def test_in_one_column_what_is_to_be_decided_comes_before_the_work_for_eyes_and_keys_alike(
    site: Site, width: int
) -> None:
    number = talked_about(site)
    site.account("robin")
    async with page(viewport={"width": width, "height": 812}) as view:
        await opened(view, site, number)
        read = await view.locator("main h2").all_inner_texts()
        tops = [await top(view, each) for each in PARTS]
        assert read == PARTS
        assert tops == sorted(tops)


async def test_beside_the_conversation_stands_what_is_to_be_decided_and_the_work_right_below_it(site: Site) -> None:
    number = talked_about(site)
    site.database.write_now(partial(described, number=number, text="It leaks.\n" * 80))  # longer than all beside it
    site.account("robin")
    async with page(viewport={"width": 1280, "height": 900}) as view:
        await opened(view, site, number)
        thread, suggestions, work, history = [
            await box(view, each) for each in ("thread", "suggestions", "work", "history")
        ]
        assert thread["y"] == suggestions["y"]
        assert thread["x"] + thread["width"] < suggestions["x"]
        for above, below in ((thread, work), (work, history)):
            assert below["x"] == above["x"]
            assert 0 < below["y"] - (above["y"] + above["height"]) < 32, "a gap and nothing else"


def described(connection: Connection, *, number: int, text: str) -> None:
    cases.write(connection, BY_ANNA, cases.get(connection, number, lock=True), [field("issue_description", text)])


async def opened(view: Page, site: Site, number: int) -> None:
    await log_in(view, site.base, "robin", PASSWORD)
    await expect(view.get_by_role("heading", level=1)).to_have_text("Inbox")
    await view.goto(f"{site.base}console/cases/{number}")


async def top(view: Page, heading: str) -> float:
    found = await view.get_by_role("heading", name=heading, exact=True).bounding_box()
    assert found is not None
    return found["y"]


async def box(view: Page, part: str) -> FloatRect:
    found = await view.locator(f"section[aria-labelledby={part}]").bounding_box()
    assert found is not None
    return found


async def test_an_administrator_sets_queues_up_and_a_representative_finds_and_moves_a_case(site: Site) -> None:
    talked_about(site)
    site.account("ada", AccountRole.ADMINISTRATOR)
    site.account("robin")
    async with page(viewport={"width": 1280, "height": 900}) as view:
        await log_in(view, site.base, "ada", PASSWORD)
        await view.get_by_role("link", name="Case Management Agent").click()
        await view.get_by_role("link", name="Queues").click()
        await expect(view.get_by_text("There is none yet: cases are in no queue.")).to_be_visible()
        for name, member in (("Hardware", "robin"), ("Second level", "olaf")):
            await view.get_by_role("link", name="New queue").click()
            await view.get_by_label("Queue name").fill(name)
            await view.get_by_label("Members").fill(member)
            if member == "robin":
                await view.get_by_role("button", name="Add a condition").click()
                await view.get_by_label("Field of condition 1 in group 1").select_option("Case category")
                await view.get_by_label("Value of condition 1 in group 1").select_option("Product defect")
            await view.get_by_role("button", name="Review changes").last.click()
            await view.get_by_role("button", name=re.compile("Save as version")).click()
            await expect(view.get_by_role("status")).to_contain_text("Saved")
    newest = site.database.read_now(versions.current_number)
    await until(lambda: site.database.read_now(site.app.settings).version == newest)
    async with page(viewport={"width": 1280, "height": 900}) as view:
        await at_the_case(view, site)
        await view.get_by_label("Move to queue").select_option("Hardware")
        await view.get_by_role("button", name="Move", exact=True).click()
        await expect(view.get_by_role("status")).to_contain_text("Moved.")
        await expect(view.locator("#live-head")).to_contain_text("in Hardware")
        await view.get_by_role("link", name="Cases", exact=True).first.click()
        await view.get_by_role("link", name="My queues, unassigned").click()
        await expect(view.locator("[data-list] li")).to_have_count(1)
        await view.get_by_label("Queue").select_option("Second level")
        await view.get_by_role("button", name="Filter").click()
        await expect(view.get_by_text("No case fits.")).to_be_visible()
        await view.get_by_label("Queue").select_option("Hardware")
        await view.get_by_role("button", name="Filter").click()
        await view.locator("[data-list] .name a").first.click()
        await view.get_by_role("button", name=re.compile("Undo Queue")).click()
        await expect(view.get_by_role("status")).to_contain_text("Taken back")
        await expect(view.locator("#live-head")).not_to_contain_text("in Hardware")


def moved_to(connection: Connection, *, number: int, queue: str) -> None:
    cases.set_queue(connection, BY_ANNA, cases.get(connection, number, lock=True), queue)


async def test_the_single_keys_can_be_switched_off(site: Site) -> None:
    talked_about(site)
    site.account("robin")
    async with page() as view:
        await at_the_case(view, site)
        await view.get_by_text("Keyboard", exact=True).click()
        await view.get_by_label("These keys work").uncheck()
        await view.reload()
        await view.locator("main").focus()
        await view.keyboard.press("a")
        await expect(view.locator("main")).to_be_focused()
        await view.get_by_text("Keyboard", exact=True).click()
        await view.get_by_label("These keys work").check()
        await view.locator("main").focus()
        await view.keyboard.press("a")
        await expect(view.get_by_role("button", name="Accept Contact")).to_be_focused()


async def test_a_page_left_open_says_that_its_session_is_over_and_stays_as_it_was(site: Site) -> None:
    talked_about(site)
    robin = site.account("robin")
    async with page() as view:
        await at_the_case(view, site)
        await view.get_by_label("Answer").fill("Half an answer")
        site.database.write_now(partial(sessions.end_all, account_id=robin.id))
        await expect(view.get_by_role("alert")).to_contain_text("You are logged out")
        await expect(view.get_by_role("heading", name="Fields")).to_be_visible()
        await expect(view.get_by_label("Answer")).to_have_value("Half an answer")


async def test_the_longest_of_words_stay_within_a_phone(site: Site) -> None:
    word, number, ben = "L" * 3000, talked_about(site), await site.logged_in("ben")
    other = talked_about(site, "other")
    site.account("robin")
    async with page(tolerated="Failed to load resource", viewport={"width": 375, "height": 740}) as view:

        async def fits(path: str) -> None:
            await view.goto(f"{site.base}console/{path}")
            assert await view.evaluate("document.documentElement.scrollWidth") == 375, path

        await log_in(view, site.base, "robin", PASSWORD)
        await view.route("**/live*", lambda route: route.abort())
        await view.goto(f"{site.base}console/cases/{number}")
        await does(ben, number, "field", field="issue_description", value=word)
        await does(ben, number, "note", text=word)
        await view.get_by_role("button", name="Claim").click()
        await expect(view.get_by_role("alert")).to_contain_text("LLLL")
        assert await view.evaluate("document.documentElement.scrollWidth") == 375
        for path in ("inbox", "cases", f"cases/{number}", f"cases/{number}/merge?into={other}"):
            await fits(path)


@pytest.mark.parametrize("look", list(LOOKS))
async def test_axe_finds_nothing_in_the_workspace(site: Site, tmp_path: Path, look: str) -> None:
    number = talked_about(site)
    async with looked_at(site, look) as view:
        site.database.write_now(partial(moved_to, number=number, queue="rest"))
        await log_in(view, site.base, "ada", PASSWORD)
        for path in ("inbox", "inbox?case=none", "inbox/1", "cases?queue=mine", f"cases/{number}"):
            await view.goto(f"{site.base}console/{path}")
            await is_fine(view, tmp_path, path.replace("?", "-"))
        await view.get_by_text("Edit Contact").click()
        await is_fine(view, tmp_path, "editing")
