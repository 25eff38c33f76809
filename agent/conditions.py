"""Conditions of update rules: operators, the types that they fit, and what is wrong with a condition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import Discriminator, Field, Tag
from rapidfuzz import process

from agent.definitions import CaseField, Document, FieldType, Option
from agent.numbers import parse_canonical
from agent.text import listing
from store.model import Category


class Operator(StrEnum):
    EQUALS = "equals"
    NOT_EQUALS = "does_not_equal"
    ONE_OF = "is_one_of"
    CONTAINS = "contains"
    NOT_CONTAINS = "does_not_contain"
    HAS_DATA = "contains_data"
    HAS_NO_DATA = "does_not_contain_data"
    GREATER = "greater_than"
    GREATER_OR_EQUAL = "greater_than_or_equal"
    LESS = "less_than"
    LESS_OR_EQUAL = "less_than_or_equal"
    BEFORE = "before"
    AFTER = "after"
    BEGINS_WITH = "begins_with"
    ENDS_WITH = "ends_with"


Operand = str | bool | int | float


class Condition(Document):
    """One comparison. `field` is a case field's id or a name from `CONVERSATION`."""

    field: str
    operator: Operator
    value: Operand | tuple[str, ...] | None = None


class AllOf(Document):
    all: tuple[Expression, ...] = Field(min_length=1)


class AnyOf(Document):
    any: tuple[Expression, ...] = Field(min_length=1)


def _kind(value: object) -> str:
    """Which of the three a YAML mapping, or a model, is meant to be."""
    for kind, model in (("all", AllOf), ("any", AnyOf)):
        if isinstance(value, model) or (isinstance(value, Mapping) and kind in value):
            return kind
    return "condition"


Expression = Annotated[
    Annotated[AllOf, Tag("all")] | Annotated[AnyOf, Tag("any")] | Annotated[Condition, Tag("condition")],
    Discriminator(_kind),
]
AllOf.model_rebuild()
AnyOf.model_rebuild()

CONVERSATION: Mapping[str, CaseField] = {
    "conversation.channel": CaseField(id="channel", label="Channel", type=FieldType.TEXT),
    "conversation.category": CaseField(
        id="category",
        label="Channel category",
        type=FieldType.CHOICE,
        options=tuple(Option(value=category) for category in Category),
    ),
    "conversation.language": CaseField(id="language", label="Language", type=FieldType.TEXT),
    "conversation.status": CaseField(
        id="status", label="Status", type=FieldType.CHOICE, options=(Option(value="open"), Option(value="ended"))
    ),
}
"""What conditions can ask of the conversation itself; its language is a code such as "de"."""

MAIL: Mapping[str, CaseField] = {
    "mail.subject": CaseField(id="subject", label="Subject", type=FieldType.TEXT),
    "mail.body": CaseField(id="body", label="Body", type=FieldType.TEXT),
    "mail.sender": CaseField(id="sender", label="Sender", type=FieldType.TEXT),
    "mail.sender_domain": CaseField(id="sender_domain", label="Sender's domain", type=FieldType.TEXT),
    "mail.recipients": CaseField(id="recipients", label="Recipients", type=FieldType.TEXT),
    "mail.has_attachments": CaseField(id="has_attachments", label="Has attachments", type=FieldType.YES_NO),
}
"""What the conditions of record-creation rules can ask of a mail; recipients are To and Cc, with spaces between."""

_DATA = frozenset({Operator.HAS_DATA, Operator.HAS_NO_DATA})
_EQUAL = frozenset({Operator.EQUALS, Operator.NOT_EQUALS, Operator.ONE_OF})
_PART = frozenset({Operator.CONTAINS, Operator.NOT_CONTAINS})
_ORDER = frozenset({Operator.GREATER, Operator.GREATER_OR_EQUAL, Operator.LESS, Operator.LESS_OR_EQUAL})
_TEXT = _DATA | _EQUAL | _PART | {Operator.BEGINS_WITH, Operator.ENDS_WITH}
_NUMBER = _DATA | _EQUAL | _ORDER
_MOMENT = _DATA | _EQUAL | {Operator.BEFORE, Operator.AFTER}

OPERATORS: Mapping[FieldType, frozenset[Operator]] = {
    **dict.fromkeys(FieldType, _TEXT),
    FieldType.MULTI_CHOICE: _DATA | _EQUAL | _PART,
    FieldType.YES_NO: _DATA | {Operator.EQUALS, Operator.NOT_EQUALS},
    **dict.fromkeys((FieldType.INTEGER, FieldType.DECIMAL, FieldType.CURRENCY), _NUMBER),
    **dict.fromkeys((FieldType.DATE, FieldType.DATETIME), _MOMENT),
}
"""The operators that a field of each type takes."""


class Problem(NamedTuple):
    """One thing that is wrong with a settings document."""

    path: str  # "update_rules[0].when.all[1].operator"; empty: the document as a whole
    sentence: str  # says what would be right

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}" if self.path else self.sentence


def unique(path: str, key: str, values: Iterable[str]) -> Iterator[Problem]:
    for value, times in Counter(value.casefold() for value in values).items():
        if times > 1:
            yield Problem(path, f"{times} have the {key} {value!r}: each needs its own")


def named_fields(path: str, names: Iterable[str], fields: Mapping[str, CaseField | None]) -> Iterator[Problem]:
    """`fields` holds None for a field that exists and is not valid itself."""
    seen: set[str] = set()
    for position, name in enumerate(names):
        if name not in fields:
            yield Problem(f"{path}[{position}]", f"there is no field {name!r}{nearest(name, fields)}")
        if name in seen:
            yield Problem(f"{path}[{position}]", f"{name!r} is named twice")
        seen.add(name)


def condition_problems(path: str, node: Expression, fields: Mapping[str, CaseField | None]) -> Iterator[Problem]:
    """The conditions of an expression that do not fit the fields they name."""
    if isinstance(node, Condition):
        known = {**CONVERSATION, **fields}
        field = known.get(node.field)
        if node.field not in known:
            yield Problem(f"{path}.field", f"there is no field {node.field!r}{nearest(node.field, known)}")
        elif field is not None and node.operator not in OPERATORS[field.type]:
            fitting = ", ".join(operator for operator in Operator if operator in OPERATORS[field.type])
            yield Problem(
                f"{path}.operator", f"{node.operator} does not fit a {field.type} field: use one of {fitting}"
            )
        elif field is not None and (complaint := _value_problem(field, node)):
            yield Problem(f"{path}.value", complaint)
        return
    key, parts = ("all", node.all) if isinstance(node, AllOf) else ("any", node.any)
    for position, part in enumerate(parts):
        yield from condition_problems(f"{path}.{key}[{position}]", part, fields)


def nearest(name: str, known: Iterable[str]) -> str:
    """A question to append to a sentence: "; did you mean 'priority'?", or nothing."""
    match = process.extractOne(name, list(known), score_cutoff=60)
    return f"; did you mean {match[0]!r}?" if match else ""


def _value_problem(field: CaseField, condition: Condition) -> str | None:
    operator, value = condition.operator, condition.value
    if operator in _DATA:
        return None if value is None else f"{operator} takes no value"
    if value is None:
        return f"{operator} needs a value"
    several = operator is Operator.ONE_OF or (field.type is FieldType.MULTI_CHOICE and operator in _EQUAL)
    if isinstance(value, tuple) and not several:
        return f"{operator} takes one value, not a list"
    if operator is Operator.ONE_OF and not (isinstance(value, tuple) and value):
        return f"{operator} takes a list of values"
    operands = value if isinstance(value, tuple) else (value,)
    return next((complaint for one in operands if (complaint := _operand_problem(field, operator, one))), None)


def _operand_problem(field: CaseField, operator: Operator, value: Operand) -> str | None:
    match field.type:
        case FieldType.YES_NO:
            return None if isinstance(value, bool) else "write true or false"
        case FieldType.INTEGER | FieldType.DECIMAL | FieldType.CURRENCY:
            fits = not isinstance(value, bool) and parse_canonical(str(value)) is not None
            return None if fits else "write a number such as 12.5"
        case FieldType.DATE | FieldType.DATETIME:
            return None if isinstance(value, str) and is_iso(value) else "write a date such as 2026-03-12"
        case FieldType.CHOICE | FieldType.LOOKUP | FieldType.MULTI_CHOICE if operator in _EQUAL | _PART:
            return _option_problem(field, operator, value)
        case _:
            return None if isinstance(value, str) else "write text, in quotation marks"


def _option_problem(field: CaseField, operator: Operator, value: Operand) -> str | None:
    if not isinstance(value, str):
        return "write an option, in quotation marks"
    values = [option.value for option in field.choices]
    if value.casefold() in map(str.casefold, values):
        return None
    if operator in _PART and field.type is not FieldType.MULTI_CHOICE:
        return None
    return f"{value!r} is not one of {listing(values)}{nearest(value, values)}"


def is_iso(text: str) -> bool:
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False
