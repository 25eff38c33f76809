from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from agent.decide import Outcome, Trigger, decide
from agent.predictor import Abstention, Prediction, PredictionRequest
from store.model import CaseStatus, Category, Evidence, FieldId, MessageId, Suggestion, Value
from tests.agent.examples import (
    AGENT,
    ALL_SAID,
    ANNA,
    CASE,
    CONVERSATION,
    DEFECT,
    DEFECT_CASE,
    INTAKE,
    Script,
    applied,
    automation,
    case,
    message,
    names,
    quote,
    said,
    snapshot,
    stored,
    with_settings,
    written,
)

# --- update -----------------------------------------------------------------------------------------


async def test_the_worked_example_an_update_of_a_product_defect_predicts_all_five() -> None:
    predictor = Script(DEFECT.reads)
    decision = await decide(snapshot(*ALL_SAID, case=DEFECT_CASE, trigger=Trigger.COMMAND), predictor)
    assert predictor.asked == [("issue_description", "contact", "product", "priority", "serial_number")]
    assert written(decision) == {"product": "Aria 3000", "priority": "Low", "serial_number": "AB1234"}
    assert {write.rule for write in decision.writes} == {"Product defect"}
    assert decision.unchanged == names("issue_description", "contact")
    assert decision.why == "Product, Priority and Serial number changed."


async def test_the_worked_example_an_update_of_any_other_case_predicts_the_two() -> None:
    predictor = Script(DEFECT.reads)
    other = case(*DEFECT_CASE.values.values(), stored("case_category", "Billing"))
    decision = await decide(snapshot(*ALL_SAID, case=other), predictor)
    assert predictor.asked == [("issue_description", "contact")]
    assert decision.outcome is Outcome.NO_CHANGES


async def test_the_worked_example_a_second_update_changes_nothing() -> None:
    before = snapshot(*ALL_SAID, case=DEFECT_CASE, trigger=Trigger.COMMAND)
    again = await decide(applied(before, await decide(before, DEFECT)), DEFECT)
    assert (again.outcome, again.writes, again.suggestions) == (Outcome.NO_CHANGES, (), ())


async def test_a_write_keeps_what_stood_there_and_the_words_it_rests_on() -> None:
    before = snapshot(*ALL_SAID, case=case(*DEFECT_CASE.values.values(), stored("product", "Aria 2000")))
    (write,) = [write for write in (await decide(before, DEFECT)).writes if write.field == "product"]
    assert (write.old, write.value, write.confidence) == ("Aria 2000", "Aria 3000", 0.9)
    assert write.evidence == (quote(before.transcript[2], "Aria 3000"),)


async def test_silence_never_erases_a_value() -> None:
    kept = case(*DEFECT_CASE.values.values(), stored("priority", "High"))
    decision = await decide(snapshot("it leaks", case=kept), Script({}))
    assert decision.outcome is Outcome.NO_CHANGES
    assert {refusal.field for refusal in decision.refusals} >= {"priority", "issue_description"}


async def test_a_verified_sender_stays_the_contact_when_somebody_else_writes() -> None:
    other = Script({"contact": ("eve@example.org", "eve@example.org")})
    decision = await decide(snapshot("mine is eve@example.org", case=DEFECT_CASE), other)
    assert "contact" in decision.unchanged


@pytest.mark.parametrize("writer", [ANNA, INTAKE])
async def test_a_human_edit_is_kept_and_the_disagreement_suggested(writer: Any) -> None:
    edited = case(*DEFECT_CASE.values.values(), stored("priority", "High", writer))
    decision = await decide(snapshot(*ALL_SAID, case=edited, trigger=Trigger.COMMAND), DEFECT)
    assert "priority" not in written(decision)
    assert [(each.field, each.value, each.old) for each in decision.suggestions] == [("priority", "Low", "High")]


async def test_a_field_that_a_person_emptied_is_kept_empty() -> None:
    cleared = frozenset(names("priority"))
    decision = await decide(snapshot(*ALL_SAID, case=DEFECT_CASE, human_cleared=cleared), DEFECT)
    assert "priority" not in written(decision)
    assert [each.field for each in decision.suggestions] == ["priority"]


async def test_human_edits_are_overridden_when_the_settings_say_so() -> None:
    edited = case(*DEFECT_CASE.values.values(), stored("priority", "High", ANNA))
    settings = with_settings(override_human_edits=True)
    decision = await decide(snapshot(*ALL_SAID, case=edited, settings=settings), DEFECT)
    assert written(decision)["priority"] == "Low"


async def test_a_suggestion_that_waits_is_not_repeated() -> None:
    waiting = Suggestion(id=1, field=FieldId("priority"), value="Low", confidence=0.9)
    edited = case(stored("priority", "High", ANNA), stored("case_category", "Product defect"), suggestions=(waiting,))
    assert (await decide(snapshot("no rush", case=edited), DEFECT)).outcome is Outcome.NO_CHANGES


async def test_a_suggestion_that_was_turned_down_does_not_come_again() -> None:
    edited = case(stored("priority", "High", ANNA), stored("case_category", "Product defect"))
    rejected = frozenset({(FieldId("priority"), "Low")})
    decision = await decide(snapshot("no rush", case=edited, rejected=rejected), DEFECT)
    assert decision.suggestions == ()
    assert "A representative has turned this value down." in {each.reason for each in decision.refusals}


async def test_disagreements_alone_leave_the_case_as_people_set_it() -> None:
    edited = case(stored("priority", "High", ANNA), stored("case_category", "Product defect"))
    decision = await decide(snapshot("no rush", case=edited), DEFECT)
    assert decision.outcome is Outcome.UPDATED
    assert decision.why == "The agent's reading of Priority is suggested; a person set what stands there."


# --- words that are gone ----------------------------------------------------------------------------


def quoting(name: str, value: Value, number: int, words: str) -> Any:
    return stored(name, value, AGENT, Evidence(message_id=MessageId(number), quote=words, start=0, end=len(words)))


@pytest.mark.parametrize("now", [message(1, "no rush", deleted=True), message(1, "all fine")])
async def test_a_value_whose_words_are_gone_is_cleared_even_where_no_rule_asks_for_it(now: Any) -> None:
    before = snapshot(transcript=(now,), case=case(quoting("priority", "Low", 1, "no rush")))
    decision = await decide(before, DEFECT)
    assert written(decision) == {"priority": None}
    assert decision.outcome is Outcome.UPDATED


async def test_a_value_whose_words_are_gone_is_read_anew_where_it_can_be() -> None:
    transcript = (message(1, "gone", deleted=True), message(2, "no rush"))
    before = snapshot(transcript=transcript, case=case(quoting("priority", "High", 1, "asap")))
    assert written(await decide(before, DEFECT)) == {"priority": "Low"}


@pytest.mark.parametrize(
    ("value", "transcript"),
    [
        (quoting("priority", "Low", 1, "no rush"), said("no rush at all")),
        (quoting("priority", "Low", 99, "no rush"), said("something from another thread")),
        (stored("priority", "Low"), said("no words were kept")),
        (
            stored("priority", "Low", AGENT, quote(message(1, "a b"), "a"), quote(message(2, "c"), "c")),
            (message(1, "a b"), message(2, "c", deleted=True)),
        ),
        (
            stored("priority", "Low", ANNA, quote(message(1, "no rush"), "no rush")),
            (message(1, "no rush", deleted=True),),
        ),
    ],
    ids=["words stand", "message unseen", "no evidence", "some words stand", "set by a person"],
)
async def test_a_value_is_not_cleared_while_some_words_stand(value: Any, transcript: Any) -> None:
    assert written(await decide(snapshot(transcript=transcript, case=case(value)), Script({}))) == {}


# --- two passes -------------------------------------------------------------------------------------

CATEGORY_BY_DEFAULT = {"default_fields": ["issue_description", "contact", "case_category"]}


async def test_rules_are_tested_once_more_when_the_pass_changed_what_they_ask_for() -> None:
    predictor = Script(DEFECT.reads)
    billing = case(stored("case_category", "Billing"))
    before = snapshot(*ALL_SAID, case=billing, settings=with_settings(**CATEGORY_BY_DEFAULT))
    decision = await decide(before, predictor)
    assert predictor.asked == [
        ("issue_description", "contact", "case_category"),
        ("product", "priority", "serial_number"),
    ]
    assert decision.passes == 2
    assert decision.fields[FieldId("product")] == "Product defect"
    assert decision.fields[FieldId("case_category")] is None
    assert written(decision)["product"] == "Aria 3000"


async def test_the_second_pass_tells_the_predictor_what_the_first_one_found() -> None:
    predictor = Script(DEFECT.reads)
    billing = case(stored("case_category", "Billing"))
    await decide(snapshot(*ALL_SAID, case=billing, settings=with_settings(**CATEGORY_BY_DEFAULT)), predictor)
    category = FieldId("case_category")
    assert [request.current[category] for request in predictor.requests] == ["Billing", "Product defect"]


async def test_a_predictor_never_sees_a_deleted_message() -> None:
    predictor = Script(DEFECT.reads)
    transcript = (message(1, "the Aria 3000", deleted=True), message(2, "no rush"))
    await decide(snapshot(transcript=transcript, case=DEFECT_CASE), predictor)
    assert [each.id for each in predictor.requests[0].transcript] == [2]


async def test_rules_are_not_tested_again_when_nothing_that_they_ask_for_changed() -> None:
    decision = await decide(snapshot(*ALL_SAID, case=CASE), DEFECT)
    assert (decision.outcome, decision.passes) == (Outcome.UPDATED, 1)


# --- levels of automation ---------------------------------------------------------------------------


async def test_an_update_that_needs_confirmation_only_suggests() -> None:
    before = snapshot(*ALL_SAID, case=DEFECT_CASE, settings=automation(update="confirm"))
    decision = await decide(before, DEFECT)
    assert (decision.outcome, decision.writes) == (Outcome.PROPOSED, ())
    assert [each.field for each in decision.suggestions] == ["product", "priority", "serial_number"]
    assert (await decide(applied(before, decision), DEFECT)).outcome is Outcome.NO_CHANGES


async def test_under_confirmation_nothing_is_cleared() -> None:
    gone = snapshot(
        transcript=(message(1, "x", deleted=True),),
        case=case(quoting("priority", "Low", 1, "no rush")),
        settings=automation(update="confirm"),
    )
    decision = await decide(gone, DEFECT)
    assert (decision.outcome, decision.suggestions) == (Outcome.NO_CHANGES, ())


async def test_a_shadow_update_lists_what_it_would_write() -> None:
    before = snapshot(*ALL_SAID, case=DEFECT_CASE, settings=automation(update="shadow"))
    decision = await decide(before, DEFECT)
    assert (decision.outcome, len(decision.writes)) == (Outcome.SHADOW, 3)


@pytest.mark.parametrize("level", ["confirm", "off"])
async def test_a_representatives_command_is_carried_out_at_once(level: str) -> None:
    before = snapshot(*ALL_SAID, case=DEFECT_CASE, settings=automation(update=level))
    assert (await decide(replace(before, trigger=Trigger.COMMAND), DEFECT)).outcome is Outcome.UPDATED
    assert (await decide(before, DEFECT)).outcome in {Outcome.PROPOSED, Outcome.OFF}


async def test_a_resolved_case_is_changed_by_a_command_alone() -> None:
    resolved = replace(DEFECT_CASE, status=CaseStatus.RESOLVED)
    before = snapshot(*ALL_SAID, case=resolved)
    assert (await decide(before, DEFECT)).outcome is Outcome.OFF
    assert (await decide(replace(before, trigger=Trigger.COMMAND), DEFECT)).outcome is Outcome.UPDATED


async def test_a_category_that_is_switched_off_is_not_updated() -> None:
    voice = replace(CONVERSATION, category=Category.VOICE)
    settings = with_settings(categories=["chat"])
    decision = await decide(snapshot("it leaks", case=CASE, conversation=voice, settings=settings), DEFECT)
    assert decision.outcome is Outcome.OFF


async def test_without_any_field_to_update_no_predictor_is_asked() -> None:
    predictor = Script(DEFECT.reads)
    settings = with_settings(update_rules=[], update_without_rules="nothing")
    decision = await decide(snapshot("it leaks", case=CASE, settings=settings), predictor)
    assert (decision.outcome, predictor.asked) == (Outcome.NO_CHANGES, [])
    assert decision.why == "No changes because the settings name no field to update."


async def test_answers_nobody_asked_for_are_passed_over_and_missing_ones_count_as_silence() -> None:
    decision = await decide(snapshot("it leaks", case=CASE), Chatty())
    assert written(decision) == {}
    assert {each.reason for each in decision.refusals} == {"The predictor gave no answer."}


@dataclass
class Chatty:
    """Answers what it was not asked, and nothing else."""

    name: str = "chatty"
    version: str = "1"

    async def predict(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]:
        evidence = quote(request.transcript[0], "leaks")
        return [Prediction(field=FieldId("priority"), value="High", confidence=1.0, evidence=(evidence,))]
