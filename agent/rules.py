"""Conditions, update rules and the creation gate: which fields an evaluation tries, and when a case may be opened."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import contains, eq, ge, gt, le, lt
from typing import Any
from zoneinfo import ZoneInfo

from agent.conditions import CONVERSATION, MAIL, AllOf, AnyOf, Condition, Expression, Operand, Operator
from agent.numbers import parse_canonical
from agent.settings import CaseField, FieldType, Queue, Settings, UpdateRule
from agent.text import one_line
from store.model import Category, Conversation, FieldId, Value


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What conditions are tested on: the case as it stands, and its conversation."""

    values: Mapping[FieldId, Value]
    channel: str | None  # nothing on the conversation: there is none
    category: Category | None
    language: str | None
    ended: bool | None

    def get(self, name: str) -> Value | None:
        """By a field's id, or a name from `CONVERSATION`."""
        match name:
            case "conversation.channel":
                return self.channel
            case "conversation.category":
                return self.category and self.category.value
            case "conversation.language":
                return self.language
            case "conversation.status":
                return {True: "ended", False: "open", None: None}[self.ended]
            case _:
                return self.values.get(FieldId(name))


def facts_of(conversation: Conversation | None, values: Mapping[FieldId, Value]) -> Facts:
    return Facts(
        values=values,
        channel=conversation and conversation.channel,
        category=conversation and conversation.category,
        language=conversation and conversation.language,
        ended=conversation and conversation.ended,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """Whether enough default fields resolved to open a case."""

    open: bool
    missing: tuple[FieldId, ...]


def gate(settings: Settings, resolved: Collection[FieldId]) -> Gate:
    defaults = [FieldId(name) for name in settings.default_fields]
    missing = tuple(field for field in defaults if field not in resolved)
    match settings.creation.require:
        case "all":
            required = len(defaults)
        case "any":
            required = 1
        case number:
            required = number
    return Gate(open=bool(defaults) and len(defaults) - len(missing) >= required, missing=missing)


def select_fields(settings: Settings, facts: Facts) -> dict[FieldId, str | None]:
    """The fields that an update tries, each with the rule that claims it first; None: it is a default field.

    Active rules add to the default fields. Where none is active the administrator chose between those and nothing;
    where some are and none holds, it is the default fields alone.
    """
    active = [rule for rule in settings.update_rules if rule.active]
    if not active and settings.update_without_rules == "nothing":
        return {}
    fields: dict[FieldId, str | None] = {FieldId(name): None for name in settings.default_fields}
    for rule in active:
        if rule.when is None or holds(rule.when, facts, settings):
            for name in rule.fields:
                fields.setdefault(FieldId(name), rule.name)
    return fields


def names_any(rules: Collection[UpdateRule | Queue], fields: Collection[FieldId]) -> bool:
    """Whether a condition of an active rule or queue asks for one of the fields."""
    expressions = [rule.when for rule in rules if rule.active and rule.when is not None]
    return any(name in fields for expression in expressions for name in _named(expression))


def _named(expression: Expression) -> Iterator[str]:
    match expression:
        case Condition():
            yield expression.field
        case AllOf(all=parts) | AnyOf(any=parts):
            for part in parts:
                yield from _named(part)


def holds(expression: Expression, facts: Facts, settings: Settings) -> bool:
    match expression:
        case AllOf():
            return all(holds(part, facts, settings) for part in expression.all)
        case AnyOf():
            return any(holds(part, facts, settings) for part in expression.any)
        case Condition():
            field = settings.field(expression.field) or {**CONVERSATION, **MAIL}[expression.field]
            return _compare(expression, field, facts.get(expression.field), settings)


_NEGATIONS = {Operator.NOT_EQUALS: Operator.EQUALS, Operator.NOT_CONTAINS: Operator.CONTAINS}


def _compare(condition: Condition, field: CaseField, value: Value | None, settings: Settings) -> bool:
    """A missing value is unequal to everything, contains nothing, and is neither more nor less than anything."""
    operator, wanted = condition.operator, condition.value
    missing = value is None or value in ("", [])
    if operator in {Operator.HAS_DATA, Operator.HAS_NO_DATA}:
        return missing is (operator is Operator.HAS_NO_DATA)
    negated = operator in _NEGATIONS
    if value is None or wanted is None or missing:
        return negated
    return (
        _matches(_NEGATIONS.get(operator, operator), field, value, wanted, ZoneInfo(settings.timezone)) is not negated
    )


def _matches(
    operator: Operator, field: CaseField, value: Value, wanted: Operand | tuple[str, ...], zone: ZoneInfo
) -> bool:
    if isinstance(value, list):
        members = {_folded(each) for each in value}
        asked = {_folded(each) for each in (wanted if isinstance(wanted, tuple) else (wanted,))}
        return members == asked if operator is Operator.EQUALS else bool(members & asked)
    if isinstance(wanted, tuple):
        return any(_matches(Operator.EQUALS, field, value, each, zone) for each in wanted)
    pair = _PAIRS.get(field.type, _texts)(value, wanted, zone)
    return pair is not None and _TESTS[operator](*pair)


_TESTS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUALS: eq,
    Operator.CONTAINS: contains,
    Operator.GREATER: gt,
    Operator.GREATER_OR_EQUAL: ge,
    Operator.LESS: lt,
    Operator.LESS_OR_EQUAL: le,
    Operator.BEFORE: lt,
    Operator.AFTER: gt,
    Operator.BEGINS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
}


# Both sides of a comparison in a form that compares; None where they can't be compared, as with a value from before
# the field's type was changed.


def _texts(value: Operand, wanted: Operand, _: ZoneInfo) -> tuple[str, str]:
    return _folded(value), _folded(wanted)


def _folded(value: Operand) -> str:
    return one_line(str(value)).casefold()


def _booleans(value: Operand, wanted: Operand, _: ZoneInfo) -> tuple[bool, bool] | None:
    return (value, wanted) if isinstance(value, bool) and isinstance(wanted, bool) else None


def _numbers(value: Operand, wanted: Operand, _: ZoneInfo) -> tuple[Decimal, Decimal] | None:
    """Amounts in different currencies don't compare; a bare number compares with any."""
    one, other = parse_canonical(str(value)), parse_canonical(str(wanted))
    if one is None or other is None or (one[1] and other[1] and one[1] != other[1]):
        return None
    return one[0], other[0]


def _moments(value: Operand, wanted: Operand, zone: ZoneInfo) -> tuple[datetime, datetime] | tuple[date, date] | None:
    """A day on either side compares with the day of the other."""
    one, other = _moment(value, zone), _moment(wanted, zone)
    if one is None or other is None:
        return None
    days = any(len(str(text)) == len("2026-03-12") for text in (value, wanted))
    return (one.date(), other.date()) if days else (one, other)


def _moment(value: Operand, zone: ZoneInfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


_PAIRS: Mapping[FieldType, Callable[[Operand, Operand, ZoneInfo], tuple[Any, Any] | None]] = {
    FieldType.YES_NO: _booleans,
    **dict.fromkeys((FieldType.INTEGER, FieldType.DECIMAL, FieldType.CURRENCY), _numbers),
    **dict.fromkeys((FieldType.DATE, FieldType.DATETIME), _moments),
}
