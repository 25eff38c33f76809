"""Which of what is written in Slack is a conversation, and which conversation it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.slack.api import Api
from adapters.slack.people import People
from adapters.slack.workspaces import Workspace
from store.model import InboundKind
from tests.adapters.contract import answer_to
from tests.adapters.slack import events
from tests.adapters.slack.fake import BOT_ID, BOT_TOKEN, BOT_USER
from tests.adapters.slack.slack import ADA, HELP, ROBIN, SlackRemote, slack_remote
from tests.adapters.webchat import until

BASE = 1_700_000_000


def ts(seconds: float) -> str:
    return f"{BASE + seconds:.6f}"


async def test_what_one_person_writes_on_within_two_minutes_is_one_conversation(remote: SlackRemote) -> None:
    for text, at in (("Hello", 0), ("My kettle leaks", 60), ("Since Monday", 170), ("Something else", 1000)):
        await remote.deliver(events.said(remote.slack, text, user=ADA, channel=HELP, ts=ts(at)))
    keys = [each.conversation_key for each in remote.inbox.received]
    assert keys == [f"{HELP}:{ts(0)}"] * 3 + [f"{HELP}:{ts(1000)}"]


async def test_two_people_writing_at_once_are_two_conversations(remote: SlackRemote) -> None:
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP, ts=ts(0)))
    await remote.deliver(events.said(remote.slack, "My oven smokes", user="UBEN", channel=HELP, ts=ts(1)))
    assert len({each.conversation_key for each in remote.inbox.received}) == 2


async def test_deliveries_in_the_wrong_order_are_grouped_all_the_same(remote: SlackRemote) -> None:
    first = events.said(remote.slack, "My kettle", user=ADA, channel=HELP, ts=ts(0))
    second = events.said(remote.slack, "leaks", user=ADA, channel=HELP, ts=ts(5))
    await remote.deliver(second)
    await remote.deliver(first)
    assert len({each.conversation_key for each in remote.inbox.received}) == 1


@pytest.mark.parametrize("channel", [HELP, "D1"])
async def test_what_slack_delivers_at_once_is_grouped_while_it_still_says_who_wrote(
    remote: SlackRemote, channel: str
) -> None:
    remote.slack.answering.clear()
    said = [events.said(remote.slack, each, user=ADA, channel=channel) for each in ("Hello", "My kettle leaks")]
    deliveries = [asyncio.create_task(remote.deliver(each)) for each in said]
    await until(lambda: any(call.method == "users.info" for call in remote.slack.calls))
    remote.slack.answering.set()
    assert await asyncio.gather(*deliveries) == [200, 200]
    assert len({each.conversation_key for each in remote.inbox.received}) == 1


async def test_an_answer_in_the_thread_of_a_grouped_message_stays_in_its_conversation(remote: SlackRemote) -> None:
    await remote.deliver(events.said(remote.slack, "Hello", user=ADA, channel=HELP, ts=ts(0)))
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP, ts=ts(5)))
    answer = events.said(remote.slack, "Which one?", user=ROBIN, channel=HELP, ts=ts(9), thread_ts=ts(5))
    await remote.deliver(answer)
    assert {each.conversation_key for each in remote.inbox.received} == {f"{HELP}:{ts(0)}"}


async def test_outside_watched_channels_a_mention_starts_a_conversation_and_its_thread_goes_on(
    remote: SlackRemote,
) -> None:
    remote.slack.channel("CELSE", ADA)
    await remote.deliver(events.said(remote.slack, "Just talking", user=ADA, channel="CELSE", ts=ts(0)))
    mention = f"<@{BOT_USER}> my kettle leaks"
    await remote.deliver(events.said(remote.slack, mention, user=ADA, channel="CELSE", ts=ts(500)))
    await remote.deliver(
        events.said(remote.slack, "It is the 3000", user=ADA, channel="CELSE", ts=ts(510), thread_ts=ts(500))
    )
    assert [each.text for each in remote.inbox.received] == ["my kettle leaks", "It is the 3000"]
    assert {each.conversation_key for each in remote.inbox.received} == {f"CELSE:{ts(500)}"}


async def test_a_mention_that_is_told_of_twice_is_one_message(remote: SlackRemote) -> None:
    remote.slack.channel("CELSE", ADA)
    message = events.said(remote.slack, f"<@{BOT_USER}> my kettle leaks", user=ADA, channel="CELSE")
    mention = events.envelope({**message["event"], "type": "app_mention"})
    assert await remote.deliver(message) == await remote.deliver(mention) == 200
    assert len(remote.inbox.received) == 1


async def test_a_mention_in_an_old_thread_brings_what_was_written_before(remote: SlackRemote) -> None:
    remote.slack.channel("CELSE", ADA, "UBEN")
    events.said(remote.slack, "My kettle leaks", user=ADA, channel="CELSE", ts=ts(0))
    events.said(remote.slack, "Ask the app", user="UBEN", channel="CELSE", ts=ts(9), thread_ts=ts(0))
    mention = events.said(
        remote.slack, f"<@{BOT_USER}> please help", user=ADA, channel="CELSE", ts=ts(20), thread_ts=ts(0)
    )
    await remote.deliver(mention)
    assert sorted(each.text for each in remote.inbox.received) == ["Ask the app", "My kettle leaks", "please help"]
    assert {each.conversation_key for each in remote.inbox.received} == {f"CELSE:{ts(0)}"}


async def test_a_mention_counts_also_where_the_thread_is_not_told(remote: SlackRemote) -> None:
    remote.slack.channel("CELSE", ADA)
    remote.slack.fail("conversations.replies", status=429, retry_after=60)
    mention = events.said(remote.slack, f"<@{BOT_USER}> help", user=ADA, channel="CELSE", ts=ts(20), thread_ts=ts(0))
    assert await remote.deliver(mention) == 200
    assert [each.text for each in remote.inbox.received] == ["help"]


async def test_a_direct_message_is_a_session_that_ends_by_itself_after_hours_of_quiet(remote: SlackRemote) -> None:
    remote.slack.channel("D1", ADA)
    for text, at in (("My kettle leaks", 0), ("It is the 3000", 3 * 3600), ("My oven smokes", 20 * 3600)):
        await remote.deliver(events.said(remote.slack, text, user=ADA, channel="D1", ts=ts(at)))
    first, second, third = remote.inbox.received
    assert first.conversation_key == second.conversation_key != third.conversation_key
    assert first.reply_address["thread_ts"] is None
    assert not first.people


async def test_a_thread_of_the_assistant_pane_is_a_conversation(remote: SlackRemote) -> None:
    remote.slack.channel("D1", ADA)
    message = events.said(remote.slack, "My kettle leaks", user=ADA, channel="D1", ts=ts(5), thread_ts=ts(0))
    await remote.deliver(message)
    assert remote.inbox.received[0].reply_address == {"channel": "D1", "thread_ts": ts(0), "enterprise": None}


async def test_an_answer_in_the_thread_of_our_own_post_in_a_direct_message_goes_on_there(remote: SlackRemote) -> None:
    remote.slack.channel("D1", ADA)
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel="D1", ts=ts(0)))
    native = await remote.native.send(answer_to(remote.inbox.received[0], "Which model?", key="1"))
    posted = native.partition(":")[2]
    await remote.deliver(
        events.said(remote.slack, "The 3000", user=ADA, channel="D1", ts=ts(900_000), thread_ts=posted)
    )
    assert len({each.conversation_key for each in remote.inbox.received}) == 1


async def test_edits_and_deletions_name_the_message_they_are_about(remote: SlackRemote) -> None:
    said = events.said(remote.slack, "It is the 2000", user=ADA, channel=HELP, ts=ts(0))
    edit = events.edited(said, "It is the 3000", ts=ts(9))
    for payload in (said, edit, edit, events.deleted(said, ts=ts(20))):
        assert await remote.deliver(payload) == 200
    message, changed, gone = remote.inbox.received
    assert (changed.kind, changed.text, changed.target) == (InboundKind.EDIT, "It is the 3000", message.external_id)
    assert (gone.kind, gone.target, gone.author.id) == (InboundKind.DELETE, message.external_id, ADA)


async def test_an_edit_that_overtakes_its_message_is_what_was_said(remote: SlackRemote) -> None:
    said = events.said(remote.slack, "It is the 2000", user=ADA, channel=HELP, ts=ts(0))
    for payload in (events.edited(said, "It is the 3000", ts=ts(9)), said):
        assert await remote.deliver(payload) == 200
    assert [(each.kind, each.text) for each in remote.inbox.received] == [(InboundKind.MESSAGE, "It is the 3000")]


async def test_an_old_message_that_nobody_followed_is_edited_in_vain(remote: SlackRemote) -> None:
    said = events.said(remote.slack, "It is the 2000", user=ADA, channel=HELP, ts=ts(0))
    assert await remote.deliver(events.edited(said, "It is the 3000", ts=ts(90_000))) == 200
    assert remote.inbox.received == []


async def test_a_link_that_is_unfolded_is_no_edit(remote: SlackRemote) -> None:
    said = events.said(remote.slack, "See https://example.org", user=ADA, channel=HELP, ts=ts(0))
    await remote.deliver(said)
    unfolded = events.edited(said, said["event"]["text"], ts=ts(2))
    del unfolded["event"]["message"]["edited"]
    await remote.deliver(unfolded)
    assert len(remote.inbox.received) == 1


async def test_a_deleted_message_that_had_answers_is_gone(remote: SlackRemote) -> None:
    said = events.said(remote.slack, "It is the 2000", user=ADA, channel=HELP, ts=ts(0))
    await remote.deliver(said)
    tombstone = events.edited(said, "This message was deleted.", ts=ts(9))
    tombstone["event"]["message"] |= {"subtype": "tombstone", "user": "USLACKBOT"}
    await remote.deliver(tombstone)
    assert [each.kind for each in remote.inbox.received] == [InboundKind.MESSAGE, InboundKind.DELETE]


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
async def test_what_people_say_in_other_ways_counts(remote: SlackRemote, subtype: str) -> None:
    await remote.deliver(events.said(remote.slack, "It leaks", user=ADA, channel=HELP, subtype=subtype))
    assert [each.text for each in remote.inbox.received] == ["It leaks"]


async def test_who_wrote_is_told_with_name_verified_address_and_groups(remote: SlackRemote) -> None:
    remote.slack.groups["SSUPPORT"] = [ROBIN]
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP))
    await remote.deliver(events.said(remote.slack, "I am looking", user=ROBIN, channel=HELP))
    ada, robin = (each.author for each in remote.inbox.received)
    assert (ada.name, ada.email, ada.groups) == ("Ada Example", "ada@example.org", ())
    assert robin.groups == ("SSUPPORT",)


async def test_the_address_of_another_organisations_member_is_not_believed(remote: SlackRemote) -> None:
    remote.slack.person("UMAL", "Mallory", email="ada@example.org", team="T2", is_stranger=True)
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user="UMAL", channel=HELP))
    assert remote.inbox.received[0].author.email is None


async def test_a_message_counts_though_slack_does_not_say_who_wrote_it(remote: SlackRemote) -> None:
    remote.slack.fail("users.info", status=500, times=9)
    assert await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP)) == 200
    assert (remote.inbox.received[0].author.id, remote.inbox.received[0].author.name) == (ADA, "")


async def test_a_message_is_acknowledged_in_time_though_slack_says_nothing(remote: SlackRemote) -> None:
    mentioned = " ".join(f"<@U{number}>" for number in range(20))
    remote.slack.answering.clear()
    async with asyncio.timeout(3):
        assert await remote.deliver(events.said(remote.slack, mentioned, user=ADA, channel=HELP)) == 200
    assert len(remote.inbox.received) == 1
    remote.slack.answering.set()


async def test_groups_that_slack_did_not_tell_are_asked_for_again(sqlite_url: str) -> None:
    async with slack_remote(sqlite_url) as remote:
        remote.slack.groups["SSUPPORT"] = [ROBIN]
        remote.slack.fail("usergroups.list", status=500)
        api = Api(f"{remote.slack.url}/api/")
        people = People(api, again=0.0)
        workspace = Workspace(team_id="T1", enterprise_id=None, token=BOT_TOKEN, bot_id=BOT_ID, bot_user_id=BOT_USER)
        async with api.opened():
            told = [(await people.author(workspace, ROBIN)).groups for _ in range(2)]
    assert told == [(), ("SSUPPORT",)]


async def test_the_triage_channel_starts_no_conversation(remote: SlackRemote) -> None:
    remote.slack.channel("CTRIAGE", ROBIN)
    remote.watching = replace(remote.watching, watched=frozenset({"*"}), triage="CTRIAGE")
    await remote.deliver(events.said(remote.slack, f"<@{BOT_USER}> hello", user=ROBIN, channel="CTRIAGE"))
    assert remote.inbox.received == []
