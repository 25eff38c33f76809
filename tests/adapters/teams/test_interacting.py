"""Buttons, dialogs and searches: Teams waits for each answer, and what is decided is stored before it."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any, cast

import pytest
from jsonschema import Draft6Validator

from adapters import adaptive
from adapters.desk import Choice, Form, FormField, Input, Target
from adapters.teams import cards, dialogs
from adapters.teams.surface import CREATE, SEARCH, UPDATE
from store.engine import DatabaseUnavailable
from store.model import CardField, CardSuggestion, InboundKind, Json
from tests.adapters.teams import events
from tests.adapters.teams.events import AAD, ADA, CHAT, HELP, ROBIN
from tests.adapters.teams.fake import TENANT
from tests.adapters.teams.teams import CARD, TeamsRemote

SCHEMA = cast(
    "Any",
    Draft6Validator(json.loads(files("adaptive_cards").joinpath("schemas/schema-1.5.json").read_text("utf-8"))),
)
FILLED = {"typed:issue": "It leaks", "chosen:priority": "High", "chosen:product": "Kettle%2C blue"}


async def invoked(
    remote: TeamsRemote, name: str, value: Json, *, user: str = ROBIN, conversation: str = CHAT, **more: Any
) -> tuple[int, Json]:
    told = events.invoke(remote.teams, name, value, user=user, conversation=conversation, **more)
    return await remote.post(told, remote.teams.signed())


def pressed(verb: str, **data: Any) -> Json:
    return {"action": {"type": "Action.Execute", "verb": verb, "data": data}, "trigger": "manual"}


def kept(dialog: Json) -> Json:
    """What comes back with the dialog's button."""
    return dialog["task"]["value"]["card"]["content"]["actions"][0]["data"]


async def test_each_reader_sees_their_own_view_of_one_card(remote: TeamsRemote) -> None:
    seen = pressed("refresh", case=CARD.number)
    _, robins = await invoked(remote, "adaptiveCard/action", seen)
    _, adas = await invoked(remote, "adaptiveCard/action", seen, user=ADA)
    assert "(internal)" in json.dumps(robins)
    assert "Suggested" in json.dumps(robins)
    assert robins["type"] == adas["type"] == "application/vnd.microsoft.card.adaptive"
    assert "(internal)" not in json.dumps(adas)
    assert "Suggested" not in json.dumps(adas)
    assert "actions" not in adas["value"]


async def test_a_card_of_another_conversation_is_not_shown(remote: TeamsRemote) -> None:
    status, _ = await invoked(remote, "adaptiveCard/action", pressed("refresh", case=999))
    assert status == 400


async def test_what_is_pressed_is_stored_once_before_it_is_answered(remote: TeamsRemote) -> None:
    accept = pressed("accept_suggestion", case=1001, suggestion=7)
    for _ in range(2):
        status, body = await invoked(remote, "adaptiveCard/action", accept)
        assert (status, body["statusCode"]) == (200, 200)
    await invoked(remote, "adaptiveCard/action", pressed("run", text="/claim 1001"), id="f:2")
    accepted, claimed = remote.inbox.received
    assert (accepted.kind, accepted.action) == (
        InboundKind.ACTION,
        {"verb": "accept_suggestion", "case": 1001, "suggestion": 7},
    )
    assert (claimed.kind, claimed.text, claimed.author.id) == (InboundKind.MESSAGE, "/claim 1001", AAD[ROBIN])


async def test_what_could_not_be_stored_is_not_answered_as_done(remote: TeamsRemote) -> None:
    remote.inbox.failure = DatabaseUnavailable("gone")
    status, _ = await invoked(remote, "adaptiveCard/action", pressed("accept_suggestion", case=1001, suggestion=7))
    assert status == 503


async def test_an_older_clients_button_is_a_message_without_words(remote: TeamsRemote) -> None:
    value = {"verb": "accept_suggestion", "case": 1001, "suggestion": 7}
    told = {**events.said(remote.teams, "", user=ROBIN), "value": value}
    assert await remote.deliver(told) == 200
    assert remote.inbox.received[0].action == value


async def test_a_message_action_opens_a_dialog_filled_with_what_was_predicted(remote: TeamsRemote) -> None:
    status, body = await invoked(remote, "composeExtension/fetchTask", {"commandId": CREATE}, conversation=CHAT)
    assert status == 200
    shown = json.dumps(body, ensure_ascii=False)
    assert "Predicted from “It leaks”." in shown
    assert '"dataset": "product"' in shown
    assert kept(body)["form"]["inputs"] == ["typed:issue", "chosen:priority", "chosen:product"]


async def test_a_message_we_had_not_heard_is_heard_when_a_representative_acts_on_it(remote: TeamsRemote) -> None:
    payload = {
        "id": "17",
        "from": {"user": {"id": AAD[ADA], "displayName": "Ada Example"}},
        "body": {"contentType": "html", "content": "<p>My kettle <b>leaks</b></p>"},
    }
    value = {"commandId": CREATE, "messagePayload": payload}
    await invoked(remote, "composeExtension/fetchTask", value, user=ADA)
    assert remote.inbox.received == []
    await invoked(remote, "composeExtension/fetchTask", value)
    [heard] = remote.inbox.received
    assert (heard.author.id, heard.text) == (AAD[ADA], "My kettle leaks")


async def test_a_customer_is_told_that_the_dialog_is_not_for_them(remote: TeamsRemote) -> None:
    _, body = await invoked(remote, "composeExtension/fetchTask", {"commandId": UPDATE}, user=ADA)
    assert "This is for the support team." in json.dumps(body)


async def test_what_was_filled_in_is_stored_as_a_decision(remote: TeamsRemote) -> None:
    _, dialog = await invoked(remote, "composeExtension/fetchTask", {"commandId": CREATE})
    status, body = await invoked(
        remote, "composeExtension/submitAction", {"commandId": CREATE, "data": {**kept(dialog), **FILLED}}, id="f:3"
    )
    assert (status, body["task"]["type"]) == (200, "message")
    [stored] = remote.inbox.received
    values = {"issue": ["It leaks"], "priority": ["High"], "product": ["Kettle, blue"]}
    assert stored.action == {"verb": "create_case", "values": values}


async def test_a_form_that_is_sent_twice_is_stored_once(remote: TeamsRemote) -> None:
    _, dialog = await invoked(remote, "composeExtension/fetchTask", {"commandId": CREATE})
    value = {"commandId": CREATE, "data": {**kept(dialog), **FILLED}}
    for event in ("f:3", "f:4"):
        status, _ = await invoked(remote, "composeExtension/submitAction", value, id=event)
        assert status == 200
    _, another = await invoked(remote, "composeExtension/fetchTask", {"commandId": CREATE}, id="f:5")
    await invoked(remote, "composeExtension/submitAction", {"data": {**kept(another), **FILLED}}, id="f:6")
    assert len(remote.inbox.received) == 2


async def test_a_form_under_an_id_that_no_database_takes_as_a_key_is_refused(remote: TeamsRemote) -> None:
    _, dialog = await invoked(remote, "composeExtension/fetchTask", {"commandId": CREATE})
    told = {**kept(dialog), **FILLED, "form": {**kept(dialog)["form"], "id": "f" * 10_000}}
    assert (await invoked(remote, "task/submit", {"data": told}, id="f:3"))[0] == 400
    assert remote.inbox.received == []


async def test_a_form_keeps_its_id_when_it_comes_back_with_a_problem(remote: TeamsRemote) -> None:
    _, dialog = await invoked(remote, "task/fetch", {"data": {"verb": "update"}})
    remote.desk.problems = {"priority": "There is no priority Hihg."}
    _, again = await invoked(remote, "task/submit", {"data": {**kept(dialog), **FILLED}}, id="f:4")
    assert kept(again)["form"]["id"] == kept(dialog)["form"]["id"]


@pytest.mark.parametrize("number", [0, -1, True, 2**31, 10**30, "1", None])
async def test_a_number_that_no_case_can_have_is_refused(remote: TeamsRemote, number: object) -> None:
    assert (await invoked(remote, "adaptiveCard/action", pressed("refresh", case=number)))[0] == 400
    _, dialog = await invoked(remote, "task/fetch", {"data": {"verb": "update"}})
    if number is not None:  # without one, it is a form for a new case
        data = {**kept(dialog), **FILLED, "form": {**kept(dialog)["form"], "case": number}}
        assert (await invoked(remote, "task/submit", {"data": data}, id="f:4"))[0] == 400
    assert remote.inbox.received == []


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(remote: TeamsRemote) -> None:
    _, dialog = await invoked(remote, "task/fetch", {"data": {"verb": "update"}})
    remote.desk.problems = {"priority": "There is no priority Hihg.", "": "The case has changed."}
    filled = {**kept(dialog), **FILLED, "typed:issue": "It hisses"}
    _, body = await invoked(remote, "task/submit", {"data": filled}, id="f:4")
    shown = json.dumps(body)
    assert body["task"]["type"] == "continue"
    assert "There is no priority Hihg." in shown
    assert "The case has changed." in shown
    assert "It hisses" in shown
    assert remote.inbox.received == []


async def test_a_dialog_of_another_conversation_is_refused(remote: TeamsRemote) -> None:
    _, dialog = await invoked(remote, "task/fetch", {"data": {"verb": "update"}})
    value = {"data": {**kept(dialog), **FILLED}}
    status, _ = await invoked(remote, "task/submit", value, conversation=HELP, id="f:5")
    assert status == 400
    assert remote.inbox.received == []


async def test_a_catalogue_is_searched_while_somebody_types(remote: TeamsRemote) -> None:
    asked = {"queryText": "Kettle, ", "dataset": "product", "queryOptions": {"top": 15, "skip": 0}}
    _, body = await invoked(remote, "application/search", asked)
    assert body["value"]["results"] == [{"title": "Kettle,  3000", "value": "Kettle%2C  3000"}]
    _, nothing = await invoked(remote, "application/search", asked, user=ADA)
    assert nothing["value"]["results"] == []


async def test_cases_are_found_from_the_message_box(remote: TeamsRemote) -> None:
    status, body = await invoked(
        remote, "composeExtension/query", {"commandId": SEARCH, "parameters": [{"name": "q", "value": "kettle"}]}
    )
    assert status == 200
    [found] = body["composeExtension"]["attachments"]
    assert found["preview"]["content"]["title"] == "Case 1001: It leaks"
    assert problems_of(found["content"]) == []


async def test_the_form_of_a_card_is_that_of_its_case(remote: TeamsRemote) -> None:
    """A conversation may have had several."""
    _, dialog = await invoked(remote, "task/fetch", {"data": {"verb": "update", "case": 1001}})
    assert kept(dialog)["form"]["case"] == 1001


def test_a_form_of_any_size_is_a_valid_card_that_teams_takes() -> None:
    target = Target(channel="teams", account=TENANT, conversation_key=CHAT, case=None)
    many = tuple(Choice(value=f"v{at}", label=f"Entry {at}") for at in range(300))
    fields = tuple(
        FormField(id=f"f{at}", label=f"Field {at}", input=kind, hint="h" * 900, choices=choices, filled=filled)
        for at, (kind, choices, filled) in enumerate(
            [
                (Input.ONE_OF, many, ("v7",)),
                (Input.SOME_OF, many[:3], ("v1", "v2")),
                (Input.DATE, (), ("the day after",)),
                (Input.DATE, (), ("2026-11-25",)),
                (Input.LINES, (), ("It leaks",)),
            ]
            * 6
        )
    )
    shown = dialogs.dialog(Form(target=target, title="It leaks", fields=fields), "f:1")
    assert len(json.dumps(shown)) <= 28_000
    card = shown["task"]["value"]["card"]["content"]
    assert problems_of(card) == []
    inputs = {each["id"]: each for each in card["body"] if each["type"].startswith("Input.")}
    assert inputs["chosen:f0"]["choices"] == [{"title": "Entry 7", "value": "v7"}]
    assert inputs["chosen:f0"]["choices.data"]["dataset"] == "f0"
    assert (inputs["typed:f2"]["type"], inputs["typed:f3"]["type"]) == ("Input.Text", "Input.Date")
    assert inputs["typed:f2"]["label"] == "Field 2"


@pytest.mark.parametrize("representative", [True, False])
def test_the_card_is_valid_and_fits_however_much_it_says(*, representative: bool) -> None:
    long = "It leaks " * 900
    fields = tuple(CardField(label=f"Field {at}", value=long) for at in range(40))
    suggestions = tuple(CardSuggestion(id=at, label="Priority", value=long, quote=long) for at in range(9))
    full = replace(CARD, title=long, owner=long, changed=long, fields=fields, suggestions=suggestions)
    for card in (CARD, full):
        shown = cards.case_card(card, representative=representative)
        assert problems_of(shown) == []
        assert len(json.dumps(shown)) <= cards.MOST
    assert "**" not in shown["fallbackText"]


def problems_of(card: Json) -> list[str]:
    """What Microsoft's schema says of one, without what Teams adds to it ("Typeahead search in Adaptive Cards")."""
    beyond = {("style", "filtered")}
    body = [
        {name: value for name, value in each.items() if name != "choices.data" and (name, str(value)) not in beyond}
        for each in card["body"]
    ]
    bare = {**{name: value for name, value in card.items() if name != "msteams"}, "body": body}
    return [f"{list(each.absolute_path)}: {each.message}"[:300] for each in SCHEMA.iter_errors(bare)]


async def test_invokes_that_are_none_of_ours_are_refused_in_words(remote: TeamsRemote) -> None:
    assert (await invoked(remote, "signin/verifyState", {}))[0] == 501
    assert (await invoked(remote, "adaptiveCard/action", pressed("delete_everything")))[0] == 400
    assert (await invoked(remote, "task/submit", {"data": {"form": "x"}}))[0] == 400
    assert remote.inbox.received == []


def test_what_people_wrote_is_no_format_of_a_date() -> None:
    shown = adaptive.line("since {{DATE(2026-01-01T00:00:00Z, LONG)}} and {{TIME(2026-01-01T00:00:00Z)}}, {{x}}")
    assert "{{DATE(" not in json.dumps(shown)
    assert "{{TIME(" not in json.dumps(shown)
    assert "{{x}}" in json.dumps(shown)


def test_values_come_back_as_they_were_whatever_is_in_them() -> None:
    values = ["Kettle, blue", "100 %", "%2C", "plain words", "größe"]
    data = {"form": {"inputs": ["chosen:parts"]}, "chosen:parts": ",".join(map(dialogs.choice_value, values))}
    assert dialogs.values_of(data) == {"parts": values}
    assert dialogs.choice_value("plain words") == "plain words"  # some clients show it
