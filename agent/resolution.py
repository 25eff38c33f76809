"""What a predictor's answers are worth: for each field that was asked either a value to use or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.decision import Refusal, Snapshot
from agent.evidence import refusal, vouched
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField
from store.model import FieldId


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """Every field that was asked is in one of the two."""

    resolved: Mapping[FieldId, Prediction]
    refused: Mapping[FieldId, Refusal]

    def __or__(self, other: Resolution) -> Resolution:
        return Resolution(resolved={**self.resolved, **other.resolved}, refused={**self.refused, **other.refused})


NOTHING_ASKED = Resolution(resolved={}, refused={})


def resolve(
    snapshot: Snapshot, rules: Mapping[FieldId, str | None], answers: Sequence[Prediction | Abstention]
) -> Resolution:
    """`rules` holds the fields that were asked, each with the rule that claims it; other answers are passed over."""
    answered = {answer.field: answer for answer in reversed(answers)}
    resolved: dict[FieldId, Prediction] = {}
    refused: dict[FieldId, Refusal] = {}
    for name, rule in rules.items():
        if field := snapshot.settings.field(name):
            outcome = _judge(snapshot, field, answered.get(name), rule)
            if isinstance(outcome, Prediction):
                resolved[name] = outcome
            else:
                refused[name] = outcome
    return Resolution(resolved=resolved, refused=refused)


def _judge(
    snapshot: Snapshot, field: CaseField, answer: Prediction | Abstention | None, rule: str | None
) -> Prediction | Refusal:
    """The verified identity of the sender comes before whatever a predictor reads in the text."""
    name = FieldId(field.id)
    if (identity := vouched(field, snapshot.sender)) is not None:
        return Prediction(field=name, value=identity, confidence=1.0, evidence=())
    if answer is None:
        return Refusal(field=name, reason="The predictor gave no answer.", rule=rule)
    if isinstance(answer, Abstention):
        return Refusal(field=name, reason=answer.reason, rule=rule)
    reason = refusal(answer, snapshot.transcript, field, snapshot.sender) or _too_unsure(field, answer)
    if reason is None:
        return answer
    return Refusal(field=name, reason=reason, value=answer.value, rule=rule, confidence=answer.confidence)


def _too_unsure(field: CaseField, answer: Prediction) -> str | None:
    if answer.confidence >= field.threshold:
        return None
    return f"The confidence {answer.confidence:.2f} is below the threshold {field.threshold:.2f}."
