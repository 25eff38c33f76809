"""What we post in Teams: where it lands, what its readers see, and what becomes of it when Teams says no."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters.channel import RetryLater, Undeliverable
from adapters.teams import cards
from store.model import CardField, Json, Outbound
from tests.adapters.contract import answer_to
from tests.adapters.teams import events
from tests.adapters.teams.events import AAD, ADA, CHAT, HELP, ROBIN
from tests.adapters.teams.teams import CARD, TeamsRemote


async def answered(remote: TeamsRemote, conversation: str = CHAT) -> Outbound:
    """An answer to a message that was just said there."""
    await remote.deliver(events.said(remote.teams, "My kettle leaks", conversation=conversation))
    return answer_to(remote.inbox.received[0], "Which model is it?", key="1")


async def test_what_people_wrote_is_no_markdown(remote: TeamsRemote) -> None:
    hostile = "**bold** [link](https://evil.example)\n<at>all</at> <b>&amp;</b>"
    await remote.channel.send(replace(await answered(remote), text=hostile))
    assert remote.teams.texts(CHAT)[-1] == hostile
    assert remote.teams.thread[CHAT][-1]["textFormat"] == "xml"  # in which nothing but tags is markup
    assert "<at>" not in remote.teams.thread[CHAT][-1]["text"]


@pytest.mark.parametrize("written", ["<", "\n", "🔥", "é", "a"])
async def test_a_long_answer_is_as_long_as_teams_takes_it(remote: TeamsRemote, written: str) -> None:
    await remote.channel.send(replace(await answered(remote), text=written * 30_000))
    [posted] = [each for each in remote.teams.thread[CHAT] if each["id"].startswith("bot-")]
    assert len(json.dumps(posted)) <= cards.MOST + 200
    assert posted["text"].endswith("…")


async def test_a_card_is_posted_without_what_is_internal_and_edited_in_place(remote: TeamsRemote) -> None:
    post = replace(await answered(remote, HELP), text="", card=CARD)
    native_id = await remote.channel.send(post)
    again = await remote.channel.send(replace(post, card=replace(CARD, status_label="Resolved"), edit=native_id))
    assert again == native_id
    [posted] = [each for each in remote.teams.thread[post.conversation_key] if "attachments" in each]
    shown = json.dumps(posted)
    assert "Resolved" in shown
    assert "It leaks" in shown
    assert "internal" not in shown
    assert "Suggested" not in shown


async def test_what_is_for_one_person_goes_into_their_own_chat(remote: TeamsRemote) -> None:
    post = replace(await answered(remote, HELP), audience=AAD[ROBIN], text="No changes.")
    await remote.channel.send(post)
    await remote.channel.send(replace(post, key="2", text="And no more."))
    assert remote.teams.texts(f"a:{AAD[ROBIN]}") == ["No changes.", "And no more."]
    assert remote.teams.texts(post.conversation_key) == ["My kettle leaks"]
    assert remote.teams.calls.count("POST /v3/conversations") == 1


async def test_in_ones_own_chat_it_is_said_there_and_to_others_in_theirs(remote: TeamsRemote) -> None:
    post = await answered(remote)
    await remote.channel.send(replace(post, audience=AAD[ADA]))
    await remote.channel.send(replace(post, key="2", audience=AAD[ROBIN], text="What the case would hold."))
    assert remote.teams.texts(CHAT)[-1] == "Which model is it?"
    assert remote.teams.texts(f"a:{AAD[ROBIN]}") == ["What the case would hold."]


async def test_a_card_that_somebody_deleted_is_posted_anew(remote: TeamsRemote) -> None:
    post = replace(await answered(remote), text="", card=CARD, edit="bot-17")
    native_id = await remote.channel.send(post)
    assert native_id != "bot-17"
    assert remote.teams.texts(CHAT)[-1].startswith("Case 1001")


@pytest.mark.parametrize(
    ("status", "headers", "after", "nothing_posted"),
    [
        (429, {"Retry-After": "7"}, 7.0, True),
        (429, {}, 30.0, True),
        (412, {}, None, True),
        (500, {}, None, False),
        (502, {}, None, False),
        (503, {}, None, False),
        (401, {}, None, True),
    ],
)
async def test_what_teams_can_not_do_now_is_tried_again(
    remote: TeamsRemote, status: int, headers: dict[str, str], after: float | None, *, nothing_posted: bool
) -> None:
    post = await answered(remote)
    remote.teams.refusals = [(status, headers)]
    with pytest.raises(RetryLater) as later:
        await remote.channel.send(post)
    assert (later.value.after, later.value.nothing_posted) == (after, nothing_posted)
    if after is None:
        await remote.channel.send(post)
        assert remote.teams.texts(CHAT)[-1] == "Which model is it?"


async def test_a_token_that_counts_no_more_is_replaced(remote: TeamsRemote) -> None:
    """As when the app's secret was renewed: it would not end for an hour."""
    post = await answered(remote)
    remote.teams.token = "another"
    with pytest.raises(RetryLater):
        await remote.channel.send(post)
    await remote.channel.send(post)
    assert remote.teams.texts(CHAT)[-1] == "Which model is it?"


@pytest.mark.parametrize("status", [400, 403, 404, 413])
async def test_what_teams_will_never_take_is_undeliverable(remote: TeamsRemote, status: int) -> None:
    post = await answered(remote)
    remote.teams.refusals = [(status, {})]
    with pytest.raises(Undeliverable, match=str(status)):
        await remote.channel.send(post)


async def test_a_dead_address_and_a_token_endpoint_that_is_down_lose_nothing(remote: TeamsRemote) -> None:
    post = await answered(remote)
    dead = {**post.reply_address, "service_url": "https://evil.example/"}
    with pytest.raises(Undeliverable, match="not an address of Teams"):
        await remote.channel.send(replace(post, reply_address=dead))
    assert await remote.channel.send(post)


def test_a_card_that_is_too_large_is_shortened() -> None:
    fields = tuple(CardField(label=f"Field {number}", value="🔥" * 500) for number in range(60))
    shown = cards.case_card(replace(CARD, fields=fields), representative=True)
    assert len(json.dumps(shown)) <= cards.MOST
    assert all(each["type"] in {"RichTextBlock", "ColumnSet", "Container"} for each in shown["body"])


def test_buttons_work_for_clients_old_and_new() -> None:
    shown = cards.case_card(CARD, representative=True)
    actions: list[Json] = [each for each in shown["actions"] if each["type"] == "Action.Execute"]
    assert [each["title"] for each in actions] == ["Claim", "Resolve"]
    for each in actions:
        assert each["fallback"]["data"] == {"verb": each["verb"], **each["data"]}
    assert shown["refresh"]["action"]["verb"] == "refresh"


@pytest.mark.parametrize(
    ("status", "offered"),
    [("resolved", ["Update…", "Reopen"]), ("cancelled", ["Update…", "Reopen"]), ("merged", [])],
)
def test_only_what_makes_sense_is_offered_on_a_closed_case(status: str, offered: list[str]) -> None:
    shown = cards.case_card(replace(CARD, status=status), representative=True)
    assert [each["title"] for each in shown.get("actions", [])] == offered
