"""What a conversation changes in its case: writes, suggestions where a person has the last word, and the rest. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agent import fields
from agent.creation import default_fields, named, optional_fields
from agent.decision import Decision, Outcome, Refusal, Snapshot, Trigger, Write
from agent.evidence import stands
from agent.predictor import Prediction
from agent.resolution import Resolution
from agent.rules import facts_of, names_any, select_fields
from agent.settings import CaseField, Level, Settings
from store.model import ActorKind, Case, FieldId, FieldValue, Value


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What one or two passes found out."""

    writes: tuple[Write, ...] = ()
    suggestions: tuple[Write, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unchanged: tuple[FieldId, ...] = ()

    def __add__(self, other: Plan) -> Plan:
        return Plan(
            writes=self.writes + other.writes,
            suggestions=self.suggestions + other.suggestions,
            refusals=self.refusals + other.refusals,
            unchanged=self.unchanged + other.unchanged,
        )


def level(snapshot: Snapshot) -> Level:
    """A representative's own command is carried out where the agent by itself would ask, or do nothing."""
    chosen = snapshot.settings.automation.update
    by_hand = snapshot.trigger is Trigger.COMMAND and chosen in {Level.CONFIRM, Level.OFF}
    return Level.FULL if by_hand else chosen


def stored_values(case: Case) -> dict[FieldId, Value]:
    return {name: each.value for name, each in case.values.items()}


def first_fields(snapshot: Snapshot, case: Case) -> dict[FieldId, str | None]:
    """The fields that the rules select, at the first fill all of a new case's; and those that lost evidence.

    Evidence is lost when the message, or some of it, was edited or deleted.
    """
    selected = select_fields(snapshot.settings, facts_of(snapshot.conversation, stored_values(case)))
    if snapshot.trigger is Trigger.OPENED:
        selected = default_fields(snapshot.settings) | optional_fields(snapshot.settings) | selected
    for name, stored in case.values.items():
        if snapshot.settings.field(name) and _lost(snapshot, stored, any):
            selected.setdefault(name, None)
    return selected


def second_fields(
    snapshot: Snapshot, case: Case, tried: Mapping[FieldId, str | None], plan: Plan
) -> dict[FieldId, str | None] | None:
    """The fields that come in when the first pass changed what a condition names; None: no second pass."""
    changed = {write.field for write in plan.writes}
    if not names_any(snapshot.settings.update_rules, changed):
        return None
    selected = select_fields(snapshot.settings, facts_of(snapshot.conversation, values_after(case, plan)))
    return {name: rule for name, rule in selected.items() if name not in tried}


def values_after(case: Case, plan: Plan) -> dict[FieldId, Value]:
    values: dict[FieldId, Value | None] = {**stored_values(case)}
    values.update({write.field: write.value for write in plan.writes})
    return {name: value for name, value in values.items() if value is not None}


def make_plan(snapshot: Snapshot, case: Case, rules: Mapping[FieldId, str | None], found: Resolution) -> Plan:
    """`found` holds an outcome for each of the fields of `rules`."""
    plan = Plan()
    for name, rule in rules.items():
        field = snapshot.settings.field(name)
        if field is not None and name in found.resolved:
            plan += _compare(snapshot, case, field, found.resolved[name], rule)
        elif field is not None:
            plan += _unread(snapshot, case, found.refused[name], rule)
    return plan


def _compare(snapshot: Snapshot, case: Case, field: CaseField, prediction: Prediction, rule: str | None) -> Plan:
    name, stored = FieldId(field.id), case.values.get(FieldId(field.id))
    old = stored.value if stored else None
    if fields.same(field, old, prediction.value) or _is_settled_identity(field, stored):
        return Plan(unchanged=(name,))
    write = Write(
        field=name,
        value=prediction.value,
        old=old,
        confidence=prediction.confidence,
        evidence=prediction.evidence,
        rule=rule,
    )
    by_person = _is_peoples(snapshot, name, stored) and not snapshot.settings.override_human_edits
    if level(snapshot) is Level.CONFIRM or by_person:
        return _suggest(snapshot, case, field, write)
    return Plan(writes=(write,))


def _is_peoples(snapshot: Snapshot, name: FieldId, stored: FieldValue | None) -> bool:
    """Set or emptied by a person, or by a rule that opened the case."""
    return stored.writer.kind is not ActorKind.AGENT if stored else name in snapshot.human_cleared


def _is_settled_identity(field: CaseField, stored: FieldValue | None) -> bool:
    """A verified sender stays the contact, whoever else writes in another thread of the case."""
    return field.identity and stored is not None and stored.writer.kind is ActorKind.AGENT and not stored.evidence


def _suggest(snapshot: Snapshot, case: Case, field: CaseField, write: Write) -> Plan:
    """Once: not while the same is waiting, nor after it was turned down."""
    waiting = any(
        each.field == write.field and fields.same(field, each.value, write.value) for each in case.suggestions
    )
    if not waiting and (write.field, str(write.value)) not in snapshot.rejected:
        return Plan(suggestions=(write,))
    reason = "The same suggestion is waiting already." if waiting else "A representative has turned this value down."
    return Plan(refusals=(_refused(write, reason),))


def _refused(write: Write, reason: str) -> Refusal:
    return Refusal(field=write.field, reason=reason, value=write.value, rule=write.rule, confidence=write.confidence)


def _unread(snapshot: Snapshot, case: Case, refusal: Refusal, rule: str | None) -> Plan:
    """Silence erases nothing, unless all the words that the agent had its value from are gone."""
    stored = case.values.get(refusal.field)
    if stored is None or not _lost(snapshot, stored, all) or level(snapshot) is Level.CONFIRM:
        return Plan(refusals=(refusal,))
    gone = Write(field=refusal.field, value=None, old=stored.value, confidence=1.0, evidence=(), rule=rule)
    return Plan(writes=(gone,), refusals=(refusal,))


def _lost(snapshot: Snapshot, stored: FieldValue, quantifier: Callable[[Iterable[bool]], bool]) -> bool:
    """Whether any, or all, of the words behind the agent's value are gone; unseen messages are taken to stand."""
    messages = {message.id: message for message in snapshot.transcript}
    gone = [each.message_id in messages and not stands(each, messages[each.message_id]) for each in stored.evidence]
    return stored.writer.kind is ActorKind.AGENT and bool(gone) and quantifier(gone)


def conclude(snapshot: Snapshot, plan: Plan, *, tried: Mapping[FieldId, str | None], passes: int) -> Decision:
    outcome = _outcome(snapshot, plan)
    return Decision(
        outcome=outcome,
        why=_why(outcome, plan, snapshot.settings, tried),
        writes=plan.writes,
        suggestions=plan.suggestions,
        refusals=plan.refusals,
        unchanged=plan.unchanged,
        passes=passes,
        fields=tried,
    )


def _outcome(snapshot: Snapshot, plan: Plan) -> Outcome:
    if not plan.writes and not plan.suggestions:
        return Outcome.NO_CHANGES
    outcomes = {Level.CONFIRM: Outcome.PROPOSED, Level.SHADOW: Outcome.SHADOW}
    return outcomes.get(level(snapshot), Outcome.UPDATED)


def _why(outcome: Outcome, plan: Plan, settings: Settings, tried: Mapping[FieldId, str | None]) -> str:
    written, suggested = ([write.field for write in writes] for writes in (plan.writes, plan.suggestions))
    match outcome:
        case Outcome.NO_CHANGES if not tried:
            return "No changes because the settings name no field to update."
        case Outcome.NO_CHANGES:
            return f"No changes after a look at {named(list(tried), settings)}."
        case Outcome.SHADOW:
            labels = named([*written, *suggested], settings)
            return f"{labels} would have changed; the settings let the agent only watch."
        case Outcome.PROPOSED:
            return f"Suggested: {named(suggested, settings)}; the settings let a representative decide."
        case _ if not written:
            return f"The agent's reading of {named(suggested, settings)} is suggested; a person set what stands there."
        case _:
            return f"{named(written, settings)} changed."
