"""Whether a value is one that a label accepts, as the data's README counts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from rapidfuzz import fuzz

from agent import fields
from agent.settings import CaseField, FieldType, Settings
from agent.text import one_line
from store.model import Value

_ALIKE = 90
_DIGITS = re.compile(r"\d+")
_TEXTS = {FieldType.TEXT, FieldType.MULTILINE}
_READ_AS = tuple(
    CaseField(id="read", label="Read", type=kind)
    for kind in (FieldType.DATE, FieldType.DATETIME, FieldType.DECIMAL, FieldType.CURRENCY)
)
"""What the words of a text may stand for, beside themselves."""


def is_acceptable(field: CaseField, value: Value, wanted: Any, settings: Settings, now: datetime) -> bool:
    """Equal but for case and white space, or the same to our normaliser; names and places may be spelt a little off."""
    if _folded(value) == _folded(wanted):
        return True
    if field.type not in _TEXTS:
        return fields.same(field, _canonical(field, value, settings, now), _canonical(field, wanted, settings, now))
    one, other = str(value), str(wanted)
    is_name = field.type is FieldType.TEXT
    return (is_name and _alike(_folded(one), _folded(other))) or _stand_for_the_same(one, other, settings, now)


def _folded(value: Any) -> str:
    several = cast("list[object]", value) if isinstance(value, list) else [value]
    return one_line(", ".join(map(str, several))).casefold()


def _canonical(field: CaseField, value: Any, settings: Settings, now: datetime) -> Value:
    """As it stands where our normaliser can't read it."""
    written = _folded(value) if isinstance(value, bool | list) else str(value)
    read = fields.normalise(field, written, settings, now)
    return written if read is None else read


def _alike(one: str, other: str) -> bool:
    """March 12 is not March 13, however alike they look: figures are the same or the name is another."""
    return _DIGITS.findall(one) == _DIGITS.findall(other) and fuzz.ratio(one, other) >= _ALIKE


def _stand_for_the_same(one: str, other: str, settings: Settings, now: datetime) -> bool:
    pairs = zip(_meanings(one, settings, now), _meanings(other, settings, now), strict=True)
    return any(a is not None and a == b for a, b in pairs)


def _meanings(text: str, settings: Settings, now: datetime) -> Iterator[Value | None]:
    """The day, the moment, the time of a day, the number and the amount that a text may be."""
    for kind in _READ_AS:
        yield fields.normalise(kind, text, settings, now)
    yield fields.normalise(_READ_AS[1], f"{now:%Y-%m-%d} {text}", settings, now)
