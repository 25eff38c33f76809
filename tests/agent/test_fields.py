from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.fields import BadValue, check, display, normalise, parse, same
from agent.settings import CaseField, FieldType, Option, Settings
from store.model import Value

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # the 21st in Berlin
CHOICES = (
    Option(value="Low", synonyms=("no rush",)),
    Option(value="Normal", synonyms=("medium",)),
    Option(value="High", synonyms=("asap", "urgent matter")),
    Option(value="Urgent"),
)
MODELS = tuple(Option(value=f"Model {number}", synonyms=(f"M{number}",)) for number in range(1, 41))
KINDS: dict[FieldType, dict[str, Any]] = {
    FieldType.CHOICE: {"options": CHOICES},
    FieldType.MULTI_CHOICE: {"options": CHOICES},
    FieldType.LOOKUP: {"catalogue": MODELS},
    FieldType.IDENTIFIER: {"pattern": r"[A-Z]{2}\d{2}-\d{6}[A-Z]?"},
}
FIELDS = {
    kind: CaseField(id=kind.value, label=kind.value.title(), type=kind, **KINDS.get(kind, {})) for kind in FieldType
}
SETTINGS = Settings(
    fields=tuple(FIELDS.values()), default_fields=("text",), timezone="Europe/Berlin", region="GB", currency="EUR"
)


def read(kind: str, text: str) -> Value:
    return parse(FIELDS[FieldType(kind)], text, SETTINGS, NOW)


def test_an_option_that_is_written_exactly_is_meant_where_others_are_called_alike() -> None:
    options = (Option(value="pump-small"), Option(value="Pump small"))
    field = CaseField(id="part", label="Part", type=FieldType.CHOICE, options=options)
    assert [parse(field, each.value, SETTINGS, NOW) for each in options] == ["pump-small", "Pump small"]
    with pytest.raises(BadValue, match="can mean"):
        parse(field, "PUMP SMALL", SETTINGS, NOW)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "  two   words ", "two words"),
        ("multiline", "one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("multiline", "שלום <b>world</b> '; drop table", "שלום <b>world</b> '; drop table"),
        ("choice", "high", "High"),
        ("choice", " NO-RUSH ", "Low"),
        ("choice", "no", "Normal"),
        ("choice", "urg", "Urgent"),
        ("choice", "asa", "High"),
        ("choice", "ｈｉｇｈ", "High"),
        ("choice", "hi\u200bgh", "High"),
        ("lookup", "m7", "Model 7"),
        ("lookup", "model 4", "Model 4"),
        ("multi_choice", "urgent, low", ["Low", "Urgent"]),
        ("multi_choice", "low; low\nmedium", ["Low", "Normal"]),
        ("yes_no", "Yes", True),
        ("yes_no", "nein", False),
        ("yes_no", "Sí", True),
        ("integer", "1,500", 1500),
        ("integer", "-12", -12),
        ("integer", "1'000'000", 1000000),
        ("decimal", "1,5", "1.5"),
        ("decimal", "1.125", "1.125"),
        ("decimal", "0,500", "0.5"),
        ("decimal", "1.234,50", "1234.5"),
        ("decimal", "1,234.50", "1234.5"),
        ("decimal", "12 345", "12345"),
        ("decimal", "\N{MINUS SIGN}3", "-3"),
        ("decimal", "-0", "0"),
        ("currency", "12.5", "12.50 EUR"),
        ("currency", "1.500 €", "1500.00 EUR"),
        ("currency", "$1,500.00", "1500.00 USD"),
        ("currency", "usd 9,99", "9.99 USD"),
        ("currency", "£ 79", "79.00 GBP"),
        ("currency", "1 299 SEK", "1299.00 SEK"),
        ("currency", "612.40 euros", "612.40 EUR"),
        ("currency", "¥1,500", "1500 JPY"),
        ("currency", "Fr. 20", "20.00 CHF"),
        ("date", "2026-03-12", "2026-03-12"),
        ("date", "12 March 2026", "2026-03-12"),
        ("date", "March 12th, 2026", "2026-03-12"),
        ("date", "12. März 2026", "2026-03-12"),
        ("date", "20 de março de 2026", "2026-03-20"),
        ("date", "3.4.2026", "2026-04-03"),
        ("date", "03.04.26", "2026-04-03"),
        ("date", "13/04/2026", "2026-04-13"),
        ("date", "04/13/2026", "2026-04-13"),
        ("date", "03/03/2026", "2026-03-03"),
        ("date", "today", "2026-11-21"),
        ("date", "gestern", "2026-11-20"),
        ("datetime", "2026-03-12 14:30", "2026-03-12T14:30:00+01:00"),
        ("datetime", "2026-03-12T14:30:05Z", "2026-03-12T15:30:05+01:00"),
        ("datetime", "12 March 2026 at 2:30 pm", "2026-03-12T14:30:00+01:00"),
        ("datetime", "yesterday, 12 am", "2026-11-20T00:00:00+01:00"),
        ("datetime", "3.4.2026 um 14 Uhr", "2026-04-03T14:00:00+02:00"),
        ("email", "Jo.Berg@EXAMPLE.org", "Jo.Berg@example.org"),
        ("email", "<mailto:jo@example.org>", "jo@example.org"),
        ("phone", "020 7946 0018", "+442079460018"),
        ("phone", "+49 (0)30 23125-418", "+493023125418"),
        ("identifier", "EH24-000000A", "EH24-000000A"),
        ("identifier", " eh24 \u2013 000000a ", "EH24-000000A"),
    ],
)
def test_what_a_person_types_becomes_canonical(kind: str, text: str, value: Value) -> None:
    assert read(kind, text) == value
    assert check(FIELDS[FieldType(kind)], value) is None


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        ("text", "  ", "a value is missing."),
        ("text", "\u200b\u200b", "a value is missing."),
        ("text", "a\x07b", "remove the control characters."),
        ("text", "gpj.\u202eexe", "remove the control characters."),
        ("text", "x" * 501, "write at most 500 characters, these are 501."),
        ("text", "a\nb", "write it on one line."),
        ("multiline", "x" * 4001, "write at most 4000 characters, these are 4001."),
        ("choice", "hgh", "'hgh' is not one of Low, Normal, High or Urgent; did you mean High?"),
        ("choice", "xyz", "'xyz' is not one of Low, Normal, High or Urgent."),
        ("choice", "-", "'-' is not one of Low, Normal, High or Urgent."),
        ("lookup", "model", f"'model' can mean {', '.join(f'Model {n}' for n in range(1, 13))} … and 28 more."),
        ("multi_choice", "low, lww", "'lww' is not one of Low, Normal, High or Urgent; did you mean Low?"),
        ("multi_choice", ",", "a value is missing."),
        ("yes_no", "maybe", "'maybe' is neither yes nor no."),
        ("integer", "1.5", "write a whole number."),
        ("integer", "twelve", "write a number in digits, such as 12.5."),
        ("integer", "1" * 16, "write a number of at most 15 digits."),
        ("decimal", "1,500", "'1,500' can be read in two ways: write 1500 or 1.5."),
        ("decimal", "2.000", "'2.000' can be read in two ways: write 2000 or 2."),
        ("decimal", "1,23,456", "'1,23,456' is not grouped in threes: write it without separators."),
        ("decimal", "1 234 5", "'1 234 5' is not grouped in threes: write it without separators."),
        ("currency", "12.345,678", "write at most 2 decimals."),
        ("currency", "$12 EUR", "name one currency, such as 12.50 EUR."),
        ("currency", "100 kr", "'kr' names no single currency: write its code, such as 12.50 EUR."),
        ("currency", "KWD 1,500", "'1,500' can be read in two ways: write 1500 or 1.5."),
        ("currency", "about 5 or so", "write an amount such as 12.50 EUR."),
        ("date", "03/04/2026", "03/04/2026 can be read in two ways: write 2026-03-04 or 2026-04-03."),
        ("date", "13/04/12", "13/04/12 can be read in several ways: write the year with four digits."),
        ("date", "31.6.2026", "there is no day 31 in month 6 of 2026."),
        ("date", "12 March", "write the year as well, such as 12 March 2026."),
        ("date", "12 Smarch 2026", "'smarch' is not a month: write a day such as 2026-03-12 or 12 March 2026."),
        ("date", "0001-01-01", "write a year from 1900 to 2199."),
        ("date", "soon", "write a day such as 2026-03-12 or 12 March 2026."),
        ("datetime", "2026-03-12", "write a day and a time, such as 2026-03-12 14:30."),
        ("datetime", "2026-03-12 25:00", "'25:00' is not a time of day: write one such as 14:30."),
        ("datetime", "2026-03-12 13 pm", "'13 pm' is not a time of day: write one such as 2:30 pm or 14:30."),
        (
            "datetime",
            "2026-03-29 02:30",
            "clocks change at 2026-03-29 02:30: write it with its offset, such as +01:00.",
        ),
        (
            "datetime",
            "2026-10-25 02:30",
            "clocks change at 2026-10-25 02:30: write it with its offset, such as +01:00.",
        ),
        ("email", "jo@example", "'jo@example' is not an e-mail address such as name@example.com."),
        (
            "phone",
            "call me",
            "'call me' is not a telephone number: write it with its country code, such as +44 20 7946 0018.",
        ),
        (
            "phone",
            "12345",
            "no telephone has the number '12345': write it with its country code, such as +44 20 7946 0018.",
        ),
        ("identifier", "EH24-1", r"'EH24-1' does not have the form `[A-Z]{2}\d{2}-\d{6}[A-Z]?`."),
    ],
)
def test_a_bad_value_names_the_field_and_what_would_be_right(kind: str, text: str, problem: str) -> None:
    with pytest.raises(BadValue) as caught:
        read(kind, text)
    assert str(caught.value) == f"{kind.title()}: {problem}"
    assert caught.value.field is FIELDS[FieldType(kind)]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("date", "14 February", "2027-02-14"),
        ("date", "march 28", None),
        ("date", "2 janvier", "2027-01-02"),
        ("date", "29 February", None),
        ("text", "two\nlines\x07", "two lines"),
        ("choice", "urg", None),
        ("choice", "asap", "High"),
        ("date", "03/04/2026", None),
        ("integer", "", None),
    ],
)
def test_words_found_in_a_message_are_read_more_leniently_or_not_at_all(
    kind: str, text: str, value: Value | None
) -> None:
    assert normalise(FIELDS[FieldType(kind)], text, SETTINGS, NOW) == value


@given(
    kind=st.sampled_from(FieldType),
    text=st.text(max_size=40) | st.from_regex(r"[\d.,/: $€a-z+-]{1,20}", fullmatch=True),
)
def test_whatever_is_typed_is_refused_or_valid_and_stays_what_it_is(kind: FieldType, text: str) -> None:
    field = FIELDS[kind]
    try:
        value = parse(field, text, SETTINGS, NOW)
    except BadValue as error:
        assert str(error).startswith(f"{field.label}: ")  # noqa: PT017 - either way is right
        return
    assert check(field, value) is None
    written = ", ".join(value) if isinstance(value, list) else str(value)
    assert parse(field, written, SETTINGS, NOW) == value
    assert display(field, value, SETTINGS)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "a\nb"),
        ("text", ""),
        ("text", "a\x00"),
        ("text", 5),
        ("multiline", "x" * 4001),
        ("choice", "high"),
        ("multi_choice", []),
        ("multi_choice", ["Low", "Low"]),
        ("multi_choice", "Low"),
        ("lookup", "Model 99"),
        ("yes_no", 1),
        ("integer", True),
        ("integer", 10**15),
        ("decimal", "1.50"),
        ("decimal", "01"),
        ("currency", "12.5 EUR"),
        ("currency", "12.50 XYZ"),
        ("date", "20260312"),
        ("date", "2026-02-30"),
        ("datetime", "2026-03-12T10:00:00"),
        ("email", "jo"),
        ("phone", "020 7946 0018"),
        ("identifier", "eh24-000000A"),
    ],
)
def test_a_value_that_is_not_canonical_is_told_so(kind: str, value: Value) -> None:
    assert (check(FIELDS[FieldType(kind)], value) or "").startswith(f"{kind.title()}: ")


@pytest.mark.parametrize(
    ("kind", "one", "other", "equal"),
    [
        ("text", "It  leaks", "it leaks", True),
        ("text", "it leaks", "it leaked", False),
        ("text", None, "x", False),
        ("text", None, None, True),
        ("multi_choice", ["Low", "High"], ["High", "Low"], True),
        ("multi_choice", ["Low"], ["High", "Low"], False),
        ("email", "Jo@example.org", "jo@example.org", True),
        ("datetime", "2026-03-12T14:00:00+01:00", "2026-03-12T13:00:00+00:00", True),
        ("yes_no", True, 1, False),
        ("integer", 5, 5, True),
    ],
)
def test_values_are_the_same_when_people_would_see_no_change(
    kind: str, one: Value | None, other: Value | None, *, equal: bool
) -> None:
    assert same(FIELDS[FieldType(kind)], one, other) is equal


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("yes_no", False, "No"),
        ("multi_choice", ["Low", "High"], "Low, High"),
        ("date", "2026-03-12", "12 March 2026"),
        ("currency", "1500.00 EUR", "€1,500.00"),
        ("phone", "+442079460018", "+44 20 7946 0018"),
        ("integer", 1500, "1500"),
        ("text", "a\x1b[31m\u202eb", "a[31mb"),
        ("date", "not a date", "not a date"),
        ("choice", "an option of last year", "an option of last year"),
    ],
)
def test_values_are_shown_as_people_read_them(kind: str, value: Value, shown: str) -> None:
    assert display(FIELDS[FieldType(kind)], value, SETTINGS) == shown


def test_a_moment_is_shown_in_the_teams_own_time() -> None:
    shown = display(FIELDS[FieldType.DATETIME], "2026-03-12T23:30:00+00:00", SETTINGS)
    assert shown.startswith("13 March 2026")
    assert "00:30" in shown
