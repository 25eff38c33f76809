"""A labelled conversation: what a predictor is asked about it, and what it should have said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.predictor import PredictionRequest, Sender
from agent.settings import CaseField, Settings
from bot.simulation.rightness import is_acceptable
from store.model import Category, FieldId, Message, Value

Place = tuple[int, int, int]
"""Message, start, end."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One conversation with its labels. `case` is None where the set has no case decisions."""

    id: str
    channel: str
    tags: tuple[str, ...]
    settings: Settings
    transcript: tuple[Message, ...]
    sender: Sender
    now: datetime
    expected: Mapping[FieldId, Sequence[Any]]
    contained: Mapping[FieldId, Sequence[str]]
    evidence: Mapping[FieldId, Sequence[Place]]
    case: bool | None = None
    case_after: int | None = None  # None: nobody has said when it was due
    category: Category | None = None  # None: no conversation as they come in, its fields alone are predicted
    account: str = ""
    joins: bool = False  # a case that other conversations had opened

    def request(self, messages: int | None = None, current: Mapping[FieldId, Value] | None = None) -> PredictionRequest:
        """After so many messages; None: at the end."""
        return PredictionRequest(
            settings=self.settings,
            fields=self.settings.fields,
            transcript=self.transcript[:messages],
            sender=self.sender,
            now=self.now,
            current=current or {},
        )

    def is_right(self, field: CaseField, value: Value) -> bool:
        """By the words to be kept where there are such, else by what is acceptable."""
        name = FieldId(field.id)
        if self.contained.get(name):
            return all(word.casefold() in str(value).casefold() for word in self.contained[name])
        return any(is_acceptable(field, value, each, self.settings, self.now) for each in self.expected.get(name, ()))
