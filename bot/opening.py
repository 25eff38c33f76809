"""A case that a person opens, beside what the agent makes of the conversation."""

from __future__ import annotations

from dataclasses import replace

from agent.creation import first_sentence
from agent.settings import CaseField, FieldType
from bot import evaluation, words
from bot.evaluation import Finding
from store import cases
from store.audit import Origin
from store.cases import FieldWrite
from store.engine import Connection
from store.model import Case


def beside(finding: Finding, typed: list[FieldWrite]) -> Finding:
    """What the agent has to say beside what the representative typed: nothing about those fields."""
    by_hand = {each.field for each in typed}
    decision, settings = finding.decision, finding.snapshot.settings
    texts = [str(each.value) for each in typed if each.value and _is_public_text(settings.field(each.field))]
    left = replace(
        decision,
        writes=tuple(each for each in decision.writes if each.field not in by_hand),
        refusals=tuple(each for each in decision.refusals if each.field not in by_hand),
        missing=tuple(each for each in decision.missing if each not in by_hand),
        title=first_sentence(texts[0]) if texts else decision.title,
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


def _is_public_text(field: CaseField | None) -> bool:
    return field is not None and not field.internal and field.type in {FieldType.TEXT, FieldType.MULTILINE}
