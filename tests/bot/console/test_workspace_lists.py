"""The inbox and the list of cases, as a browser gets them."""

from __future__ import annotations

import re

import pytest

from tests.bot.console.site import Site


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
    ["status=wild", "assignee=ann", "channel=pigeon", "after=x", "after=-1", "after=9999999999999999999", "case=1"],
)
@pytest.mark.parametrize("page", ["cases", "inbox"])
async def test_an_address_that_says_nonsense_is_told_what_would_be_right(site: Site, page: str, query: str) -> None:
    robin = await site.logged_in("robin")
    answer = await robin.get(f"/console/{page}?{query}")
    assert answer.status == 400
    assert f"“{query.partition('=')[0]}” in the address should be" in answer.text
