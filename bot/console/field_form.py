"""One field as its form has it: typed texts in, plain data of the settings out. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from multidict import MultiMapping

from agent.settings import FieldType, Problem
from bot.console import inputs
from bot.console.reviewing import Json

ROWS = 100  # options or entries that a form shows; of more, a file
TYPES = {
    FieldType.TEXT: "Text, one line",
    FieldType.MULTILINE: "Text, several lines",
    FieldType.CHOICE: "Choice: one of some options",
    FieldType.MULTI_CHOICE: "Choice: any number of options",
    FieldType.LOOKUP: "Lookup: an entry of a catalogue",
    FieldType.YES_NO: "Yes or no",
    FieldType.INTEGER: "Whole number",
    FieldType.DECIMAL: "Number",
    FieldType.CURRENCY: "Amount of money",
    FieldType.DATE: "Date",
    FieldType.DATETIME: "Date and time",
    FieldType.EMAIL: "E-mail address",
    FieldType.PHONE: "Telephone number",
    FieldType.IDENTIFIER: "Identifier with a pattern",
}
_CHOICES = {FieldType.CHOICE: "options", FieldType.MULTI_CHOICE: "options", FieldType.LOOKUP: "catalogue"}
_ADDRESSES = {FieldType.EMAIL, FieldType.PHONE}

NEW: Json = {
    "id": "",
    "label": "",
    "type": FieldType.TEXT.value,
    "description": "",
    "options": [],
    "catalogue": [],
    "pattern": None,
    "identity": False,
    "internal": False,
    "personal": False,
    "threshold": 0.5,
}


def choices_key(field: Json) -> str | None:
    """Where the options or entries of a field of this type stand."""
    return _CHOICES.get(field["type"])


def typed(form: MultiMapping[Any], held: Json) -> Json:
    """`held`: the field as it is, or `NEW`. Its id stays: cases keep their values under it."""
    kind = str(form.get("type", ""))
    label = str(form.get("label", "")).strip()
    field = {
        **NEW,
        "id": held["id"] or str(form.get("id", "")).strip() or named_after(label),
        "label": label,
        "type": kind,
        "description": _plain(form.get("description")),
        "identity": "identity" in form and kind in _ADDRESSES,
        "internal": "internal" in form,
        "personal": "personal" in form,
        "threshold": inputs.number(str(form.get("threshold", ""))),
    }
    if kind == FieldType.IDENTIFIER:
        field["pattern"] = str(form.get("pattern", "")).strip()
    if (key := choices_key(field)) is not None:
        field[key] = _choices(form, held)
    return field


def named_after(label: str) -> str:
    """An id of a label: "Serial number" gives serial_number."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().casefold()
    return re.sub("[^a-z0-9]+", "_", plain).strip("_0123456789")[:64]


def _choices(form: MultiMapping[Any], held: Json) -> list[Json]:
    kept = [*held["options"], *held["catalogue"]]
    shown = kept if len(kept) > ROWS else [_choice(form, f"o{number}") for number in range(_count(form))]
    added = [line.strip() for line in str(form.get("more", "")).splitlines()]
    return [*shown, *({"value": each, "synonyms": [], "description": "", "parent": None} for each in added if each)]


def _choice(form: MultiMapping[Any], name: str) -> Json:
    synonyms = [each.strip() for each in str(form.get(f"{name}.synonyms", "")).splitlines()]
    return {
        "value": str(form.get(f"{name}.value", "")).strip(),
        "synonyms": [each for each in synonyms if each],
        "description": _plain(form.get(f"{name}.description")),
        "parent": str(form.get(f"{name}.parent", "")).strip() or None,
    }


def _count(form: MultiMapping[Any]) -> int:
    text = str(form.get("rows", "0"))
    return min(int(text), ROWS) if re.fullmatch("[0-9]{1,4}", text) else 0


def _plain(text: object) -> str:
    """Browsers send line ends as two characters."""
    return str(text or "").replace("\r\n", "\n").strip()


def pressed(field: Json, button: str) -> None:
    """A button that takes an option away; every other one brings the form back with what fits the type."""
    key, drop = choices_key(field), re.fullmatch("drop:([0-9]{1,3})", button)
    if key is not None and drop is not None and int(drop[1]) < len(field[key]):
        del field[key][int(drop[1])]


def part(path: str) -> str:
    """The input that a problem's path belongs to: "label", "choices"; "" is the whole field."""
    name = path.partition("].")[2].partition(".")[0].partition("[")[0]
    return "choices" if name in {"options", "catalogue"} else name


def faults(problems: Iterable[Problem]) -> list[str]:
    """What is wrong with options, each with its place in the form."""
    told: list[str] = []
    for each in problems:
        place = re.search(r"(options|catalogue)\[([0-9]+)\](?:\.(\w+))?", each.path)
        told.append(f"{_placed(place)}: {each.sentence}" if place else each.sentence)
    return list(dict.fromkeys(told))


def _placed(place: re.Match[str]) -> str:
    kind = "Option" if place[1] == "options" else "Entry"
    return f"{kind} {int(place[2]) + 1}" + (f", {place[3]}" if place[3] else "")


def lacking(field: Json) -> list[Problem]:
    """What the settings would tell in words of the document."""
    key = choices_key(field)
    if key is not None and not field[key]:
        return [Problem(f"fields[0].{key}", "write at least one")]
    if field["type"] == FieldType.IDENTIFIER and not field["pattern"]:
        return [Problem("fields[0].pattern", "write the form that it has, such as [A-Z]{2}[0-9]{6}")]
    return []
