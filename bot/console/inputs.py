"""Pages of the settings that are plain inputs, as data: how each is called, explained and read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from multidict import MultiMapping

from agent.settings import Problem
from bot.console.reviewing import Json

Kind = Literal["line", "text", "lines", "number", "whole", "check", "choice"]
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_WHOLE = re.compile("-?[0-9]{1,15}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """`path`: in the document, and the input's name. `empty`: what an optional one is that is left empty."""

    path: str
    label: str
    hint: str = ""
    kind: Kind = "line"
    options: Mapping[str, str] = field(default_factory=dict[str, str])  # of a choice; of a line, what is suggested
    optional: bool = False
    empty: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """`part`: what of the document is null when all of the section is left empty."""

    heading: str
    inputs: tuple[Input, ...]
    about: str = ""
    part: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    path: str
    title: str
    about: str
    sections: tuple[Section, ...]

    @property
    def inputs(self) -> Iterator[Input]:
        return (each for section in self.sections for each in section.inputs)


# --- out of the document ----------------------------------------------------------------------------


def shown(sheet: Sheet, document: Json) -> dict[str, Any]:
    """By input, as it is in the document, or as it was typed."""
    return {each.path: _at(document, each.path) for each in sheet.inputs}


def _at(document: Json, path: str) -> Any:
    place: Any = document
    for key in path.split("."):
        place = _inside(place).get(key)
    return place


def _inside(place: Any) -> Json:
    """A part of the document that is null holds nothing."""
    return cast("Json", place) if isinstance(place, dict) else {}


# --- and into it ------------------------------------------------------------------------------------


def typed(sheet: Sheet, form: MultiMapping[Any], document: Json) -> Json:
    """The document with what the form says put in."""
    for section in sheet.sections:
        values = {each.path: _value(each, form) for each in section.inputs}
        if section.part and all(each in (None, "") for each in values.values()):
            values = {section.part: None}
        for path, value in values.items():
            document = _with(document, path.split("."), value)
    return document


def _with(place: Any, path: list[str], value: Any) -> Json:
    inside, (first, *rest) = _inside(place), path
    return {**inside, first: _with(inside.get(first), rest, value) if rest else value}


def _value(known: Input, form: MultiMapping[Any]) -> Any:
    text = str(form.get(known.path, "")).replace("\r\n", "\n").strip()
    match known.kind:
        case "check":
            return known.path in form
        case "lines":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case _ if not text and known.optional:
            return known.empty
        case "number":
            return number(text)
        case "whole":
            return int(text) if _WHOLE.fullmatch(text) else text
        case _:
            return text


def number(text: str) -> float | str:
    """What is no number stays as it was typed, and the settings say what would be right."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else text


# --- what is wrong ----------------------------------------------------------------------------------


def faults(sheet: Sheet, problems: Iterable[Problem]) -> dict[str, str]:
    """All that is wrong, by input; "" has what belongs to none."""
    names = {each.path for each in sheet.inputs}
    told: dict[str, list[str]] = {}
    for each in problems:
        name, line = _place(each.path)
        if name in names:
            told.setdefault(name, []).append(f"Line {line}: {each.sentence}" if line else each.sentence)
        else:
            told.setdefault("", []).append(str(each))
    return {name: "; ".join(dict.fromkeys(said)) for name, said in told.items()}


def _place(path: str) -> tuple[str, int]:
    """The input, and which line of it: "a.b[2]" is the third of "a.b"."""
    place = re.fullmatch(r"(.*)\[([0-9]+)\]", path)
    return (place[1], int(place[2]) + 1) if place else (path, 0)
