"""The page of webhooks: an administrator says who is told of cases, and sees what became of it."""

from __future__ import annotations

import re
from functools import partial

import pytest
from playwright.async_api import expect
from sqlalchemy import update

from store import webhooks
from store.model import AccountRole
from store.schema import webhook_deliveries
from store.webhooks import Delivery, Endpoint, Event
from tests.adapters.browser import page
from tests.bot.console.site import PASSWORD, Browser, Site
from tests.bot.console.test_pages_in_a_browser import log_in

HERE = "/console/webhooks"
URL = "https://example.org/casewright"
HOSTILE = "<img src=x onerror=alert(1)>\"'"


def endpoints(site: Site) -> list[Endpoint]:
    return site.database.read_now(webhooks.endpoints)


def told(site: Site) -> list[Delivery]:
    return site.database.read_now(partial(webhooks.page, limit=200))


def listen(site: Site, url: str = URL) -> int:
    add = partial(webhooks.add, url=url, events=list(Event), internal=False, made_by=HOSTILE)
    return site.database.write_now(add)[0].id


def give_up(site: Site, error: str = "It answered 500.") -> None:
    dead = update(webhook_deliveries).values(status="dead", attempts=10, answered=500, error=error)
    site.database.write_now(lambda connection: connection.execute(dead))


async def administrator(site: Site) -> Browser:
    return await site.logged_in("ada", AccountRole.ADMINISTRATOR)


async def test_a_webhook_is_made_changed_given_a_new_secret_and_switched_off(site: Site) -> None:
    site.account("ada", AccountRole.ADMINISTRATOR)
    async with page() as view:
        await log_in(view, site.base, "ada", PASSWORD)
        await view.get_by_role("link", name="Webhooks").click()
        await view.get_by_label("Address").fill(URL)
        await view.get_by_label("A case is changed").uncheck()
        await view.get_by_role("button", name="Make webhook").click()
        secret = await view.get_by_role("textbox", name="Secret").input_value()
        assert secret.startswith("whsec_")
        [endpoint] = endpoints(site)
        assert (endpoint.url, endpoint.internal, endpoint.made_by) == (URL, False, "Ada")
        assert "case.updated" not in endpoint.events

        await view.get_by_role("link", name="Webhook", exact=True).click()
        await expect(view.get_by_text(secret)).to_have_count(0)
        await view.get_by_label("A case is opened").uncheck()
        await view.get_by_label("internal fields and notes").check()
        await view.get_by_role("button", name="Save").click()
        await expect(view.get_by_role("status")).to_have_text("Saved.")
        [changed] = endpoints(site)
        assert (changed.events, changed.internal) == (("case.reopened", "case.resolved"), True)

        await view.get_by_role("button", name="Make a new secret").click()
        new = await view.get_by_role("textbox", name="Secret").input_value()
        assert site.database.read_now(partial(webhooks.secrets_of, endpoint_id=endpoint.id)) == (new, secret)
        await view.get_by_role("link", name="Webhook", exact=True).click()
        await view.get_by_role("button", name="Switch off").click()
        await expect(view.get_by_text("Ada switched it off.")).to_be_visible()
        assert endpoints(site)[0].ended_at is not None


async def test_what_was_given_up_is_listed_with_its_reason_and_sent_again(site: Site) -> None:
    number = listen(site)
    case = site.case(issue_description="It leaks")
    give_up(site)
    ada = await administrator(site)
    shown = await ada.get(f"{HERE}/{number}?status=dead")
    assert "It answered 500." in shown.text
    assert f"case {case}" in shown.text
    [delivery] = told(site)
    answer = await ada.post(f"{HERE}/{number}/retry", {"delivery": delivery.id}, page=f"{HERE}/{number}")
    assert answer.location == f"{HERE}/{number}?done=again"
    assert told(site)[0].attempts < 10


async def test_a_delivery_is_sent_again_from_its_own_webhook_and_only_when_it_was_given_up(site: Site) -> None:
    number, other = listen(site), listen(site)
    site.case()
    give_up(site)
    ada = await administrator(site)
    [first] = [each for each in told(site) if each.endpoint_id == number]
    form = {"delivery": first.id}
    assert (await ada.post(f"{HERE}/{other}/retry", form, page=HERE)).status == 409
    assert (await ada.post(f"{HERE}/{number}/retry", {"delivery": "x"}, page=HERE)).status == 400
    assert (await ada.post(f"{HERE}/999/retry", form, page=HERE)).status == 404
    ended = await ada.post(f"{HERE}/{number}/end", page=HERE)
    assert ended.location == f"{HERE}/{number}?done=ended"
    assert (await ada.post(f"{HERE}/{number}/retry", form, page=HERE)).status == 409
    assert (await ada.post(f"{HERE}/{number}/secret", page=HERE)).status == 409


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "http://example.org/"}, "It should begin with https://"),
        ({"url": "https://127.0.0.1/"}, "It should be an address in the public internet."),
        ({"url": HOSTILE}, "It should be at most"),
        ({"events": "case.exploded"}, "Choose what it is told of."),
        ({"events": ""}, "Choose what it is told of."),
    ],
)
async def test_what_is_no_webhook_is_told_at_its_input_and_not_made(
    site: Site, changed: dict[str, str], said: str
) -> None:
    ada = await administrator(site)
    answer = await ada.post(HERE, {"url": URL, "events": "case.created", **changed}, page=HERE)
    assert answer.status == 422
    assert said in answer.text
    assert "<img src=x" not in answer.text
    assert endpoints(site) == []


async def test_the_log_is_read_page_by_page_and_holds_no_markup_of_others(site: Site) -> None:
    number = listen(site)
    for _ in range(51):
        site.case()
    give_up(site, HOSTILE)
    ada = await administrator(site)
    first = await ada.get(f"{HERE}/{number}")
    assert "<img src=x" not in first.text + (await ada.get(HERE)).text
    older = re.search(r'href="([^"]*before=[0-9]+)"', first.text)
    assert older is not None
    last = await ada.get(older[1].replace("&amp;", "&"))
    assert (first.text.count("msg_"), last.text.count("msg_")) == (50, 1)
    assert (await ada.get(f"{HERE}/{number}?status=lost")).status == 400
