"""The predictor's seam: a transcript and the fields wanted go in, values with evidence or abstentions come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from agent.settings import CaseField, Settings
from store.examples import Example
from store.model import Evidence, FieldId, Message, Value


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """The customer as the channel vouches for them."""

    name: str = ""
    verified_email: str | None = None
    verified_phone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictionRequest:
    """One question to a predictor. Messages are in order of arrival, each with its author's role."""

    settings: Settings  # region, currency, time zone; nothing a customer wrote
    fields: tuple[CaseField, ...]
    transcript: tuple[Message, ...]
    sender: Sender
    now: datetime
    current: Mapping[FieldId, Value] = field(default_factory=dict[FieldId, Value])  # the case as it stands
    examples: tuple[Example, ...] = ()  # what people decided elsewhere, as far as it may be used here


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """A value with the words that justify it; no words only where it is the sender's verified identity."""

    field: FieldId
    value: Value
    confidence: float  # 0 to 1
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Abstention:
    field: FieldId
    reason: str  # a sentence for people: "two products are named and neither is withdrawn"


class Predictor(Protocol):
    """Answers exactly once for every field asked, in any order. Never raises for what a message contains."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    async def predict(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]: ...
