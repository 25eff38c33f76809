"""Days as people mention them.

A mention is read once, without knowing today; `Day.on` says which day it is, or nothing where it could be two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from babel.dates import get_day_names, get_month_names
from dateutil.relativedelta import relativedelta

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl")


_SHORTEST = 3  # letters of an abbreviated month
_MONTHS_A_YEAR = 12
_CENTURY = 100
_WRITTEN_OUT = re.compile(r"\d\d?.\d\d?.\d{4}|\d\d.\d\d.\d\d")
_MOST = 200  # days that are looked for in one message


def _names(names: Iterator[tuple[str, int]]) -> dict[str, int]:
    return {name.casefold().rstrip("."): number for name, number in names if len(name.rstrip(".")) >= _SHORTEST}


def _month_names() -> Iterator[tuple[str, int]]:
    for language, width, context in product(_LANGUAGES, ("abbreviated", "wide"), ("format", "stand-alone")):
        names: Mapping[int, str] = dict(get_month_names(width, context, language))
        yield from ((name, number) for number, name in names.items())


def _day_names() -> Iterator[tuple[str, int]]:
    for language in _LANGUAGES:
        names: Mapping[int, str] = dict(get_day_names("wide", locale=language))
        yield from ((name, number) for number, name in names.items())


_MONTHS = _names(_month_names()) | {"sept": 9}
_WEEKDAYS = _names(_day_names()) | {"sáb": 5}
_RELATIVE = {
    "today": 0, "heute": 0, "aujourd'hui": 0, "hoy": 0, "oggi": 0, "vandaag": 0, "hoje": 0,
    "yesterday": -1, "gestern": -1, "hier": -1, "ayer": -1, "ieri": -1, "gisteren": -1, "ontem": -1, "wczoraj": -1,
    "the day before yesterday": -2, "vorgestern": -2, "avant-hier": -2, "anteayer": -2, "eergisteren": -2,
    "tomorrow": 1, "demain": 1, "domani": 1, "amanhã": 1,
}  # fmt: skip


def _any(names: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_MONTH, _WEEKDAY = _any(_MONTHS), _any(_WEEKDAYS)
_YEAR = r"(?:,?\s+(?:de\s+|of\s+)?(?P<year>\d{4})\b|,?\s+(?P<this>this|last)\s+year)?"
_PATTERNS = (
    re.compile(r"(?<![\w./-])(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?![\w-])"),
    re.compile(
        r"(?<![\w./-])(?P<first>\d{1,2})(?P<sign>[./-])(?P<second>\d{1,2})(?:(?P=sign)(?P<year>\d{4}"
        r"|\d{2}))?(?![\w-]|[./]\d)"
    ),
    re.compile(
        rf"(?<![\w./:-])(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|\.)?\s+(?:of\s+|de\s+)?(?P<name>{_MONTH})\b\.?{_YEAR}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<name>{_MONTH})\b\.?\s+(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\w:]){_YEAR}", re.IGNORECASE
    ),
    re.compile(r"(?:(?P<year>\d{4})年\s?)?(?P<month>\d{1,2})月\s?(?P<day>\d{1,2})日"),
    re.compile(rf"(?<!\w)(?P<relative>{_any(_RELATIVE)})(?!\w)", re.IGNORECASE),
    re.compile(
        rf"\b(?<!black )(?<!good )(?<!cyber )(?<!easter )(?:(?P<which>last|this(?: past)?|past|next|every|letzten"
        rf"|nächsten|jeden|dernier|prochain|próximo|pasado)\s+)?"
        rf"(?P<weekday>{_WEEKDAY})\b(?P<after>\s+(?:week|just gone|dernier|prochain|pasado|que viene))?",
        re.IGNORECASE,
    ),
    re.compile(
        r"\bthe\s+(?P<ordinal>\d{1,2})(?:st|nd|rd|th)\b(?!\s+(?:of|time|one|floor|day|attempt|century|birthday"
        r"|generation))",
        re.IGNORECASE,
    ),
)
_ABOUT = re.compile(
    r"\b(?:about|around|roughly|approximately|circa|ca\.?|maybe|perhaps|probably|some ?time|before|after|since"
    r"|until|till|by|between|every|ungefähr|etwa"
    r"|seit|vor|nach|bis|vers|environ|avant|après|depuis|sobre|hacia|antes de|después de|desde|hasta)\s+(?:the\s+"
    r"|el\s+|le\s+|dem\s+)?\W*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Day:
    """A mention of a day: what is known of it. `weekday` counts from Monday."""

    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    offset: int | None = None
    which: int = 0  # -1 "last ...", 1 "next ..."
    last_year: bool = False

    def on(self, today: date, tense: int) -> date | None:
        """`tense`: -1 the day lies in the past, 1 in the future, 0 it may be either."""
        if self.offset is not None:
            return today + timedelta(days=self.offset)
        if self.weekday is not None:
            return self._on_weekday(self.weekday, today, self.which or tense)
        if self.year is not None or self.last_year:
            return _date(self.year or today.year - 1, self.month, self.day)
        return self._nearest(today, tense)

    def _on_weekday(self, weekday: int, today: date, direction: int) -> date | None:
        """Nobody knows which day "last Tuesday" is when it is said on a Friday: three days ago, or ten."""
        back = (today.weekday() - weekday) % 7 or 7
        this_week = today.weekday() > weekday if self.which < 0 else today.weekday() < weekday
        if self.which and this_week:
            return None
        return today - timedelta(days=back) if direction < 0 else today + timedelta(days=7 - back % 7)

    def _nearest(self, today: date, tense: int) -> date | None:
        """In the year, or the month, around today."""
        anchor = date(today.year, self.month or today.month, 1)
        steps = [relativedelta(years=n) if self.month else relativedelta(months=n) for n in (-1, 0, 1)]
        days = [_date((anchor + step).year, (anchor + step).month, self.day) for step in steps]
        fitting = [day for day in days if day and (tense <= 0 or day >= today) and (tense >= 0 or day <= today)]
        return min(fitting, key=lambda day: abs(day - today), default=None)


def _date(year: int, month: int | None, day: int | None) -> date | None:
    try:
        return date(year, month or 0, day or 0)
    except ValueError:
        return None


def days(text: str) -> Iterator[Day]:
    """The days that a text names exactly: no "around Easter", no 03/04 that is March here and April there."""
    taken: list[tuple[int, int]] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            if len(taken) == _MOST:
                return
            taken.append(match.span())
            found = None if _ABOUT.search(text, max(0, match.start() - 30), match.start()) else _day(match)
            if found:
                yield found


def _day(match: re.Match[str]) -> Day | None:
    start, end = match.span()
    parts = {name: value for name, value in match.groupdict().items() if value}
    if "relative" in parts:
        return Day(start, end, offset=_RELATIVE[parts["relative"].lower()])
    if "ordinal" in parts:
        return Day(start, end, day=int(parts["ordinal"]))
    if "weekday" in parts:
        return _weekday(match)
    year = int(parts["year"]) if "year" in parts else None
    if "first" in parts:
        return _numeric(match, None if year is None else year + (2000 if year < _CENTURY else 0))
    month = _MONTHS[parts["name"].casefold()] if "name" in parts else int(parts["month"])
    return Day(
        start, end, year=year, month=month, day=int(parts["day"]), last_year=parts.get("this", "").lower() == "last"
    )


def _numeric(match: re.Match[str], year: int | None) -> Day | None:
    first, second = int(match["first"]), int(match["second"])
    if match["sign"] != "/" and not _WRITTEN_OUT.fullmatch(match.group()):
        return None  # "3.2" and "3.2.14" are versions, sizes, times
    if match["sign"] == "." or first > _MONTHS_A_YEAR or first == second:
        return Day(*match.span(), year=year, month=second, day=first)
    return Day(*match.span(), year=year, month=first, day=second) if second > _MONTHS_A_YEAR else None


def _weekday(match: re.Match[str]) -> Day | None:
    which, after = (match["which"] or "").lower(), (match["after"] or "").lower().strip()
    if which in {"every", "jeden"} or after == "week":
        return None
    direction = 1 if {which, after} & {"next", "nächsten", "próximo", "prochain", "que viene"} else 0
    if which in {"last", "letzten"} or after in {"dernier", "pasado"}:
        direction = -1
    return Day(*match.span(), weekday=_WEEKDAYS[match["weekday"].casefold()], which=direction)
