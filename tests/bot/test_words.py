import pytest

from agent.decision import Decision, Outcome, Refusal, Write
from bot import words
from bot.text import quoted
from store.model import CaseStatus, Change, FieldId, Value
from tests.bot.examples import ANNA, SETTINGS, a_case, evidence


def ids(*names: str) -> tuple[FieldId, ...]:
    return tuple(FieldId(name) for name in names)


def write(field: str, value: Value | None, old: Value | None = None, quote: str | None = None) -> Write:
    said = evidence(quote) if quote else ()
    return Write(field=FieldId(field), value=value, old=old, confidence=0.9, evidence=said, rule=None)


def decision(
    outcome: Outcome,
    *,
    why: str = "Because.",
    writes: tuple[Write, ...] = (),
    suggestions: tuple[Write, ...] = (),
    refusals: tuple[Refusal, ...] = (),
) -> Decision:
    fields = dict.fromkeys(ids("issue_description", "contact"))
    return Decision(outcome=outcome, why=why, writes=writes, suggestions=suggestions, refusals=refusals, fields=fields)


def test_a_customers_command_is_refused_politely() -> None:
    assert words.refused_customer().startswith("Sorry, commands are for our support team; nothing was changed.")


def test_what_is_missing_is_asked_in_one_short_question() -> None:
    assert words.missing_question(ids("contact"), SETTINGS) == (
        "To open a case I still need your Contact (an e-mail address). Could you write it here?"
    )
    assert words.missing_question(ids("issue_description", "contact", "product"), SETTINGS) == (
        "To open a case I still need your Issue description, Contact (an e-mail address) and Product. "
        "Could you write them here?"
    )


def test_a_question_leaves_out_what_is_internal() -> None:
    assert words.missing_question(ids("priority", "product"), SETTINGS) == (
        "To open a case I still need your Product. Could you write it here?"
    )


@pytest.mark.parametrize("missing", [(), ids("priority"), ids("long_gone")])
def test_what_a_customer_cannot_say_is_not_asked(missing: tuple[FieldId, ...]) -> None:
    assert words.missing_question(missing, SETTINGS) is None


def test_an_update_is_answered_field_by_field_with_the_words_behind_it() -> None:
    found = decision(
        Outcome.UPDATED,
        writes=(
            write("product", "Aria 3000", quote="it's the Aria 3000"),
            write("contact", "kim@example.com"),
            write("serial", None, old="AB12"),
        ),
        suggestions=(write("number", 3, old=2, quote="three of them"),),
        refusals=(Refusal(field=FieldId("priority"), reason="Nothing says how urgent it is."),),
    )

    assert words.update_answer(1042, found, SETTINGS).splitlines() == [
        "Case 1042 updated:",
        "• Product: — → Aria 3000 (“it's the Aria 3000”)",
        "• Contact: — → kim@example.com (the sender's verified identity)",
        "• Serial number: AB12 → — (the words behind it are gone)",
        "• Number: kept yours (2), the agent read 3 (“three of them”)",
        "• Priority: left as it is, because nothing says how urgent it is.",
    ]


@pytest.mark.parametrize("outcome", [Outcome.NO_CHANGES, Outcome.UPDATED])
def test_an_update_that_changes_nothing_says_so_and_what_it_looked_at(outcome: Outcome) -> None:
    assert words.update_answer(1042, decision(outcome), SETTINGS) == (
        "No changes. Looked at Issue description and Contact."
    )


def test_a_proposal_is_to_be_accepted_or_rejected() -> None:
    found = decision(Outcome.PROPOSED, suggestions=(write("product", "Aria 3000", quote="Aria 3000"),))

    assert words.update_answer(1042, found, SETTINGS).splitlines() == [
        "Case 1042: suggested, for you to accept or reject:",
        "• Product: — → Aria 3000 (“Aria 3000”)",
    ]


def test_a_case_opened_by_hand_is_answered_with_its_fields() -> None:
    found = decision(Outcome.CREATED, writes=(write("product", "Aria 3000", quote="Aria 3000"),))

    assert words.update_answer(1042, found, SETTINGS).startswith("Case 1042 is open:\n• Product: — → Aria 3000")


@pytest.mark.parametrize("outcome", [Outcome.OFF, Outcome.SHADOW, Outcome.NOT_CREATED])
def test_an_update_that_was_not_applied_says_why(outcome: Outcome) -> None:
    answer = words.update_answer(1042, decision(outcome, why="Updating is switched off."), SETTINGS)

    assert answer == "Nothing was changed. Updating is switched off."


def test_customers_words_in_an_answer_are_shortened_and_cannot_turn_it_around() -> None:
    said = "buy \u202enow\u202c\n• Priority: Low → High\x1b " + "x" * 500
    found = decision(Outcome.UPDATED, writes=(write("issue_description", said, quote=said),))

    answer = words.update_answer(1042, found, SETTINGS)

    assert len(answer.splitlines()) == 2
    assert "\u202e" not in answer
    assert "\x1b" not in answer
    assert len(answer) < 350


def test_fields_set_by_hand_are_answered_with_old_and_new() -> None:
    changes = [
        Change(what="field", field=FieldId("priority"), old="Low", new="High"),
        Change(what="field", field=FieldId("warranty"), old=True, new=False),
        Change(what="field", field=FieldId("product"), old="Aria 3000", new=None),
    ]

    assert words.fields_set(1042, changes, SETTINGS).splitlines() == [
        "Case 1042 updated:",
        "• Priority: Low → High",
        "• Under warranty: Yes → No",
        "• Product: Aria 3000 → —",
    ]


def test_fields_set_to_what_they_were_are_no_changes() -> None:
    assert words.fields_set(1042, [], SETTINGS) == "No changes."


def test_a_claim_says_whose_the_case_was() -> None:
    assert words.claimed(1042, None) == "Case 1042 is yours now."
    assert words.claimed(1042, "Anna Berg") == "Case 1042 is yours now; it was with Anna Berg."


def test_a_resolution_is_given_back() -> None:
    assert words.resolved(1042, "") == "Case 1042 is resolved."
    assert words.resolved(1042, "Replaced\nit") == "Case 1042 is resolved: “Replaced it”."


def test_a_reopened_case_says_how_it_stands() -> None:
    assert words.reopened(1042, CaseStatus.IN_PROGRESS) == "Case 1042 is open again: In progress."


def test_one_problem_is_a_sentence_and_several_are_a_list() -> None:
    assert words.not_done(["There is no case 7."]) == "There is no case 7. Nothing was changed."
    assert words.not_done(["A.", "B."]) == "Nothing was changed:\n• A.\n• B."


def test_an_error_carries_its_reference() -> None:
    assert words.went_wrong("3f9a") == ("Something went wrong on our side (reference 3f9a). Nothing was changed.")


def test_a_list_of_cases_is_one_line_each() -> None:
    listed = words.case_list([a_case(owner=ANNA), a_case(title="A\nB")], more=True)

    assert listed.splitlines() == [
        "1042 · New · Anna Berg · Headphones crackle",
        "1042 · New · unclaimed · A B",
        "… and more: narrow it down with words or field=value.",
    ]
    assert words.case_list([], more=False) == "No case fits."


def test_a_quotation_inside_a_problem_is_harmless() -> None:
    problem = words.unknown_field("x\u202ey\n" * 50, None, ["Product"])

    assert quoted("x\u202ey\n" * 50, 60) in problem
    assert "\n" not in problem


def test_of_many_problems_the_first_are_told_and_the_rest_counted() -> None:
    told = words.not_done([f"Problem {number}." for number in range(50)]).splitlines()
    assert len(told) == 7
    assert told[-1] == "• … and 45 more."


def test_a_reason_goes_on_in_small_letters() -> None:
    refusal = Refusal(field=FieldId("product"), reason="A representative has turned this value down.")
    answer = words.update_answer(1042, decision(Outcome.UPDATED, refusals=(refusal,)), SETTINGS)
    assert "because a representative has turned this value down." in answer


def test_where_no_fields_are_set_up_an_unknown_one_is_told_so() -> None:
    assert words.unknown_field("x", None, []) == "There is no field “x”: none are set up."
