"""Suggestions: what the agent may not write by itself, and a representative decides on."""

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from store import cases
from store.cases import UnknownSuggestion
from store.engine import Database
from store.model import Case, CaseNumber, FieldId, Value
from store.schema import suggestions
from tests.store.examples import ANNA, BY_AGENT, NOON, QUOTE, changed, field, opened, shown, values_of

PRODUCT, TAGS = FieldId("product"), FieldId("tags")


def suggested(database: Database, value: Value = "Aria 3000", name: FieldId = PRODUCT) -> Case:
    """A case whose product a person set, with the agent's suggestion for the field."""
    number = opened(database, field("product", "Aria 2000")).number
    return suggest(database, number, value, name)


def suggest(database: Database, number: CaseNumber, value: Value, name: FieldId = PRODUCT) -> Case:
    wanted = field(name, value, confidence=0.8, evidence=(QUOTE,))
    return changed(database, cases.suggest, number, [wanted], origin=BY_AGENT)


def decide(database: Database, case: Case, *, accept: bool) -> Case:
    return changed(database, cases.decide_suggestion, case.number, case.suggestions[0].id, accept=accept)


def rejected(database: Database, number: CaseNumber) -> set[tuple[str, str]]:
    return set(database.read_now(lambda connection: cases.rejected(connection, number)))


def statuses(database: Database) -> list[str]:
    kept = select(suggestions.c.status).order_by(suggestions.c.id)
    return list(database.read_now(lambda connection: connection.execute(kept).scalars().all()))


def test_a_suggestion_waits_with_its_evidence_and_changes_no_value(database: Database) -> None:
    case = suggested(database)

    (waiting,) = case.suggestions
    assert (waiting.field, waiting.value, waiting.confidence, waiting.evidence) == (PRODUCT, "Aria 3000", 0.8, (QUOTE,))
    assert values_of(case) == {"product": "Aria 2000"}


def test_a_newer_suggestion_takes_the_place_of_the_fields_open_one_alone(database: Database) -> None:
    case = suggested(database)
    suggest(database, case.number, ["hot", "wet"], TAGS)

    after = suggest(database, case.number, "Aria 4000")

    assert {(each.field, str(each.value)) for each in after.suggestions} == {
        (TAGS, "['hot', 'wet']"),
        (PRODUCT, "Aria 4000"),
    }
    assert statuses(database) == ["superseded", "open", "open"]
    assert rejected(database, case.number) == set()


def test_the_database_allows_one_open_suggestion_a_field(database: Database) -> None:
    case = suggested(database)
    another = insert(suggestions).values(
        case_number=case.number, field="product", confidence=1.0, evidence=[], status="open", created_at=NOON
    )

    with pytest.raises(IntegrityError):
        database.write_now(lambda connection: connection.execute(another))


def test_a_write_to_the_field_supersedes_its_suggestion(database: Database) -> None:
    case = suggested(database)
    assert changed(database, cases.write, case.number, [field("priority", "High")]).suggestions == case.suggestions

    assert changed(database, cases.write, case.number, [field("product", "Aria 4000")]).suggestions == ()
    assert statuses(database) == ["superseded"]
    assert rejected(database, case.number) == set()


def test_accepting_writes_the_value_as_the_persons_own_on_the_same_evidence(database: Database) -> None:
    case = suggested(database)

    after = decide(database, case, accept=True)

    product = after.values[PRODUCT]
    assert (product.value, product.writer, product.confidence, product.evidence) == ("Aria 3000", ANNA, 0.8, (QUOTE,))
    assert after.suggestions == ()
    assert statuses(database) == ["accepted"]
    assert rejected(database, case.number) == set()


@pytest.mark.parametrize("value", ["Aria 3000", True, 3, ["hot", "wet"], "Größe"], ids=repr)
def test_rejecting_changes_no_value_and_is_remembered_with_it(database: Database, value: Value) -> None:
    case = suggested(database, value)

    after = decide(database, case, accept=False)

    assert (values_of(after), after.suggestions) == ({"product": "Aria 2000"}, ())
    assert statuses(database) == ["rejected"]
    assert rejected(database, case.number) == {("product", str(value))}


def test_what_was_rejected_in_one_case_is_not_held_against_another(database: Database) -> None:
    decide(database, suggested(database), accept=False)
    other = opened(database, key="other")

    assert rejected(database, other.number) == set()


def test_a_field_can_be_suggested_again_after_a_decision(database: Database) -> None:
    case = suggested(database)
    decide(database, case, accept=False)

    after = suggest(database, case.number, "Aria 4000")

    assert [each.value for each in after.suggestions] == ["Aria 4000"]
    assert rejected(database, case.number) == {("product", "Aria 3000")}


@pytest.mark.parametrize("accept", [True, False])
def test_a_suggestion_is_decided_once(database: Database, *, accept: bool) -> None:
    case = suggested(database)
    after = decide(database, case, accept=not accept)

    with pytest.raises(UnknownSuggestion):
        decide(database, case, accept=accept)

    assert shown(database, case.number) == after


def test_a_suggestion_of_another_case_is_unknown(database: Database) -> None:
    case = suggested(database)
    other = opened(database, key="other")

    with pytest.raises(UnknownSuggestion):
        changed(database, cases.decide_suggestion, other.number, case.suggestions[0].id, accept=True)
