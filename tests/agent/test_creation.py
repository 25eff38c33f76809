from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.creation import first_sentence, predictable_fields
from agent.decide import Outcome, Trigger, decide
from tests.agent.examples import (
    ALL_SAID,
    CONVERSATION,
    DEFECT,
    LEAK,
    SETTINGS,
    VERIFIED,
    Script,
    automation,
    message,
    names,
    said,
    snapshot,
    with_settings,
    written,
)

# --- creation ---------------------------------------------------------------------------------------


async def test_a_case_opens_when_all_default_fields_resolve() -> None:
    decision = await decide(snapshot("it leaks", "jo@example.org"), LEAK)
    assert decision.outcome is Outcome.CREATED
    assert written(decision) == {"issue_description": "it leaks", "contact": "jo@example.org"}
    assert (decision.missing, decision.ask, decision.title) == ((), False, "it leaks")


async def test_a_new_case_holds_the_default_and_optional_fields_and_none_of_the_rules() -> None:
    decision = await decide(snapshot(*ALL_SAID), DEFECT)
    assert set(written(decision)) == {"issue_description", "contact", "case_category"}


async def test_a_form_for_a_new_case_offers_the_fields_of_active_rules_as_well() -> None:
    decision = await decide(snapshot(*ALL_SAID, manual=True, trigger=Trigger.FORM), DEFECT)
    assert set(decision.fields) == set(names(*predictable_fields(SETTINGS)))
    assert {"product", "priority", "serial_number"} <= set(written(decision))


async def test_a_rule_that_is_not_active_adds_nothing_to_a_form() -> None:
    draft = [each.model_copy(update={"active": False}) for each in SETTINGS.update_rules]
    settings = SETTINGS.model_copy(update={"update_rules": tuple(draft)})
    assert set(predictable_fields(settings)) == {*settings.default_fields, *settings.creation.optional}


async def test_without_default_fields_nothing_opens_and_nothing_is_asked() -> None:
    for require in ("all", "any"):
        empty = with_settings(default_fields=[], creation={"require": require})
        decision = await decide(snapshot("My toaster leaks sparks", settings=empty), LEAK)
        assert (decision.outcome, decision.ask) == (Outcome.NOT_CREATED, False)
        assert decision.why == "No case because the settings name no default fields yet."


async def test_optional_fields_are_predicted_only_once_the_gate_is_open() -> None:
    predictor = Script(LEAK.reads)
    await decide(snapshot("it leaks"), predictor)
    await decide(snapshot("it leaks", "jo@example.org"), predictor)
    defaults, optional = ("issue_description", "contact"), ("case_category", "language")
    assert predictor.asked == [defaults, defaults, optional]


async def test_an_unresolved_default_field_keeps_the_case_shut_and_is_named_beside_what_resolved() -> None:
    decision = await decide(snapshot("it leaks"), LEAK)
    assert decision.outcome is Outcome.NOT_CREATED
    assert (decision.why, decision.missing) == ("No case because Contact did not resolve.", names("contact"))
    assert set(written(decision)) == {"issue_description"}


async def test_several_unresolved_fields_are_named_in_one_sentence() -> None:
    decision = await decide(snapshot("can anybody help me"), LEAK)
    assert decision.why == "No case because Issue description and Contact did not resolve."


@pytest.mark.parametrize(("require", "outcome"), [("any", "created"), (1, "created"), (2, "not_created")])
async def test_the_gate_counts_the_fields_that_the_settings_require(require: Any, outcome: str) -> None:
    settings = with_settings(creation={"require": require})
    assert (await decide(snapshot("it leaks", settings=settings), LEAK)).outcome == outcome


async def test_the_contact_is_the_verified_sender_before_anything_that_is_written() -> None:
    lines = ("it leaks", "write to jo@example.org")
    sender = replace(VERIFIED, verified_email="boss@example.org")
    decision = await decide(snapshot(*lines, sender=sender), LEAK)
    assert written(decision)["contact"] == "boss@example.org"


async def test_the_verified_sender_resolves_the_contact_without_any_words() -> None:
    decision = await decide(snapshot("it leaks", sender=VERIFIED), LEAK)
    assert decision.outcome is Outcome.CREATED
    assert [write.evidence for write in decision.writes if write.field == "contact"] == [()]


@pytest.mark.parametrize("lines", [("hi",), ("hello there!", "👋", "thanks a lot"), ("R: it leaks", "ok"), ()])
async def test_noise_never_opens_a_case_nor_asks_a_predictor(lines: Sequence[str]) -> None:
    predictor = Script({"issue_description": ("h", "x")})
    decision = await decide(snapshot(*lines, sender=VERIFIED), predictor)
    assert (decision.outcome, decision.ask, predictor.asked) == (Outcome.NOT_CREATED, False, [])


async def test_a_deleted_message_opens_no_case_and_is_not_read() -> None:
    predictor = Script(LEAK.reads)
    transcript = (message(1, "it leaks, jo@example.org", deleted=True),)
    decision = await decide(snapshot(transcript=transcript), predictor)
    assert (decision.outcome, predictor.asked) == (Outcome.NOT_CREATED, [])


async def test_what_a_representative_says_is_not_evidence() -> None:
    decision = await decide(snapshot("hi, it is odd", "R: so it leaks, jo@example.org?"), LEAK)
    assert decision.outcome is Outcome.NOT_CREATED


async def test_a_doubtful_value_is_refused_with_its_confidence() -> None:
    predictor = Script(LEAK.reads, confidence={"contact": 0.3})
    decision = await decide(snapshot("it leaks", "jo@example.org"), predictor)
    (refusal,) = decision.refusals
    assert decision.outcome is Outcome.NOT_CREATED
    assert (refusal.field, refusal.value, refusal.confidence) == ("contact", "jo@example.org", 0.3)
    assert refusal.reason == "The confidence 0.30 is below the threshold 0.50."


@pytest.mark.parametrize(("level", "outcome"), [("confirm", "proposed"), ("shadow", "shadow"), ("off", "off")])
async def test_the_automation_level_of_creation_is_kept(level: str, outcome: str) -> None:
    before = snapshot("it leaks", "jo@example.org", settings=automation(create=level))
    decision = await decide(before, LEAK)
    assert decision.outcome == outcome
    assert bool(decision.writes) is (level != "off")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"categories": ["email"]}, "The agent is switched off for chat conversations."),
        ({"channels": {"webchat": {"enabled": False}}}, "The channel webchat is switched off."),
        ({"automation": {"create": "off"}}, "Creating cases is switched off."),
    ],
)
async def test_what_is_switched_off_is_not_even_predicted(changes: dict[str, Any], why: str) -> None:
    predictor = Script(LEAK.reads)
    decision = await decide(snapshot("it leaks", "jo@example.org", settings=with_settings(**changes)), predictor)
    assert (decision.outcome, decision.why, predictor.asked) == (Outcome.OFF, why, [])


@pytest.mark.parametrize(
    "changes", [{}, {"categories": ["email"]}, {"automation": {"create": "off"}}, {"automation": {"create": "shadow"}}]
)
async def test_a_representative_opens_a_case_by_hand_whatever_resolved(changes: dict[str, Any]) -> None:
    by_hand = snapshot("Hi", "The lid broke. It fell.", settings=with_settings(**changes), manual=True)
    decision = await decide(replace(by_hand, trigger=Trigger.COMMAND), LEAK)
    assert (decision.outcome, decision.title) == (Outcome.CREATED, "The lid broke.")
    assert decision.missing == names("issue_description", "contact")


async def test_a_case_opened_by_hand_in_a_silent_conversation_has_no_title() -> None:
    assert (await decide(snapshot("hi", manual=True), LEAK)).title is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("It leaks. And it smells.", "It leaks."),
        ("first line\nsecond line", "first line"),
        ("  \n  too   many    blanks \n", "too many blanks"),
        ("version 2.5 fails", "version 2.5 fails"),
        ("word " * 30, "word " * 15 + "word…"),
        ("x" * 200, "x" * 79 + "…"),
        ("\x07", ""),
    ],
)
def test_a_title_is_the_first_sentence_cut_at_a_word(text: str, title: str) -> None:
    assert first_sentence(text) == title


@given(st.text())
def test_a_title_is_one_short_line_whatever_was_written(text: str) -> None:
    title = first_sentence(text)
    assert len(title) <= 80
    assert len(title.splitlines()) <= 1


# --- asking -----------------------------------------------------------------------------------------


async def test_a_problem_without_identity_is_asked_about() -> None:
    assert (await decide(snapshot("hi", "it leaks"), LEAK)).ask


async def test_a_message_that_nothing_was_read_from_is_asked_about_when_it_says_something() -> None:
    assert (await decide(snapshot("I need some help"), LEAK)).ask
    assert not (await decide(snapshot("Hi Sarah"), LEAK)).ask


@pytest.mark.parametrize(
    "changes",
    [
        {"conversation": replace(CONVERSATION, asked=True)},
        {"conversation": replace(CONVERSATION, people=True)},
        {"settings": with_settings(ask_for_missing="off")},
        {"settings": automation(create="shadow")},
        {"transcript": said("it leaks", "R: let me see")},
        *({"trigger": trigger} for trigger in Trigger if trigger is not Trigger.MESSAGE),
    ],
)
async def test_it_is_asked_once_and_only_a_customer_who_is_alone_with_the_agent(changes: dict[str, Any]) -> None:
    assert not (await decide(snapshot("it leaks", **{"settings": SETTINGS, **changes}), LEAK)).ask
