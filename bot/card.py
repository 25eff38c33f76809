"""The neutral case card: what people see of a case, before any channel renders it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.fields import display
from agent.settings import CaseField, Settings
from bot import words
from bot.text import listed, one_line, shortened
from store.model import Card, CardField, CardSuggestion, Case, CaseStatus, Change, FieldId, Suggestion, Value

VALUE_LIMIT = 500  # characters of one value; the whole of it is in the case
TITLE_LIMIT = 120


def build(case: Case, settings: Settings, *, owner_name: str | None, changed: str | None) -> Card:
    """Fields with a value, in the order of the settings; a field that the settings no longer know is left out.

    The queue stands among them, for representatives.
    """
    return Card(
        number=case.number,
        title=one_line(case.title, TITLE_LIMIT),
        status=case.status.value,
        status_label=words.status_of(case),
        owner=one_line(owner_name, 60) if owner_name else None,
        fields=tuple(_fields(case, settings)),
        suggestions=tuple(_suggestions(case.suggestions, settings)),
        changed=changed,
        updated_at=case.updated_at,
    )


def changed_line(changes: Sequence[Change], settings: Settings) -> str | None:
    """What customers may hear of the changes, `Priority set to High and status set to Resolved`; None if nothing."""
    if any(change.what == "created" for change in changes):
        return "Case opened"  # the card says with what
    parts = [part for change in changes if change.old != change.new and (part := _heard(change, settings))]
    if not parts:
        return None
    line = listed(parts)
    return line[0].upper() + line[1:]


def _fields(case: Case, settings: Settings) -> Iterator[CardField]:
    for field in settings.fields:
        held = case.values.get(FieldId(field.id))
        if held is not None and not words.is_empty(held.value):
            yield CardField(label=field.label, value=_formatted(field, held.value, settings), internal=field.internal)
    if case.queue is not None:
        yield CardField(label="Queue", value=words.queue_of(case.queue, settings), internal=True)


def _suggestions(suggestions: Sequence[Suggestion], settings: Settings) -> Iterator[CardSuggestion]:
    for each in suggestions:
        if field := settings.field(each.field):
            quote = each.evidence[0].quote if each.evidence else ""
            value = _formatted(field, each.value, settings)
            yield CardSuggestion(id=each.id, label=field.label, value=value, quote=one_line(quote))


def _formatted(field: CaseField, value: Value, settings: Settings) -> str:
    return shortened(display(field, value, settings).strip(), VALUE_LIMIT)


def _heard(change: Change, settings: Settings) -> str | None:
    match change.what:
        case "status" if isinstance(change.new, str):
            return words.status_set(CaseStatus(change.new))
        case "owner" if isinstance(change.new, str):
            return words.owner_set(change.new)
        case "field" if change.field and (field := settings.field(change.field)) and not field.internal:
            return words.field_set(field, change.new, settings)
        case _:
            return None
