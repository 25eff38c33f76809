from datetime import UTC, datetime, timedelta

import pytest

from adapters.mail.silence import is_unusual, longest

FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_longest_silence_is_that_between_two_mails() -> None:
    assert longest([FRIDAY - DAY, FRIDAY, MONDAY, MONDAY + DAY]) == MONDAY - FRIDAY
    assert longest([FRIDAY]) == longest([]) == timedelta()


@pytest.mark.parametrize(
    ("hours", "longest_hours", "unusual"),
    [(23, 0, False), (24, 0, True), (62, 62, False), (92, 62, False), (93, 62, True)],
)
def test_a_weekend_is_usual_once_there_was_one(hours: int, longest_hours: int, unusual: bool) -> None:  # noqa: FBT001
    silence, before = timedelta(hours=hours), timedelta(hours=longest_hours)
    assert is_unusual(silence, before, DAY) is unusual
