"""Forms and pickers as modals: what they show, what comes back, within Slack's limits."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.desk import Choice, Form, FormField, Input, OpenConversation, OpenSuggestion, Target
from adapters.slack import modals
from store.model import CaseNumber, Json
from tests.adapters.slack.block_kit import assert_errors, assert_options, assert_view
from tests.adapters.slack.test_blocks import HOSTILE, MOMENTS, buttons, said

TARGET = Target(channel="slack", account="T1", conversation_key="C1:1.1", case=CaseNumber(1042), revision=3)
PRIORITY = tuple(Choice(value=each, label=each.title()) for each in ("high", "low"))


def field(id: str = "issue", input: Input = Input.LINE, **more: Any) -> FormField:  # noqa: A002 -- the field's own names
    return FormField(id=id, label="A label", input=input, **more)


def form(*fields: FormField, case: CaseNumber | None = TARGET.case, **more: Any) -> Form:
    return Form(target=replace(TARGET, case=case), title="The kettle leaks", fields=fields, **more)


def block_of(each: FormField) -> Json:
    view = modals.form(form(each), {})
    assert_view(view)
    return view["blocks"][1]


def submitted(view: Json) -> Json:
    """The view as Slack sends it when nobody changed anything: its state holds what the elements began with."""
    inputs = [each for each in view["blocks"] if each["type"] == "input"]
    state = {each["block_id"]: {each["element"]["action_id"]: _state(each["element"])} for each in inputs}
    return {**view, "state": {"values": state}}


def _state(element: Json) -> Json:
    kind = element["type"]
    match kind:
        case "plain_text_input":
            return {"type": kind, "value": element.get("initial_value")}
        case "datepicker":
            return {"type": kind, "selected_date": element.get("initial_date")}
        case "datetimepicker":
            return {"type": kind, "selected_date_time": element.get("initial_date_time")}
        case "static_select" | "external_select":
            return {"type": kind, "selected_option": element.get("initial_option")}
        case _:
            return {"type": kind, "selected_options": element.get("initial_options", [])}


@pytest.mark.parametrize(
    ("shown", "kind", "filled"),
    [
        (field(filled=("HE25_440917_R",)), "plain_text_input", ["HE25_440917_R"]),
        (field(), "plain_text_input", []),
        (field(input=Input.LINES, filled=("leaks\nhisses",)), "plain_text_input", ["leaks\nhisses"]),
        (field(input=Input.LINE, filled=("leaks\nhisses",)), "plain_text_input", ["leaks\nhisses"]),
        (field(input=Input.ONE_OF, choices=PRIORITY, filled=("low",)), "static_select", ["low"]),
        (field(input=Input.ONE_OF, choices=PRIORITY, filled=("long gone",)), "static_select", ["long gone"]),
        (field(input=Input.ONE_OF, searched=True, filled=("low",)), "external_select", ["low"]),
        (field(input=Input.SOME_OF, choices=PRIORITY, filled=("high", "low")), "multi_static_select", ["high", "low"]),
        (field(input=Input.SOME_OF, choices=PRIORITY), "multi_static_select", []),
        (field(input=Input.SOME_OF, searched=True, filled=("b", "a")), "multi_external_select", ["b", "a"]),
        (
            field(input=Input.YES_NO, choices=(Choice(value="yes", label="Yes"),), filled=("yes",)),
            "static_select",
            ["yes"],
        ),
        (field(input=Input.DATE, filled=("2026-11-25",)), "datepicker", ["2026-11-25"]),
        (field(input=Input.DATE, filled=("next week",)), "plain_text_input", ["next week"]),
        (
            field(input=Input.MOMENT, filled=("2026-11-25T15:30:00+01:00",)),
            "datetimepicker",
            ["2026-11-25T14:30:00+00:00"],
        ),
        (field(input=Input.MOMENT), "datetimepicker", []),
        (field(input=Input.MOMENT, filled=("2026-11-25T15:30:00",)), "plain_text_input", ["2026-11-25T15:30:00"]),
        (
            field(input=Input.MOMENT, filled=("1969-07-20T20:17:40+00:00",)),
            "plain_text_input",
            ["1969-07-20T20:17:40+00:00"],
        ),
    ],
)
def test_each_field_has_the_input_that_fits_it_and_comes_back_as_it_was(
    shown: FormField, kind: str, filled: list[str]
) -> None:
    view = modals.form(form(shown), {})
    assert_view(view)
    assert view["blocks"][1]["element"]["type"] == kind
    assert modals.values_of(submitted(view)) == {"issue": filled}


def test_what_people_chose_comes_back_by_field() -> None:
    state = {
        "field:issue": {"value": {"type": "plain_text_input", "value": "It leaks"}},
        "field:note": {"value": {"type": "plain_text_input", "value": None}},
        "field:product": {"search:product": {"type": "external_select", "selected_option": {"value": "HE25"}}},
        "field:parts": {"value": {"type": "multi_static_select", "selected_options": [{"value": "lid"}]}},
        "field:day": {"value": {"type": "datepicker", "selected_date": None}},
        "other": {"value": {"type": "plain_text_input", "value": "not ours"}},
    }
    assert modals.values_of({"state": {"values": state}}) == {
        "issue": ["It leaks"],
        "note": [],
        "product": ["HE25"],
        "parts": ["lid"],
        "day": [],
    }


def test_a_form_says_what_it_saves_and_carries_what_its_submission_needs() -> None:
    metadata = {"target": {"conversation_key": "C1:1.1", "case": 1042, "revision": 3}}
    update, create = modals.form(form(field()), metadata), modals.form(form(field(), case=None), metadata)
    assert (update["callback_id"], json.loads(update["private_metadata"])) == ("casewright:form", metadata)
    assert (update["submit"]["text"], create["submit"]["text"]) == ("Update case", "Create case")
    assert update["blocks"][1]["block_id"] == "field:issue"
    assert update["blocks"][1]["optional"] is True


@pytest.mark.parametrize(
    ("shown", "hint"),
    [
        (
            field(predicted=True, because="it is urgent", stored="Low", hint="How soon."),
            "Predicted from “it is urgent”. The case says: Low. How soon.",
        ),
        (field(because="Nobody said when.", hint="A day."), "Nobody said when. A day."),
        (field(hint="Off the type plate."), "Off the type plate."),
    ],
)
def test_a_hint_says_where_a_value_comes_from(shown: FormField, hint: str) -> None:
    assert block_of(shown)["hint"]["text"] == hint


def test_a_value_too_long_for_an_input_is_shown_and_never_saved_shortened() -> None:
    view = modals.form(form(field(input=Input.LINES, filled=("long " * 1000,))), {})
    assert_view(view)
    assert any("Too long" in each for each in said(view["blocks"]))
    assert modals.values_of(submitted(view)) == {}


def test_suggestions_can_be_decided_in_the_form() -> None:
    suggested = OpenSuggestion(id=7, label="Priority", value="High", quote="urgent")
    view = modals.form(form(field(), suggestions=(suggested,)), {})
    assert buttons(view["blocks"]) == {
        "Accept": ("casewright:accept_suggestion", {"case": 1042, "suggestion": 7}),
        "Reject": ("casewright:reject_suggestion", {"case": 1042, "suggestion": 7}),
    }


def test_a_problem_stands_at_its_field_and_the_rest_at_the_first() -> None:
    view = modals.form(form(field(), field("serial")), {})
    answer = modals.errors(view, {"serial": "No such number.", "": "It changed meanwhile.", "gone": "Unknown."})
    assert_errors(view, answer)
    assert answer["errors"] == {"field:serial": "No such number.", "field:issue": "It changed meanwhile. Unknown."}


def test_a_problem_without_an_input_to_stand_at_is_still_said() -> None:
    view = modals.form(form(field(filled=("long " * 1000,))), {})
    answer = modals.errors(view, {"": "It changed meanwhile."})
    assert answer["response_action"] == "update"
    assert_view(answer["view"])
    assert "It changed meanwhile." in list(said(answer["view"]["blocks"]))


CONVERSATION = OpenConversation(
    conversation_key="C1:1.1",
    customer="Ada",
    opening="My kettle leaks",
    case=CaseNumber(1042),
    last_message_at=datetime(2026, 11, 25, 14, 30, tzinfo=UTC),
)


def test_a_picker_lists_the_conversations_and_gives_back_the_chosen_one() -> None:
    view = modals.picker([CONVERSATION], "/update-case", {"text": "/update-case"})
    assert_view(view)
    (option,) = view["blocks"][0]["element"]["options"]
    assert option["text"]["text"] == "Case 1042 · Ada: My kettle leaks"
    assert option["description"]["text"] == "Last message 2026-11-25 14:30 UTC"
    chosen = {"values": {"casewright:pick": {"value": {"selected_option": option}}}}
    assert modals.picked({**view, "state": chosen}) == "C1:1.1"


def test_slack_takes_a_picker_of_more_conversations_than_a_list_holds() -> None:
    assert_view(modals.picker([replace(CONVERSATION, conversation_key=f"C1:{n}.1") for n in range(120)], "/case", {}))


@pytest.mark.parametrize(("found", "text"), [([], "/case"), ([CONVERSATION], "/note " + "x" * 3000)])
def test_a_picker_that_cannot_be_says_why(found: list[OpenConversation], text: str) -> None:
    view = modals.picker(found, text, {"text": text})
    assert_view(view)
    assert "submit" not in view


CHOICES = st.builds(Choice, value=HOSTILE, label=HOSTILE, hint=HOSTILE)
FIELDS = st.builds(
    FormField,
    id=st.uuids().map(str),
    label=HOSTILE,
    input=st.sampled_from(Input),
    hint=HOSTILE,
    filled=st.lists(HOSTILE | st.sampled_from(["2026-11-25", "2026-11-25T10:00:00Z", "yes"]), max_size=3).map(tuple),
    stored=HOSTILE,
    because=HOSTILE,
    predicted=st.booleans(),
    choices=st.lists(CHOICES, max_size=5).map(tuple)
    | st.integers(99, 102).map(lambda n: tuple(map(_numbered, range(n)))),
    searched=st.booleans(),
)
FORMS = st.builds(
    Form,
    target=st.sampled_from([TARGET, replace(TARGET, case=None)]),
    title=HOSTILE,
    fields=st.lists(FIELDS, max_size=3, unique_by=lambda each: each.id).map(tuple),
    suggestions=st.lists(
        st.builds(OpenSuggestion, id=st.integers(1, 999), label=HOSTILE, value=HOSTILE, quote=HOSTILE), max_size=3
    ).map(tuple),
)


def _numbered(number: int) -> Choice:
    return Choice(value=str(number), label=f"Entry {number}")


@given(FORMS)
def test_slack_takes_every_form_and_its_errors(form: Form) -> None:
    view = modals.form(form, {"target": {"conversation_key": "C1:1.1"}})
    assert_view(view)
    answer = modals.errors(view, {"": "Wrong.", **{each.id: f"{each.label} is wrong." for each in form.fields}})
    if answer["response_action"] == "errors":
        assert_errors(view, answer)


def test_slack_takes_a_form_of_more_fields_and_suggestions_than_it_has_room_for() -> None:
    suggestions = tuple(OpenSuggestion(id=n, label="x", value="y", quote="z") for n in range(60))
    for count in (1, 60, 120):
        assert_view(modals.form(form(*(field(f"field_{n}") for n in range(count)), suggestions=suggestions), {}))


@given(st.lists(CHOICES, max_size=5) | st.integers(99, 102).map(lambda n: list(map(_numbered, range(n)))))
def test_slack_takes_every_list_of_options(choices: list[Choice]) -> None:
    assert_options(modals.options(choices))


@given(
    st.lists(
        st.builds(
            OpenConversation,
            conversation_key=st.integers(1, 999).map("C1:{}".format),
            customer=HOSTILE,
            opening=HOSTILE,
            case=st.none() | st.integers(1, 10**9).map(CaseNumber),
            last_message_at=MOMENTS,
        ),
        max_size=5,
    ),
    HOSTILE,
)
def test_slack_takes_every_picker_and_message(conversations: list[OpenConversation], text: str) -> None:
    assert_view(modals.picker(conversations, text, {"text": text}))
    assert_view(modals.message(text, text))
    assert_view(modals.loading(text))
