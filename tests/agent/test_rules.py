from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.conditions import OPERATORS
from agent.rules import Facts, gate, holds, names_any, select_fields
from agent.settings import AllOf, AnyOf, CaseField, Condition, FieldType, Operator, Option, Settings, UpdateRule
from store.model import Category, FieldId, Value
from tests.agent.examples import SETTINGS, names, with_settings

OPTIONS = (Option(value="Low"), Option(value="High"))
PARTS: dict[FieldType, dict[str, Any]] = {
    FieldType.CHOICE: {"options": OPTIONS},
    FieldType.MULTI_CHOICE: {"options": OPTIONS},
    FieldType.LOOKUP: {"catalogue": OPTIONS},
    FieldType.IDENTIFIER: {"pattern": "[A-Z]+"},
}
EVERY_TYPE = Settings(
    fields=tuple(CaseField(id=kind, label=kind.title(), type=kind, **PARTS.get(kind, {})) for kind in FieldType),
    default_fields=("text",),
    timezone="Europe/Berlin",
)


def facts(**values: Value) -> Facts:
    return Facts(
        values={FieldId(name): value for name, value in values.items()},
        channel="webchat",
        category=Category.CHAT,
        language="de",
        ended=False,
    )


def condition(field: str, operator: str, value: Any = None) -> Condition:
    return Condition(field=field, operator=Operator(operator), value=value)


@pytest.mark.parametrize(
    ("field", "stored", "operator", "value", "expected"),
    [
        ("text", "It  Leaks", "equals", "it leaks", True),
        ("text", "it leaks", "does_not_equal", "it leaks", False),
        ("text", "it leaks", "is_one_of", ("x", "IT LEAKS"), True),
        ("text", "it leaks", "is_one_of", ("x",), False),
        ("text", "it leaks", "contains", "LEAK", True),
        ("text", "it leaks", "does_not_contain", "leak", False),
        ("text", "it leaks", "begins_with", "It", True),
        ("text", "it leaks", "begins_with", "leaks", False),
        ("text", "it leaks", "ends_with", "leaks", True),
        ("text", "it leaks", "ends_with", "it", False),
        ("text", "it leaks", "contains_data", None, True),
        ("text", "it leaks", "does_not_contain_data", None, False),
        ("text", "", "contains_data", None, False),
        ("choice", "High", "equals", "high", True),
        ("choice", "High", "is_one_of", ("Low", "High"), True),
        ("multi_choice", ["Low", "High"], "contains", "low", True),
        ("multi_choice", ["High"], "contains", "Low", False),
        ("multi_choice", ["High"], "does_not_contain", "Low", True),
        ("multi_choice", ["Low", "High"], "equals", ("High", "Low"), True),
        ("multi_choice", ["Low", "High"], "equals", "Low", False),
        ("multi_choice", ["Low"], "equals", "Low", True),
        ("multi_choice", ["Low"], "is_one_of", ("Low", "High"), True),
        ("multi_choice", [], "contains_data", None, False),
        ("yes_no", False, "equals", False, True),
        ("yes_no", False, "contains_data", None, True),
        ("yes_no", True, "does_not_equal", False, True),
        ("integer", 5, "equals", 5, True),
        ("integer", 5, "equals", 5.0, True),
        ("integer", 0, "contains_data", None, True),
        ("integer", 10, "greater_than", 9, True),
        ("integer", 9, "greater_than", 9, False),
        ("integer", 9, "greater_than_or_equal", 9, True),
        ("integer", 9, "less_than", 9, False),
        ("integer", 9, "less_than_or_equal", 9, True),
        ("integer", 5, "is_one_of", ("4", "5"), True),
        ("decimal", "0.3", "equals", 0.3, True),
        ("decimal", "10.5", "greater_than", "9", True),
        ("currency", "12.50 EUR", "greater_than", 12, True),
        ("currency", "12.50 EUR", "equals", "12.50 EUR", True),
        ("currency", "12.50 EUR", "greater_than", "1.00 USD", False),
        ("currency", "12.50 EUR", "does_not_equal", "12.50 USD", True),
        ("date", "2026-03-12", "before", "2026-03-13", True),
        ("date", "2026-03-12", "before", "2026-03-12", False),
        ("date", "2026-03-12", "after", "2026-03-11", True),
        ("date", "2026-03-12", "equals", "2026-03-12", True),
        ("datetime", "2026-03-12T23:30:00+00:00", "equals", "2026-03-13", True),
        ("datetime", "2026-03-12T12:00:00+00:00", "after", "2026-03-12T12:30:00", True),
        ("datetime", "2026-03-12T12:00:00+00:00", "before", "2026-03-12T13:00:00+00:00", True),
        ("phone", "+4930123", "begins_with", "+49", True),
    ],
)
def test_each_operator_compares_as_its_type_does(
    field: str, stored: Value, operator: str, value: Any, *, expected: bool
) -> None:
    assert holds(condition(field, operator, value), facts(**{field: stored}), EVERY_TYPE) is expected


VALUES: dict[FieldType, Any] = {
    FieldType.YES_NO: True,
    FieldType.INTEGER: 5,
    FieldType.DECIMAL: 5,
    FieldType.CURRENCY: 5,
    FieldType.DATE: "2026-03-12",
    FieldType.DATETIME: "2026-03-12",
}


@pytest.mark.parametrize("kind", FieldType)
def test_of_a_missing_value_only_the_negative_operators_hold(kind: FieldType) -> None:
    value = VALUES.get(kind, "Low")
    asked = {operator: condition(kind, operator, None if "data" in operator else value) for operator in OPERATORS[kind]}
    negative = {Operator.HAS_NO_DATA, Operator.NOT_EQUALS, Operator.NOT_CONTAINS}
    holding = {operator for operator, each in asked.items() if holds(each, facts(), EVERY_TYPE)}
    assert holding == negative & OPERATORS[kind]


@pytest.mark.parametrize("stored", ["not a number", True, ["x"]])
def test_a_value_from_before_the_type_was_changed_matches_nothing(stored: Value) -> None:
    for operator, value in (("equals", 5), ("greater_than", 5), ("less_than", 5)):
        assert not holds(condition("integer", operator, value), facts(integer=stored), EVERY_TYPE)
    assert not holds(condition("date", "before", "2026-01-01"), facts(date="soon"), EVERY_TYPE)


@pytest.mark.parametrize(
    ("name", "value"),
    [("channel", "webchat"), ("category", "chat"), ("language", "DE"), ("status", "open")],
)
def test_conditions_can_ask_about_the_conversation(name: str, value: str) -> None:
    assert holds(condition(f"conversation.{name}", "equals", value), facts(), EVERY_TYPE)
    assert not holds(condition(f"conversation.{name}", "does_not_equal", value), facts(), EVERY_TYPE)


def test_an_ended_conversation_says_so() -> None:
    ended = Facts(values={}, channel="webchat", category=Category.CHAT, language=None, ended=True)
    assert holds(condition("conversation.status", "equals", "ended"), ended, EVERY_TYPE)
    assert holds(condition("conversation.language", "does_not_contain_data"), ended, EVERY_TYPE)


TRUE, FALSE = condition("integer", "equals", 1), condition("integer", "equals", 2)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (AllOf(all=(TRUE, TRUE)), True),
        (AllOf(all=(TRUE, FALSE)), False),
        (AnyOf(any=(FALSE, TRUE)), True),
        (AnyOf(any=(FALSE, FALSE)), False),
        (AllOf(all=(TRUE, AnyOf(any=(FALSE, AllOf(all=(TRUE,)))))), True),
    ],
)
def test_conditions_are_grouped_by_and_and_or(expression: Any, *, expected: bool) -> None:
    assert holds(expression, facts(integer=1), EVERY_TYPE) is expected


# --- which fields -----------------------------------------------------------------------------------

DEFAULTS = {"issue_description": None, "contact": None}


def rule(name: str, *fields: str, when: Any = None, active: bool = True) -> UpdateRule:
    return UpdateRule(name=name, fields=fields, when=when, active=active)


def test_the_worked_example_five_fields_for_a_product_defect_and_two_for_any_other() -> None:
    defect = select_fields(SETTINGS, facts(case_category="Product defect"))
    claimed = dict.fromkeys(("product", "priority", "serial_number"), "Product defect")
    assert defect == {**DEFAULTS, **claimed}
    assert list(defect) == ["issue_description", "contact", "product", "priority", "serial_number"]
    assert select_fields(SETTINGS, facts(case_category="Billing")) == DEFAULTS
    assert select_fields(SETTINGS, facts()) == DEFAULTS


def test_the_first_rule_that_claims_a_field_is_the_one_named() -> None:
    rules = (rule("one", "product", "contact"), rule("two", "product", "priority"))
    selected = select_fields(with_settings(update_rules=rules), facts())
    assert selected == {**DEFAULTS, "product": "one", "priority": "two"}


def test_a_draft_rule_is_not_tried() -> None:
    rules = (rule("draft", "product", active=False), rule("live", "priority"))
    assert select_fields(with_settings(update_rules=rules), facts()) == {**DEFAULTS, "priority": "live"}


@pytest.mark.parametrize(("choice", "expected"), [("default_fields", DEFAULTS), ("nothing", {})])
@pytest.mark.parametrize("rules", [(), (rule("draft", "product", active=False),)])
def test_without_active_rules_the_settings_say_what_is_updated(choice: str, expected: Any, rules: Any) -> None:
    settings = with_settings(update_rules=rules, update_without_rules=choice)
    assert select_fields(settings, facts()) == expected


FIELD_NAMES = [field.id for field in SETTINGS.fields]
RULES = st.lists(
    st.builds(
        UpdateRule,
        name=st.uuids().map(str),
        active=st.booleans(),
        when=st.none()
        | st.builds(
            Condition,
            field=st.just("case_category"),
            operator=st.sampled_from([Operator.EQUALS, Operator.NOT_EQUALS]),
            value=st.sampled_from(["Billing", "Product defect"]),
        ),
        fields=st.lists(st.sampled_from(FIELD_NAMES), min_size=1, unique=True).map(tuple),
    ),
    min_size=1,
    max_size=4,
)
CATEGORIES = st.sampled_from([{}, {"case_category": "Billing"}, {"case_category": "Product defect"}])


@given(rules=RULES, values=CATEGORIES, data=st.data())
def test_the_fields_are_the_union_of_what_holds_whatever_the_order_of_rules(
    rules: list[UpdateRule], values: dict[str, Value], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rules))
    known = facts(**values)
    holding = [each for each in rules if each.active and (each.when is None or holds(each.when, known, SETTINGS))]
    union = {*DEFAULTS, *(name for each in holding for name in each.fields)}
    for order in (rules, shuffled):
        assert set(select_fields(with_settings(update_rules=order), known)) == union


@given(rules=RULES, values=CATEGORIES)
def test_a_claimed_field_names_a_rule_that_holds_and_claims_it(
    rules: list[UpdateRule], values: dict[str, Value]
) -> None:
    by_name = {each.name: each for each in rules}
    for name, claimed_by in select_fields(with_settings(update_rules=rules), facts(**values)).items():
        assert claimed_by is None or name in by_name[claimed_by].fields


def test_only_conditions_of_active_rules_are_looked_through_for_changed_fields() -> None:
    nested = AnyOf(
        any=(AllOf(all=(condition("case_category", "contains_data"),)), condition("product", "contains_data"))
    )
    assert names_any([rule("x", "priority", when=nested)], names("product"))
    assert not names_any([rule("x", "priority", when=nested)], names("priority"))
    assert not names_any([rule("x", "priority", when=nested, active=False)], names("product"))


# --- the gate ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("require", "resolved", "is_open"),
    [
        ("all", ("issue_description", "contact"), True),
        ("all", ("issue_description", "product"), False),
        ("any", ("contact",), True),
        ("any", ("product",), False),
        (1, ("contact",), True),
        (2, ("contact",), False),
        (2, ("contact", "issue_description"), True),
    ],
)
def test_the_gate_counts_the_default_fields_that_resolved(
    require: Any, resolved: tuple[str, ...], *, is_open: bool
) -> None:
    outcome = gate(with_settings(creation={"require": require}), names(*resolved))
    assert outcome.open is is_open
    assert set(outcome.missing) == {"issue_description", "contact"} - set(resolved)
