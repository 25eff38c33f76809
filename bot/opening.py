"""A case that a person opens, beside what the agent makes of the conversation."""

from __future__ import annotations

from dataclasses import replace

from agent.creation import first_sentence
from agent.settings import CaseField, FieldType, Settings
from bot import evaluation, words
from bot.acting import Acting
from bot.announce import announce
from bot.evaluation import Finding
from store import cases, conversations
from store.audit import Origin
from store.cases import FieldWrite
from store.engine import Connection
from store.model import Actor, Case, CaseStatus, ContactId, ConversationId


def beside(finding: Finding, typed: list[FieldWrite]) -> Finding:
    """What the agent has to say beside what the representative typed: nothing about those fields."""
    by_hand = {each.field for each in typed}
    decision = finding.decision
    left = replace(
        decision,
        writes=tuple(each for each in decision.writes if each.field not in by_hand),
        refusals=tuple(each for each in decision.refusals if each.field not in by_hand),
        missing=tuple(each for each in decision.missing if each not in by_hand),
        title=_title(typed, finding.snapshot.settings) or decision.title,
    )
    return replace(finding, decision=left, by_hand=tuple(typed))


def open_filled_in(
    connection: Connection, finding: Finding, writes: list[FieldWrite], *, origin: Origin, key: str
) -> Case | None:
    """By a form, which showed all that the agent had to say: what the person made of it stands, and nothing else.

    Returns the case as it was opened; None where it was not.
    """
    beside_them = beside(finding, writes)
    left = replace(beside_them.decision, why=words.filled_in(), writes=(), refusals=(), missing=())
    number = evaluation.apply(connection, replace(beside_them, decision=left), key=key)
    if number is None:
        return None
    opened = cases.get(connection, number, lock=True)
    cases.write(connection, origin, opened, writes)
    return opened


def open_by_hand(
    connection: Connection,
    acting: Acting,
    writes: list[FieldWrite],
    *,
    title: str = "",
    conversation_id: ConversationId | None = None,
    contact_id: ContactId | None = None,
    owner: Actor | None = None,
) -> Case:
    """Without the agent, and if need be without a conversation: somebody called, or walked in."""
    settings = acting.in_force.settings
    place = None if conversation_id is None else conversations.get(connection, conversation_id)
    number = cases.create(
        connection,
        acting.origin,
        title=title or _title(writes, settings) or words.UNTITLED,
        conversation_id=conversation_id,
        contact_id=contact_id,
        writes=(),
        placing=evaluation.placing(settings, place, writes),
    )
    opened = cases.get(connection, number, lock=True)
    cases.write(connection, acting.origin, opened, writes)
    if owner is not None:
        cases.set_owner(connection, acting.origin, opened, owner)
        cases.set_status(connection, acting.origin, opened, CaseStatus.IN_PROGRESS)
    case = cases.get(connection, number)
    announce(connection, settings, case, key=acting.key, before=None)
    return case


def _title(typed: list[FieldWrite], settings: Settings) -> str:
    """Of what was typed, the first text that customers may see; "" where there is none."""
    texts = [str(each.value) for each in typed if each.value and _is_public_text(settings.field(each.field))]
    return first_sentence(texts[0]) if texts else ""


def _is_public_text(field: CaseField | None) -> bool:
    return field is not None and not field.internal and field.type in {FieldType.TEXT, FieldType.MULTILINE}
