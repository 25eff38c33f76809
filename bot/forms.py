"""A case as a form shows it, and what a form that was filled in says. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from adapters.desk import Choice, Form, FormField, Input, OpenSuggestion, Target, Values
from agent import fields
from agent.creation import predictable_fields
from agent.decision import Decision, Write
from agent.numbers import plain
from agent.settings import CaseField, FieldType, Option, Settings
from bot import words
from bot.commands import LARGEST_NUMBER
from bot.evaluation import Finding
from bot.text import one_line
from store.cases import FieldWrite
from store.model import Case, FieldId, Suggestion, Value

LISTED = 100  # options that a form lists by itself
_QUOTED = 300  # characters of a customer's words
_CENTS = 2  # decimals of most currencies

INPUTS = {
    FieldType.MULTILINE: Input.LINES,
    FieldType.CHOICE: Input.ONE_OF,
    FieldType.LOOKUP: Input.ONE_OF,
    FieldType.MULTI_CHOICE: Input.SOME_OF,
    FieldType.YES_NO: Input.YES_NO,
    FieldType.DATE: Input.DATE,
    FieldType.DATETIME: Input.MOMENT,
}
"""Of every other type: a line."""
_YES_NO = (Choice(value="yes", label="Yes"), Choice(value="no", label="No"))


# --- what it shows ----------------------------------------------------------------------------------


def form(target: Target, finding: Finding) -> Form:
    """For a new case all that can be predicted; for one that is there all its fields, filled as an update would."""
    settings, case, decision = finding.snapshot.settings, finding.snapshot.case, finding.decision
    shown = settings.fields if case else [each for each in settings.fields if each.id in predictable_fields(settings)]
    found = _fills(decision)
    why = {each.field: each.reason for each in decision.refusals}
    return Form(
        target=target,
        title=one_line(case.title if case else decision.title or words.UNTITLED),
        fields=tuple(
            _field(each, _stored(case, each), found.get(FieldId(each.id)), why.get(FieldId(each.id), ""), settings)
            for each in shown
        ),
        suggestions=tuple(_suggestions(case, settings)) if case else (),
    )


def empty(settings: Settings) -> tuple[FormField, ...]:
    """All fields, for a case that no conversation says anything about."""
    return tuple(_field(each, None, None, "", settings) for each in settings.fields)


def _fills(decision: Decision) -> dict[FieldId, Write]:
    """Predictions that a form may be filled with: a person's value is not put aside, it stays with a suggestion."""
    offered = [*(each for each in decision.suggestions if each.old is None), *decision.writes]
    return {each.field: each for each in offered if each.value is not None}


def _stored(case: Case | None, field: CaseField) -> Value | None:
    held = case.values.get(FieldId(field.id)) if case else None
    return held.value if held else None


def _field(field: CaseField, stored: Value | None, found: Write | None, why: str, settings: Settings) -> FormField:
    filled = typed(field, found.value if found else stored)
    listed = len(field.choices) <= LISTED
    quote = found.evidence[0].quote if found and found.evidence else ""
    return FormField(
        id=field.id,
        label=field.label,
        input=INPUTS.get(field.type, Input.LINE),
        hint=field.description,
        filled=filled,
        stored=words.shown(field, stored, settings) if stored is not None and (found or not filled) else "",
        because=one_line(quote if found else why, _QUOTED),
        predicted=found is not None,
        choices=_YES_NO if field.type is FieldType.YES_NO else tuple(map(choice, field.choices)) if listed else (),
        searched=not listed,
    )


def choice(option: Option) -> Choice:
    return Choice(value=option.value, label=option.value, hint=option.description)


def _suggestions(case: Case, settings: Settings) -> Iterator[OpenSuggestion]:
    for each in case.suggestions:
        if field := settings.field(each.field):
            quote = one_line(each.evidence[0].quote, _QUOTED) if each.evidence else ""
            value = words.shown(field, each.value, settings)
            yield OpenSuggestion(id=each.id, label=field.label, value=value, quote=quote)


# --- values as people write them --------------------------------------------------------------------


def typed(field: CaseField, value: Value | None) -> tuple[str, ...]:
    """As `parsed` reads it back. Nothing for a value from before the field was changed: no input could hold it."""
    if value is None or fields.check(field, value) is not None:
        return ()
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    if isinstance(value, list):
        return tuple(value)
    return (_money(str(value)) if field.type is FieldType.CURRENCY else str(value),)


def _money(value: str) -> str:
    """1.500 KWD could be fifteen hundred: 1.5 KWD."""
    amount, currency = value.split()
    return value if len(amount.partition(".")[2]) <= _CENTS else f"{plain(Decimal(amount))} {currency}"


def parsed(field: CaseField, texts: Sequence[str], settings: Settings, now: datetime) -> Value | None:
    """What was filled in, in canonical form; None where it is empty. Raises agent.fields.BadValue."""
    given = [each for each in texts if each.strip()]
    if not given:
        return None
    if field.type is not FieldType.MULTI_CHOICE:
        return fields.parse(field, "\n".join(given), settings, now)
    chosen = {option for each in given for option in _several(fields.parse(field, each, settings, now))}
    return [each.value for each in field.choices if each.value in chosen]


def _several(value: Value) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


# --- what was filled in -----------------------------------------------------------------------------


class NewCase(BaseModel):
    """The action of a form that opens a case."""

    model_config = ConfigDict(strict=True)
    verb: Literal["create_case"]
    values: dict[str, list[str]]


class EditedCase(BaseModel):
    """The action of a form that changes a case."""

    model_config = ConfigDict(strict=True)
    verb: Literal["update_case"]
    case: Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
    revision: Annotated[int, Field(ge=0)]
    values: dict[str, list[str]]


SUBMISSION: TypeAdapter[NewCase | EditedCase] = TypeAdapter(
    Annotated[NewCase | EditedCase, Field(discriminator="verb")]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """Canonical values, None for an empty field, in the settings' order; and what is wrong, a sentence by field id."""

    values: Mapping[FieldId, Value | None]
    problems: Mapping[str, str]

    @property
    def say_something(self) -> bool:
        return any(value is not None for value in self.values.values())


def read(given: Values, settings: Settings, now: datetime) -> Answers:
    values: dict[FieldId, Value | None] = {}
    problems = {name: words.field_gone(name) for name in given if settings.field(name) is None}
    for field in settings.fields:
        if field.id in given:
            try:
                values[FieldId(field.id)] = parsed(field, given[field.id], settings, now)
            except fields.BadValue as error:
                problems[field.id] = str(error)
    return Answers(values=values, problems=problems)


def outdated(case: Case, revision: int) -> str | None:
    """Why a form that was filled in on this revision can't be carried out."""
    if not case.status.is_open:
        return words.is_closed(case)
    return None if case.revision == revision else words.changed_meanwhile(case.number)


def edits(answers: Answers, finding: Finding) -> list[FieldWrite]:
    """What a person decided by a form, with the agent's words and confidence where they took its value over.

    In a new case an emptied field is a decision as well, where the agent had filled it in.
    """
    snapshot, read_now = finding.snapshot, _readings(finding)
    writes: list[FieldWrite] = []
    for name, value in answers.values.items():
        field = snapshot.settings.field(name)
        if field is None:
            continue
        found = read_now.get(name)
        rejected = snapshot.case is None and value is None and found is not None
        if rejected or _differs(field, value, _stored(snapshot.case, field), finding):
            taken = found if value is not None and found and fields.same(field, value, found.value) else None
            writes.append(
                FieldWrite(
                    field=name,
                    value=value,
                    confidence=taken.confidence if taken else None,
                    evidence=taken.evidence if taken else (),
                )
            )
    return writes


def _readings(finding: Finding) -> dict[FieldId, Write | Suggestion]:
    """What the agent makes of the conversation now; a suggestion that waits already is not made again."""
    case, decision = finding.snapshot.case, finding.decision
    waiting = case.suggestions if case else ()
    return {each.field: each for each in (*waiting, *decision.suggestions, *decision.writes) if each.value is not None}


def _differs(field: CaseField, value: Value | None, stored: Value | None, finding: Finding) -> bool:
    """From what the form showed of the stored value: sent back untouched, it changes nothing."""
    untouched = stored
    with suppress(fields.BadValue):
        untouched = parsed(field, typed(field, stored), finding.snapshot.settings, finding.snapshot.now)
    if field.type is FieldType.DATETIME:
        return not fields.same(field, value, untouched)
    return value != untouched
