"""A few words of conversation, put to the embedded predictor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agent.embedded.predictor import evaluate
from agent.predictor import Abstention, Prediction, PredictionRequest, Sender
from agent.settings import CaseField, Settings
from store.model import FieldId, Message, MessageId, Participant, Role, Value

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
NOBODY = Sender()

_ROLES = {"R": Role.REPRESENTATIVE, "A": Role.AGENT, "C2": Role.CUSTOMER}


def field(kind: str, label: str, description: str = "", **more: Any) -> CaseField:
    """Its id is made of the label."""
    name = label.lower().replace(" ", "_").replace("-", "_")
    return CaseField.model_validate({"id": name, "label": label, "type": kind, "description": description, **more})


def said(*lines: str) -> tuple[Message, ...]:
    """Customers' words. "R: " begins a representative's, "A: " the agent's own, "C2: " a second customer's."""
    return tuple(_message(number, line) for number, line in enumerate(lines))


def _message(number: int, line: str) -> Message:
    who, separator, text = line.partition(": ")
    if not separator or who not in _ROLES:
        who, text = "C", line
    author = Participant(author_id=who, name=who, role=_ROLES.get(who, Role.CUSTOMER))
    return Message(id=MessageId(number), external_id=str(number), author=author, text=text, sent_at=NOON)


def request(
    wanted: CaseField,
    *lines: str,
    sender: Sender = NOBODY,
    current: Value | None = None,
    others: tuple[CaseField, ...] = (),
    **settings: Any,
) -> PredictionRequest:
    """`others` are fields of the settings that are not asked for; `settings` such as region or company."""
    document = Settings(fields=(wanted, *others), default_fields=(wanted.id,), **settings)
    values: Mapping[FieldId, Value] = {} if current is None else {FieldId(wanted.id): current}
    return PredictionRequest(
        settings=document, fields=(wanted,), transcript=said(*lines), sender=sender, now=NOON, current=values
    )


def answer(wanted: CaseField, *lines: str, **more: Any) -> Prediction | Abstention:
    return evaluate(request(wanted, *lines, **more))[0]


def value(wanted: CaseField, *lines: str, **more: Any) -> Value | None:
    """What would be written: None where the predictor abstains or is not sure enough."""
    found = answer(wanted, *lines, **more)
    return found.value if isinstance(found, Prediction) and found.confidence >= wanted.threshold else None


def quotes(wanted: CaseField, *lines: str, **more: Any) -> list[str]:
    found = answer(wanted, *lines, **more)
    return [each.quote for each in found.evidence] if isinstance(found, Prediction) else []
