"""Labelled conversations: what a predictor is asked about each, and what it should have said.

One JSON object a line, gzipped or not, in either of two forms (docs/prediction.md, "Simulation"): with its own fields
(`fields`, `expected`), or with those of a document beside it and with case decisions (`case`, `case_after`). Or a CSV
with a row for each message.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

from pydantic import ValidationError
from rapidfuzz import fuzz

from agent.predictor import PredictionRequest, Sender
from agent.settings import CaseField, FieldType, Incoherent, Settings
from store.model import FieldId, Message, MessageId, Participant, Role, Value

T = TypeVar("T")

_ALIKE = 90
_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

Place = tuple[int, int, int]
"""Message, start, end."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One conversation with its labels. `case` is None where the set has no case decisions."""

    id: str
    channel: str
    tags: tuple[str, ...]
    settings: Settings
    transcript: tuple[Message, ...]
    sender: Sender
    now: datetime
    expected: Mapping[FieldId, Sequence[Any]]
    contained: Mapping[FieldId, Sequence[str]]
    evidence: Mapping[FieldId, Sequence[Place]]
    case: bool | None = None
    case_after: int | None = None

    def request(self, messages: int | None = None, current: Mapping[FieldId, Value] | None = None) -> PredictionRequest:
        """After so many messages; None: at the end."""
        return PredictionRequest(
            settings=self.settings,
            fields=self.settings.fields,
            transcript=self.transcript[:messages],
            sender=self.sender,
            now=self.now,
            current=current or {},
        )

    def is_right(self, field: CaseField, value: Value) -> bool:
        """By the words to be kept where there are such, else by equality; in the public sets nearly so."""
        name = FieldId(field.id)
        if name not in self.expected:
            return False
        if self.contained.get(name):
            return all(word.casefold() in str(value).casefold() for word in self.contained[name])
        if self.case is not None:
            return value in self.expected[name]
        return any(_alike(str(value), str(wanted)) for wanted in self.expected[name])


def _alike(a: str, b: str) -> bool:
    return fuzz.ratio(a.casefold().strip(), b.casefold().strip()) >= _ALIKE


class FileWrong(Exception):
    """The file can't be used; the sentence names the line and the field."""


def settings_of(document: Any) -> Settings:
    """A document of fields: `fields`, `require`, `company`, and where numbers are from. Raises FileWrong."""
    try:
        fields = tuple(_field(each, identity=each["id"] == "contact") for each in document["fields"])
        return Settings(
            company=document.get("company", ""),
            region=document.get("region", "GB"),  # of the support data, whose rule it is
            currency=document.get("currency", "GBP"),
            fields=fields,
            default_fields=tuple(document.get("require") or [fields[0].id]),
        )
    except _WRONG as error:
        raise FileWrong(f"The fields can't be used: {_told(error)}") from error


def read(file: Path, settings: Settings | None) -> Iterator[Labelled]:
    """In the file's order. Raises FileWrong, also where a line has no fields and no `settings` are given."""
    with _opened(file) as lines:
        try:
            if file.name.removesuffix(".gz").endswith(".csv"):
                yield from _of_csv(lines, settings)
            else:
                yield from _of_lines(lines, settings)
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise FileWrong(f"{file} can't be read to its end: {error}") from error


def _opened(file: Path) -> TextIO:
    try:
        with file.open("rb") as probe:
            packed = probe.read(2) == b"\x1f\x8b"  # RFC 1952
        return cast("TextIO", (gzip.open if packed else open)(file, "rt", encoding="utf-8-sig", newline=""))
    except OSError as error:
        raise FileWrong(f"{file} can't be read: {error.strerror}.") from error


def _of_lines(lines: Iterable[str], settings: Settings | None) -> Iterator[Labelled]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield conversation(json.loads(line), settings)
        except FileWrong as error:
            raise FileWrong(f"Line {number}: {error}") from error
        except RecursionError as error:
            raise FileWrong(f"Line {number} is nested too deep.") from error
        except ValueError as error:
            raise FileWrong(f"Line {number} is no JSON: {error}.") from error


def conversation(told: Any, settings: Settings | None) -> Labelled:
    """Raises FileWrong."""
    if not isinstance(told, dict):
        raise FileWrong("A conversation should be a JSON object.")
    line = cast("dict[str, Any]", told)
    if "fields" not in line and settings is None:
        raise FileWrong("It has no `fields` of its own: name a file with --fields, or settings with --settings.")
    try:
        return _with_own_fields(line) if "fields" in line else _with_settings(line, cast("Settings", settings))
    except _WRONG as error:
        raise FileWrong(_told(error)) from error


_WRONG = (KeyError, TypeError, ValueError, AttributeError, IndexError, Incoherent)


def _told(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error} is missing."
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or 'a field'}: {first['msg']}."
    return f"{error}."


def _with_settings(line: dict[str, Any], settings: Settings) -> Labelled:
    now = datetime.fromisoformat(line["now"]).replace(hour=12, tzinfo=UTC) if "now" in line else _NOON
    sender: dict[str, Any] = line.get("sender") or {}
    return Labelled(
        id=str(line["id"]),
        channel=str(line.get("channel", "")),
        tags=tuple(line.get("tags", ())),
        settings=settings,
        transcript=tuple(_messages(line["messages"], now)),
        sender=Sender(name=sender.get("name") or "", verified_email=sender.get("verified_email")),
        now=now,
        expected=_expected(line),
        contained={name: [str(each) for each in words] for name, words in line.get("expected_contains", {}).items()},
        evidence={name: list(_quoted(label, line["messages"])) for name, label in line.get("evidence", {}).items()},
        case=_of_kind(line, "case", bool),
        case_after=_of_kind(line, "case_after", int),
    )


def _of_kind(line: dict[str, Any], name: str, kind: type[T]) -> T | None:
    found = line.get(name)
    if found is not None and not isinstance(found, kind):
        raise FileWrong(f"`{name}` should be {'true or false' if kind is bool else 'a whole number'}, or left out.")
    return found


def _with_own_fields(line: dict[str, Any]) -> Labelled:
    fields = tuple(_field({"label": _label(each["id"]), **each}) for each in line["fields"])
    if not fields:
        raise FileWrong("`fields` is empty.")
    return Labelled(
        id=str(line["id"]),
        channel=str(line.get("service", "")),
        tags=(),
        settings=Settings(fields=fields, default_fields=(fields[0].id,)),
        transcript=tuple(_messages(line["messages"], _NOON)),
        sender=Sender(),
        now=_NOON,
        expected=_expected(line),
        contained={},
        evidence=_spanned(line["messages"]),
    )


def _expected(line: dict[str, Any]) -> dict[FieldId, Sequence[Any]]:
    found = cast("dict[FieldId, Any]", line.get("expected", {}))
    return {name: cast("list[Any]", each) if isinstance(each, list) else [each] for name, each in found.items()}


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _field(field: dict[str, Any], *, identity: bool = False) -> CaseField:
    """Kinds and options as the data has them, too: `boolean`, options as plain words, more than once."""
    kind = FieldType.YES_NO if field["type"] == "boolean" else FieldType(field["type"])
    options: dict[str, Any] = {}
    for each in field.get("options", ()):
        option = {"value": each} if isinstance(each, str) else each
        options.setdefault(option["value"], option)
    return CaseField.model_validate({**field, "type": kind, "options": [*options.values()], "identity": identity})


def _messages(messages: Sequence[dict[str, Any]], now: datetime) -> Iterator[Message]:
    for number, message in enumerate(messages):
        role = Role.CUSTOMER if message["author"] == "customer" else Role.REPRESENTATIVE
        name = message.get("name") or role.value
        author = Participant(author_id=name, name=name, role=role)
        text = str(message["text"])
        yield Message(id=MessageId(number), external_id=str(number), author=author, text=text, sent_at=now)


def _quoted(label: dict[str, Any], messages: Sequence[dict[str, Any]]) -> Iterator[Place]:
    """Any occurrence of a labelled quote in its message counts."""
    places: list[dict[str, Any]] = [label, *label.get("also", [])]
    for place in places:
        number, quote = int(place["message"]), str(place["quote"])
        for found in re.finditer(re.escape(quote), str(messages[number]["text"])):
            yield number, *found.span()


def _spanned(messages: Sequence[dict[str, Any]]) -> dict[FieldId, list[Place]]:
    places: dict[FieldId, list[Place]] = {}
    for number, message in enumerate(messages):
        for field, start, end in message.get("spans", ()):
            places.setdefault(field, []).append((number, start, end))
    return places


# --- CSV --------------------------------------------------------------------------------------------

COLUMNS = ("conversation", "author", "text")
EXPECTED = "expected:"  # before a field's id, in a column's name


def _of_csv(lines: Iterable[str], settings: Settings | None) -> Iterator[Labelled]:
    """Rows of one conversation stand together; a value expected of it may stand in any of them."""
    rows = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise FileWrong(f"The first line should name the columns {', '.join(COLUMNS)}: {', '.join(missing)} missing.")
    together: dict[str, Any] | None = None
    for row in rows:
        if together is None or row["conversation"] != together["id"]:
            if together is not None:
                yield conversation(together, settings)
            together = {"id": row["conversation"], "messages": [], "expected": {}}
        together["messages"].append({"author": row["author"], "text": row["text"] or ""})
        wanted = {name.removeprefix(EXPECTED): value for name, value in row.items() if str(name).startswith(EXPECTED)}
        together["expected"] |= {name: [value] for name, value in wanted.items() if value}
    if together is not None:
        yield conversation(together, settings)
