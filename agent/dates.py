"""Days and moments as people write them: read only where one reading is possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from babel.dates import get_month_names

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
_YEARS = range(1900, 2200)
_NEAR = timedelta(days=92)
_CENTURY = 2000  # of years written with two digits
_MONTHS_OF_A_YEAR = 12
_HOURS_OF_A_HALF = range(1, 13)  # of a day: am, pm

_RELATIVE = {
    "today": 0, "heute": 0, "aujourd'hui": 0, "hoy": 0, "oggi": 0, "vandaag": 0, "hoje": 0,
    "yesterday": -1, "gestern": -1, "hier": -1, "ayer": -1, "ieri": -1, "gisteren": -1, "ontem": -1,
    "tomorrow": 1, "morgen": 1, "demain": 1, "mañana": 1, "domani": 1, "amanhã": 1,
}  # fmt: skip

_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})")
_DAY_FIRST = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s*(?:of\s+|de\s+)?([^\W\d_]+)\.?(?:,?\s*(?:de\s+)?(\d{4}))?"
)
_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.?\s*(\d{1,2})(?:st|nd|rd|th)?(?:,?\s*(\d{4}))?")
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2})(?::(\d{2}))?)?\s*(am|pm|a\.m\.|p\.m\.|uhr|h)?")
_BEFORE_TIME = re.compile(r"\s*(?:,|\bat\b|\bum\b|\bà\b|\ba\s+las\b|\balle\b|\bom\b|\bàs\b|\s|(?<=\d)t(?=\d))\s*")


def _month_numbers() -> Iterator[tuple[str, int]]:
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            names = cast("Mapping[int, str]", get_month_names(width, locale=language))
            yield from ((name.casefold().rstrip("."), number) for number, name in names.items())
    yield from (("sept", 9), ("maerz", 3))


_MONTHS = dict(_month_numbers())


def parse_day(text: str, today: date, *, guess_year: bool = False) -> date:
    """ISO, "12 March 2026", "March 12, 2026", "12.3.2026", "today" and "yesterday" in seven languages.

    "03/04/2026" is March in one country and April in another: refused. A day without a year is refused as well,
    unless `guess_year` and it is at most three months away, back or ahead.

    Raises ValueError, its text says what would be right.
    """
    lowered = text.strip().casefold().replace("’", "'")
    if lowered in _RELATIVE:
        return today + timedelta(days=_RELATIVE[lowered])
    for pattern, read in _GRAMMAR:
        if match := pattern.fullmatch(lowered):
            year, month, day = read(match)
            return _nearest(month, day, today, guess=guess_year) if year is None else _day(year, month, day)
    raise ValueError("write a day such as 2026-03-12 or 12 March 2026")


Parts = tuple[int | None, int, int]


def _iso(match: re.Match[str]) -> Parts:
    return int(match[1]), int(match[3]), int(match[4])


def _numeric(match: re.Match[str]) -> Parts:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if match[2] == ".":  # day first wherever dots are written
        return year + (_CENTURY if len(match[4]) < len("2026") else 0), second, first
    if len(match[4]) < len("2026"):
        raise ValueError(f"{match[0]} can be read in several ways: write the year with four digits")
    readings = {(second, first), (first, second)}
    possible = [(month, day) for month, day in sorted(readings) if month <= _MONTHS_OF_A_YEAR]
    if len(possible) > 1:
        one, other = (_day(year, month, day).isoformat() for month, day in possible)
        raise ValueError(f"{match[0]} can be read in two ways: write {one} or {other}")
    month, day = possible[0] if possible else (second, first)
    return year, month, day


def _day_first(match: re.Match[str]) -> Parts:
    return _year(match[3]), _month(match[2]), int(match[1])


def _month_first(match: re.Match[str]) -> Parts:
    return _year(match[3]), _month(match[1]), int(match[2])


_GRAMMAR: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Parts]], ...] = (
    (_ISO, _iso),
    (_NUMERIC, _numeric),
    (_DAY_FIRST, _day_first),
    (_MONTH_FIRST, _month_first),
)


def _year(text: str | None) -> int | None:
    return None if text is None else int(text)


def _month(name: str) -> int:
    if name not in _MONTHS:
        raise ValueError(f"{name!r} is not a month: write a day such as 2026-03-12 or 12 March 2026")
    return _MONTHS[name]


def _day(year: int, month: int, day: int) -> date:
    if year not in _YEARS:
        raise ValueError(f"write a year from {_YEARS.start} to {_YEARS.stop - 1}")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"there is no day {day} in month {month} of {year}") from None


def _nearest(month: int, day: int, today: date, *, guess: bool) -> date:
    candidates = [_on(year, month, day) for year in (today.year - 1, today.year, today.year + 1)]
    near = [each for each in candidates if each is not None and abs(each - today) <= _NEAR]
    if not guess or not near:
        raise ValueError("write the year as well, such as 12 March 2026")
    return near[0]


def _on(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def parse_moment(text: str, now: datetime, zone: ZoneInfo, *, guess_year: bool = False) -> datetime:
    """A day as `parse_day` reads it and a time of day; with seconds, in `zone` unless it states its own offset.

    Raises ValueError, its text says what would be right.
    """
    stated = _stated_offset(text.strip())
    if stated is not None:
        return stated.astimezone(zone)
    lowered = text.strip().casefold()
    today = now.astimezone(zone).date()
    for gap in reversed(list(_BEFORE_TIME.finditer(lowered))):
        if moment := _TIME.fullmatch(lowered[gap.end() :]):
            day = parse_day(lowered[: gap.start()], today, guess_year=guess_year)
            return _local(datetime.combine(day, _time(moment)), zone)
    raise ValueError("write a day and a time, such as 2026-03-12 14:30")


def _stated_offset(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(microsecond=0) if moment.tzinfo and moment.year in _YEARS else None


def _time(match: re.Match[str]) -> time:
    hour, minute, second = (int(part or 0) for part in match.group(1, 2, 3))
    half = (match[4] or "")[:1]
    if match[2] is None and match[4] is None:
        raise ValueError(f"{match[0]!r} is not a time of day: write one such as 14:30")
    if half in {"a", "p"} and hour not in _HOURS_OF_A_HALF:
        raise ValueError(f"{match[0]!r} is not a time of day: write one such as 2:30 pm or 14:30")
    if half in {"a", "p"}:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        raise ValueError(f"{match[0]!r} is not a time of day: write one such as 14:30") from None


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """When clocks change, an hour is missing or comes twice: such a time needs an offset."""
    first, second = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        raise ValueError(f"clocks change at {moment:%Y-%m-%d %H:%M}: write it with its offset, such as +01:00")
    return first
