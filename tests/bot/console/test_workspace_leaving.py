"""What a representative does between cases: cancel, merge, split off, open one from a conversation, update one."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import update

from store import cases, conversations
from store.engine import Connection
from store.model import ActorKind, Author, CaseNumber, CaseStatus, ConversationId
from store.schema import conversations as conversation_rows
from tests.bot.console.site import Answer, Browser, Site
from tests.bot.console.test_workspace_case import case_of, does, hidden, talked_about
from tests.store.examples import BY_ANNA, conversation, say, wrote

PROBLEM = "My Aria 3000 leaks at the bottom. Write to ann.lee@example.org please."


def spoken(site: Site, key: str = "talk", said: str = PROBLEM) -> ConversationId:
    """A conversation without a case."""

    def work(connection: Connection) -> ConversationId:
        place = conversation(connection, key)
        # Of a channel that does not run: nothing is delivered, and no failure changes a case in between.
        connection.execute(update(conversation_rows).values(channel="voice"))
        say(connection, place, wrote(said, conversation_key=key, external_id=key))
        return place

    return site.database.write_now(work)


def case_in(site: Site, place: ConversationId) -> CaseNumber | None:
    return site.database.read_now(lambda connection: conversations.get(connection, place)).case_number


async def compared(browser: Browser, source: int, into: int) -> Answer:
    return await browser.get(f"/console/cases/{source}/merge?into={into}")


async def merges(browser: Browser, source: int, into: int, page: Answer, **form: Any) -> Answer:
    revision = page.text.split('name="into_revision" value="')[1].partition('"')[0]
    data = {"csrf": page.csrf, **hidden(page.text), "into": into, "into_revision": revision, **form}
    return await browser.send("POST", f"/console/cases/{source}/merge", data=data)


async def test_a_case_is_cancelled_with_a_reason_and_reopened(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    refused = await does(robin, number, "cancel", text=" ")
    assert (refused.status, "Say why the case is cancelled." in refused.text) == (422, True)
    await does(robin, number, "cancel", text="Opened twice")
    assert (case_of(site, number).status, case_of(site, number).resolution) == (CaseStatus.CANCELLED, "Opened twice")
    page = await robin.get(f"/console/cases/{number}")
    assert "Status: New → Cancelled" in page.text
    assert "Cancel the case" not in page.text
    await does(robin, number, "reopen")
    assert case_of(site, number).status is CaseStatus.NEW


async def test_both_cases_are_shown_before_they_are_merged_and_the_old_number_leads_to_the_new_one(site: Site) -> None:
    source, into, robin = talked_about(site), talked_about(site, "other"), await site.logged_in("robin")
    await does(robin, source, "field", field="contact", value="bea@example.com")
    page = await compared(robin, source, into)
    assert f"Case {source} goes" in page.text
    assert f"Case {into} stays" in page.text
    assert "Contact: bea@example.com" in page.text  # that the other lacks
    answer = await merges(robin, source, into, page, take="contact")
    assert answer.location == f"/console/cases/{into}?done=merge"
    assert case_of(site, into).values["contact"].value == "bea@example.com"  # pyright: ignore[reportArgumentType]
    assert len(case_of(site, into).conversations) == 2
    old = await robin.get(f"/console/cases/{source}")
    assert f'<a href="/console/cases/{into}">case {into}</a>' in old.text
    assert f"Merged into case {into}" in old.text
    assert f"Case {source} was merged into this one" in (await robin.get(f"/console/cases/{into}")).text


async def test_an_answer_goes_to_who_wrote_last_unless_somebody_else_is_chosen(site: Site) -> None:
    """Two customers, one case: what is meant for one of them is not to reach the other."""
    source, into = talked_about(site), talked_about(site, "other", author=Author(id="bea", name="Bea"))
    number, robin = CaseNumber(source), await site.logged_in("robin")
    ann, bea = case_of(site, source).conversations[0], case_of(site, into).conversations[0]
    await merges(robin, into, source, await compared(robin, into, source))
    page = await robin.get(f"/console/cases/{number}")
    offered = re.findall(r'<option value="(\d+)">([^<]+)</option>', page.text.partition('id="conversation"')[2])
    assert [int(each) for each, _ in offered[:2]] == [bea, ann]
    assert offered[0][1] == f"Bea: Voice, conversation {bea}"
    refused = await does(robin, number, "reply", text=" ", conversation=ann)
    assert f'<option value="{ann}" selected>' in refused.text


async def test_a_value_is_not_taken_over_unless_it_was_chosen(site: Site) -> None:
    source, into, robin = talked_about(site), talked_about(site, "other"), await site.logged_in("robin")
    await does(robin, source, "field", field="contact", value="bea@example.com")
    await merges(robin, source, into, await compared(robin, source, into))
    assert "contact" not in case_of(site, into).values


async def test_who_merges_cases_of_which_one_has_changed_since_is_told_and_nothing_is_done(site: Site) -> None:
    source, into, robin = talked_about(site), talked_about(site, "other"), await site.logged_in("robin")
    ada = await site.logged_in("ada")
    for changed in (source, into):
        page = await compared(robin, source, into)
        await does(ada, changed, "note", text=f"About {changed}")
        answer = await merges(robin, source, into, page)
        assert answer.status == 409
        assert f"Ada: Note: About {changed}" in answer.text
        assert case_of(site, source).status is CaseStatus.NEW


async def test_what_can_not_be_merged_is_told_with_what_would_be_right(site: Site) -> None:
    number, other, robin = talked_about(site), talked_about(site, "other"), await site.logged_in("robin")
    await does(robin, other, "resolve", text="")
    for into, told in ((number, "be merged into itself"), (999, "There is no case 999."), (other, "reopen it first")):
        page = await compared(robin, number, into)
        assert (page.status, told in page.text) == (422, True)
    for into in ("", "nonsense", "0", "1" * 30):
        assert (await robin.get(f"/console/cases/{number}/merge?into={into}")).status == 422
        form = {"csrf": (await robin.get("/console/me")).csrf, "into": into}
        assert (await robin.send("POST", f"/console/cases/{number}/merge", data=form)).status == 422
    assert (await compared(robin, 999, number)).status == 404


async def test_a_conversation_is_split_off_and_gets_a_case_of_its_own_or_none(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    place = spoken(site)
    site.database.write_now(lambda connection: cases.link(connection, BY_ANNA, CaseNumber(number), place))
    answer = await does(robin, number, "split", conversation=place)
    assert answer.location == f"/console/inbox/{place}?done=split"
    assert place not in case_of(site, number).conversations
    assert case_in(site, place) is None
    assert f"Split conversation {place} off" in (await robin.get(f"/console/cases/{number}")).text
    assert f'href="/console/inbox/{place}/case"' in (await robin.get(answer.location)).text


async def test_the_only_conversation_of_a_case_stays(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    answer = await does(robin, number, "split", conversation=case_of(site, number).conversations[0])
    assert (answer.status, "the only conversation" in answer.text) == (422, True)


async def test_a_case_is_opened_from_a_conversation_as_the_agent_filled_it_in_and_a_person_changed_it(
    site: Site,
) -> None:
    place, robin = spoken(site), await site.logged_in("robin")
    path = f"/console/inbox/{place}/case"
    page = await robin.get(path)
    assert 'value="ann.lee@example.org"' in page.text  # what it read, on whose words
    assert "“ann.lee@example.org”" in page.text
    assert case_in(site, place) is None  # nothing is saved by looking
    form = {"csrf": page.csrf, "live": 0, "value:issue_description": "It leaks", "value:contact": "ann.lee@example.org"}
    answer = await robin.send("POST", path, data=form)
    number = case_in(site, place)
    assert answer.location == f"/console/cases/{number}?done=create"
    values = case_of(site, number or 0).values
    assert {str(name): each.value for name, each in values.items()} == {
        "issue_description": "It leaks",
        "contact": "ann.lee@example.org",
    }
    assert all(each.writer.kind is ActorKind.PERSON for each in values.values())
    assert [each.quote for each in values["contact"].evidence] == ["ann.lee@example.org"]  # pyright: ignore[reportArgumentType]


async def test_a_value_that_does_not_fit_is_told_beside_it_and_no_case_is_opened(site: Site) -> None:
    place, robin = spoken(site), await site.logged_in("robin")
    path = f"/console/inbox/{place}/case"
    csrf = (await robin.get(path)).csrf
    answer = await robin.send("POST", path, data={"csrf": csrf, "value:contact": "nobody at all"})
    assert (answer.status, 'value="nobody at all"' in answer.text, "Contact: " in answer.text) == (422, True, True)
    answer = await robin.send("POST", path, data={"csrf": csrf})
    assert (answer.status, "Fill in at least one field." in answer.text) == (422, True)
    assert case_in(site, place) is None


async def test_who_opens_a_case_where_another_was_opened_meanwhile_is_told(site: Site) -> None:
    place, robin = spoken(site), await site.logged_in("robin")
    path = f"/console/inbox/{place}/case"
    form = {"csrf": (await robin.get(path)).csrf, "live": 0, "value:issue_description": "It leaks"}
    await robin.send("POST", path, data=form)
    first = case_in(site, place)
    answer = await robin.send("POST", path, data=form)
    assert (answer.status, f"Case {first} was opened" in answer.text) == (422, True)
    await robin.send("POST", path, data={**form, "live": first})  # as the page says now: one beside it
    assert case_in(site, place) != first


async def test_a_case_is_opened_for_somebody_who_called(site: Site) -> None:
    robin = await site.logged_in("robin")
    page = await robin.get("/console/cases/new")
    assert page.status == 200
    assert 'href="/console/cases/new"' in (await robin.get("/console/cases")).text
    form = {"csrf": page.csrf, "value:issue_description": "It <b>hums", "value:priority": "nonsense"}
    told = await robin.send("POST", "/console/cases/new", data=form)
    assert (told.status, "It &lt;b&gt;hums" in told.text, "Priority: " in told.text) == (422, True, True)
    empty = await robin.send("POST", "/console/cases/new", data={"csrf": page.csrf, "value:priority": " "})
    assert (empty.status, "Fill in at least one field." in empty.text) == (422, True)
    answer = await robin.send("POST", "/console/cases/new", data={**form, "value:priority": "high"})
    assert answer.location == "/console/cases/1001?done=create"
    case = case_of(site, 1001)
    assert (case.title, case.conversations) == ("It <b>hums", ())
    assert {str(name): each.value for name, each in case.values.items()} == {
        "issue_description": "It <b>hums",
        "priority": "High",
    }
    shown = await robin.get(answer.location)
    assert (shown.status, "It &lt;b&gt;hums" in shown.text, "The case is open." in shown.text) == (200, True, True)
    await does(robin, 1001, "claim")
    assert case_of(site, 1001).status == "in_progress"


async def test_a_conversation_that_nobody_knows_has_no_form(site: Site) -> None:
    robin = await site.logged_in("robin")
    assert (await robin.get("/console/inbox/999/case")).status == 404


async def test_a_case_is_updated_from_its_conversation_with_the_words_behind_it(site: Site) -> None:
    place, robin = spoken(site), await site.logged_in("robin")
    path = f"/console/inbox/{place}/case"
    form = {"csrf": (await robin.get(path)).csrf, "live": 0, "value:issue_description": "It leaks"}
    await robin.send("POST", path, data={**form, "value:contact": "old@example.org"})
    number = case_in(site, place) or 0

    def writes_on(connection: Connection) -> None:
        text = "No, better use bea.moss@example.org from now on."
        say(connection, place, wrote(text, conversation_key="talk", external_id="later"))

    site.database.write_now(writes_on)
    answer = await does(robin, number, "update", conversation=place)
    assert answer.location.startswith(f"/console/cases/{number}?done=update_")
    waiting = case_of(site, number).suggestions  # a person's values stay until a person says otherwise
    assert [each.evidence[0].quote for each in waiting if each.field == "contact"] != []


async def test_a_case_is_updated_from_its_own_conversations_alone_and_only_while_it_is_open(site: Site) -> None:
    number, other, robin = talked_about(site), talked_about(site, "other"), await site.logged_in("robin")
    elsewhere, mine = case_of(site, other).conversations[0], case_of(site, number).conversations[0]
    assert (await does(robin, number, "update", conversation=elsewhere)).status == 422
    await does(robin, number, "cancel", text="Twice")
    answer = await does(robin, number, "update", conversation=mine)
    assert (answer.status, "is cancelled" in answer.text) == (422, True)


async def test_a_view_is_saved_for_oneself_and_removed(site: Site) -> None:
    robin, ada = await site.logged_in("robin"), await site.logged_in("ada")
    path = "/console/cases?status=cancelled&assignee=me"
    page = await robin.get(path)
    form = {"csrf": page.csrf, "name": "Mine, <b>cancelled", "query": "assignee=me&status=cancelled&after=9"}
    answer = await robin.send("POST", "/console/views/cases", data=form)
    assert answer.location == path
    saved = await robin.get(path)
    assert 'aria-current="true" dir="auto">Mine, &lt;b&gt;cancelled</a>' in saved.text
    assert "Mine, " not in (await ada.get(path)).text
    assert "Mine, " not in (await robin.get("/console/inbox")).text
    remove = saved.text.split('action="/console/views/cases/')[1].partition('"')[0]
    await ada.send("POST", f"/console/views/cases/{remove}", data={"csrf": (await ada.get(path)).csrf})
    assert "Mine, " in (await robin.get(path)).text  # another's request removes nothing
    await robin.send("POST", f"/console/views/cases/{remove}", data={"csrf": page.csrf})
    assert "Mine, " not in (await robin.get(path)).text


async def test_a_view_without_a_name_or_with_a_filter_that_does_not_exist_is_refused(site: Site) -> None:
    robin = await site.logged_in("robin")
    csrf = (await robin.get("/console/cases")).csrf
    for form, told in (({"name": " "}, "needs a name"), ({"name": "A", "query": "status=lost"}, "should be one of")):
        answer = await robin.send("POST", "/console/views/cases", data={"csrf": csrf, **form})
        assert (answer.status, told in answer.text) == (400, True)
