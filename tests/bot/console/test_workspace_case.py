"""A case's page: what it shows, what people do there, and what it refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.console.timeline import segments
from store import audit, cases, conversations, evaluations
from store.engine import Connection
from store.model import (
    AccountRole,
    Actor,
    ActorKind,
    Attachment,
    Author,
    Case,
    CaseNumber,
    CaseStatus,
    Evidence,
    MessageId,
)
from store.schema import conversations as conversation_rows
from store.schema import outbox
from tests.adapters.webchat import until
from tests.bot.console.site import Browser, Site
from tests.store.examples import BY_AGENT, conversation, field, open_case, say, wrote

TEXT = "My Aria 3000 leaks. It is urgent."
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def talked_about(site: Site, key: str = "thread", *, said: str = TEXT, **more: Any) -> int:
    """A case with a value that rests on the customer's words, and a suggestion."""

    def work(connection: Connection) -> int:
        place = conversation(connection, key)
        # Of a channel that does not run: nothing is delivered, and no failure changes the case in between.
        connection.execute(update(conversation_rows).values(channel="voice"))
        say(connection, place, wrote(said, conversation_key=key, **more))
        message = conversations.window(connection, place)[0]
        quote = said[3:12]
        evidence = (Evidence(message_id=MessageId(message.id), quote=quote, start=3, end=12),)
        write = field("issue_description", quote, confidence=0.8, evidence=evidence)
        number = open_case(connection, write, conversation_id=place)
        suggested = field("contact", "ann@example.com", confidence=0.6)
        cases.suggest(connection, BY_AGENT, cases.get(connection, number), [suggested])
        return number

    return site.database.write_now(work)


def case_of(site: Site, number: int) -> Case:
    return site.database.read_now(lambda connection: cases.get(connection, number))


def hidden(page: str) -> dict[str, str]:
    found = {name: re.search(rf'name="{name}" value="(\d+)"', page) for name in ("revision", "seen")}
    return {name: each[1] for name, each in found.items() if each is not None}


async def does(browser: Browser, number: int, what: str, **form: Any) -> Any:
    path = f"/console/cases/{number}"
    page = await browser.get(path)
    return await browser.send("POST", f"{path}/{what}", data={"csrf": page.csrf, **hidden(page.text), **form})


def is_looked_at(site: Site, number: int) -> bool:
    (place,) = case_of(site, number).conversations
    return bool(site.database.read_now(partial(evaluations.of_conversation, conversation_id=place)))


async def test_the_words_behind_a_value_are_marked_in_the_message_they_came_from(site: Site) -> None:
    number = talked_about(site)
    page = await (await site.logged_in("robin")).get(f"/console/cases/{number}")
    assert '<mark data-fields="issue_description">Aria 3000</mark> leaks.' in page.text
    assert 'data-cites="issue_description">“Aria 3000”</a>' in page.text
    assert "80 % sure" in page.text


async def test_a_suggestion_is_accepted_or_rejected_and_the_decision_is_the_persons(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    suggestion = case_of(site, number).suggestions[0].id
    answer = await does(robin, number, "decide", accept=suggestion)
    assert answer.location == f"/console/cases/{number}?done=decide"
    held = case_of(site, number).values["contact"]  # pyright: ignore[reportArgumentType]
    assert (held.value, held.writer.kind, held.writer.name) == ("ann@example.com", ActorKind.PERSON, "Robin")


async def test_all_suggestions_are_rejected_at_once(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    await does(robin, number, "decide", reject="all")
    assert case_of(site, number).suggestions == ()


async def test_a_suggestion_of_another_case_is_none_of_this_ones(site: Site) -> None:
    number, other, robin = talked_about(site), talked_about(site, "other"), await site.logged_in("robin")
    answer = await does(robin, number, "decide", accept=case_of(site, other).suggestions[0].id)
    assert answer.status == 422
    assert len(case_of(site, other).suggestions) == 1


async def test_a_change_of_the_agents_is_undone_and_one_of_another_case_is_not(site: Site) -> None:
    number, other, robin = talked_about(site), talked_about(site, "other"), await site.logged_in("robin")

    def entry(connection: Connection, of: int) -> int:
        return next(each.id for each in audit.of_case(connection, CaseNumber(of)) if each.change.what == "field")

    mine, others = (site.database.read_now(lambda connection, of=of: entry(connection, of)) for of in (number, other))
    assert (await does(robin, number, "undo", entry=others)).status == 422
    await does(robin, number, "undo", entry=mine)
    assert "issue_description" not in case_of(site, number).values
    assert "issue_description" in case_of(site, other).values


async def test_a_field_is_corrected_and_a_value_that_does_not_fit_is_told_and_kept_in_the_form(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    answer = await does(robin, number, "field", field="contact", value="nobody at all")
    assert answer.status == 422
    assert "Contact: " in answer.text
    assert 'value="nobody at all"' in answer.text
    await does(robin, number, "field", field="contact", value="bea@example.com")
    assert case_of(site, number).values["contact"].value == "bea@example.com"  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("what", ["field", "decide", "claim", "assign", "resolve", "undo"])
async def test_who_comes_second_is_told_who_changed_what(site: Site, what: str) -> None:
    number, robin, ada = talked_about(site), await site.logged_in("robin"), await site.logged_in("ada")
    old = await ada.get(f"/console/cases/{number}")
    await does(robin, number, "field", field="contact", value="bea@example.com")
    before = case_of(site, number)
    form = {"csrf": old.csrf, **hidden(old.text), "field": "contact", "value": "cem@example.com", "accept": "all"}
    answer = await ada.send("POST", f"/console/cases/{number}/{what}", data=form)
    assert answer.status == 409
    assert "Robin: Contact: — → bea@example.com" in answer.text
    assert case_of(site, number) == before


async def test_a_case_is_claimed_resolved_and_reopened(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    await does(robin, number, "claim")
    assert case_of(site, number).owner is not None
    mine = await robin.get("/console/cases?status=open&assignee=me")
    assert f"/console/cases/{number}" in mine.text
    await until(lambda: is_looked_at(site, number))  # by the agent, after the claim: that changes the case
    await does(robin, number, "resolve", text="A new gasket")
    assert (case_of(site, number).status, case_of(site, number).resolution) == (CaseStatus.RESOLVED, "A new gasket")
    await does(robin, number, "reopen")
    assert case_of(site, number).status is CaseStatus.IN_PROGRESS


async def test_an_answer_is_posted_into_a_thread_of_the_case_and_into_no_other(site: Site) -> None:
    number, other, robin = talked_about(site), talked_about(site, "other"), await site.logged_in("robin")
    place, elsewhere = case_of(site, number).conversations[0], case_of(site, other).conversations[0]
    assert (await does(robin, number, "reply", conversation=elsewhere, text="Hello")).status == 422
    await does(robin, number, "reply", conversation=place, text="We send a new one.")

    def posted(connection: Connection) -> list[tuple[int, str]]:
        mine = select(outbox.c.conversation_id, outbox.c.payload).where(outbox.c.key.endswith(":reply"))
        return [(row.conversation_id, row.payload["text"]) for row in connection.execute(mine)]

    assert site.database.read_now(posted) == [(place, "Robin: We send a new one.")]
    assert "We send a new one." in (await robin.get(f"/console/cases/{number}")).text


async def test_nothing_is_sent_again_to_a_page_that_has_seen_all(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    path = f"/console/cases/{number}/live"
    first = await robin.get(path)
    assert (await robin.get(path, **{"If-None-Match": first.headers["Etag"]})).status == 304
    await does(robin, number, "note", text="Called back")
    assert "Note: Called back" in (await robin.get(path, **{"If-None-Match": first.headers["Etag"]})).text


async def test_who_read_a_case_is_shown_to_administrators_alone(site: Site) -> None:
    await site.put_in_force(lambda settings: settings.update(keep_case_reads=True))
    number = site.case()
    robin, ada = await site.logged_in("robin"), await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    pages = [await each.get(f"/console/cases/{number}") for each in (robin, robin, ada)]
    assert ["Who read it" in each.text for each in pages] == [False, False, True]
    listed = pages[-1].text.partition("Who read it")[2]
    assert listed.count("at the console") == 2  # this reading itself is kept with the page, and told by the next
    assert "robin" in listed.casefold()


async def test_whatever_people_write_is_text(site: Site) -> None:
    file = Attachment(name=HOSTILE, content_type="text/html", size=1, url="javascript:alert(1)")
    who = Author(id="eve", name=HOSTILE)
    number = talked_about(site, said="My " + HOSTILE, author=who, attachments=(file,), external_id="e")

    def more(connection: Connection) -> None:
        case = cases.get(connection, number)
        origin = replace(BY_AGENT, actor=Actor(kind=ActorKind.PERSON, id="eve", name=HOSTILE))
        cases.write(connection, origin, case, [field("issue_description", HOSTILE), field("contact", HOSTILE)])
        cases.set_owner(connection, origin, cases.get(connection, number), origin.actor)
        cases.suggest(connection, origin, cases.get(connection, number), [field("contact", HOSTILE, confidence=0.5)])
        cases.add_note(connection, origin, cases.get(connection, number), HOSTILE)
        cases.add_failure(connection, origin, CaseNumber(number), HOSTILE)
        cases.set_status(connection, origin, case, CaseStatus.RESOLVED, resolution=HOSTILE)

    site.database.write_now(more)
    robin = await site.logged_in("robin")
    for path in (f"/console/cases/{number}", "/console/cases", "/console/inbox", "/console/cases?q=%3Cscript%3E%22"):
        page = await robin.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "javascript:" not in page.text


@given(text=st.text(max_size=60), spans=st.lists(st.tuples(st.integers(-2, 62), st.integers(-2, 62), st.text("ab"))))
def test_marking_changes_no_letter(text: str, spans: list[tuple[int, int, str]]) -> None:
    cut = segments(text, spans)
    assert "".join(each.text for each in cut) == text
    for start, end, name in spans:
        if 0 <= start < end <= len(text):
            assert name in {each for piece in cut for each in piece.fields}


def test_words_that_two_fields_rest_on_carry_both() -> None:
    assert [(each.text, each.fields) for each in segments("abcdef", [(0, 4, "x"), (2, 6, "y")])] == [
        ("ab", ("x",)),
        ("cd", ("x", "y")),
        ("ef", ("y",)),
    ]


async def test_a_choice_offers_its_options_and_the_history_speaks_as_the_page_does(site: Site) -> None:
    number, robin = talked_about(site), await site.logged_in("robin")
    page = (await does(robin, number, "field", field="priority", value="Urgent")).location
    offered = (await robin.get(page)).text.partition('<select id="edit-priority"')[2].partition("</select>")[0]
    assert re.findall(r"<option[^>]*>([^<]*)", offered) == ["—", "Low", "Normal", "High", "Urgent"]
    assert "<option selected>Urgent" in offered
    to = re.search(r'<option value="(\d+)">Robin', (await robin.get(page)).text)
    assert to is not None
    for _ in range(2):
        await does(robin, number, "assign", to=to[1])
    history = (await robin.get(page)).text
    assert "Status: New → In progress" in history
    assert "Owner: Robin → Robin" not in history  # it was theirs already
