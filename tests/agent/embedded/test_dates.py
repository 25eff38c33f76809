from datetime import date

import pytest

from agent.embedded.days import days
from tests.agent.embedded.talking import field, value

BOUGHT = field(
    "date",
    "Purchase date",
    "Day on which it was bought or ordered. Not for: the day it arrived, was charged or broke.",
)
VISIT = field("datetime", "Appointment", "When the customer wants to be visited, the planned appointment.")
FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "tense", "day"),
    [
        ("2026-03-12", 0, date(2026, 3, 12)),
        ("12.03.2026", 0, date(2026, 3, 12)),
        ("25/03/26", 0, date(2026, 3, 25)),
        ("on 14 February", -1, date(2026, 2, 14)),
        ("14 February", 1, date(2027, 2, 14)),
        ("march 28", -1, date(2026, 3, 28)),
        ("el 12 de mayo de 2025", 0, date(2025, 5, 12)),
        ("2 mars", -1, date(2026, 3, 2)),
        ("7 kwietnia", -1, date(2026, 4, 7)),
        ("4月2日", -1, date(2026, 4, 2)),
        ("24 december", -1, date(2025, 12, 24)),
        ("yesterday", 0, date(2026, 11, 19)),
        ("vorgestern", 0, date(2026, 11, 18)),
        ("on monday", -1, date(2026, 11, 16)),
        ("next monday", 0, date(2026, 11, 23)),
        ("the 3rd", -1, date(2026, 11, 3)),
        ("the 30th", -1, date(2026, 10, 30)),
        ("26 january last year", -1, date(2025, 1, 26)),
        ("last tuesday", -1, None),
        ("last saturday", -1, date(2026, 11, 14)),
        ("29 february", -1, None),
        ("31.02.2026", 0, None),
    ],
)
def test_a_day_is_worked_out_from_the_day_it_was_named_on(text: str, tense: int, day: date | None) -> None:
    assert [found.on(FRIDAY, tense) for found in days(text)] == [day]


@pytest.mark.parametrize(
    "text",
    [
        "03/04",
        "03/04/2026",
        "07/03/26",
        "version 3.2.14",
        "around 3 May",
        "before christmas",
        "Black Friday",
        "every monday",
        "9:30",
    ],
)
def test_what_may_be_another_day_is_no_day(text: str) -> None:
    assert list(days(text)) == []


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        (("I ordered it on 14 February, it came on the 18th",), "2026-02-14"),
        (("commandé le 2 mars et reçu le 6 mars",), "2026-03-02"),
        (("it came on 3 May",), None),
        (("R: When did you buy it?", "yesterday"), "2026-11-19"),
        (("R: When did you buy it?", "30 october", "*31"), "2026-10-31"),
        (("R: You ordered it on 24 October, is that right?", "dunno"), None),
        (("R: You ordered it on 24 October, is that right?", "yes"), "2026-10-24"),
        (("R: When did you buy it?", "03/04 according to my bank"), None),
        (("My sister bought hers on 5 May",), None),
    ],
)
def test_of_several_days_the_field_takes_its_own(lines: tuple[str, ...], day: str | None) -> None:
    assert value(BOUGHT, *lines) == day


def test_a_moment_needs_a_day_and_one_time() -> None:
    assert value(VISIT, "the appointment is planned for 1 December at 10:30") == "2026-12-01T10:30:00+00:00"
    assert value(VISIT, "the appointment is planned for 1 December") is None


def test_a_day_is_that_of_the_administrators_time_zone() -> None:
    assert value(BOUGHT, "I bought it today", timezone="Pacific/Kiritimati") == "2026-11-21"
