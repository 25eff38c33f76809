"""The team's own channel in Slack mirrors each conversation, with what only representatives may see."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from store.model import Json
from tests.adapters.slack import events
from tests.adapters.webchat import until
from tests.flow.slack_desk import ADA, HELP, ROBIN, TRIAGE, SlackDesk, open_slack_desk

PROBLEM = "My toaster leaks sparks."


@pytest.fixture
async def slack_desk(database_url: str, tmp_path: Path) -> AsyncGenerator[SlackDesk]:
    async with open_slack_desk(database_url, tmp_path, triage=TRIAGE) as slack_desk:
        yield slack_desk


def team(slack_desk: SlackDesk) -> list[str]:
    return slack_desk.slack.thread(TRIAGE, None)


async def a_case(slack_desk: SlackDesk) -> tuple[Json, str]:
    """Ada's message, and the first post of its thread in the team's channel, once the case stands there."""
    said = await slack_desk.says(PROBLEM)
    await until(lambda: bool(team(slack_desk)) and team(slack_desk)[0].startswith("Case 1"))
    return said, str(slack_desk.slack.messages[TRIAGE][0]["ts"])


async def test_the_team_reads_every_word_below_the_case(slack_desk: SlackDesk) -> None:
    said, root = await a_case(slack_desk)
    more = await slack_desk.says("Since Monday", thread_ts=said["event"]["ts"])
    await slack_desk.tells(events.edited(more, "Since Tuesday", ts=slack_desk.slack.ts()))
    await slack_desk.desk.settled()
    told = [each for each in slack_desk.slack.thread(TRIAGE, root)[1:] if not each.startswith("Casewright: ")]
    assert told == [
        f"Ada Example: {PROBLEM}",
        "Ada Example: Since Monday",
        "Ada Example (edited): Since Tuesday",
    ]


async def test_the_team_reads_later_what_it_could_not_be_told_at_once(slack_desk: SlackDesk) -> None:
    said, root = await a_case(slack_desk)
    await slack_desk.desk.settled()
    slack_desk.slack.fail("chat.update", channel=TRIAGE, retry_after=1, status=429)
    await slack_desk.says("<@UCASEWRIGHT> /claim", user=ROBIN, thread_ts=said["event"]["ts"])
    await until(lambda: any(each.startswith("Casewright: Case 1") for each in slack_desk.slack.thread(TRIAGE, root)))


async def test_the_team_reads_also_what_was_written_before_the_app_was_called(slack_desk: SlackDesk) -> None:
    slack_desk.slack.channel("CELSE", ADA)
    first = events.said(slack_desk.slack, PROBLEM, user=ADA, channel="CELSE")["event"]["ts"]
    await slack_desk.says("<@UCASEWRIGHT> please help", channel="CELSE", thread_ts=first)
    await until(lambda: "Ada Example: please help" in team(slack_desk))
    assert f"Ada Example: {PROBLEM}" in team(slack_desk)


async def test_answers_to_representatives_come_there_and_commands_may_be_given_there(slack_desk: SlackDesk) -> None:
    _, root = await a_case(slack_desk)
    await slack_desk.says("Does anybody know this one?", user=ROBIN, channel=TRIAGE, thread_ts=root)
    await slack_desk.says("<@UCASEWRIGHT> /claim", user=ROBIN, channel=TRIAGE, thread_ts=root)
    await until(lambda: any(each.startswith("To Robin Rep: Case ") for each in team(slack_desk)))
    await slack_desk.desk.settled()
    assert slack_desk.slack.ephemerals == []
    assert "anybody know" not in str(slack_desk.slack.messages[HELP])


async def test_buttons_there_are_about_the_conversation(slack_desk: SlackDesk) -> None:
    _, root = await a_case(slack_desk)
    card = slack_desk.slack.messages[TRIAGE][0]
    claim = next(
        element
        for block in card["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "casewright:run:claim"
    )
    where = {"type": "message", "channel_id": TRIAGE, "message_ts": root}
    pressed = {"action_id": claim["action_id"], "value": claim["value"]}
    await slack_desk.tells(events.pressed(slack_desk.slack, pressed, user=ROBIN, container=where))
    await until(lambda: "is yours now" in str(team(slack_desk)))


async def test_a_customers_refusal_stays_the_customers(slack_desk: SlackDesk) -> None:
    said, _ = await a_case(slack_desk)
    await slack_desk.says("/resolve", user=ADA, thread_ts=said["event"]["ts"])
    await slack_desk.whisper("commands are for our support team")


async def test_a_team_channel_that_refuses_keeps_nothing_from_the_thread(slack_desk: SlackDesk) -> None:
    slack_desk.slack.fail("chat.postMessage", error="not_in_channel", channel=TRIAGE, times=99)
    said = await slack_desk.says(PROBLEM)
    await until(lambda: len(slack_desk.slack.thread(HELP, said["event"]["ts"])) > 1)
    assert "triage channel can't be written to: not_in_channel" in slack_desk.desk.app.channels["slack"].health.sentence


async def test_nothing_that_somebody_names_is_fetched_and_shown_under_our_name(slack_desk: SlackDesk) -> None:
    await slack_desk.says(f"{PROBLEM} See https://pictures.example/leak.png")
    await until(lambda: bool(team(slack_desk)) and team(slack_desk)[0].startswith("Case 1"))
    await slack_desk.desk.settled()
    posts = slack_desk.slack.of("chat.postMessage")
    assert {(each.get("unfurl_links"), each.get("unfurl_media")) for each in posts} == {(False, False)}
