"""Which examples may be used, and for whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.examples import fitting, usable
from agent.settings import Settings
from store.examples import Example
from store.model import CaseNumber, ContactId, FieldId, Value
from tests.agent.examples import NOON, SETTINGS, with_settings

ADA, BEN = ContactId(1), ContactId(2)
NOW = CaseNumber(1099)


def example(field: str, value: Value | None, wrong: Value | None = None) -> Example:
    return Example(
        id=1, case_number=CaseNumber(1001), contact_id=ADA, field=FieldId(field), words="It leaks", value=value,
        wrong=wrong, settings_version=1, learnt_at=NOON,
    )  # fmt: skip


def is_usable(one: Example, settings: Settings = SETTINGS, contact: ContactId | None = BEN) -> bool:
    return usable(fitting([one], settings), settings, contact, NOW) == (one,)


def test_what_one_customers_case_taught_helps_another() -> None:
    assert is_usable(example("priority", "High"))


@pytest.mark.parametrize("contact", [BEN, None])
def test_what_is_personal_is_used_for_its_own_customer_alone(contact: ContactId | None) -> None:
    address = example("contact", "ada@example.org")
    assert is_usable(address, contact=ADA)
    assert not is_usable(address, contact=contact)


def test_an_administrator_says_which_other_fields_are_personal() -> None:
    fields = [{**each.model_dump(), "personal": each.id == "serial_number"} for each in SETTINGS.fields]
    personal = with_settings(fields=fields)
    serial = example("serial_number", "AB1234")
    assert is_usable(serial)
    assert not is_usable(serial, personal)
    assert is_usable(serial, personal, ADA)


@pytest.mark.parametrize(
    "one",
    [
        example("priority", "Critical"),  # no option any more
        example("priority", "High", wrong="Critical"),
        example("serial_number", "1234"),  # another form since
        example("colour", "Red"),  # no field any more
    ],
)
def test_a_field_that_has_changed_is_taught_anew(one: Example) -> None:
    assert not is_usable(one)


def test_a_case_is_not_its_own_example() -> None:
    assert not is_usable(replace(example("priority", "High"), case_number=NOW))
