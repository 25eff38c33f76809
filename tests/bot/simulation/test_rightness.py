"""What counts as right: labels are people's words, values are canonical."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.settings import CaseField, FieldType, Option, Settings
from bot.simulation.rightness import is_acceptable

OPTIONS = (Option(value="High", synonyms=("urgent",)), Option(value="Low"))
NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)


def acceptable(kind: str, value: Any, wanted: Any) -> bool:
    chosen: dict[str, dict[str, Any]] = {
        "choice": {"options": OPTIONS},
        "multi_choice": {"options": OPTIONS},
        "lookup": {"catalogue": OPTIONS},
        "identifier": {"pattern": "[A-Z]{2}[0-9]{4}"},
    }
    field = CaseField(id="it", label="It", type=FieldType(kind), **chosen.get(kind, {}))
    settings = Settings(fields=(field,), default_fields=("it",), region="GB", currency="GBP")
    return is_acceptable(field, value, wanted, settings, NOW)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("text", "  San  francisco ", "San Francisco"),
        ("text", "San Fransisco", "San Francisco"),
        ("text", "12 Main Stret, Springfield", "12 Main Street, Springfield"),
        ("text", "7 pm", "19:00"),
        ("text", "March 12th, 2026", "12 March 2026"),
        ("text", "12.50", "12.5"),
        ("choice", "High", "urgent"),
        ("choice", "High", "HIGH"),
        ("multi_choice", ["High", "Low"], ["low", "urgent"]),
        ("multi_choice", ["High", "Low"], "Low, High"),
        ("lookup", "High", "Urgent"),
        ("yes_no", True, "True"),
        ("yes_no", False, False),
        ("integer", 4, "4"),
        ("decimal", "12.5", 12.5),
        ("currency", "12.50 GBP", "£12.50"),
        ("date", "2026-03-11", "yesterday"),
        ("datetime", "2026-03-11T10:00:00+00:00", "2026-03-11T11:00:00+01:00"),
        ("phone", "+442079460018", "020 7946 0018"),
        ("email", "Ann@example.org", "ann@example.org"),
        ("identifier", "AB1234", "ab1234"),
    ],
)
def test_the_same_in_other_words_is_right(kind: str, value: Any, wanted: Any) -> None:
    assert acceptable(kind, value, wanted)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("text", "March 12th of this year", "March 13th of this year"),
        ("text", "7 pm", "7 am"),
        ("text", "San Diego", "San Francisco"),
        ("multiline", "the kettle leaks at the handle", "the kettle leaks at the handles"),
        ("choice", "High", "Low"),
        ("choice", "High", "Highh"),
        ("yes_no", True, "False"),
        ("integer", 41, "4"),
        ("currency", "12.50 GBP", "12.50 EUR"),
        ("phone", "+442079460018", "+442079460019"),
        ("email", "anne.somebody@example.org", "anna.somebody@example.org"),
        ("identifier", "AB1234", "AB1235"),
    ],
)
def test_what_only_looks_alike_is_wrong(kind: str, value: Any, wanted: Any) -> None:
    assert not acceptable(kind, value, wanted)
