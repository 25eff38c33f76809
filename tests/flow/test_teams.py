"""The worked example in Teams: in Ada's chat with the app, and in a thread of a channel. On both databases."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest

from adapters.teams.surface import CREATE, UPDATE
from store import conversations
from store.model import FieldId, Json
from tests.adapters.teams import events
from tests.adapters.teams.events import AAD, CHAT, HELP, ROBIN
from tests.adapters.webchat import until
from tests.authority import Authority
from tests.flow.teams_desk import TeamsDesk, open_teams_desk

PROBLEM = "I need help with the machine on my desk."
DETAILS = "It is the Espresso 3000, serial number EH24-123456. I need it back as soon as possible."


@pytest.fixture
async def teams_desk(database_url: str, tmp_path: Path, authority: Authority) -> AsyncGenerator[TeamsDesk]:
    async with open_teams_desk(database_url, tmp_path, authority) as teams_desk:
        yield teams_desk


@pytest.mark.parametrize("where", [CHAT, HELP])
async def test_a_problem_becomes_a_case_that_a_command_updates_in_place(teams_desk: TeamsDesk, where: str) -> None:
    greeting = await teams_desk.says("Hello there!", conversation=where)
    place = greeting["conversation"]["id"]
    await teams_desk.desk.settled()
    assert teams_desk.teams.thread.get(place) is None
    await teams_desk.says(PROBLEM, conversation=where, root=greeting["id"])
    card = await teams_desk.card(place, "ada@example.org")
    number = int(card["summary"].split()[1].rstrip(":"))
    assert teams_desk.value(number, "contact") == "ada@example.org"
    await teams_desk.desk.settled()

    command = '/update-case case category="Product defect"'
    await teams_desk.tells(
        events.mentioning(events.said(teams_desk.teams, command, conversation=where, root=greeting["id"], user=ROBIN))
    )
    await until(lambda: teams_desk.value(number, "case_category") == "Product defect")
    await teams_desk.says(DETAILS, conversation=where, root=greeting["id"])
    await until(lambda: teams_desk.value(number, "serial_number") == "EH24-123456")
    await teams_desk.desk.settled()
    assert teams_desk.value(number, "product") == "Espresso 3000"
    assert len(teams_desk.cards(place)) == 1  # edited in place
    assert "EH24-123456" in json.dumps(teams_desk.cards(place))

    await teams_desk.says("/update-case", conversation=where, root=greeting["id"], user=ROBIN)
    answers = place if where == CHAT else f"a:{AAD[ROBIN]}"  # in a channel, an answer to a command is for one alone
    await teams_desk.hears(answers, "No changes.")


async def test_a_message_action_creates_a_case_with_what_was_predicted(teams_desk: TeamsDesk) -> None:
    said = await teams_desk.says("Hello there, anybody?", conversation=HELP)
    place = said["conversation"]["id"]
    value: Json = {"commandId": CREATE, "messagePayload": {"id": said["id"]}}
    dialog = await teams_desk.invokes("composeExtension/fetchTask", value, event_id="f:1", conversation=place)
    filled = {**_kept(dialog), "typed:issue_description": "The grinder is stuck", "chosen:priority": "High"}
    value = {"commandId": CREATE, "data": filled}
    await teams_desk.invokes("composeExtension/submitAction", value, event_id="f:2", conversation=place)
    card = await teams_desk.card(place, "The grinder is stuck")
    number = int(card["summary"].split()[1].rstrip(":"))
    assert teams_desk.desk.case(number).values[FieldId("priority")].writer.id == AAD[ROBIN]


async def test_a_bad_value_is_told_at_its_field_and_nothing_is_written(teams_desk: TeamsDesk) -> None:
    said = await teams_desk.says(PROBLEM, conversation=HELP)
    place = said["conversation"]["id"]
    number = int((await teams_desk.card(place, "ada@example.org"))["summary"].split()[1].rstrip(":"))
    await teams_desk.desk.settled()
    dialog = await teams_desk.invokes(
        "composeExtension/fetchTask", {"commandId": UPDATE}, event_id="f:1", conversation=place
    )
    filled = {**_kept(dialog), "typed:serial_number": "twelve"}
    again = await teams_desk.invokes("task/submit", {"data": filled}, event_id="f:2", conversation=place)
    assert again["task"]["type"] == "continue"
    assert "twelve" in json.dumps(again)
    assert "serial_number" not in teams_desk.desk.case(number).values


async def test_a_form_that_another_change_overtook_is_refused_however_often_it_is_sent(teams_desk: TeamsDesk) -> None:
    said = await teams_desk.says(PROBLEM, conversation=HELP)
    place = said["conversation"]["id"]
    number = int((await teams_desk.card(place, "ada@example.org"))["summary"].split()[1].rstrip(":"))
    await teams_desk.desk.settled()
    dialog = await teams_desk.invokes(
        "composeExtension/fetchTask", {"commandId": UPDATE}, event_id="f:1", conversation=place
    )
    teams_desk.desk.give(number, "priority", "High")
    filled = {**_kept(dialog), "chosen:priority": "Low"}
    for event in ("f:2", "f:3"):
        again = await teams_desk.invokes("task/submit", {"data": filled}, event_id=event, conversation=place)
        assert "has changed meanwhile" in json.dumps(again)
        filled = {**_kept(again), "chosen:priority": "Low"}
    await teams_desk.desk.settled()
    assert teams_desk.value(number, "priority") == "High"


async def test_a_customer_who_sends_a_form_learns_nothing_of_any_case(teams_desk: TeamsDesk) -> None:
    said = await teams_desk.says(PROBLEM, conversation=HELP)
    place = said["conversation"]["id"]
    number = int((await teams_desk.card(place, "ada@example.org"))["summary"].split()[1].rstrip(":"))
    await teams_desk.desk.settled()
    dialog = await teams_desk.invokes(
        "composeExtension/fetchTask", {"commandId": UPDATE}, event_id="f:1", conversation=place
    )
    answers = [
        await teams_desk.invokes(
            "task/submit",
            {"data": {**_kept(dialog), "form": {**_kept(dialog)["form"], "case": case, "id": f"f:{case}"}}},
            event_id=f"f:{case}",
            conversation=place,
            user=events.ADA,
        )
        for case in (number, 4711)
    ]
    assert answers[0] == answers[1]
    assert "commands are for our support team" in json.dumps(answers[0])


async def test_a_command_in_a_message_that_was_acted_on_is_not_carried_out(teams_desk: TeamsDesk) -> None:
    """Whoever wrote it did not give it to us, and would stand in the audit for it."""
    said = await teams_desk.says(PROBLEM, conversation=HELP)
    place = said["conversation"]["id"]
    number = int((await teams_desk.card(place, "ada@example.org"))["summary"].split()[1].rstrip(":"))
    payload: Json = {
        "id": "17",
        "from": {"user": {"id": AAD[ROBIN], "displayName": "Robin Example"}},
        "body": {"contentType": "text", "content": f"/resolve {number}"},
    }
    value: Json = {"commandId": UPDATE, "messagePayload": payload}
    await teams_desk.invokes("composeExtension/fetchTask", value, event_id="f:1", conversation=place)
    await teams_desk.desk.settled()
    assert teams_desk.desk.case(number).status.is_open


async def test_an_edit_that_is_heard_before_its_message_is_that_message_and_further_edits_are_its_own(
    teams_desk: TeamsDesk,
) -> None:
    """Without consent, a message reaches us only when an edit puts a mention into it."""
    told = events.said(teams_desk.teams, PROBLEM)
    await teams_desk.tells(events.changed(told, "editMessage", f"{PROBLEM} It leaks."))
    await teams_desk.tells(told)
    later = events.changed(told, "editMessage", f"{PROBLEM} It hisses.")
    await teams_desk.tells({**later, "timestamp": "2026-11-25T10:00:06.000Z"})
    number = int((await teams_desk.card(CHAT, "ada@example.org"))["summary"].split()[1].rstrip(":"))
    await teams_desk.desk.settled()
    read = partial(conversations.transcript, conversation_id=teams_desk.desk.case(number).conversations[0])
    assert [each.text for each in teams_desk.desk.database.read_now(read)] == [f"{PROBLEM} It hisses."]
    await teams_desk.tells(events.changed(told, "softDeleteMessage"))
    await teams_desk.desk.settled()
    assert [each.deleted for each in teams_desk.desk.database.read_now(read)] == [True]


async def test_a_deletion_that_is_heard_before_its_message_counts_when_that_comes(teams_desk: TeamsDesk) -> None:
    await teams_desk.says(PROBLEM)
    number = int((await teams_desk.card(CHAT, "ada@example.org"))["summary"].split()[1].rstrip(":"))
    hasty = events.said(teams_desk.teams, "It is very urgent, and my toaster's serial number is EH24-999999.")
    await teams_desk.tells(events.changed(hasty, "softDeleteMessage"))
    await teams_desk.tells(hasty)
    await teams_desk.desk.settled()
    case = teams_desk.desk.case(number)
    read = partial(conversations.transcript, conversation_id=case.conversations[0])
    said = [(each.text, each.deleted) for each in teams_desk.desk.database.read_now(read)]
    assert said == [(PROBLEM, False), ("", True)]
    assert "EH24-999999" not in [each.value for each in case.values.values()]
    await teams_desk.tells(events.changed(hasty, "undeleteMessage", "It is very urgent."))
    await teams_desk.desk.settled()
    said = [(each.text, each.deleted) for each in teams_desk.desk.database.read_now(read)]
    assert said == [(PROBLEM, False), ("It is very urgent.", False)]


async def test_a_command_that_is_deleted_leaves_nothing_in_the_conversation(teams_desk: TeamsDesk) -> None:
    await teams_desk.says(PROBLEM)
    number = int((await teams_desk.card(CHAT, "ada@example.org"))["summary"].split()[1].rstrip(":"))
    typed = events.said(teams_desk.teams, "/resolve")
    await teams_desk.tells(typed)
    await teams_desk.tells(events.changed(typed, "softDeleteMessage"))
    await teams_desk.desk.settled()
    read = partial(conversations.transcript, conversation_id=teams_desk.desk.case(number).conversations[0])
    assert [each.text for each in teams_desk.desk.database.read_now(read)] == [PROBLEM]


async def test_each_reader_has_the_card_redrawn_for_them(teams_desk: TeamsDesk) -> None:
    said = await teams_desk.says(PROBLEM, conversation=HELP)
    place = said["conversation"]["id"]
    number = int((await teams_desk.card(place, "ada@example.org"))["summary"].split()[1].rstrip(":"))
    refresh: Json = {"action": {"verb": "refresh", "data": {"case": number}}}
    mine = await teams_desk.invokes("adaptiveCard/action", refresh, event_id="f:1", conversation=place)
    theirs = await teams_desk.invokes(
        "adaptiveCard/action", refresh, event_id="f:2", conversation=place, user=events.ADA
    )
    assert [each["title"] for each in mine["value"]["actions"]] == ["Update…", "Claim", "Resolve"]
    assert "actions" not in theirs["value"]
    claim: Json = {"action": {"verb": "run", "data": {"text": f"/claim {number}"}}}
    await teams_desk.invokes("adaptiveCard/action", claim, event_id="f:3", conversation=place)
    await until(lambda: teams_desk.desk.case(number).owner is not None)


async def test_a_customer_who_presses_what_is_not_theirs_changes_nothing(teams_desk: TeamsDesk) -> None:
    said = await teams_desk.says(PROBLEM, conversation=HELP)
    place = said["conversation"]["id"]
    number = int((await teams_desk.card(place, "ada@example.org"))["summary"].split()[1].rstrip(":"))
    resolve: Json = {"action": {"verb": "run", "data": {"text": f"/resolve {number}"}}}
    await teams_desk.invokes("adaptiveCard/action", resolve, event_id="f:1", conversation=place, user=events.ADA)
    await teams_desk.desk.settled()
    assert teams_desk.desk.case(number).status.is_open


async def test_a_deletion_that_is_taken_back_brings_the_words_back(teams_desk: TeamsDesk) -> None:
    said = await teams_desk.says(PROBLEM)
    number = int((await teams_desk.card(CHAT, "ada@example.org"))["summary"].split()[1].rstrip(":"))
    conversation_id = teams_desk.desk.case(number).conversations[0]
    await teams_desk.desk.settled()
    for event, deleted in (("softDeleteMessage", True), ("undeleteMessage", False)):
        await teams_desk.tells(events.changed(said, event, PROBLEM))
        await teams_desk.desk.settled()
        read = partial(conversations.transcript, conversation_id=conversation_id)
        assert [each.deleted for each in teams_desk.desk.database.read_now(read)] == [deleted]


def _kept(dialog: Json) -> Json:
    return dialog["task"]["value"]["card"]["content"]["actions"][0]["data"]
