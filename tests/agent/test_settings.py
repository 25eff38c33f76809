from typing import Any

import pytest
from pydantic import ValidationError

from agent.conditions import OPERATORS
from agent.problems import find_problems
from agent.settings import CaseField, Feature, FieldType, Incoherent, Operator, Settings
from store.model import Author
from tests.agent.examples import SETTINGS, with_settings


def problems(**changes: Any) -> list[str]:
    """What is wrong with the example settings after some keys were changed."""
    with pytest.raises(ValidationError) as caught:
        with_settings(**changes)
    (error,) = caught.value.errors()
    cause = error.get("ctx", {})["error"]
    return list(map(str, cause.problems)) if isinstance(cause, Incoherent) else [str(cause)]


def when(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    expression = {"all": [{"any": [{"field": field, "operator": operator, "value": value}]}]}
    return {"update_rules": [{"name": "R", "fields": ["product"], "when": expression}]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"default_fields": ["contakt"]}, "default_fields[0]: there is no field 'contakt'; did you mean 'contact'?"),
        ({"default_fields": ["contact", "contact"]}, "default_fields[1]: 'contact' is named twice"),
        ({"creation": {"optional": ["zzz"]}}, "creation.optional[0]: there is no field 'zzz'"),
        (
            {"creation": {"require": 3}},
            "creation.require: is 3, more than the 2 default fields: write at most that",
        ),
        (
            {"evaluation": {"quiet": 40.0}},
            "evaluation.quiet: is 40, more than the 30 of at_most: write at most that",
        ),
        (
            {"fields": [*SETTINGS.fields, SETTINGS.fields[0]]},
            "fields: 2 have the id 'issue_description': each needs its own",
        ),
        (
            {"fields": [*SETTINGS.fields, {"id": "model", "label": "PRODUCT", "type": "text"}]},
            (
                f"fields[{len(SETTINGS.fields)}].label: 'PRODUCT' of the field 'model' is also a name of the field"
                " 'product' ('Product'): each needs its own"
            ),
        ),
        (
            {"fields": [*SETTINGS.fields, {"id": "text", "label": "Issue_description", "type": "text"}]},
            (
                f"fields[{len(SETTINGS.fields)}].label: 'Issue_description' of the field 'text' is also a name of the"
                " field 'issue_description' ('Issue description'): each needs its own"
            ),
        ),
        (
            {"update_rules": [{"name": "R", "fields": ["contact"]}, {"name": "r", "fields": ["contact"]}]},
            "update_rules: 2 have the name 'r': each needs its own",
        ),
        (
            {"update_rules": [{"name": "R", "fields": ["produkt"]}]},
            "update_rules[0].fields[0]: there is no field 'produkt'; did you mean 'product'?",
        ),
        (
            {"experience_profiles": [{"name": "A"}, {"name": "A"}]},
            "experience_profiles: 2 have the name 'a': each needs its own",
        ),
    ],
)
def test_parts_that_do_not_fit_each_other_are_named_with_their_path(changes: dict[str, Any], problem: str) -> None:
    assert problems(**changes) == [problem]


MISFITS: list[tuple[tuple[str, str, Any], str]] = [
    (("priorty", "equals", "Low"), "field: there is no field 'priorty'; did you mean 'priority'?"),
    (("conversation.stat", "equals", "open"), "field: there is no field 'conversation.stat'; "),
    (
        ("priority", "greater_than", "Low"),
        "operator: greater_than does not fit a choice field: use one of equals, ",
    ),
    (("priority", "equals", "Urgent"), "value: 'Urgent' is not one of Low or High"),
    (("priority", "is_one_of", ["Low", "Hi"]), "value: 'Hi' is not one of Low or High; did you mean 'High'?"),
    (("priority", "is_one_of", "Low"), "value: is_one_of takes a list of values"),
    (("priority", "is_one_of", []), "value: is_one_of takes a list of values"),
    (("priority", "equals", ["Low"]), "value: equals takes one value, not a list"),
    (("priority", "equals", None), "value: equals needs a value"),
    (("priority", "equals", True), "value: write an option, in quotation marks"),
    (("priority", "contains_data", "x"), "value: contains_data takes no value"),
    (("issue_description", "contains", 5), "value: write text, in quotation marks"),
    (("conversation.status", "equals", "closed"), "value: 'closed' is not one of open or ended"),
    (("conversation.category", "equals", "fax"), "value: 'fax' is not one of chat, email or voice"),
]


@pytest.mark.parametrize(("condition", "problem"), MISFITS)
def test_a_condition_that_does_not_fit_its_field_is_named_with_its_path(
    condition: tuple[str, str, Any], problem: str
) -> None:
    (found,) = problems(**when(*condition))
    assert found.startswith(f"update_rules[0].when.all[0].any[0].{problem}")


@pytest.mark.parametrize(
    ("kind", "operator", "value"),
    [
        ("integer", "greater_than", "many"),
        ("integer", "equals", True),
        ("currency", "less_than", "12 XYZ"),
        ("decimal", "equals", float("nan")),
        ("date", "before", "soon"),
        ("date", "after", 2026),
        ("datetime", "equals", "12 March"),
        ("yes_no", "equals", "yes"),
    ],
)
def test_the_value_of_a_condition_has_the_shape_of_its_type(kind: str, operator: str, value: Any) -> None:
    fields = [*SETTINGS.fields, CaseField(id="extra", label="Extra", type=FieldType(kind))]
    (found,) = problems(fields=fields, **when("extra", operator, value))
    assert found.startswith("update_rules[0].when.all[0].any[0].value: write ")


@pytest.mark.parametrize(
    "condition",
    [
        ("priority", "equals", "low"),
        ("priority", "is_one_of", ["Low", "High"]),
        ("priority", "begins_with", "L"),
        ("product", "contains", "Aria"),
        ("priority", "contains_data", None),
        ("conversation.language", "equals", "de"),
        ("conversation.status", "equals", "ended"),
    ],
)
def test_a_condition_that_fits_is_taken(condition: tuple[str, str, Any]) -> None:
    assert with_settings(**when(*condition)).update_rules[0].when is not None


def test_every_problem_is_told_at_once() -> None:
    assert len(problems(default_fields=["a", "b"], creation={"optional": ["c"]}, **when("d", "equals", "e"))) == 4


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"timezone": "Berlin"}, "there is no time zone 'Berlin': write one such as Europe/Berlin"),
        ({"region": "XX"}, "there is no region 'XX': write a country's code such as DE"),
        ({"currency": "EURO"}, "there is no currency 'EURO': write a code such as EUR"),
    ],
)
def test_places_and_currencies_exist(changes: dict[str, Any], problem: str) -> None:
    assert problems(**changes) == [problem]


@pytest.mark.parametrize(
    "definition",
    [
        {"type": "choice"},
        {"type": "text", "options": [{"value": "x"}]},
        {"type": "lookup"},
        {"type": "choice", "options": [{"value": "x"}, {"value": "X"}]},
        {"type": "identifier"},
        {"type": "identifier", "pattern": "["},
        {"type": "text", "identity": True},
        {"type": "text", "id": "Not an id"},
        {"type": "text", "label": "  "},
        {"type": "text", "threshold": 1.5},
        {"type": "text", "colour": "red"},
    ],
)
def test_a_field_has_what_its_type_needs_and_nothing_else(definition: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CaseField.model_validate({"id": "x", "label": "X", **definition})


@pytest.mark.parametrize("expression", [{"all": []}, {"any": []}, {"all": [{"field": "x"}]}, {}, "text"])
def test_an_expression_without_conditions_is_refused(expression: Any) -> None:
    with pytest.raises(ValidationError):
        with_settings(update_rules=[{"name": "R", "fields": ["product"], "when": expression}])


def test_every_operator_fits_some_type_and_every_type_takes_some() -> None:
    assert set().union(*OPERATORS.values()) == set(Operator)
    assert set(OPERATORS) == set(FieldType)


def test_settings_survive_json() -> None:
    assert Settings.model_validate_json(SETTINGS.model_dump_json()) == SETTINGS


def test_a_profile_gives_its_members_its_features() -> None:
    nobody = with_settings(experience_profiles=[{"name": "A", "members": ["R1"]}])
    assert SETTINGS.allows(Author(id="anyone"), Feature.CASES)
    assert nobody.allows(Author(id="R1"), Feature.CASES)
    assert not nobody.allows(Author(id="R2"), Feature.CASES)
    assert nobody.allows(Author(id="R2", groups=("R1",)), Feature.CASES)


def test_a_channel_that_is_not_listed_is_on_without_representatives() -> None:
    assert (SETTINGS.channel("slack").enabled, SETTINGS.channel("slack").representatives) == (True, ())


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"creation": {"require": True}}, "creation.require"),
        ({"evaluation": {"quiet": True}}, "evaluation.quiet"),
        ({"evaluation": {"at_most": False}}, "evaluation.at_most"),
    ],
)
def test_yes_is_no_number(changes: dict[str, Any], path: str) -> None:
    found = find_problems(SETTINGS.model_dump(mode="json") | changes)
    assert [problem.path for problem in found] == [path]
