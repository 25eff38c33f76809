"""Tells every thread that is linked to a case what became of it."""

from __future__ import annotations

from agent import fields
from agent.settings import Settings
from bot import words
from bot.card import changed_line
from store import outbox
from store.engine import Connection
from store.model import Case, Change, FieldId


def announce(connection: Connection, settings: Settings, case: Case, *, key: str, before: Case | None) -> None:
    """Queues the card, edited in place where it stands already, and a short line for what customers may see.

    `before` is the case as it was, None when it has just been opened.
    """
    line = changed_line(changes(settings, before, case) if before else [Change(what="created")], settings)
    for conversation_id in case.conversations:
        each = f"{key}:{case.number}:{conversation_id}"
        outbox.queue_card(connection, conversation_id, f"{each}:card", case.number, line)
        if line is not None and before is not None:
            text = words.thread_update(case.number, line)
            outbox.queue_text(connection, conversation_id, f"{each}:line", text)


def changes(settings: Settings, before: Case, after: Case) -> list[Change]:
    """What differs, in the settings' order of fields."""
    found = [_field_change(settings, before, after, FieldId(field.id)) for field in settings.fields]
    if before.status is not after.status:
        found.append(Change(what="status", old=before.status.value, new=after.status.value))
    if before.owner != after.owner:
        old, new = (each.owner.name if each.owner else None for each in (before, after))
        found.append(Change(what="owner", old=old, new=new))
    if before.queue != after.queue:
        found.append(Change(what="queue", old=before.queue, new=after.queue))
    return [change for change in found if change is not None]


def _field_change(settings: Settings, before: Case, after: Case, field_id: FieldId) -> Change | None:
    old, new = before.values.get(field_id), after.values.get(field_id)
    old_value, new_value = old.value if old else None, new.value if new else None
    field = settings.field(field_id)
    if field is None or fields.same(field, old_value, new_value):
        return None
    return Change(what="field", field=field_id, old=old_value, new=new_value)
