"""What is written in Teams, read: which conversation it is part of, who wrote it, and what it says."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.teams import words
from adapters.teams.filing import files_of
from adapters.teams.places import place_of
from store.model import InboundKind, Json
from tests.adapters.teams import events
from tests.adapters.teams.events import AAD, ADA, CHAT, GROUP, HELP, ROBIN
from tests.adapters.teams.fake import APP_ID, BOT, TENANT
from tests.adapters.teams.teams import TeamsRemote


async def test_a_chat_is_one_conversation_and_each_post_in_a_channel_another(remote: TeamsRemote) -> None:
    for text, where in (("One", CHAT), ("Two", CHAT), ("Three", GROUP), ("Four", HELP), ("Five", HELP)):
        await remote.deliver(events.said(remote.teams, text, conversation=where))
    keys = [each.conversation_key for each in remote.inbox.received]
    assert keys[:3] == [CHAT, CHAT, GROUP]
    assert keys[3] != keys[4]
    assert [each.people for each in remote.inbox.received] == [False, False, True, True, True]


async def test_an_answer_in_a_thread_belongs_to_its_post(remote: TeamsRemote) -> None:
    post = events.said(remote.teams, "My kettle leaks", conversation=HELP)
    await remote.deliver(post)
    await remote.deliver(events.said(remote.teams, "Mine too", conversation=HELP, root=post["id"], user=ROBIN))
    assert len({each.conversation_key for each in remote.inbox.received}) == 1


async def test_a_post_whose_thread_is_not_named_begins_its_own(remote: TeamsRemote) -> None:
    post = events.said(remote.teams, "My kettle leaks", conversation=HELP)
    bare = {**post, "conversation": {**post["conversation"], "id": HELP}}
    assert place_of(bare).key == place_of(post).key == f"{HELP};messageid={post['id']}"


async def test_an_action_on_a_message_belongs_to_its_thread_though_the_thread_is_not_named(remote: TeamsRemote) -> None:
    post = events.said(remote.teams, "My kettle leaks", conversation=HELP)
    for message in ({"id": post["id"]}, {"id": "17", "replyToId": post["id"]}):
        value = {"commandId": "createCase", "messagePayload": message}
        told = events.invoke(remote.teams, "composeExtension/fetchTask", value, conversation=HELP)
        assert place_of(told).key == place_of(post).key


async def test_somebody_is_known_by_the_directorys_id_and_the_address_that_their_tenant_vouches_for(
    remote: TeamsRemote,
) -> None:
    remote.teams.members[ROBIN] = {"id": ROBIN, "email": "robin@partner.example", "userRole": "guest"}
    await remote.deliver(events.said(remote.teams, "My kettle leaks"))
    await remote.deliver(events.said(remote.teams, "Mine too", user=ROBIN, conversation=GROUP))
    ada, robin = (each.author for each in remote.inbox.received)
    assert (ada.id, ada.name, ada.email) == (AAD[ADA], "Ada Example", "ada@example.org")
    assert (robin.id, robin.email) == (AAD[ROBIN], None)
    assert remote.inbox.received[0].account == TENANT


async def test_our_mention_is_no_word_and_others_are_names(remote: TeamsRemote) -> None:
    told = events.mentioning(events.said(remote.teams, "/update-case", conversation=HELP))
    other = {"type": "mention", "mentioned": {"id": "29:bea", "name": "Bea"}, "text": "<at>Bea</at>"}
    told["text"] += " ask <at>Bea</at>"
    told["entities"].append(other)
    await remote.deliver(told)
    assert remote.inbox.received[0].text == "/update-case ask @Bea"


async def test_html_is_read_without_what_it_quotes_and_without_our_mention(remote: TeamsRemote) -> None:
    html = (
        '<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="17">'
        '<strong itemprop="mri">Robin</strong><p itemprop="preview">Which model is it?</p></blockquote>'
        '<p><span itemscope itemtype="http://schema.skype.com/Mention" itemid="0">Casewright</span>&nbsp;It is the '
        '<b>Kettle&nbsp;3000</b> &lt;blue&gt; <img itemtype="http://schema.skype.com/Emoji" alt="🙂"></p>'
        "<ul><li>leaks</li><li>hisses</li></ul>"
    )
    entity = {"type": "mention", "mentioned": BOT, "text": "<at>Casewright</at>"}
    told = events.said(
        remote.teams, "quoted and new", entities=[entity], attachments=[{"contentType": "text/html", "content": html}]
    )
    await remote.deliver(told)
    said = remote.inbox.received[0].text
    assert said.startswith("It is the Kettle 3000 <blue> 🙂")
    assert "Which model" not in said
    assert "Casewright" not in said
    assert [line.lstrip("* ") for line in said.splitlines()[-2:]] == ["leaks", "hisses"]


async def test_html_that_can_not_be_read_to_its_end_is_no_loss(remote: TeamsRemote) -> None:
    """Of elements within each other, parsers read some hundreds."""
    html = f"<p>My kettle</p>{'<div>' * 300}leaks{'</div>' * 300}"
    attachments = [{"contentType": "text/html", "content": html}]
    await remote.deliver(events.said(remote.teams, "My kettle leaks", attachments=attachments))
    assert [each.text for each in remote.inbox.received] == ["My kettle leaks"]


async def test_a_long_message_is_read_as_a_short_one(remote: TeamsRemote) -> None:
    html = "<p>My kettle leaks.</p>" * 1000
    attachments = [{"contentType": "text/html", "content": html}]
    await remote.deliver(events.said(remote.teams, "much", attachments=attachments))
    assert remote.inbox.received[0].text.count("My kettle leaks.") == 1000


async def test_edits_deletions_and_their_taking_back_follow_the_message(remote: TeamsRemote) -> None:
    told = events.said(remote.teams, "My kettle leaks")
    await remote.deliver(told)
    for event, text in (
        ("editMessage", "My kettle hisses"),
        ("softDeleteMessage", ""),
        ("undeleteMessage", "My kettle hisses"),
    ):
        for _ in range(2):
            assert await remote.deliver(events.changed(told, event, text)) == 200
    first, *others = remote.inbox.received
    assert [(each.kind, each.text) for each in others] == [
        (InboundKind.EDIT, "My kettle hisses"),
        (InboundKind.DELETE, ""),
        (InboundKind.EDIT, "My kettle hisses"),
    ]
    assert {each.target for each in others} == {first.external_id}
    assert [bool(each.action.get("restored")) for each in others] == [False, False, True]


async def test_what_bots_write_is_nobodys_word(remote: TeamsRemote) -> None:
    other = {"id": "28:another-app", "name": "Another"}
    assert await remote.deliver({**events.said(remote.teams, "Buy now"), "from": other}) == 200
    assert await remote.deliver({**events.said(remote.teams, "Hello"), "from": {"id": f"28:{APP_ID}"}}) == 200
    assert remote.inbox.received == []


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
NAMES = ["text", "entities", "attachments", "recipient", "from", "conversation", "channelData", "value", "id", "type"]


@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_whatever_an_activity_holds_is_read_or_refused_as_malformed(activity: Json) -> None:
    words.plain(activity)
    files_of(TENANT, activity)
    with suppress(ValueError):
        assert place_of(activity).key


@given(st.text(max_size=300))
def test_whatever_html_says_is_text_without_what_no_database_takes(html: str) -> None:
    said = words.plain({"attachments": [{"contentType": "text/html", "content": html}]})
    assert "\0" not in said
    assert not any("\ud800" <= each <= "\udfff" for each in said)
