"""*Try it*: what settings, in force or not yet saved, would make of a conversation, with the words it rests on."""

from __future__ import annotations

import asyncio
import html
import re
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.simulation.trying import MOST_CHARACTERS, NotSaid, said
from store import case_reads
from store.engine import Connection
from store.model import AccountRole, CaseNumber, Role, utcnow
from store.schema import metadata
from tests.bot.console.site import Answer, Browser, Site
from tests.bot.console.test_settings import HOSTILE, in_force, reviewed, save, values
from tests.bot.console.test_settings_fields import sent
from tests.store.examples import say, wrote

TRY = "/console/agent/try"
PROBLEM = "customer: My toaster leaks sparks and does not heat any more.\n"
CONTACT = "customer: you can reach me at ann.lee@example.org\n"
DETAILS = "customer: It is the Toaster Duo, serial number EH24-123456. I need it back as soon as possible."


async def tried(browser: Browser, text: str = "", **more: str) -> Answer:
    form = {"do": "try", "text": text, "channel": "webchat", **more}
    return await browser.post(TRY, form, page=TRY)


def plain(answer: Answer) -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", answer.text.partition("<main")[2])).split())


def rows(connection: Connection) -> dict[str, int]:
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in metadata.tables.items()
        if name not in {"sessions", "accounts", "workers", "figures_counted"}
    }


async def test_the_worked_example_opens_a_case_and_the_rule_fills_the_rest(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    before = site.database.read_now(rows)
    answer = await tried(ada, PROBLEM + CONTACT + DETAILS)
    told = plain(answer)
    assert "A case would be opened" in told
    assert "After message 2 of 3." in told
    assert "Contact ann.lee@example.org" in told
    assert "Product Toaster Duo" in told
    assert "By the rule “Product defect”" in told
    assert "Not tried: it is in neither list of fields" in told  # the purchase date
    assert re.search(r'<mark data-fields="[^"]*serial_number[^"]*">EH24-123456</mark>', answer.text)
    assert site.database.read_now(rows) == before


async def test_a_conversation_without_a_case_says_why_and_what_was_read_all_the_same(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    told = plain(await tried(ada, PROBLEM))
    assert "No case because Contact did not resolve." in told
    assert "The agent would ask once for what is missing." in told
    assert "“My toaster leaks sparks and does not heat any more.”" in told
    opened = plain(await tried(ada, PROBLEM, address="ann.lee@example.org"))
    assert "A case would be opened" in opened


async def test_a_channel_that_is_off_and_a_mail_are_told(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    assert "The rule “Every mail” opened it." in plain(
        await tried(ada, PROBLEM, channel="email", address="ann.lee@example.org")
    )
    await site.put_in_force(lambda document: document["channels"]["slack"].update(enabled=False))
    assert "The channel slack is switched off." in plain(await tried(ada, PROBLEM, channel="slack"))


async def test_a_try_says_in_which_queue_the_case_would_land_and_why(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    assert "ueue" not in plain(await tried(ada, PROBLEM + CONTACT)).partition("A case would be opened")[2]
    mine = {"field": "contact", "operator": "equals", "value": "ann.lee@example.org"}
    queue = {"id": "ann", "name": "Ann’s <b>own</b>", "when": mine}
    await site.put_in_force(lambda document: document.update(queues=[queue]))
    answer = await tried(ada, PROBLEM + CONTACT)
    why = "The conditions of the queue “Ann’s <b>own</b>” hold."
    assert f"In the queue “Ann’s <b>own</b>”. {why}" in plain(answer)
    assert "<b>own" not in answer.text
    assert "In no queue: the conditions of none hold." in plain(await tried(ada, PROBLEM, address="bo@example.org"))
    assert "n no queue" not in plain(await tried(ada, PROBLEM))


async def test_a_draft_is_tried_before_it_is_saved_and_reviewed_again(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    review = await reviewed(ada, **{"creation.require": ["any"]})
    assert 'formaction="/console/agent/try"' in review.text
    carried = values(review, 'action="/console/agent/save"')
    page = await sent(ada, carried, TRY, do="")
    answer = await sent(ada, values(page), TRY, do="try", text=PROBLEM)
    assert "What the draft would make of a conversation" in plain(answer)
    assert "A case would be opened" in plain(answer)
    assert in_force(site).creation.require == "all"
    back = await sent(ada, values(answer), "/console/agent/review", do="")
    assert "Back to the form" in back.text
    assert (await save(ada, back)).location == "/console/agent?done=saved"
    assert in_force(site).creation.require == "any"


async def test_a_conversation_that_took_place_is_tried_and_its_reading_kept(site: Site) -> None:
    await site.put_in_force(lambda document: document.update(keep_case_reads=True))
    number = site.case(issue_description="It leaks")
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    listed = await ada.get(TRY)
    (conversation,) = re.findall(rf'<option value="([0-9]+)"[^>]*>[^<]*case {number}<', listed.text)
    site.database.write_now(partial(say, conversation_id=int(conversation), inbound=wrote("My toaster leaks sparks")))
    answer = await tried(ada, conversation=conversation)
    assert "My toaster leaks sparks" in plain(answer)
    reads = site.database.read_now(partial(case_reads.of_case, number=CaseNumber(number)))
    assert [(each.actor_name, each.way) for each in reads] == [("Ada", "console")]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"text": ""}, "Paste a conversation"),
        ({"text": "\nIt leaks"}, "Line 2 says nothing of who speaks"),
        ({"text": "customer: " + "x" * MOST_CHARACTERS}, "Paste at most 20,000 characters"),
        ({"text": "customer: x\n" * 61}, "Paste at most 60 messages; these are 61."),
        ({"text": PROBLEM, "channel": "pigeon"}, "Choose a channel."),
        ({"text": PROBLEM, "address": "ann"}, "is not an e-mail address"),
        ({"conversation": "4711"}, "There is no such conversation"),
        ({"conversation": "x"}, "There is no such conversation"),
        ({"conversation": "9" * 30}, "There is no such conversation"),
    ],
)
async def test_what_can_t_be_tried_is_told(site: Site, form: dict[str, str], told: str) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    answer = await tried(ada, **form)
    assert answer.status == 422
    assert told in plain(answer)


async def test_a_draft_that_is_wrong_is_refused(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    for wanted in ("{}", "[]", "nonsense", '{"fields": 1}'):
        answer = await tried(ada, PROBLEM, wanted=wanted, based_on="1")
        assert answer.status == 400, wanted


async def test_who_tries_twice_at_once_waits_and_others_are_served_meanwhile(site: Site) -> None:
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    ben = await site.logged_in("ben", AccountRole.ADMINISTRATOR)
    long = (PROBLEM + CONTACT) * 30
    answers = await asyncio.gather(tried(ada, long), tried(ada, long), tried(ben, PROBLEM))
    assert sorted(each.status for each in answers) == [200, 200, 429]
    assert (await tried(ada, PROBLEM)).status == 200


async def test_nothing_that_was_pasted_gets_into_the_page_as_markup(site: Site) -> None:
    def hostile(document: dict[str, Any]) -> None:
        document["fields"][0]["label"] = HOSTILE
        document["update_rules"] = [{"name": HOSTILE, "fields": ["priority"]}]

    await site.put_in_force(hostile)
    ada = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    for text in (f"customer: {HOSTILE} leaks, a@example.org\ncustomer: {HOSTILE} It is urgent.", HOSTILE):
        answer = await tried(ada, text, address="ann@example.org")
        assert "&lt;img src=x" in answer.text
        assert "<img src=x" not in answer.text


def test_a_line_without_a_speaker_goes_on_with_what_was_said() -> None:
    messages = said("Customer: It leaks.\n\nNote: badly.\nREPRESENTATIVE : Really?\n", utcnow())
    assert [(each.author.role, each.text) for each in messages] == [
        (Role.CUSTOMER, "It leaks.\n\nNote: badly."),
        (Role.REPRESENTATIVE, "Really?"),
    ]
    with pytest.raises(NotSaid):
        said("  \n", utcnow())
