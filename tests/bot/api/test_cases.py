"""Cases over the API: listed, read and changed, by whoever may and nobody else."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from bot.access.rights import Scope
from store import audit, cases
from store.engine import Connection
from store.model import CaseNumber, CaseStatus, ConversationId, FieldId
from tests.bot.api.caller import Caller, etag, program
from tests.bot.console.site import Site, open_site
from tests.store.examples import (
    BY_AGENT,
    BY_ANNA,
    PATIENCE,
    QUOTE,
    conversation,
    field,
    say,
    shown,
    waiting,
    wrote,
)


def hide_priority(settings: dict[str, Any]) -> None:
    next(each for each in settings["fields"] if each["id"] == "priority")["internal"] = True


def suggested(site: Site, number: int, name: str, value: str) -> int:
    """The id of a suggestion of the agent's."""

    def suggest(connection: Connection) -> int:
        case = cases.get(connection, number, lock=True)
        cases.suggest(connection, BY_AGENT, case, [field(name, value, confidence=0.8, evidence=(QUOTE,))])
        return cases.get(connection, number).suggestions[-1].id

    return site.database.write_now(suggest)


async def test_cases_come_in_pages_newest_first(site: Site) -> None:
    numbers = [site.case(issue_description=f"It leaks {each}") for each in range(5)]
    caller = program(site, Scope.READ_CASES)
    seen: list[int] = []
    path = "/cases?limit=2"
    while path:
        page = await caller.gets(path)
        seen += [each["number"] for each in page["items"]]
        path = f"/cases?limit=2&after={page['next']}" if page["next"] else ""
    assert seen == numbers[::-1]


async def test_cases_are_filtered_as_in_the_console(site: Site) -> None:
    first, second = site.case(issue_description="It leaks"), site.case(issue_description="It hums")
    caller = program(site)
    await caller.acts(first, "resolve", text="Replaced")
    await caller.acts(second, "claim")

    async def listed(query: str) -> list[int]:
        return [each["number"] for each in (await caller.gets(f"/cases?{query}"))["items"]]

    assert await listed("status=resolved") == [first]
    assert await listed("status=open&assignee=me") == [second]
    assert await listed("q=hums") == [second]
    assert await listed("channel=slack") == []
    await caller.gets(f"/cases?q={'x' * 201}", 400)
    wrong = await caller.gets("/cases?status=lost", 400)
    assert wrong["errors"] == {"status": "should be one of open, new, in_progress, resolved, cancelled, merged"}


async def test_who_may_not_read_internal_fields_finds_none_by_searching(site: Site) -> None:
    site.case(priority="High")
    problem = await program(site, Scope.READ_CASES).gets("/cases?q=high", 403)
    assert "cases:internal" in problem["detail"]


async def test_fields_are_set_by_hand_on_what_was_read(site: Site) -> None:
    number = site.case(issue_description="It leaks", priority="Low")
    caller = program(site)
    read = await caller.send("GET", f"/cases/{number}")
    given = {"fields": {"priority": "high", "issue_description": None}}
    answer = await caller.send("PATCH", f"/cases/{number}", given, If_Match=etag(read) or "")
    assert answer.status == 200, answer.text
    assert etag(answer) == f'"{json.loads(answer.text)["revision"]}"'
    case = shown(site.database, number)
    priority = case.values[FieldId("priority")]
    assert (priority.value, priority.writer.name, len(case.values)) == ("High", "Test", 1)
    stale = await caller.does("PATCH", f"/cases/{number}", given, 412, If_Match=etag(read) or "")
    assert stale["detail"] == "It was changed since you read it: read it again."
    await caller.does("PATCH", f"/cases/{number}", given, 428)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"priority": "Blue"}, "fields.priority"),
        ({"priority": 7}, "fields.priority"),
        ({"priority": {"a": 1}}, "fields.priority"),
        ({"priority": ["High", 1]}, "fields.priority"),
        ({"priority": True}, "fields.priority"),
        ({"nothing": "x"}, "fields.nothing"),
        ({}, "fields"),
        ("x", "fields"),
    ],
)
async def test_a_value_that_does_not_fit_is_named_and_nothing_written(site: Site, fields: object, wrong: str) -> None:
    number = site.case(issue_description="It leaks")
    problem = await program(site).does("PATCH", f"/cases/{number}", {"fields": fields}, 422, If_Match="*")
    assert problem["errors"].keys() == {wrong}
    assert shown(site.database, number).revision == 0


async def test_an_internal_field_is_none_to_who_may_not_see_it(sqlite_url: str, tmp_path: Path) -> None:
    async with open_site(sqlite_url, tmp_path, settings=hide_priority) as site:
        number = site.case(issue_description="It leaks", priority="Low")
        hidden = suggested(site, number, "priority", "High")
        outside = program(site, Scope.READ_CASES, Scope.WORK_ON_CASES)
        assert (await outside.gets(f"/cases/{number}"))["suggestions"] == []
        await outside.does("PATCH", f"/cases/{number}", {"fields": {"priority": "High"}}, 422, If_Match="*")
        await outside.acts(number, "accept", 409, suggestion=hidden)
        await outside.acts(number, "accept", suggestion="all")
        entries = site.database.read_now(partial(audit.of_case, number=CaseNumber(number)))
        entry = next(each.id for each in entries if each.change.field == "priority")
        await outside.acts(number, "undo", 409, entry=entry)
        await outside.acts(number, "merge", 422, into=site.case(), take=["priority"])
        assert shown(site.database, number).values[FieldId("priority")].value == "Low"
        done = await program(site).acts(number, "accept", suggestion=hidden)
        assert done["changes"] == [{"what": "field", "field": "priority", "old": "Low", "new": "High"}]


async def test_a_case_goes_its_way_by_actions(site: Site) -> None:
    number = site.case(issue_description="It leaks")
    site.account("ann", password=None)
    caller = program(site)
    claimed = await caller.acts(number, "claim", match='"0"')
    assert claimed["case"]["owner"] == {"kind": "person", "name": "Test"}
    assigned = await caller.acts(number, "assign", to="ann")
    assert assigned["case"]["owner"]["name"] == "Ann"
    assert (await caller.acts(number, "resolve", text="Replaced"))["case"]["resolution"] == "Replaced"
    assert (await caller.acts(number, "resolve", 409))["detail"] == f"No changes. Case {number} is Resolved already."
    assert (await caller.acts(number, "reopen"))["case"]["status"] == CaseStatus.IN_PROGRESS
    await caller.acts(number, "assign", 422, to="nobody")
    await caller.acts(number, "note", text="Called them.")
    notes = [each for each in (await caller.gets(f"/audit?case={number}"))["items"] if each["what"] == "note"]
    assert [each["new"] for each in notes] == ["Called them."]


async def test_a_case_is_cancelled_with_a_reason_and_reopened(site: Site) -> None:
    number, caller = site.case(issue_description="It leaks"), program(site)
    await caller.acts(number, "cancel", 422)
    done = (await caller.acts(number, "cancel", text="Sent twice"))["case"]
    assert (done["status"], done["resolution"]) == ("cancelled", "Sent twice")
    await caller.acts(number, "cancel", 409, text="Again")
    assert (await caller.acts(number, "reopen"))["case"]["status"] in {"new", "in_progress"}


async def test_a_case_is_merged_into_another_which_takes_what_it_lacks_and_is_told_to_take(site: Site) -> None:
    source = site.case(issue_description="It leaks", priority="Low")
    into, caller = site.case(priority="High"), program(site)
    take = ["issue_description", "priority"]
    done = await caller.acts(source, "merge", into=into, take=take, match='"0"')
    assert (done["case"]["status"], done["case"]["merged_into"], done["revision"]) == ("merged", into, 1)
    assert done["changes"] == [{"what": "status", "field": None, "old": "new", "new": "merged"}]
    survivor = await caller.gets(f"/cases/{into}")
    assert {name: each["value"] for name, each in survivor["fields"].items()} == {
        "issue_description": "It leaks",
        "priority": "High",
    }
    assert survivor["fields"]["issue_description"]["written_by"] == {"kind": "person", "name": "Test"}
    assert len(survivor["conversations"]) == 2
    again = await caller.acts(source, "merge", 409, into=into)
    assert again["detail"] == f"Case {source} was merged into case {into} already."


async def test_a_merge_that_can_not_be_is_told_why_and_changes_nothing(site: Site) -> None:
    number, closed, caller = site.case(issue_description="It leaks"), site.case(), program(site)
    await caller.acts(closed, "resolve")
    assert "into itself" in (await caller.acts(number, "merge", 409, into=number))["detail"]
    assert "reopen it first" in (await caller.acts(number, "merge", 409, into=closed))["detail"]
    unknown = await caller.acts(number, "merge", 422, into=999)
    assert unknown["errors"] == {"into": "There is no case 999."}
    assert (await caller.acts(number, "merge", 422))["errors"].keys() == {"into"}
    other = site.case()
    unnamed = await caller.acts(number, "merge", 422, into=other, take=["issue_description", "nothing"])
    assert unnamed["errors"] == {"take": "The settings know no field “nothing”."}
    await caller.acts(number, "merge", 412, into=other, match='"9"')
    await caller.does("POST", f"/cases/{number}/actions", {"action": "merge", "into": other}, 428)
    await caller.acts(999, "merge", 404, into=1)
    assert [shown(site.database, each).revision for each in (number, other)] == [0, 0]


async def test_a_merge_that_is_sent_again_is_done_once_and_answered_as_before(site: Site) -> None:
    source, into, caller = site.case(), site.case(), program(site)
    given, path = {"action": "merge", "into": into}, f"/cases/{source}/actions"
    sent = [await caller.does("POST", path, given, If_Match='"0"', Idempotency_Key="m1") for _ in range(2)]
    assert sent[0] == sent[1]
    assert shown(site.database, into).revision == 1


async def test_two_merges_in_opposite_directions_at_once_leave_one_case_and_tell_the_other_caller(
    database_url: str, tmp_path: Path
) -> None:
    async with open_site(database_url, tmp_path) as site:
        one, two, caller = site.case(), site.case(), program(site)
        held = asyncio.Event()
        loop = asyncio.get_running_loop()

        def hold(connection: Connection) -> None:
            """Lets go when both have come: had each locked its own case first, they would wait for each other."""
            cases.get(connection, one, lock=True)
            loop.call_soon_threadsafe(held.set)
            while not site.database.is_sqlite and waiting(connection) < 2:
                pass

        async def merges(source: int, into: int) -> tuple[int, str]:
            await held.wait()
            given = {"action": "merge", "into": into}
            answer = await caller.send("POST", f"/cases/{source}/actions", given, If_Match="*")
            return answer.status, answer.text

        async with asyncio.timeout(PATIENCE):
            _, *told = await asyncio.gather(site.database.write(hold), merges(one, two), merges(two, one))
        (won, _), (lost, why) = sorted(told)
        assert (won, lost) == (200, 409), told
        assert "was merged into case" in why
        left = [shown(site.database, each).status for each in (one, two)]
        assert sorted(left) == [CaseStatus.MERGED, CaseStatus.NEW]


async def test_a_conversation_is_split_off_its_case_and_the_last_one_stays(site: Site) -> None:
    number, caller = site.case(issue_description="It leaks"), program(site)

    def join(connection: Connection) -> int:
        other = conversation(connection, "other")
        say(connection, other, wrote("Something else", conversation_key="other"))
        cases.link(connection, BY_ANNA, CaseNumber(number), other)
        return other

    other = site.database.write_now(join)
    assert other not in (await caller.acts(number, "split_off", conversation=other))["case"]["conversations"]
    (left,) = (await caller.gets(f"/cases/{number}"))["conversations"]
    await caller.acts(number, "split_off", 409, conversation=left)


async def test_an_action_that_changes_wants_what_was_read(site: Site) -> None:
    number = site.case()
    caller, path = program(site), f"/cases/{number}/actions"
    await caller.does("POST", path, {"action": "claim"}, 428)
    await caller.does("POST", path, {"action": "claim"}, 412, If_Match='"9"')
    await caller.does("POST", path, {"action": "note", "text": "x"}, 412, If_Match='"9"')
    await caller.does("POST", path, {"action": "note", "text": "x"})


async def test_an_action_sent_again_is_done_once(site: Site) -> None:
    number = site.case()
    caller, note = program(site), {"action": "note", "text": "Called."}
    sent = [await caller.send("POST", f"/cases/{number}/actions", note, Idempotency_Key="a1") for _ in range(2)]
    assert sent[0].text == sent[1].text
    assert [etag(each) for each in sent] == ['"1"', '"1"']
    assert shown(site.database, number).revision == 1


async def test_an_answer_goes_into_a_thread_of_the_case_and_no_other(site: Site) -> None:
    number, other = site.case(), site.case()
    caller = program(site)
    elsewhere = shown(site.database, other).conversations[0]
    await caller.acts(number, "reply", 409, text="Hello", conversation=elsewhere)
    done = await caller.acts(number, "reply", text="We send a new one.")
    said = await caller.gets(f"/conversations/{done['case']['conversations'][0]}/messages")
    assert [(each["text"], each["role"]) for each in said["items"]] == [("We send a new one.", "representative")]


async def test_of_several_conversations_the_one_to_answer_or_to_read_has_to_be_named(site: Site) -> None:
    number, other = site.case(), site.case()
    caller = program(site)
    await caller.acts(other, "merge", into=number)
    first, second = shown(site.database, number).conversations
    asked: dict[str, dict[str, Any]] = {"reply": {"text": "Hello"}, "enrich": {}}
    for action, more in asked.items():
        refused = await caller.acts(number, action, 422, **more)
        assert refused["errors"] == {
            "conversation": f"Case {number} has the conversations {first} and {second}: name one of them."
        }
        await caller.acts(number, action, conversation=second, **more)


async def test_a_number_without_end_is_no_text(site: Site) -> None:
    number = site.case()
    answer = await program(site).does("PATCH", f"/cases/{number}", {"fields": {"issue_description": float("inf")}}, 422)
    assert "fields.issue_description" in answer["errors"]


async def test_a_change_of_the_agent_is_undone_once(site: Site) -> None:
    number = site.case(issue_description="It leaks", priority="Low")
    caller = program(site)
    entries = (await caller.gets(f"/audit?case={number}"))["items"]
    entry = next(each["id"] for each in entries if each["field"] == "priority")
    assert "priority" not in (await caller.acts(number, "undo", entry=entry))["case"]["fields"]
    assert (await caller.acts(number, "undo", 409, entry=entry))["detail"]


async def test_enriching_reads_the_conversation_now_and_says_what_changed(site: Site) -> None:
    number = site.case()
    place = shown(site.database, number).conversations[0]
    say_in(site, place, "My toaster leaks sparks and does not heat any more. It is very urgent!")
    done = await program(site).acts(number, "enrich")
    assert done["changes"]
    assert done["case"]["fields"]["issue_description"]["evidence"]
    found = done["evaluation"]
    assert (found["case"], found["trigger"], found["outcome"]) == (number, "command", "updated")
    assert found["written"].keys() == {each["field"] for each in done["changes"]}
    again = await program(site, Scope.WORK_ON_CASES).acts(number, "enrich", conversation=place)
    assert (again["changes"], again["evaluation"]) == ([], None)
    await program(site).acts(number, "enrich", 409, conversation=place + 1000)
    await program(site).acts(999, "enrich", 404)


def say_in(site: Site, place: int, text: str) -> None:
    site.database.write_now(partial(say, conversation_id=ConversationId(place), inbound=wrote(text)))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "explode"}, 422),
        ({}, 422),
        ([], 422),
        ({"action": "note"}, 422),
        ({"action": "note", "text": "   "}, 422),
        ({"action": "note", "text": "x" * 20_001}, 422),
        ({"action": "note", "text": "a\0b"}, 422),
        ({"action": "note", "text": "\\u0000 is fine"}, 200),
        ({"action": "note", "text": "x", "more": 1}, 422),
        ({"action": "undo", "entry": "1"}, 422),
        ({"action": "undo", "entry": 10**30}, 422),
        ({"action": "accept", "suggestion": True}, 422),
        ({"action": "accept", "suggestion": 1.5}, 422),
        ({"action": "resolve", "text": None}, 422),
    ],
)
async def test_what_is_no_action_is_refused_in_a_sentence(site: Site, body: object, status: int) -> None:
    answer = await program(site).does("POST", f"/cases/{site.case()}/actions", body, status, If_Match="*")
    assert status == 200 or answer["detail"]


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"action": "explode"}, {"body"}),
        ({"action": "note"}, {"text"}),
        ({"action": "note", "text": 7, "more": 1}, {"text", "more"}),
        ({"action": "accept", "suggestion": "some"}, {"suggestion"}),
        ([], {"body"}),
    ],
)
async def test_what_is_wrong_in_a_body_is_told_by_its_place(site: Site, body: object, places: set[str]) -> None:
    problem = await program(site).does("POST", f"/cases/{site.case()}/actions", body, 422, If_Match="*")
    assert problem["errors"].keys() == places


async def test_no_body_brings_down_a_call(site: Site) -> None:
    caller, path = program(site), f"/api/v1/cases/{site.case()}/actions"
    json = {**caller.headers, "Content-Type": "application/json"}
    for data in (b"", b"{", b"\xff\xfe", b'{"action": "note", "text": "\\ud800"}', b"[" * 100_000, b"null", b"1e999"):
        answer = await caller.browser.send("POST", path, data=data, headers=json)
        assert answer.status == 422, (data[:40], answer.text)
    large = await caller.browser.send("POST", path, data=BytesIO(b" " * (2 << 20)), headers=json)
    assert large.status == 413
    form = await caller.browser.send("POST", path, data={"action": "note", "text": "x"}, headers=caller.headers)
    assert form.status == 415
    unreadable = {**caller.headers, "Content-Type": "multipart/form-data"}
    assert (await caller.browser.send("POST", path, data=b"{}", headers=unreadable)).status == 400


async def test_what_is_not_there_is_not_there_for_any_call(site: Site) -> None:
    caller = program(site)
    for path in ("/cases/999/actions", "/conversations/999/evaluate"):
        assert (await caller.does("POST", path, {"action": "claim"}, 404, If_Match="*"))["status"] == 404
    for path in ("/conversations/999", "/conversations/999/messages", "/evaluations/999", "/contacts/999"):
        await caller.gets(path, 404)
    for number in ("x", "-1", "1e3", "%31%00", "..%2f1001", "%0A1", "9" * 30):
        await caller.gets(f"/cases/{number}", 404)


async def test_a_scope_opens_its_own_calls_alone(site: Site) -> None:
    number = site.case()
    paths = {
        Scope.READ_CASES: f"/cases/{number}",
        Scope.READ_CONVERSATIONS: "/conversations",
        Scope.READ_EVALUATIONS: "/evaluations",
        Scope.READ_AUDIT: "/audit",
        Scope.READ_CONTACTS: "/contacts",
        Scope.READ_SETTINGS: "/settings",
    }
    for scope in Scope:
        caller = program(site, scope)
        may = [each for each, path in paths.items() if (await caller.send("GET", path)).status == 200]
        assert may == [scope] * (scope in paths), scope
        changed = await caller.send("POST", f"/cases/{number}/actions", {"action": "note", "text": "x"})
        assert changed.status == (200 if scope is Scope.WORK_ON_CASES else 403), scope


async def test_somebody_outside_the_profile_changes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    def outsiders(document: dict[str, Any]) -> None:
        profile = {"name": "Team", "members": ["robin"], "features": ["case_creation_and_update"]}
        document["experience_profiles"] = [profile]

    async with open_site(sqlite_url, tmp_path, settings=outsiders) as site:
        number, place = site.case(), 1
        browser = await site.logged_in("olaf")
        token = (await browser.get("/console/me")).csrf
        olaf = Caller(browser=browser, headers={"X-CSRF-Token": token})
        await olaf.acts(number, "claim", 404)
        await olaf.does("PATCH", f"/cases/{number}", {"fields": {"priority": "High"}}, 404, If_Match="*")
        await olaf.does("POST", f"/conversations/{place}/evaluate", {}, 404)
        assert shown(site.database, number).revision == 0


def with_queues(settings: dict[str, Any]) -> None:
    settings["queues"] = [{"id": "hardware", "name": "Hardware"}, {"id": "old", "name": "Old", "active": False}]


async def test_a_case_is_moved_to_a_queue_and_found_by_it(sqlite_url: str, tmp_path: Path) -> None:
    async with open_site(sqlite_url, tmp_path, settings=with_queues) as site:
        number, other, caller = site.case(issue_description="It leaks"), site.case(priority="Low"), program(site)
        done = await caller.acts(number, "move", queue="hardware")
        assert (done["case"]["queue"], [each["what"] for each in done["changes"]]) == ("hardware", ["queue"])
        for query, found in (("hardware", [number]), ("mine", [number]), ("none", [other]), ("old", [])):
            page = await caller.gets(f"/cases?queue={query}")
            assert [each["number"] for each in page["items"]] == found, query
        assert (await caller.gets("/cases?queue=hardware"))["items"][0]["queue"] == "hardware"
        wrong = await caller.acts(number, "move", 422, queue="old")
        assert wrong["errors"] == {"queue": "No queue “old” takes cases; hardware would."}
        assert (await caller.acts(number, "move", 422, queue="A b"))["errors"].keys() == {"queue"}
        assert (await caller.gets("/cases?queue=A-b", 400))["errors"].keys() == {"queue"}
        assert (await caller.acts(number, "move", queue=None))["case"]["queue"] is None


async def test_a_queue_is_none_to_who_may_not_see_what_is_internal(sqlite_url: str, tmp_path: Path) -> None:
    async with open_site(sqlite_url, tmp_path, settings=with_queues) as site:
        number = site.case(issue_description="It leaks")
        await program(site).acts(number, "move", queue="hardware")
        outside = program(site, Scope.READ_CASES, Scope.WORK_ON_CASES, Scope.READ_CONVERSATIONS)
        assert (await outside.gets(f"/cases/{number}"))["queue"] is None
        assert (await outside.gets("/cases"))["items"][0]["queue"] is None
        for path in ("/cases?queue=hardware", "/conversations?queue=mine"):
            assert (await outside.gets(path, 403))["errors"].keys() == {"queue"}
        await outside.acts(number, "move", 403, queue=None)
        entries = site.database.read_now(partial(audit.of_case, number=CaseNumber(number)))
        entry = next(each.id for each in entries if each.change.what == "queue")
        await outside.acts(number, "undo", 409, entry=entry)
