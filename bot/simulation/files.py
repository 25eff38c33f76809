"""Files of labelled conversations.

One JSON object a line, gzipped or not, in either of two forms (docs/prediction.md, "Simulation"): with its own fields
(`fields`, `expected`), or with those of a document beside it and with case decisions (`case`, `case_after`). Or a CSV
with a row for each message. What is wrong is told with the file, the line, the field, and what would be right.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TextIO, TypeVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from agent.conditions import nearest
from agent.predictor import Sender
from agent.settings import CaseField, Creation, FieldType, Settings, UpdateRule
from bot.simulation.labelled import Labelled, Place
from store.model import Category, FieldId, Message, MessageId, Participant, Role

T = TypeVar("T")

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class FileWrong(Exception):
    """The file can't be used; the sentence names the file, the line and the field, and says what would be right."""


# --- what may stand in a line -----------------------------------------------------------------------


class _Part(BaseModel):
    """What is not named here may stand there and is passed over: sets bring labels of their own."""

    model_config = ConfigDict(strict=True, frozen=True)


def _day(written: object) -> object:
    try:
        return date.fromisoformat(str(written)[:10])
    except ValueError:
        raise ValueError("should be a day such as 2026-03-12") from None


def _not_empty(several: list[T]) -> list[T]:
    if not several:
        raise ValueError("is empty: there should be at least one")
    return several


def _acceptable(written: object) -> object:
    """One value alone may stand without its list."""
    return cast("object", written) if isinstance(written, list) else [written]


def _kind(written: object) -> object:
    """Ours, and "boolean" as the public sets have it."""
    try:
        return FieldType.YES_NO if written == "boolean" else FieldType(str(written))
    except ValueError:
        raise ValueError(f"should be one of {', '.join(FieldType)}") from None


_Single = str | bool | int | float
_Acceptable = Annotated[
    list[_Single | list[str]], BeforeValidator(_acceptable), AfterValidator(_not_empty)
]  # a list in it: the values of a multi_choice field


class _Said(_Part):
    author: Literal["customer", "representative", "agent"]
    text: str
    name: str | None = None
    spans: list[Annotated[tuple[str, int, int], Field(strict=False)]] = []


class _Quoted(_Part):
    message: Annotated[int, Field(ge=0)]
    quote: str


class _Label(_Quoted):
    also: list[_Quoted] = []


class _From(_Part):
    name: str | None = None
    verified_email: str | None = None


class _Line(_Part):
    id: str | int
    messages: Annotated[list[_Said], AfterValidator(_not_empty)]
    expected: dict[str, _Acceptable] = {}
    service: str = ""
    channel: str = ""
    tags: list[str] = []
    now: Annotated[date, BeforeValidator(_day)] | None = None
    sender: _From | None = None
    expected_contains: dict[str, list[str]] = {}
    evidence: dict[str, _Label] = {}
    case: bool | None = None
    case_after: Annotated[int, Field(ge=0)] | None = None


class _Defined(_Part):
    """A field as the data has it: more kinds than ours, and options as plain words, more than once."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: Annotated[FieldType, BeforeValidator(_kind)]
    label: str | None = None
    options: list[str | dict[str, Any]] = []


class _Document(_Part):
    fields: Annotated[list[_Defined], AfterValidator(_not_empty)]
    require: list[str] = []
    company: str = ""
    region: str = "GB"  # of the support data, whose rule it is
    currency: str = "GBP"


_SENTENCES = {
    "missing": "is missing",
    "model_type": "should be an object, as in {…}",
    "model_attributes_type": "should be an object, as in {…}",
    "dict_type": "should be an object, as in {…}",
    "list_type": "should be a list, as in […]",
    "string_type": "should be a text in quotes",
    "bool_type": "should be true or false, or left out",
    "int_type": "should be a whole number",
    "string_pattern_mismatch": "should be lower case letters, digits and underscores, as in order_number",
    "extra_forbidden": "is not known: leave it out",
}


def _checked(kind: type[T], told: object, place: str = "") -> T:
    """Raises FileWrong."""
    try:
        return TypeAdapter(kind).validate_python(told)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = place + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in _keys(first["loc"]))
        said = _SENTENCES.get(first["type"]) or first["msg"].removeprefix("Value error, ").replace("Input ", "")
        found = f"; it is {json.dumps(first['input'])}" if isinstance(first["input"], str | int | float | None) else ""
        shown = "" if first["type"] == "missing" or len(found) > _LONGEST else found
        named = f"`{path.lstrip('.')}` " if path else ""
        raise FileWrong(_ended(f"{named}{said}{shown}")) from error


_LONGEST = 80  # characters of what stands there, repeated in a sentence
_UNIONS = frozenset({"str", "bool", "int", "float"})


def _keys(location: Sequence[str | int]) -> list[str | int]:
    """Without the members of unions, which pydantic puts among the keys."""
    return [part for part in location if isinstance(part, int) or not _is_member(part)]


def _is_member(part: str) -> bool:
    return part in _UNIONS or "[" in part or "(" in part


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence}."


def _wrong(path: str, sentence: str) -> NoReturn:
    raise FileWrong(_ended(f"`{path}` {sentence}"))


# --- fields -----------------------------------------------------------------------------------------


def settings_of(told: Any) -> Settings:
    """A document of fields: `fields`, `require`, `company`, and where numbers are from. Raises FileWrong.

    All its fields are filled and kept up to date: those that `require` does not name where they can be.
    """
    document = _checked(_Document, told)
    fields = _fields(document.fields, identity="contact")
    names = tuple(field.id for field in fields)
    for at, name in enumerate(document.require):
        if name not in names:
            _wrong(f"require[{at}]", f"names no field: there is no {name!r}{nearest(name, names)}")
    return _settings(fields, document.require or names[:1], document)


def _settings(fields: tuple[CaseField, ...], require: Sequence[str], document: _Document | None = None) -> Settings:
    names = tuple(dict.fromkeys(field.id for field in fields))
    where = document.model_dump(include={"company", "region", "currency"}) if document else {}
    optional = tuple(name for name in names if name not in require)
    told = {
        **where,
        "fields": fields,
        "default_fields": tuple(require),
        "creation": Creation(optional=optional),
        "update_rules": (UpdateRule(name="All fields", fields=names),),
    }
    return _checked(Settings, told)


def _fields(defined: Sequence[_Defined], *, identity: str | None = None) -> tuple[CaseField, ...]:
    return tuple(_field(each, f"fields[{at}]", identity=each.id == identity) for at, each in enumerate(defined))


def _field(defined: _Defined, place: str, *, identity: bool) -> CaseField:
    options: dict[str, Any] = {}
    for each in defined.options:
        option = {"value": each} if isinstance(each, str) else each
        options.setdefault(str(option.get("value")), option)
    told = defined.model_dump(exclude_unset=True) | {
        "label": defined.label or defined.id.replace("_", " ").capitalize(),
        "options": [*options.values()],
        "identity": identity,
    }
    return _checked(CaseField, told, place)


# --- lines ------------------------------------------------------------------------------------------


def read(file: Path, settings: Settings | None) -> Iterator[Labelled]:
    """In the file's order. Raises FileWrong, also where a line has no fields and no `settings` are given."""
    with _opened(file) as lines:
        is_table = file.name.removesuffix(".gz").endswith(".csv")
        try:
            yield from _of_csv(lines, file, settings) if is_table else _of_lines(lines, file, settings)
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise FileWrong(f"{file} can't be read to its end: {error}") from error


def _opened(file: Path) -> TextIO:
    try:
        with file.open("rb") as probe:
            packed = probe.read(2) == b"\x1f\x8b"  # RFC 1952
        if file.suffix == ".gz" and not packed:
            raise FileWrong(f"{file} is no gzip file, though its name says so: pack it, or name it without .gz.")
        return cast("TextIO", (gzip.open if packed else open)(file, "rt", encoding="utf-8-sig", newline=""))
    except OSError as error:
        raise FileWrong(f"{file} can't be read: {error.strerror}.") from error


def _of_lines(lines: Iterable[str], file: Path, settings: Settings | None) -> Iterator[Labelled]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{file}, line {number}"
        try:
            told = json.loads(line)
        except RecursionError as error:
            raise FileWrong(f"{place}: is nested too deep.") from error
        except ValueError as error:
            raise FileWrong(f"{place} is no JSON: {error}.") from error
        yield _placed(told, settings, place)


def _placed(told: Any, settings: Settings | None, place: str) -> Labelled:
    try:
        return conversation(told, settings)
    except FileWrong as error:
        raise FileWrong(f"{place}: {error}") from error


def conversation(told: Any, settings: Settings | None) -> Labelled:
    """Raises FileWrong."""
    if not isinstance(told, dict):
        raise FileWrong("a conversation should be a JSON object, as in {…}.")
    has_own = "fields" in told
    if not has_own and settings is None:
        raise FileWrong("it has no `fields` of its own: name a file with --fields, or settings with --settings.")
    line = _checked(_Line, cast("object", told))
    if has_own or settings is None:
        fields = _fields(_checked(_Document, cast("object", told)).fields)
        settings = _settings(fields, [fields[0].id])
    _check_labels(line, [field.id for field in settings.fields])
    return _labelled(line, settings, None if has_own else _category(line.channel, settings))


def _category(channel: str, settings: Settings) -> Category:
    """Mails are opened by rules; where there is none, as in a document of fields, they are taken for a chat."""
    if channel == "email" and settings.record_creation_rules:
        return Category.EMAIL
    return Category.VOICE if channel == "voice" else Category.CHAT


def _labelled(line: _Line, settings: Settings, category: Category | None) -> Labelled:
    now = datetime.combine(line.now, _NOON.timetz()) if line.now else _NOON
    sender = line.sender or _From()
    return Labelled(
        id=str(line.id),
        channel=line.channel or line.service,
        tags=tuple(line.tags),
        settings=settings,
        transcript=tuple(_messages(line.messages, now)),
        sender=Sender(name=sender.name or "", verified_email=sender.verified_email),
        now=now,
        expected={FieldId(name): each for name, each in line.expected.items()},
        contained={FieldId(name): words for name, words in line.expected_contains.items()},
        evidence=_places(line),
        case=line.case,
        case_after=line.case_after,
        category=category,
    )


def _check_labels(line: _Line, names: Sequence[str]) -> None:
    """Labels speak of the settings' fields and of messages that are there."""
    for key, label in (("expected", line.expected), ("expected_contains", line.expected_contains)):
        for name in label:
            if name not in names:
                right = nearest(name, names) or f": write one of {', '.join(names)}"
                _wrong(f"{key}.{name}", f"is no field of the settings{right}")
    last = len(line.messages) - 1
    if line.case_after is not None and line.case_after > last:
        _wrong("case_after", f"should be the index of a message, at most {last}; it is {line.case_after}")
    for name, label in line.evidence.items():
        if any(each.message > last for each in (label, *label.also)):
            _wrong(f"evidence.{name}", f"names a message that is not there: the last is {last}")


def _messages(messages: Sequence[_Said], now: datetime) -> Iterator[Message]:
    for number, message in enumerate(messages):
        role = Role(message.author)
        name = message.name or role.value
        author = Participant(author_id=name, name=name, role=role)
        yield Message(id=MessageId(number), external_id=str(number), author=author, text=message.text, sent_at=now)


def _places(line: _Line) -> Mapping[FieldId, Sequence[Place]]:
    """Labelled spans, and any occurrence of a labelled quote in its message."""
    places: dict[FieldId, list[Place]] = {}
    for number, message in enumerate(line.messages):
        for name, start, end in message.spans:
            places.setdefault(FieldId(name), []).append((number, start, end))
    for name, label in line.evidence.items():
        for each in (label, *label.also):
            found = re.finditer(re.escape(each.quote), line.messages[each.message].text)
            places.setdefault(FieldId(name), []).extend((each.message, *one.span()) for one in found)
    return places


# --- CSV --------------------------------------------------------------------------------------------

COLUMNS = ("conversation", "author", "text")
EXPECTED = "expected:"  # before a field's id, in a column's name


def _of_csv(lines: Iterable[str], file: Path, settings: Settings | None) -> Iterator[Labelled]:
    """Rows of one conversation stand together; a value expected of it may stand in any of them."""
    rows = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        columns = ", ".join(COLUMNS)
        raise FileWrong(f"{file}, line 1 should name the columns {columns}: {', '.join(missing)} missing.")
    together: dict[str, Any] | None = None
    place = ""
    try:
        for row in rows:
            if together is None or row["conversation"] != together["id"]:
                if together is not None:
                    yield _placed(together, settings, place)
                place = f"{file}, line {rows.line_num}"
                together = {"id": row["conversation"], "messages": [], "expected": {}}
            said = {"author": row["author"], "text": row["text"]}
            try:
                _checked(_Said, said)
            except FileWrong as error:
                raise FileWrong(f"{file}, line {rows.line_num}: {error}") from error
            together["messages"].append(said)
            wanted = {str(name).removeprefix(EXPECTED): value for name, value in row.items() if _expects(name)}
            together["expected"] |= {name: [value] for name, value in wanted.items() if value}
    except csv.Error as error:
        raise FileWrong(f"{file}, line {rows.line_num} is no row of a CSV: {error}.") from error
    if together is not None:
        yield _placed(together, settings, place)


def _expects(column: str | None) -> bool:
    return str(column).startswith(EXPECTED)
