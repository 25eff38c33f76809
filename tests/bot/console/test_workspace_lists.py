"""The inbox and the list of cases, as a browser gets them."""

from __future__ import annotations

import re

import pytest

from store import evaluations
from store.engine import Connection
from store.evaluations import Evaluation
from tests.bot.console.site import Site
from tests.store.examples import conversation, say, wrote


async def test_a_representative_lands_in_the_inbox_and_finds_a_case_by_its_words(site: Site) -> None:
    number, other = site.case(issue_description="The spout leaks"), site.case(issue_description="The lamp flickers")
    robin = await site.logged_in("robin")
    assert (await robin.get("/console")).location == "/console/inbox"
    page = await robin.get("/console/cases?status=open&q=spout")
    assert f"/console/cases/{number}" in page.text
    assert f"/console/cases/{other}" not in page.text
    assert 'value="spout"' in page.text


async def test_pages_follow_each_other_until_every_case_was_shown(site: Site) -> None:
    numbers = [site.case(issue_description=f"Problem {each}") for each in range(60)]
    robin = await site.logged_in("robin")
    first = await robin.get("/console/cases?status=open")
    older = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert older is not None
    second = await robin.get(older[1].replace("&amp;", "&"))
    shown = re.findall(r"/console/cases/(\d+)", first.text + second.text)
    assert [int(each) for each in shown] == numbers[::-1]
    assert 'rel="next"' not in second.text


@pytest.mark.parametrize(
    "query",
    [
        "status=wild",
        "assignee=ann",
        "channel=pigeon",
        "after=x",
        "after=-1",
        "after=9999999999999999999",
        "case=1",
        "queue=A b",
    ],
)
@pytest.mark.parametrize("page", ["cases", "inbox"])
async def test_an_address_that_says_nonsense_is_told_what_would_be_right(site: Site, page: str, query: str) -> None:
    robin = await site.logged_in("robin")
    answer = await robin.get(f"/console/{page}?{query}")
    assert answer.status == 400
    assert f"“{query.partition('=')[0]}” in the address should be" in answer.text


async def test_a_conversation_that_made_no_case_says_why(site: Site) -> None:
    def work(connection: Connection) -> int:
        place = conversation(connection)
        say(connection, place, wrote("Hello <b>there</b>"))
        look = Evaluation(
            conversation_id=place,
            case_number=None,
            trigger="message",
            outcome="not_created",
            why="Contact did not resolve.",
            detail={},
            predictor="embedded 1",
            settings_version=1,
            milliseconds=1,
        )
        evaluations.keep(connection, look)
        return place

    place = site.database.write_now(work)
    robin = await site.logged_in("robin")
    assert "· Contact did not resolve." in (await robin.get("/console/inbox?case=none")).text
    page = await robin.get(f"/console/inbox/{place}")
    assert "Contact did not resolve." in page.text
    assert "after a message, " in page.text
    assert "Contact did not resolve." in page.text
    assert "Hello &lt;b&gt;there&lt;/b&gt;" in page.text
    assert (await robin.get(f"/console/inbox/{place + 1}")).status == 404


async def test_an_empty_list_says_what_will_come_or_that_a_filter_leaves_all_out(site: Site) -> None:
    robin = await site.logged_in("robin")
    assert "Nobody has written yet" in (await robin.get("/console/inbox")).text
    assert "There is no case yet" in (await robin.get("/console/cases")).text
    filtered = await robin.get("/console/cases?status=resolved")
    assert 'No case fits. <a href="/console/cases">Show all</a>' in filtered.text
