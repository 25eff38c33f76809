"""A catalogue, or the options of a choice, as CSV: read with what is wrong in each line, compared, written. Pure."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.conditions import nearest
from agent.settings import Problem
from agent.text import has_control
from bot.console.reviewing import Json

MOST_BYTES = 500_000
MOST_ENTRIES = 10_000
COLUMNS = ("value", "synonyms", "description", "parent")
BETWEEN_SYNONYMS = "|"
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHARSETS = ("utf-8", "cp1252")  # what spreadsheets write
_SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs"}


class NoText(ValueError):
    """The file holds something else than text."""


def decoded(content: bytes) -> tuple[str, str]:
    """The text, and the character set that it was read as. Raises NoText."""
    marked = [charset for mark, charset in _BYTE_ORDER_MARKS if content.startswith(mark)]
    for charset in marked or _CHARSETS:
        try:
            return content.decode(charset), charset.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise NoText("The file is no text: save it as CSV in UTF-8.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """`lines`: of each entry, where it starts. An entry holds what the file has columns for."""

    entries: list[Json] = field(default_factory=list[Json])
    lines: list[int] = field(default_factory=list[int])
    problems: list[Problem] = field(default_factory=list[Problem])
    separated_by: str = "commas"


def read(text: str) -> Table:
    delimiter = _delimiter(text)
    rows = _Rows(text, delimiter)
    table = Table(separated_by=_SIGNS[delimiter])
    try:
        _, names = next(iter(rows), _NO_ROW)
        columns, wrong = _columns(names)
        table.problems.extend(wrong)
        for line, cells in rows if columns else ():
            table.problems.extend(_row_problems(line, cells, columns))
            table.entries.append(_entry(dict(zip(columns, cells, strict=False))))
            table.lines.append(line)
            if len(table.entries) > MOST_ENTRIES:
                table.problems.append(_problem(line, f"a file holds at most {MOST_ENTRIES:,} entries"))
                break
    except csv.Error as error:
        table.problems.append(_problem(rows.line, f"this is no row of a CSV file: {error}"))
    table.problems.extend(_twice(table))
    if not table.entries and not table.problems:
        table.problems.append(
            Problem("", "there is no entry in it: the first line names the columns, the rest are entries")
        )
    return table


_NO_ROW: tuple[int, list[str]] = (1, [])


class _Rows:
    """Rows with the lines where they start: a quoted cell may hold several."""

    def __init__(self, text: str, delimiter: str) -> None:
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self.line = 1

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            self.line = self._reader.line_num + 1
            try:
                cells = [each.strip() for each in next(self._reader)]
            except StopIteration:
                return
            if any(cells):
                yield self.line, cells


def _delimiter(text: str) -> str:
    """By the line of column names: entries may hold any sign."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    try:
        return csv.Sniffer().sniff(first, delimiters="".join(_SIGNS)).delimiter
    except csv.Error:
        return ","


def _columns(names: Sequence[str]) -> tuple[list[str], list[Problem]]:
    columns = [each.casefold() for each in names]
    known = ", ".join(COLUMNS)
    wrong = [
        _problem(1, f"there is no column {each!r}{nearest(each, COLUMNS)}; the columns are {known}")
        for each in columns
        if each not in COLUMNS
    ]
    if "value" not in columns:
        wrong.append(_problem(1, f"the column 'value' is missing: the first line names the columns, of {known}"))
    if len(set(columns)) < len(columns):
        wrong.append(_problem(1, "a column is named twice"))
    return ([] if wrong else columns), wrong


def _row_problems(line: int, cells: Sequence[str], columns: Sequence[str]) -> Iterator[Problem]:
    if len(cells) > len(columns):
        yield _problem(
            line, f"there are {len(cells)} cells for {len(columns)} columns: quote a cell that holds the sign"
        )
    if any(has_control(each) for each in cells):
        yield _problem(line, "remove the control characters")


def _entry(cells: Mapping[str, str]) -> Json:
    entry: Json = dict(cells)
    if "synonyms" in entry:
        parts = (each.strip() for each in re.split(rf"[{BETWEEN_SYNONYMS}\n]", cells["synonyms"]))
        entry["synonyms"] = [each for each in parts if each]
    if "parent" in entry:
        entry["parent"] = cells["parent"] or None
    return entry


def _twice(table: Table) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for line, entry in zip(table.lines, table.entries, strict=True):
        name = str(entry["value"])
        before = first.setdefault(name.casefold(), line)
        if before != line:
            yield _problem(line, f"{name!r} stands in line {before} already")


def _problem(line: int, sentence: str) -> Problem:
    return Problem(f"line {line}", sentence)


_PLACE = re.compile(r"\.(?:options|catalogue)\[([0-9]+)\](?:\.([a-z]+))?")


def by_line(problems: Iterable[Problem], entries: Sequence[Json], table: Table) -> list[Problem]:
    """What the settings say of entries, with the line that each was read from."""
    lines = {str(entry["value"]): line for line, entry in zip(table.lines, table.entries, strict=True)}
    found: list[Problem] = []
    for each in problems:
        place = _PLACE.search(each.path)
        line = lines.get(str(entries[int(place[1])]["value"])) if place else None
        if place and line:
            found.append(_problem(line, f"{place[2] or 'entry'} {each.sentence}"))
        else:
            found.append(each)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    entries: list[Json]  # as they would be
    added: list[Json]
    changed: list[Json]
    removed: list[Json]


def compared(held: Sequence[Json], read_ones: Sequence[Json], *, replace: bool) -> Comparison:
    """`replace`: what the file does not hold goes. A column that it lacks stays as it was."""
    before = {str(each["value"]).casefold(): each for each in held}
    blank: Json = {"synonyms": [], "description": "", "parent": None}
    wanted: dict[str, Json] = {
        (key := str(each["value"]).casefold()): {**blank, **before.get(key, {}), **each} for each in read_ones
    }
    kept = {key: each for key, each in before.items() if key in wanted or not replace}
    return Comparison(
        entries=list((wanted if replace else {**kept, **wanted}).values()),
        added=[each for key, each in wanted.items() if key not in before],
        changed=[each for key, each in wanted.items() if key in before and each != before[key]],
        removed=[each for key, each in before.items() if key not in kept],
    )


def written(entries: Iterable[Json]) -> str:
    """With every column, as `read` reads it."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for each in entries:
        synonyms = BETWEEN_SYNONYMS.join(each["synonyms"])
        rows.writerow([each["value"], synonyms, each["description"], each["parent"] or ""])
    return text.getvalue()
