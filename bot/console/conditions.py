"""The conditions of a rule as a form has them: groups of conditions, joined by AND or OR, one level deep. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from multidict import MultiMapping

from agent.conditions import CONVERSATION, OPERATORS
from agent.settings import AllOf, AnyOf, CaseField, Condition, Expression, FieldType, Operator, Problem

Match = Literal["all", "any"]
Kind = Literal["none", "options", "yes_no", "number", "day", "text"]

MOST = 20  # groups of a rule, conditions of a group
LISTED = 500  # options that a page holds; of a longer catalogue, one is typed
_DATA = {Operator.HAS_DATA, Operator.HAS_NO_DATA}
_EQUAL = {Operator.EQUALS, Operator.NOT_EQUALS, Operator.ONE_OF}
_NUMBERS = {FieldType.INTEGER, FieldType.DECIMAL, FieldType.CURRENCY}


class TooDeep(Exception):
    """Groups in groups of groups: the form can't show them."""


@dataclass(kw_only=True)
class Row:
    """One condition as it was typed so far."""

    field: str = ""
    operator: str = ""
    values: list[str] = dataclasses.field(default_factory=list[str])


@dataclass(kw_only=True)
class Rows:
    match: Match = "all"
    rows: list[Row] = dataclasses.field(default_factory=lambda: [Row()])


@dataclass(kw_only=True)
class Conditions:
    match: Match = "all"
    groups: list[Rows] = dataclasses.field(default_factory=list[Rows])


# --- to and from an expression ----------------------------------------------------------------------


def shown(expression: Expression | None) -> Conditions:
    """Raises TooDeep."""
    if expression is None:
        return Conditions()
    if isinstance(expression, Condition) or all(isinstance(part, Condition) for part in _parts(expression)):
        return Conditions(groups=[_group(expression)])
    return Conditions(match=_match(expression), groups=[_group(part) for part in _parts(expression)])


def _parts(expression: AllOf | AnyOf) -> Sequence[Expression]:
    return expression.all if isinstance(expression, AllOf) else expression.any


def _match(expression: AllOf | AnyOf) -> Match:
    return "all" if isinstance(expression, AllOf) else "any"


def _group(expression: Expression) -> Rows:
    if isinstance(expression, Condition):
        return Rows(rows=[_row(expression)])
    rows: list[Row] = []
    for part in _parts(expression):
        if not isinstance(part, Condition):
            raise TooDeep
        rows.append(_row(part))
    return Rows(match=_match(expression), rows=rows)


def _row(condition: Condition) -> Row:
    value = condition.value
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    texts = [("yes" if each else "no") if isinstance(each, bool) else str(each) for each in values]
    return Row(field=condition.field, operator=condition.operator, values=texts)


def expressed(conditions: Conditions, fields: Mapping[str, CaseField]) -> Any:
    """As plain data of the settings; None: the rule always holds."""
    parts = [_joined(group.match, [_condition(row, fields) for row in group.rows]) for group in conditions.groups]
    return _joined(conditions.match, [part for part in parts if part is not None])


def _joined(match: Match, parts: list[Any]) -> Any:
    return {match: parts} if len(parts) > 1 else next(iter(parts), None)


def _condition(row: Row, fields: Mapping[str, CaseField]) -> dict[str, Any]:
    known = known_fields(fields).get(row.field)
    return {"field": row.field, "operator": row.operator, "value": _value(row, known)}


def _value(row: Row, known: CaseField | None) -> Any:
    if row.operator in _DATA or not row.values:
        return None
    if takes_several(row, known):
        return row.values
    value = row.values[0]
    if known is not None and known.type is FieldType.YES_NO:
        return {"yes": True, "no": False}.get(value, value)
    if known is not None and known.type is FieldType.INTEGER and re.fullmatch("-?[0-9]{1,15}", value):
        return int(value)
    return value


# --- what fits the type of the field ----------------------------------------------------------------


def known_fields(fields: Mapping[str, CaseField]) -> dict[str, CaseField]:
    return {**fields, **CONVERSATION}


def operators(known: CaseField) -> list[Operator]:
    return [each for each in Operator if each in OPERATORS[known.type]]


def takes_several(row: Row, known: CaseField | None) -> bool:
    multiple = known is not None and known.type is FieldType.MULTI_CHOICE and row.operator in _EQUAL
    return row.operator == Operator.ONE_OF or (multiple and len(row.values) > 1)


def kind(row: Row, known: CaseField) -> Kind:
    """Which input its value takes."""
    if row.operator in _DATA:
        return "none"
    if (
        known.choices
        and len(known.choices) <= LISTED
        and (row.operator in _EQUAL or known.type is FieldType.MULTI_CHOICE)
    ):
        return "options"
    if known.type is FieldType.YES_NO:
        return "yes_no"
    if row.operator == Operator.ONE_OF:
        return "text"
    return "number" if known.type in _NUMBERS else "day" if known.type is FieldType.DATE else "text"


# --- from a form ------------------------------------------------------------------------------------


def typed(form: MultiMapping[Any], fields: Mapping[str, CaseField], prefix: str = "") -> Conditions:
    """`prefix`: before the names of the inputs, where a form has several sets of conditions."""
    groups = [_typed_group(form, f"{prefix}g{number}", fields) for number in range(_count(form, f"{prefix}groups"))]
    return Conditions(match=_typed_match(form, f"{prefix}match"), groups=groups)


def _typed_group(form: MultiMapping[Any], name: str, fields: Mapping[str, CaseField]) -> Rows:
    rows = [_typed_row(form, f"{name}.c{number}", fields) for number in range(_count(form, f"{name}.size"))]
    return Rows(match=_typed_match(form, f"{name}.match"), rows=rows)


def _typed_row(form: MultiMapping[Any], name: str, fields: Mapping[str, CaseField]) -> Row:
    """An operator that the field does not take any more gives way to its first."""
    chosen, operator = str(form.get(f"{name}.field", "")), str(form.get(f"{name}.operator", ""))
    known = known_fields(fields).get(chosen)
    if known is not None and operator not in operators(known):
        operator = Operator.EQUALS
    values = [line.strip() for each in form.getall(f"{name}.value", []) for line in str(each).splitlines()]
    return Row(field=chosen, operator=operator, values=[each for each in values if each])


def _typed_match(form: MultiMapping[Any], name: str) -> Match:
    return "any" if form.get(name) == "any" else "all"


def _count(form: MultiMapping[Any], name: str) -> int:
    text = str(form.get(name, "0"))
    return min(int(text), MOST) if re.fullmatch("[0-9]{1,3}", text) else 0


def faults(problems: Iterable[Problem], conditions: Conditions) -> list[str]:
    """What is wrong with conditions, each with its place in the form."""
    found: dict[str, str] = {}
    for each in problems:
        where, row = _place(each.path, conditions)
        sentence = each.sentence if row is None or row.field else "choose a field, or remove the condition"
        found.setdefault(f"{where}{sentence}", sentence)
    return list(found)


def _place(path: str, conditions: Conditions) -> tuple[str, Row | None]:
    """Groups of one and single conditions leave no trace in a path."""
    numbers = [int(each) for each in re.findall(r"\[([0-9]+)\]", path.partition(".when")[2])]
    group = numbers.pop(0) if len(conditions.groups) > 1 and numbers else 0
    rows = conditions.groups[group].rows if group < len(conditions.groups) else []
    row = numbers.pop(0) if len(rows) > 1 and numbers else 0
    if row >= len(rows) or (len(rows) > 1 and not path.partition(".when")[2]):
        return "", None
    return f"Condition {row + 1} of group {group + 1}: ", rows[row]


def pressed(conditions: Conditions, button: str) -> None:
    """Does what a button of the form says: adds a group or a condition, or takes a condition away."""
    kind_of, *numbers = button.split(":")
    places = [int(each) for each in numbers if re.fullmatch("[0-9]{1,3}", each)]
    match (kind_of, places):
        case ("group", []) if len(conditions.groups) < MOST:
            conditions.groups.append(Rows())
        case ("condition", [group]) if group < len(conditions.groups) and len(conditions.groups[group].rows) < MOST:
            conditions.groups[group].rows.append(Row())
        case ("drop", [group, row]) if group < len(conditions.groups) and row < len(conditions.groups[group].rows):
            del conditions.groups[group].rows[row]
            conditions.groups = [each for each in conditions.groups if each.rows]
        case _:
            pass  # "fit" and everything else: the form comes back with what fits
