"""Slash commands, shortcuts, buttons, forms, reactions, the app's page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.desk import OpenConversation
from store.model import CaseNumber, InboundKind, Json
from tests.adapters.slack import events
from tests.adapters.slack.slack import ADA, HELP, ROBIN, SlackRemote, view_text
from tests.adapters.webchat import until

ROOT = "1700000000.000100"
KEY = f"{HELP}:{ROOT}"


def known(*, case: int | None = None) -> OpenConversation:
    return OpenConversation(
        conversation_key=KEY,
        customer="Ada",
        opening="My kettle leaks",
        case=None if case is None else CaseNumber(case),
        last_message_at=datetime(2026, 11, 25, tzinfo=UTC),
    )


async def asked(remote: SlackRemote, payload: Json) -> Json:
    answer = await remote.slack.deliver(remote.url, payload)
    assert answer.status == 200, answer
    return answer.json if answer.body else {}


def only_view(remote: SlackRemote) -> Json:
    (view,) = remote.slack.views.values()
    return view


async def opened(remote: SlackRemote, callback: str = "create_case") -> Json:
    said = events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP, ts=ROOT)
    await remote.deliver(said)
    await asked(remote, events.shortcut(remote.slack, callback, said, user=ROBIN))
    await until(lambda: bool(remote.slack.of("views.update")))
    return only_view(remote)


async def test_a_command_that_names_a_case_goes_where_it_was_typed(remote: SlackRemote) -> None:
    await asked(remote, events.command(remote.slack, "/case", "1042", user=ROBIN, channel=HELP))
    (inbound,) = remote.inbox.received
    assert (inbound.kind, inbound.text, inbound.author.id) == (InboundKind.MESSAGE, "/case 1042", ROBIN)
    assert inbound.reply_address == {"channel": HELP, "thread_ts": None, "enterprise": None}


async def test_an_update_from_the_conversation_goes_to_the_cases_own(remote: SlackRemote) -> None:
    remote.desk.known = [known(case=1042)]
    await asked(remote, events.command(remote.slack, "/update-case", "1042", user=ROBIN, channel=HELP))
    assert remote.inbox.received[0].conversation_key == KEY


async def test_a_command_about_no_named_conversation_offers_those_of_the_channel(remote: SlackRemote) -> None:
    remote.desk.known = [known()]
    await asked(remote, events.command(remote.slack, "/update-case", "", user=ROBIN, channel=HELP))
    assert remote.inbox.received == []
    view = only_view(remote)
    assert "My kettle leaks" in view_text(view)
    state = {"casewright:pick": {"value": {"type": "static_select", "selected_option": {"value": KEY}}}}
    answer = await asked(remote, {
        "type": "view_submission", "team": {"id": "T1"}, "user": {"id": ROBIN},
        "view": {**view, "state": {"values": state}},
    })  # fmt: skip
    assert answer["response_action"] == "update"
    assert [(each.text, each.conversation_key) for each in remote.inbox.received] == [("/update-case", KEY)]


async def test_a_customers_command_is_passed_on_to_be_refused(remote: SlackRemote) -> None:
    await asked(remote, events.command(remote.slack, "/update-case", "", user=ADA, channel=HELP))
    assert [each.text for each in remote.inbox.received] == ["/update-case"]
    assert remote.slack.views == {}


async def test_a_repeated_command_is_one(remote: SlackRemote) -> None:
    typed = events.command(remote.slack, "/case", "1042", user=ROBIN, channel=HELP)
    for _ in range(3):
        await asked(remote, typed)
    assert len(remote.inbox.received) == 1


async def test_the_shortcut_opens_a_form_with_what_was_predicted(remote: SlackRemote) -> None:
    view = await opened(remote)
    assert "Predicted from “It leaks”." in view_text(view)
    assert view["private_metadata"]


async def test_the_shortcut_on_an_old_thread_stores_it_first(remote: SlackRemote) -> None:
    remote.slack.channel("COLD", ADA)
    first = events.said(remote.slack, "My kettle leaks", user=ADA, channel="COLD", ts=ROOT)
    events.said(remote.slack, "It is the 3000", user=ADA, channel="COLD", thread_ts=ROOT)
    await asked(remote, events.shortcut(remote.slack, "create_case", first, user=ROBIN))
    assert [each.text for each in remote.inbox.received] == ["My kettle leaks", "It is the 3000"]


async def test_the_shortcut_keeps_the_message_where_the_thread_is_not_told(remote: SlackRemote) -> None:
    remote.slack.channel("COLD", ADA)
    remote.slack.fail("conversations.replies", error="missing_scope")
    first = events.said(remote.slack, "My kettle leaks", user=ADA, channel="COLD", ts=ROOT)
    await asked(remote, events.shortcut(remote.slack, "create_case", first, user=ROBIN))
    assert [each.text for each in remote.inbox.received] == ["My kettle leaks"]


async def test_a_customer_gets_no_form(remote: SlackRemote) -> None:
    said = events.said(remote.slack, "My kettle leaks", user=ADA, channel="COLD", ts=ROOT)
    await asked(remote, events.shortcut(remote.slack, "create_case", said, user=ADA))
    assert "for the support team" in view_text(only_view(remote))
    assert remote.inbox.received == []


async def test_a_form_that_is_sent_becomes_one_action(remote: SlackRemote) -> None:
    view = await opened(remote)
    sent = events.filled(view, {"priority": ["High"]}, user=ROBIN)
    assert await asked(remote, sent) == await asked(remote, sent) == {}
    action = remote.inbox.received[-1]
    assert len(remote.inbox.received) == 2
    assert (action.kind, action.conversation_key, action.author.id) == (InboundKind.ACTION, KEY, ROBIN)
    assert action.action == {
        "verb": "create_case",
        "values": {"issue": ["It leaks"], "priority": ["High"], "product": []},
    }


async def test_the_form_to_update_names_the_case_as_it_was_shown(remote: SlackRemote) -> None:
    remote.desk.case = CaseNumber(1042)
    view = await opened(remote, "update_case")
    await asked(remote, events.filled(view, {}, user=ROBIN))
    action: Any = remote.inbox.received[-1].action
    assert (action["verb"], action["case"], action["revision"]) == ("update_case", 1042, 0)


async def test_what_is_wrong_stands_at_its_field_and_nothing_is_stored(remote: SlackRemote) -> None:
    view = await opened(remote)
    remote.desk.problems = {"priority": "There is no such priority.", "": "The case has changed."}
    answer = await asked(remote, events.filled(view, {}, user=ROBIN))
    assert answer["response_action"] == "errors"
    assert answer["errors"] == {
        "field:priority": "There is no such priority.",
        "field:issue": "The case has changed.",
    }
    assert len(remote.inbox.received) == 1


async def test_a_form_that_can_not_be_stored_is_not_acknowledged(remote: SlackRemote) -> None:
    view = await opened(remote)
    remote.inbox.failure = RuntimeError("no disk")
    assert (await remote.slack.deliver(remote.url, events.filled(view, {}, user=ROBIN))).status == 500


async def test_a_long_catalogue_is_searched(remote: SlackRemote) -> None:
    search = {"type": "block_suggestion", "action_id": "search:product", "value": "kettle", "team": {"id": "T1"},
              "user": {"id": ROBIN}}  # fmt: skip
    answer = await asked(remote, search)
    assert [each["value"] for each in answer["options"]] == ["kettle 3000"]


async def test_buttons_of_the_card_become_commands_and_decisions(remote: SlackRemote) -> None:
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP, ts=ROOT))
    where = {"type": "message", "channel_id": HELP, "message_ts": "1700000050.000100", "thread_ts": ROOT}
    accept = events.button("accept_suggestion", {"case": 1042, "suggestion": 7})
    claim = events.button("run:claim", {"text": "/claim 1042"})
    for action in (accept, claim):
        await asked(remote, events.pressed(remote.slack, action, user=ROBIN, container=where))
    _, decided, typed = remote.inbox.received
    assert decided.action == {"verb": "accept_suggestion", "case": 1042, "suggestion": 7}
    assert (typed.text, typed.conversation_key) == ("/claim 1042", KEY)


async def test_the_button_of_the_card_opens_the_form(remote: SlackRemote) -> None:
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP, ts=ROOT))
    where = {"type": "message", "channel_id": HELP, "message_ts": "1700000050.000100", "thread_ts": ROOT}
    update = events.button("update", {"case": 1042})
    await asked(remote, events.pressed(remote.slack, update, user=ROBIN, container=where))
    await until(lambda: bool(remote.slack.of("views.update")))
    assert "Predicted from" in view_text(only_view(remote))


async def test_a_representatives_reaction_opens_a_case_from_an_old_thread(remote: SlackRemote) -> None:
    remote.slack.channel("COLD", ADA, ROBIN)
    events.said(remote.slack, "My kettle leaks", user=ADA, channel="COLD", ts=ROOT)
    for _ in range(2):
        await asked(remote, events.reaction(ROBIN, "ticket", channel="COLD", ts=ROOT))
    first, second = remote.inbox.received
    assert (first.text, first.author.id) == ("My kettle leaks", ADA)
    assert (second.action, second.author.id) == ({"verb": "open_case"}, ROBIN)


async def test_a_customer_gets_into_nobodys_conversation_by_a_cases_number(remote: SlackRemote) -> None:
    remote.desk.known = [known(case=1042)]
    await asked(remote, events.command(remote.slack, "/update-case", "1042", user=ADA, channel="CELSE"))
    assert remote.inbox.received[-1].conversation_key == f"CELSE:desk:{ADA}"


async def test_a_reaction_in_the_colour_of_somebodys_hand_is_the_same(remote: SlackRemote) -> None:
    remote.watching = replace(remote.watching, reaction="raised_hand")
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP, ts=ROOT))
    await asked(remote, events.reaction(ROBIN, "raised_hand::skin-tone-3", channel=HELP, ts=ROOT))
    assert remote.inbox.received[-1].action == {"verb": "open_case"}


async def test_a_reaction_to_an_answer_needs_no_history_where_the_thread_is_ours(remote: SlackRemote) -> None:
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP, ts=ROOT))
    more = events.said(remote.slack, "Since Monday", user=ADA, channel=HELP, thread_ts=ROOT)
    await remote.deliver(more)
    remote.slack.fail("conversations.replies", error="missing_scope", times=99)
    await asked(remote, events.reaction(ROBIN, "ticket", channel=HELP, ts=more["event"]["ts"]))
    last = remote.inbox.received[-1]
    assert (last.action, last.conversation_key) == ({"verb": "open_case"}, KEY)


async def test_other_reactions_and_those_of_customers_do_nothing(remote: SlackRemote) -> None:
    await remote.deliver(events.said(remote.slack, "My kettle leaks", user=ADA, channel=HELP, ts=ROOT))
    await asked(remote, events.reaction(ROBIN, "thumbsup", channel=HELP, ts=ROOT))
    await asked(remote, events.reaction(ADA, "ticket", channel=HELP, ts=ROOT))
    assert len(remote.inbox.received) == 1


async def test_the_apps_page_shows_what_is_mine(remote: SlackRemote) -> None:
    for user in (ROBIN, ADA):
        await asked(remote, events.envelope({"type": "app_home_opened", "tab": "home", "user": user}))
    await until(lambda: set(remote.slack.homes) == {ROBIN, ADA})
    assert "Waiting for you" in view_text(remote.slack.homes[ROBIN])
    assert "Waiting for you" not in view_text(remote.slack.homes[ADA])


async def test_the_assistant_pane_suggests_first_words(remote: SlackRemote) -> None:
    thread = {"user_id": ADA, "channel_id": "D1", "thread_ts": ROOT}
    await asked(remote, events.envelope({"type": "assistant_thread_started", "assistant_thread": thread}))
    await until(lambda: bool(remote.slack.of("assistant.threads.setSuggestedPrompts")))
