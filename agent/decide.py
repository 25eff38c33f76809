"""Conversation, case and prediction in; a decision out. Asking the predictor is the only I/O, the rest is pure."""

from __future__ import annotations

from collections.abc import Mapping

from agent import creation, update
from agent.decision import Decision, Outcome, Refusal, Snapshot, Trigger, Write
from agent.predictor import PredictionRequest, Predictor
from agent.resolution import NOTHING_ASKED, Resolution, resolve
from agent.settings import Level
from store.model import Case, Category, FieldId, Value

__all__ = ["Decision", "Outcome", "Refusal", "Snapshot", "Trigger", "Write", "decide"]


async def decide(snapshot: Snapshot, predictor: Predictor) -> Decision:
    """Raises what the predictor raises."""
    if (reason := switched_off(snapshot)) is not None:
        return Decision(outcome=Outcome.OFF, why=reason)
    if snapshot.case is None or snapshot.manual:
        return await _create(snapshot, predictor)
    return await _update(snapshot, snapshot.case, predictor)


def switched_off(snapshot: Snapshot) -> str | None:
    """Why the agent keeps its hands off; None: it does not. What a representative asks for by hand is done."""
    settings, conversation, case = snapshot.settings, snapshot.conversation, snapshot.case
    by_hand = snapshot.manual or (case is not None and snapshot.trigger is Trigger.COMMAND)
    if by_hand:
        return None
    if not settings.channel(conversation.channel).enabled:
        return f"The channel {conversation.channel} is switched off."
    if conversation.category not in settings.categories:
        return f"The agent is switched off for {conversation.category} conversations."
    if case is None:
        return _creation_off(snapshot)
    if not case.status.is_open:
        return f"Case {case.number} is {case.status}: only a representative changes it."
    return "Updating cases is switched off." if update.level(snapshot) is Level.OFF else None


def _creation_off(snapshot: Snapshot) -> str | None:
    if snapshot.conversation.category is Category.EMAIL:
        return "Record-creation rules open the cases of mailboxes."
    return "Creating cases is switched off." if snapshot.settings.automation.create is Level.OFF else None


async def _create(snapshot: Snapshot, predictor: Predictor) -> Decision:
    if not snapshot.manual and not creation.matters(snapshot.transcript):
        return creation.nothing_said(snapshot)
    defaults = await _predict(snapshot, predictor, creation.default_fields(snapshot.settings), {})
    if not creation.opens(snapshot, defaults):
        return creation.decide_creation(snapshot, defaults)
    current = {name: prediction.value for name, prediction in defaults.resolved.items()}
    further = await _predict(snapshot, predictor, creation.further_fields(snapshot), current)
    return creation.decide_creation(snapshot, defaults, further)


async def _update(snapshot: Snapshot, case: Case, predictor: Predictor) -> Decision:
    """The rules are tested on the stored case, and once more if that changed what they ask for."""
    tried = update.first_fields(snapshot, case)
    found = await _predict(snapshot, predictor, tried, update.stored_values(case))
    plan = update.make_plan(snapshot, case, tried, found)
    more = update.second_fields(snapshot, case, tried, plan)
    if more is None:
        return update.conclude(snapshot, plan, tried=tried, passes=1)
    found = await _predict(snapshot, predictor, more, update.values_after(case, plan))
    plan += update.make_plan(snapshot, case, more, found)
    return update.conclude(snapshot, plan, tried=tried | more, passes=2)


async def _predict(
    snapshot: Snapshot, predictor: Predictor, rules: Mapping[FieldId, str | None], current: Mapping[FieldId, Value]
) -> Resolution:
    """`rules`: the fields to ask for, each with the rule that claims it."""
    wanted = tuple(field for name in rules if (field := snapshot.settings.field(name)))
    if not wanted:
        return NOTHING_ASKED
    request = PredictionRequest(
        settings=snapshot.settings,
        fields=wanted,
        transcript=tuple(message for message in snapshot.transcript if not message.deleted),
        sender=snapshot.sender,
        now=snapshot.now,
        current=current,
        examples=snapshot.examples,
    )
    return resolve(snapshot, rules, await predictor.predict(request))
