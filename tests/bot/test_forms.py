"""What a form is filled with is read back the same, and what comes back is told from what stood there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from adapters.desk import Input
from agent.settings import CaseField, FieldType, Option, Settings
from bot import forms
from store.model import Value

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OPTIONS = (Option(value="Low"), Option(value="Pump, small"), Option(value="Pump"), Option(value="pump-small"))
KINDS: Mapping[FieldType, dict[str, object]] = {
    FieldType.CHOICE: {"options": (*OPTIONS, Option(value="Pump small"))},
    FieldType.MULTI_CHOICE: {"options": OPTIONS},
    FieldType.LOOKUP: {"catalogue": OPTIONS},
    FieldType.IDENTIFIER: {"pattern": r"[A-Z]{2}\d{2}-\d{6}"},
}
FIELDS = {
    kind: CaseField.model_validate({"id": kind.value, "label": kind.value, "type": kind, **KINDS.get(kind, {})})
    for kind in FieldType
}
SETTINGS = Settings(
    fields=tuple(FIELDS.values()), default_fields=("text",), timezone="Europe/Berlin", region="GB", currency="EUR"
)
VALUES: list[tuple[FieldType, Value]] = [
    (FieldType.TEXT, "It's “quoted”, 100%; a=b"),
    (FieldType.MULTILINE, "One\n\nTwo, three"),
    (FieldType.CHOICE, "Pump"),
    (FieldType.CHOICE, "pump-small"),
    (FieldType.CHOICE, "Pump small"),
    (FieldType.LOOKUP, "Pump, small"),
    (FieldType.MULTI_CHOICE, ["Pump, small", "Pump"]),
    (FieldType.MULTI_CHOICE, ["Low"]),
    (FieldType.YES_NO, True),
    (FieldType.YES_NO, False),
    (FieldType.INTEGER, 1500),
    (FieldType.INTEGER, -3),
    (FieldType.INTEGER, 10**13),
    (FieldType.DECIMAL, "1.125"),
    (FieldType.DECIMAL, "-12.5"),
    (FieldType.CURRENCY, "12.50 EUR"),
    (FieldType.CURRENCY, "-1500.00 USD"),
    (FieldType.CURRENCY, "1500 JPY"),
    (FieldType.CURRENCY, "1.500 KWD"),
    (FieldType.CURRENCY, "2.000 KWD"),
    (FieldType.CURRENCY, "1.125 KWD"),
    (FieldType.DATE, "2026-03-12"),
    (FieldType.DATETIME, "2026-03-12T14:30:00+01:00"),
    (FieldType.DATETIME, "2026-10-25T02:30:00+02:00"),
    (FieldType.EMAIL, "ann.lee@example.org"),
    (FieldType.PHONE, "+442079460018"),
    (FieldType.IDENTIFIER, "HE25-440917"),
]


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_a_value_is_read_back_as_it_was_filled_in(kind: FieldType, value: Value) -> None:
    assert forms.parsed(FIELDS[kind], forms.typed(FIELDS[kind], value), SETTINGS, NOW) == value


def test_every_type_of_field_is_among_the_examples() -> None:
    assert {kind for kind, _ in VALUES} == set(FieldType)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(FieldType.CHOICE, "Gone"), (FieldType.MULTI_CHOICE, ["Low", "Gone"]), (FieldType.INTEGER, "many")],
)
def test_a_value_from_before_the_field_was_changed_fills_nothing_in(kind: FieldType, value: Value) -> None:
    assert forms.typed(FIELDS[kind], value) == ()


def test_several_options_are_read_in_the_fields_order_and_once() -> None:
    field = FIELDS[FieldType.MULTI_CHOICE]
    assert forms.parsed(field, ["Pump", "Low", "Pump"], SETTINGS, NOW) == ["Low", "Pump"]


@pytest.mark.parametrize("texts", [[], [""], [" ", "\n"]])
def test_blanks_are_an_empty_field(texts: list[str]) -> None:
    assert forms.parsed(FIELDS[FieldType.INTEGER], texts, SETTINGS, NOW) is None


def test_a_bad_value_and_an_unknown_field_are_each_told_at_their_place() -> None:
    answers = forms.read({"integer": ["a few"], "gone": ["x"], "text": ["Fine"]}, SETTINGS, NOW)
    assert answers.values == {"text": "Fine"}
    assert answers.problems.keys() == {"integer", "gone"}
    assert "open the form again" in answers.problems["gone"]


@pytest.mark.parametrize(
    "action",
    [
        {"verb": "create_case"},
        {"verb": "create_case", "values": {"text": "not a list"}},
        {"verb": "create_case", "values": {"text": [1]}},
        {"verb": "update_case", "case": True, "revision": 1, "values": {}},
        {"verb": "update_case", "case": 2**40, "revision": 1, "values": {}},
        {"verb": "update_case", "case": "1001", "revision": 1, "values": {}},
        {"verb": "update_case", "case": 1001, "revision": -1, "values": {}},
    ],
)
def test_a_submission_that_no_form_of_ours_sends_is_none(action: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        forms.SUBMISSION.validate_python(action)


def test_the_inputs_that_need_more_than_a_line() -> None:
    lines = {kind for kind in FieldType if forms.INPUTS.get(kind, Input.LINE) is Input.LINE}
    assert lines == {
        FieldType.TEXT,
        FieldType.INTEGER,
        FieldType.DECIMAL,
        FieldType.CURRENCY,
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.IDENTIFIER,
    }
