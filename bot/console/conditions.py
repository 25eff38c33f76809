"""The conditions of a rule as a form has them: groups of conditions, or of groups, joined by AND or OR. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from multidict import MultiMapping

from agent.conditions import CONVERSATION, OPERATORS, condition_problems
from agent.settings import AllOf, CaseField, Condition, Expression, FieldType, Operator, Problem

Match = Literal["all", "any"]
Kind = Literal["none", "options", "yes_no", "number", "day", "text"]

MOST = 20  # conditions or groups of a group
DEEPEST = 100  # groups in groups
LISTED = 500  # options that a page holds; of a longer catalogue, one is typed
_NUMBER = re.compile("[0-9]{1,3}")
_DATA = {Operator.HAS_DATA, Operator.HAS_NO_DATA}
_EQUAL = {Operator.EQUALS, Operator.NOT_EQUALS, Operator.ONE_OF}
_NUMBERS = {FieldType.INTEGER, FieldType.DECIMAL, FieldType.CURRENCY}


class TooDeep(Exception):
    """More groups in groups than a page can show."""


@dataclass(kw_only=True)
class Row:
    """One condition as it was typed so far."""

    field: str = ""
    operator: str = ""
    values: list[str] = dataclasses.field(default_factory=list[str])


@dataclass(kw_only=True)
class Group:
    """Conditions, or groups of them."""

    match: Match = "all"
    rows: list[Row] = dataclasses.field(default_factory=list[Row])
    groups: list[Group] = dataclasses.field(default_factory=list["Group"])

    @property
    def parts(self) -> Sequence[Row | Group]:
        return self.rows or self.groups


# --- to and from an expression ----------------------------------------------------------------------


def shown(expression: Expression | None) -> Group:
    """What holds all the groups. Raises TooDeep."""
    if expression is None:
        return Group()
    whole = _group(expression)
    return whole if whole.groups else Group(groups=[whole])


def _group(expression: Expression, depth: int = 0) -> Group:
    if depth > DEEPEST:
        raise TooDeep
    if isinstance(expression, Condition):
        return Group(rows=[_row(expression)])
    match: Match = "all" if isinstance(expression, AllOf) else "any"
    parts = expression.all if isinstance(expression, AllOf) else expression.any
    rows = [_row(part) for part in parts if isinstance(part, Condition)]
    if len(rows) == len(parts):
        return Group(match=match, rows=rows)
    return Group(match=match, groups=[_group(part, depth + 1) for part in parts])


def _row(condition: Condition) -> Row:
    value = condition.value
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    texts = [("yes" if each else "no") if isinstance(each, bool) else str(each) for each in values]
    return Row(field=condition.field, operator=condition.operator, values=texts)


def expressed(group: Group, fields: Mapping[str, CaseField]) -> Any:
    """As plain data of the settings; None: the rule always holds."""
    rows = [_condition(row, fields) for row in group.rows]
    groups = [expressed(each, fields) for each in group.groups]
    return _joined(group.match, [*rows, *(each for each in groups if each is not None)])


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


def typed(form: MultiMapping[Any], fields: Mapping[str, CaseField], prefix: str = "", depth: int = 0) -> Group:
    """`prefix`: before the names of the inputs, where a form has several sets of conditions, and within a group."""
    rows = [_typed_row(form, f"{prefix}c{number}", fields) for number in range(_count(form, f"{prefix}size"))]
    count = _count(form, f"{prefix}groups") if depth <= DEEPEST else 0
    groups = [typed(form, fields, f"{prefix}g{number}.", depth + 1) for number in range(count)]
    return Group(match="any" if form.get(f"{prefix}match") == "any" else "all", rows=rows, groups=groups)


def _typed_row(form: MultiMapping[Any], name: str, fields: Mapping[str, CaseField]) -> Row:
    """An operator that the field does not take any more gives way to its first."""
    chosen, operator = str(form.get(f"{name}.field", "")), str(form.get(f"{name}.operator", ""))
    known = known_fields(fields).get(chosen)
    if known is not None and operator not in operators(known):
        operator = Operator.EQUALS
    values = [line.strip() for each in form.getall(f"{name}.value", []) for line in str(each).splitlines()]
    return Row(field=chosen, operator=operator, values=[each for each in values if each])


def _count(form: MultiMapping[Any], name: str) -> int:
    text = str(form.get(name, "0"))
    return min(int(text), MOST) if re.fullmatch("[0-9]{1,3}", text) else 0


def in_form(typed: Group, fields: Iterable[CaseField], problems: Iterable[Problem]) -> dict[str, Any]:
    """What the template needs to show them."""
    return {
        "conditions": typed,
        "known": known_fields({each.id: each for each in fields}),
        "operators": operators,
        "kind": kind,
        "faults": faults(problems, typed),
    }


def faults(problems: Iterable[Problem], conditions: Group) -> list[str]:
    """What is wrong with conditions, each with its place in the form."""
    found: dict[str, str] = {}
    for each in problems:
        where, row = _place(each.path, conditions)
        sentence = each.sentence if row is None or row.field else "choose a field, or remove the condition"
        found.setdefault(f"{where}{sentence}", sentence)
    return list(found)


def _place(path: str, conditions: Group) -> tuple[str, Row | None]:
    """Groups of one and single conditions leave no trace in a path."""
    numbers = [int(each) for each in re.findall(r"\[([0-9]+)\]", path.partition(".when")[2])]
    part: Row | Group = conditions
    names: list[str] = []
    while isinstance(part, Group):
        if not part.parts or (len(part.parts) > 1 and not numbers):
            return "", None
        number = numbers.pop(0) if len(part.parts) > 1 else 0
        if number >= len(part.parts):
            return "", None
        names.append(str(number + 1))
        part = part.parts[number]
    return f"Condition {names.pop()} of group {'.'.join(names)}: ", part


def pressed(conditions: Group, button: str, fields: Mapping[str, CaseField]) -> None:
    """Does what a button of the form says: adds a group or a condition, takes a condition away, or makes it fit.

    A place such as "0.1" is the second group of the first one.
    """
    what, _, where = button.partition(":")
    place, _, row = where.partition(":")
    group = _at(conditions, place)
    match what:
        case "group" if group is not None and len(group.parts) < MOST:
            if group.rows:  # conditions and groups don't stand side by side
                group.groups, group.rows = [Group(match=group.match, rows=group.rows)], []
            group.groups.append(Group(rows=[Row()]))
        case "condition" if place and group is not None and not group.groups and len(group.rows) < MOST:
            group.rows.append(Row())
        case "drop" if group is not None and _NUMBER.fullmatch(row) and int(row) < len(group.rows):
            del group.rows[int(row)]
            _prune(conditions)
        case "fit" if group is not None and _NUMBER.fullmatch(row) and int(row) < len(group.rows):
            _make_fit(group.rows[int(row)], fields)
        case _:
            pass


def _make_fit(row: Row, fields: Mapping[str, CaseField]) -> None:
    """Of what was typed for another field or operator, keeps what these take; the form's inputs come by themselves."""
    if row.field not in (known := known_fields(fields)) or row.operator in _DATA:
        return
    each = [_condition(dataclasses.replace(row, values=[value]), fields) for value in row.values]
    fitting = [not any(condition_problems("", Condition.model_validate(one), known)) for one in each]
    row.values = [value for value, fits in zip(row.values, fitting, strict=True) if fits]


def _at(group: Group, place: str) -> Group | None:
    for number in place.split(".") if place else ():
        if not _NUMBER.fullmatch(number) or int(number) >= len(group.groups):
            return None
        group = group.groups[int(number)]
    return group


def _prune(group: Group) -> None:
    """Takes away groups with nothing in them."""
    for each in group.groups:
        _prune(each)
    group.groups = [each for each in group.groups if each.parts]
