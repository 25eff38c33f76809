"""The history of a case that has a long one: page by page, each as good as the latest."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from playwright.async_api import expect

from store import audit, cases
from store.engine import Connection
from store.model import CaseNumber
from tests.adapters.browser import page
from tests.bot.console.site import PASSWORD, Answer, Site
from tests.bot.console.test_pages_in_a_browser import log_in
from tests.bot.console.test_workspace_case import case_of, hidden, talked_about
from tests.bot.console.test_workspace_thread import link
from tests.store.examples import ANNA, BY_ANNA

NOTES = 230


def much_noted(site: Site, count: int = NOTES) -> int:
    """A case on which somebody kept so many notes after the agent had filled a field in."""
    number = talked_about(site)

    def work(connection: Connection) -> None:
        for at in range(count):
            cases.add_note(connection, BY_ANNA, cases.get(connection, number, lock=True), f"Note {at}.")

    site.database.write_now(work)
    return number


def notes(answer: Answer) -> list[int]:
    assert answer.status == 200, answer.text
    return [int(each) for each in re.findall(r"Note: Note ([0-9]+)\.", answer.text)]


def without_place(address: str) -> str:
    return address.partition("#")[0].replace("&amp;", "&")


async def test_a_long_history_is_read_back_page_by_page_and_nothing_is_left_out(site: Site) -> None:
    number, robin = much_noted(site), await site.logged_in("robin")
    latest = await robin.get(f"/console/cases/{number}")
    middle = await robin.get(without_place(link(latest, "Older entries")))
    oldest = await robin.get(without_place(link(middle, "Older entries")))
    assert [*notes(latest), *notes(middle), *notes(oldest)] == list(reversed(range(NOTES)))
    assert "Opened the case" in oldest.text
    assert "Older entries" not in oldest.text
    assert "Latest entries" not in latest.text
    assert link(oldest, "Latest entries") == f"/console/cases/{number}#history"


async def test_a_history_that_fills_one_page_has_no_other(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    told = len(site.database.read_now(partial(audit.of_case, number=CaseNumber(number))))

    def fill(connection: Connection) -> None:
        for at in range(100 - told):
            cases.add_note(connection, BY_ANNA, cases.get(connection, number, lock=True), f"Note {at}.")

    site.database.write_now(fill)
    whole = await robin.get(f"/console/cases/{number}")
    assert "Opened the case" in whole.text
    assert "Older entries" not in whole.text


async def test_what_the_agent_did_long_ago_is_undone_where_it_is_told(site: Site) -> None:
    number, robin = much_noted(site, 120), await site.logged_in("robin")
    latest = await robin.get(f"/console/cases/{number}")
    assert f'action="/console/cases/{number}/undo"' not in latest.text
    older = await robin.get(without_place(link(latest, "Older entries")))
    entry = re.search(r'name="entry" value="([0-9]+)"', older.text)
    assert entry is not None
    form = {"csrf": older.csrf, **hidden(older.text), "entry": entry[1]}
    answer = await robin.send("POST", f"/console/cases/{number}/undo", data=form)
    assert answer.location == f"/console/cases/{number}?done=undo", answer.text
    assert "issue_description" not in case_of(site, number).values


async def test_a_page_of_old_entries_is_told_no_more_than_what_has_happened_since(site: Site) -> None:
    number, robin = much_noted(site, 120), await site.logged_in("robin")
    older = await robin.get(without_place(link(await robin.get(f"/console/cases/{number}"), "Older entries")))
    site.database.write_now(partial(called, number=number))
    form: dict[str, Any] = {"csrf": older.csrf, **hidden(older.text), "entry": "1"}
    refused = await robin.send("POST", f"/console/cases/{number}/undo", data=form)
    assert refused.status == 409
    told = refused.text.partition('role="alert" dir="auto">')[2].partition("</p>")[0]
    assert told.endswith("nothing of yours was done. Anna Berg: Note: Called.")


async def test_the_page_of_the_messages_and_that_of_the_history_are_turned_each_by_itself(site: Site) -> None:
    number, robin = much_noted(site), await site.logged_in("robin")
    both = await robin.get(f"/console/cases/{number}?before=9999999")
    assert link(both, "Older entries").startswith(f"/console/cases/{number}?before=9999999&amp;past=")
    older = await robin.get(without_place(link(both, "Older entries")))
    assert link(older, "Latest messages") == f"/console/cases/{number}?past={past(both)}"
    assert link(older, "Latest entries") == f"/console/cases/{number}?before=9999999#history"
    assert (await robin.get(f"/console/cases/{number}?past=soon")).status == 400


async def test_a_page_of_old_entries_stays_open_while_the_case_goes_on(site: Site) -> None:
    number = much_noted(site, 120)
    site.account("robin")
    async with page() as view:
        await log_in(view, site.base, "robin", PASSWORD)
        await expect(view.get_by_role("heading", level=1)).to_have_text("Inbox")
        await view.goto(f"{site.base}console/cases/{number}")
        await view.get_by_role("link", name="Older entries").click()
        await expect(view.get_by_role("heading", name="History")).to_be_in_viewport()
        site.database.write_now(partial(taken, number=number))
        await expect(view.locator("#live-head")).to_contain_text("Anna Berg")  # the page has brought itself up to date
        await expect(view.get_by_text("Opened the case")).to_be_visible()
        await view.get_by_role("button", name="Undo Issue description").click()
        await expect(view.get_by_role("status")).to_contain_text("Taken back")


def past(answer: Answer) -> str:
    return without_place(link(answer, "Older entries")).rpartition("past=")[2]


def taken(connection: Connection, *, number: int) -> None:
    cases.set_owner(connection, BY_ANNA, cases.get(connection, number, lock=True), ANNA)


def called(connection: Connection, *, number: int) -> None:
    cases.add_note(connection, BY_ANNA, cases.get(connection, number, lock=True), "Called")
