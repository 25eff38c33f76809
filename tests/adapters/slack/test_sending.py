"""Our posts in Slack: in the thread, edited in place, for one person, again after a failure, at Slack's pace."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import pytest

from adapters.channel import RetryLater, Undeliverable
from adapters.pacing import Pacing
from store.model import Card, CardField, CardSuggestion, CaseNumber, Json, Outbound, utcnow
from tests.adapters.contract import answer_to
from tests.adapters.slack import events
from tests.adapters.slack.slack import ADA, HELP, ROBIN, SlackRemote, view_text

ROOT = "1700000000.000100"

CARD = Card(
    number=CaseNumber(1042),
    title="My kettle <!channel> *leaks*",
    status="new",
    status_label="New",
    owner=None,
    fields=(
        CardField(label="Issue", value="<https://evil.example|Click>"),
        CardField(label="Margin", value="secret", internal=True),
    ),
    suggestions=(CardSuggestion(id=7, label="Priority", value="High", quote="urgent"),),
    changed="Case opened",
    updated_at=utcnow(),
)


@pytest.fixture
async def answer(remote: SlackRemote) -> Outbound:
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP, ts=ROOT))
    return answer_to(remote.inbox.received[0], "Which model is it?", key="1")


def posted(remote: SlackRemote) -> list[Json]:
    return remote.slack.of("chat.postMessage")


async def test_nothing_that_people_wrote_is_read_as_markup(remote: SlackRemote, answer: Outbound) -> None:
    await remote.native.send(replace(answer, text="<!channel> *bold* <@UADA>"))
    (post,) = posted(remote)
    assert post["text"] == "&lt;!channel&gt; *bold* &lt;@UADA&gt;"
    assert {block["type"] for block in post["blocks"]} == {"rich_text"}


async def test_the_card_in_the_thread_shows_nothing_internal(remote: SlackRemote, answer: Outbound) -> None:
    await remote.native.send(replace(answer, card=CARD))
    shown = view_text(posted(remote)[0])
    assert "secret" not in shown
    assert "urgent" not in shown
    assert "1042" in shown


async def test_the_card_is_edited_in_place(remote: SlackRemote, answer: Outbound) -> None:
    place = await remote.native.send(replace(answer, card=CARD))
    again = replace(answer, key="2", card=replace(CARD, status_label="Resolved"), edit=place)
    assert await remote.native.send(again) == place
    assert len(posted(remote)) == 1
    assert "Resolved" in remote.slack.thread(HELP, ROOT)[-1]


async def test_a_card_that_was_deleted_is_posted_anew(remote: SlackRemote, answer: Outbound) -> None:
    place = await remote.native.send(replace(answer, card=CARD))
    remote.slack.messages[HELP].pop()
    assert await remote.native.send(replace(answer, key="2", card=CARD, edit=place)) != place


async def test_an_answer_to_one_person_is_seen_by_that_person_alone(remote: SlackRemote, answer: Outbound) -> None:
    await remote.native.send(replace(answer, audience=ROBIN))
    assert posted(remote) == []
    (whisper,) = remote.slack.ephemerals
    assert (whisper["user"], whisper["thread_ts"]) == (ROBIN, ROOT)


async def test_whoever_is_not_in_the_channel_is_written_to_directly(remote: SlackRemote, answer: Outbound) -> None:
    remote.slack.members[HELP].discard(ROBIN)
    await remote.native.send(replace(answer, audience=ROBIN))
    assert remote.slack.thread(f"D{ROBIN}", None) == ["Which model is it?"]
    assert remote.slack.of("chat.postMessage")[-1]["unfurl_links"] is False


async def test_who_typed_a_command_in_a_conversation_of_others_is_answered_directly(remote: SlackRemote) -> None:
    """Slack passes on commands from direct messages between two people, in which the app can't write."""
    await remote.slack.deliver(remote.url, events.command(remote.slack, "/help", "", user=ROBIN, channel="DOTHERS"))
    typed = replace(answer_to(remote.inbox.received[0], "Commands: …", key="1"), audience=ROBIN)
    await remote.native.send(typed)
    assert remote.slack.thread(f"D{ROBIN}", None) == ["Commands: …"]


async def test_what_is_for_a_representative_never_stands_in_a_customers_direct_messages(remote: SlackRemote) -> None:
    await remote.slack.deliver(remote.url, events.said(remote.slack, "It is broken.", user=ADA, channel=f"D{ADA}"))
    proposal = replace(answer_to(remote.inbox.received[0], "Suggested: priority 1", key="1"), audience=ROBIN)
    await remote.native.send(proposal)
    assert remote.slack.thread(f"D{ROBIN}", None) == ["Suggested: priority 1"]
    assert "Suggested: priority 1" not in remote.slack.thread(f"D{ADA}", None)


async def test_a_representative_is_answered_though_the_teams_channel_refuses(
    remote: SlackRemote, answer: Outbound
) -> None:
    remote.watching = replace(remote.watching, triage="CTRIAGE")  # which the app is not in
    await remote.native.send(replace(answer, audience=ROBIN))
    assert [each["user"] for each in remote.slack.ephemerals] == [ROBIN]


async def test_a_post_that_may_have_got_through_is_looked_for_first(remote: SlackRemote, answer: Outbound) -> None:
    remote.slack.fail("chat.postMessage", status=0, after_all=True)
    with pytest.raises(RetryLater) as lost:
        await remote.native.send(answer)
    assert not lost.value.nothing_posted
    native_id = await remote.native.send(replace(answer, uncertain=True))
    assert remote.slack.thread(HELP, ROOT) == ["My kettle leaks", "Which model is it?"]
    assert native_id.startswith(f"{HELP}:")


async def test_a_post_that_did_not_get_through_is_posted(remote: SlackRemote, answer: Outbound) -> None:
    remote.slack.fail("chat.postMessage", status=0)
    with pytest.raises(RetryLater):
        await remote.native.send(answer)
    await remote.native.send(replace(answer, uncertain=True))
    assert remote.slack.thread(HELP, ROOT) == ["My kettle leaks", "Which model is it?"]


async def test_slacks_own_time_to_wait_is_kept(remote: SlackRemote, answer: Outbound) -> None:
    remote.slack.fail("chat.postMessage", status=429, retry_after=30)
    for _ in range(2):  # the second is not even tried: nothing else in the channel goes before
        with pytest.raises(RetryLater) as wait:
            await remote.native.send(answer)
        assert wait.value.after == pytest.approx(30, abs=1)
    assert len(posted(remote)) == 1


async def test_what_an_administrator_can_mend_is_tried_again(remote: SlackRemote, answer: Outbound) -> None:
    remote.slack.fail("chat.postMessage", error="not_in_channel")
    with pytest.raises(RetryLater, match="not_in_channel"):
        await remote.native.send(answer)


async def test_an_archived_channel_is_given_up(remote: SlackRemote, answer: Outbound) -> None:
    remote.slack.fail("chat.postMessage", error="is_archived")
    with pytest.raises(Undeliverable):
        await remote.native.send(answer)


async def test_posts_in_one_channel_keep_their_distance_and_their_order() -> None:
    pacing, loop, began = Pacing(0.05), asyncio.get_running_loop(), list[tuple[int, float]]()

    async def post(number: int) -> None:
        async with pacing.turn(HELP, str(number)):
            began.append((number, loop.time()))

    async with asyncio.TaskGroup() as tasks:
        for number in range(8):
            tasks.create_task(post(number))
    assert [number for number, _ in began] == list(range(8))
    assert began[-1][1] - began[0][1] >= 0.05 * 4


async def test_another_channel_does_not_wait() -> None:
    pacing = Pacing(60.0)
    for number in range(3):
        async with pacing.turn(HELP, str(number)):
            pass
    async with asyncio.timeout(5), pacing.turn("CELSE", "4"):
        pass
    with pytest.raises(RetryLater):
        async with pacing.turn(HELP, "5"):
            pass


async def test_in_a_rush_each_post_is_sent_away_with_a_turn_of_its_own() -> None:
    pacing = Pacing(10.0)
    waits = list[float]()
    for number in range(40):
        with suppress(RetryLater):
            async with pacing.turn(HELP, str(number)):
                continue
        with pytest.raises(RetryLater) as sent_away:  # it came too early, and keeps its place all the same
            async with pacing.turn(HELP, str(number)):
                pass
        waits.append(sent_away.value.after or 0.0)
    assert [round(after - before) for before, after in pairwise(waits)] == [10] * 36


async def test_a_turn_before_the_time_that_slack_names_is_none_any_more() -> None:
    pacing = Pacing(10.0)

    async def wait(post: str) -> int:
        with pytest.raises(RetryLater) as sent_away:
            async with pacing.turn(HELP, post):
                pass
        return round(sent_away.value.after or 0.0)

    with suppress(RetryLater):
        async with pacing.turn(HELP, "1"), pacing.turn(HELP, "2"), pacing.turn(HELP, "3"):
            assert await wait("4") == 10
            raise RetryLater("Slack asks to wait.", after=100.0)
    assert [await wait("4"), await wait("5")] == [100, 110]
