"""The worked example in a Slack thread: Ada writes, Robin never leaves it. On both databases."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from store.model import CaseStatus, FieldId, Json
from tests.adapters.slack import events
from tests.adapters.webchat import until
from tests.flow.slack_desk import ADA, HELP, ROBIN, SlackDesk, open_slack_desk

PROBLEM = "I need help with the machine on my desk."
DETAILS = "It is the Espresso 3000, serial number EH24-123456. I need it back as soon as possible."


@pytest.fixture
async def slack_desk(database_url: str, tmp_path: Path) -> AsyncGenerator[SlackDesk]:
    async with open_slack_desk(database_url, tmp_path) as slack_desk:
        yield slack_desk


async def a_case(slack_desk: SlackDesk) -> tuple[Json, int]:
    """Ada's message, and the case that was opened from it."""
    said = await slack_desk.says(PROBLEM)
    card = await slack_desk.card("ada@example.org")
    return said, int(card["blocks"][0]["text"]["text"].split()[1])


async def test_a_greeting_opens_no_case(slack_desk: SlackDesk) -> None:
    said = await slack_desk.says("Hello there!")
    await slack_desk.desk.settled()
    assert slack_desk.slack.thread(HELP, said["event"]["ts"]) == ["Hello there!"]


async def test_a_problem_becomes_a_case_with_its_card_in_the_thread(slack_desk: SlackDesk) -> None:
    said, number = await a_case(slack_desk)
    await slack_desk.desk.settled()
    thread = slack_desk.slack.thread(HELP, said["event"]["ts"])
    assert thread[0] == PROBLEM
    assert thread[1].startswith(f"Case {number}: ")
    assert slack_desk.value(number, "contact") == "ada@example.org"


async def test_the_representative_updates_by_forms_and_sees_the_evidence(slack_desk: SlackDesk) -> None:
    said, number = await a_case(slack_desk)
    root = said["event"]["ts"]
    view = await slack_desk.form("update_case", said)
    sent = events.filled(view, {"case_category": ["Product defect"]}, user=ROBIN)
    assert await slack_desk.tells(sent) == {}
    assert "Case category: — → Product defect" in await slack_desk.whisper("Case category")

    more = await slack_desk.says(DETAILS, thread_ts=root)
    await until(lambda: "product" in slack_desk.desk.case(number).values)
    await slack_desk.desk.settled()
    assert slack_desk.value(number, "serial_number") == "EH24-123456"
    assert "EH24-123456" in str(await slack_desk.card("EH24-123456"))

    await slack_desk.tells(events.edited(more, DETAILS.replace("123456", "654321"), ts=slack_desk.slack.ts()))
    await until(lambda: slack_desk.value(number, "serial_number") == "EH24-654321")
    await slack_desk.says("<@UCASEWRIGHT> /update-case", user=ROBIN, thread_ts=root)
    assert "No changes." in await slack_desk.whisper("No changes.")
    cards = [each for each in slack_desk.slack.messages[HELP] if "header" in str(each.get("blocks"))]
    assert len(cards) == 1  # edited in place


async def test_a_command_that_is_edited_is_no_message(slack_desk: SlackDesk) -> None:
    said, number = await a_case(slack_desk)
    typed = await slack_desk.says("<@UCASEWRIGHT> /note Stuck", user=ROBIN, thread_ts=said["event"]["ts"])
    await slack_desk.whisper(f"case {number}")
    await slack_desk.tells(events.edited(typed, "<@UCASEWRIGHT> /note Looked at it", ts=slack_desk.slack.ts()))
    await slack_desk.desk.settled()
    assert slack_desk.transcript(said) == [PROBLEM]


async def test_a_deletion_that_names_nothing_but_the_message_is_followed(slack_desk: SlackDesk) -> None:
    said, _ = await a_case(slack_desk)
    root = said["event"]["ts"]
    more = await slack_desk.says("you can reach me at ann.lee@example.org", thread_ts=root)
    await slack_desk.desk.settled()
    gone = {"type": "message", "subtype": "message_deleted", "channel": HELP, "deleted_ts": more["event"]["ts"]}
    await slack_desk.tells(events.envelope({**gone, "ts": slack_desk.slack.ts()}))
    await slack_desk.desk.settled()
    assert slack_desk.transcript(said) == [PROBLEM]


async def test_a_form_opens_a_case_where_none_would_come_by_itself(slack_desk: SlackDesk) -> None:
    said = await slack_desk.says("Hello there, anybody?")
    view = await slack_desk.form("create_case", said)
    values = {"issue_description": ["The grinder is stuck"], "priority": ["High"]}
    assert await slack_desk.tells(events.filled(view, values, user=ROBIN)) == {}
    card = await slack_desk.card("The grinder is stuck")
    number = int(card["blocks"][0]["text"]["text"].split()[1])
    assert slack_desk.desk.case(number).values[FieldId("priority")].writer.id == ROBIN


async def test_a_bad_value_is_told_at_its_field_and_nothing_is_written(slack_desk: SlackDesk) -> None:
    said, number = await a_case(slack_desk)
    view = await slack_desk.form("update_case", said)
    answer = await slack_desk.tells(events.filled(view, {"serial_number": ["twelve"]}, user=ROBIN))
    assert answer["response_action"] == "errors"
    assert list(answer["errors"]) == ["field:serial_number"]
    assert "serial_number" not in slack_desk.desk.case(number).values


async def test_a_form_that_was_overtaken_changes_nothing(slack_desk: SlackDesk) -> None:
    said, number = await a_case(slack_desk)
    await slack_desk.desk.settled()
    view = await slack_desk.form("update_case", said)
    slack_desk.desk.give(number, "priority", "Low")
    answer = await slack_desk.tells(events.filled(view, {"priority": ["High"]}, user=ROBIN))
    assert "changed meanwhile" in str(answer["errors"])
    assert slack_desk.value(number, "priority") == "Low"


async def test_a_customer_is_refused_politely_and_alone(slack_desk: SlackDesk) -> None:
    said, number = await a_case(slack_desk)
    await slack_desk.says("/resolve", thread_ts=said["event"]["ts"])
    await slack_desk.whisper("commands are for our support team")
    await slack_desk.tells(events.command(slack_desk.slack, "/resolve", str(number), user=ADA, channel=HELP))
    await slack_desk.whisper("commands are for our support team")
    assert slack_desk.desk.case(number).status is CaseStatus.NEW


async def test_slash_commands_and_buttons_do_what_is_typed(slack_desk: SlackDesk) -> None:
    said, number = await a_case(slack_desk)
    where = {"type": "message", "channel_id": HELP, "message_ts": "1.1", "thread_ts": said["event"]["ts"]}
    claim = events.button("run:claim", {"text": f"/claim {number}"})
    await slack_desk.tells(events.pressed(slack_desk.slack, claim, user=ROBIN, container=where))
    await slack_desk.whisper("is yours now")
    await slack_desk.tells(events.command(slack_desk.slack, "/case", str(number), user=ROBIN, channel=HELP))
    assert "Owner: Robin Rep" in await slack_desk.whisper("Owner")
    await slack_desk.tells(events.command(slack_desk.slack, "/resolve", f"{number} Replaced", user=ROBIN, channel=HELP))
    await until(lambda: slack_desk.desk.case(number).status is CaseStatus.RESOLVED)
    await slack_desk.desk.settled()
    assert "Status set to Resolved." in slack_desk.slack.thread(HELP, said["event"]["ts"])[-1]


async def test_the_apps_page_shows_what_became_of_a_button_on_it(slack_desk: SlackDesk) -> None:
    _, number = await a_case(slack_desk)
    await slack_desk.desk.settled()
    await slack_desk.tells(events.envelope({"type": "app_home_opened", "user": ROBIN, "tab": "home"}))
    await until(lambda: ROBIN in slack_desk.slack.homes)
    home = {**slack_desk.slack.homes[ROBIN], "id": "V1"}
    claim = events.button("run:claim", {"text": f"/claim {number}"})
    where = {"type": "view", "view_id": "V1"}
    await slack_desk.tells(events.pressed(slack_desk.slack, claim, user=ROBIN, container=where, view=home))
    await until(lambda: len(slack_desk.slack.of("views.publish")) == 2)
    assert "every case has an owner" in str(slack_desk.slack.of("views.publish")[-1])


async def test_a_reaction_opens_a_case_from_an_old_thread(slack_desk: SlackDesk) -> None:
    slack_desk.slack.channel("COLD", ADA, ROBIN)
    old = events.said(slack_desk.slack, "My toaster leaks sparks.", user=ADA, channel="COLD")
    reaction = events.reaction(ROBIN, "ticket", channel="COLD", ts=old["event"]["ts"])
    await slack_desk.tells(reaction)
    card = await slack_desk.card("toaster leaks sparks")
    assert card["thread_ts"] == old["event"]["ts"]


async def test_of_two_reactions_at_once_only_one_opens_a_case(slack_desk: SlackDesk) -> None:
    said = await slack_desk.says("Hello there, anybody?")
    for event_ts in ("1700009999.000100", "1700009999.000200"):
        channel, ts = HELP, said["event"]["ts"]
        await slack_desk.tells(events.reaction(ROBIN, "ticket", channel=channel, ts=ts, event_ts=event_ts))
    await slack_desk.whisper("of this conversation is open")
    await slack_desk.desk.settled()
    cards = [each for each in slack_desk.slack.messages[HELP] if "header" in str(each.get("blocks"))]
    assert len(cards) == 1


async def test_a_direct_message_is_asked_once_and_becomes_a_case(slack_desk: SlackDesk) -> None:
    slack_desk.slack.person("UMAL", "Guest", team="T2")
    slack_desk.slack.channel("D1", "UMAL")
    await slack_desk.says(PROBLEM, user="UMAL", channel="D1")
    await until(lambda: "To open a case I still need your Contact" in str(slack_desk.slack.thread("D1", None)))
    await slack_desk.says("you can reach me at guest@example.org", user="UMAL", channel="D1")
    card = await slack_desk.card("guest@example.org")
    assert "thread_ts" not in card


async def test_a_storm_of_429_loses_and_reorders_nothing(slack_desk: SlackDesk) -> None:
    said, number = await a_case(slack_desk)
    await slack_desk.desk.settled()
    slack_desk.slack.fail("chat.postMessage", status=429, retry_after=1, times=3)
    slack_desk.slack.fail("chat.update", status=429, retry_after=1, times=2)
    for typed in ("/claim", "/resolve", "/reopen"):
        await slack_desk.says(f"<@UCASEWRIGHT> {typed}", user=ROBIN, thread_ts=said["event"]["ts"])
    await slack_desk.desk.settled()
    lines = [each for each in slack_desk.slack.thread(HELP, said["event"]["ts"]) if each.startswith(f"Case {number}: ")]
    assert [line.partition("to ")[2] for line in lines[1:]] == [
        "In progress and owner is now Robin Rep.",
        "Resolved.",
        "In progress.",
    ]


async def test_the_same_by_socket_mode(database_url: str, tmp_path: Path) -> None:
    async with open_slack_desk(database_url, tmp_path, socket=True) as slack_desk:
        said = events.said(slack_desk.slack, "My toaster leaks sparks.", user=ADA, channel=HELP)
        await slack_desk.slack.push(said)
        await slack_desk.card("toaster leaks sparks")
