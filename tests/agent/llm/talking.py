"""A conversation that a model reads, evaluation by evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.consultation import Consultation
from agent.embedded import EmbeddedPredictor
from agent.llm.asking import provider
from agent.llm.breaker import Breaker
from agent.llm.reader import Llm, Reader
from agent.predictor import Abstention, Prediction, PredictionRequest, Predictor, Sender
from agent.settings import Settings
from store.examples import Example
from store.model import FieldId, Json, Message, Value
from tests.agent.examples import NOON, SETTINGS, said, with_settings
from tests.agent.llm.fake import FakeProvider

BY_MODEL = with_settings(prediction={"predictor": "llm"})
BY_BOTH = with_settings(prediction={"predictor": "both"})
UNMASKED = with_settings(prediction={"predictor": "llm", "mask_personal": False})


def settings_with(**prediction: Any) -> Settings:
    return with_settings(prediction={"predictor": "llm", **prediction})


@dataclass
class Coins:
    """A purse in the hand. Implements `agent.llm.reader.Purse`."""

    tokens: int = 1_000_000
    spent: int = 0

    async def reserve(self, tokens: int) -> str | None:
        if tokens > self.tokens:
            return "the budget of 1 token for today is used up"
        self.tokens -= tokens
        return None

    async def settle(self, reserved: int, spent: int) -> None:
        self.tokens += reserved - spent
        self.spent += spent


@dataclass
class Talk:
    """One conversation; `reading` goes from one evaluation to the next, as the store keeps it."""

    llm: Llm | None
    settings: Settings = BY_MODEL
    purse: Coins = field(default_factory=Coins)
    embedded: Predictor = field(default_factory=EmbeddedPredictor)
    reading: Json | None = None
    examples: tuple[Example, ...] = ()
    said_by: str = ""

    async def evaluate(
        self, transcript: Sequence[Message], *fields: str, current: dict[str, Value] | None = None
    ) -> dict[str, Prediction | Abstention]:
        reader = Reader(self.llm, self.purse, self.reading) if self.llm else None
        consultation = Consultation(self.embedded, self.llm, reader)
        wanted = fields or tuple(each.id for each in self.settings.fields)
        answers = await consultation.predict(
            PredictionRequest(
                settings=self.settings,
                fields=tuple(each for each in self.settings.fields if each.id in wanted),
                transcript=tuple(transcript),
                sender=Sender(),
                now=NOON,
                current={FieldId(name): value for name, value in (current or {}).items()},
                examples=self.examples,
            )
        )
        self.reading = reader.kept if reader else None
        self.said_by = consultation.said_by
        return {answer.field: answer for answer in answers}

    async def hears(self, *lines: str) -> dict[str, Prediction | Abstention]:
        return await self.evaluate(said(*lines))


def talk(fake: FakeProvider, settings: Settings = BY_MODEL) -> Talk:
    return Talk(Llm(provider(fake.configuration), Breaker()), settings)


def value(answer: Prediction | Abstention) -> Value | None:
    return answer.value if isinstance(answer, Prediction) else None


def values(answers: dict[str, Prediction | Abstention]) -> dict[str, Value]:
    return {name: answer.value for name, answer in answers.items() if isinstance(answer, Prediction)}


def why(answer: Prediction | Abstention) -> str:
    assert isinstance(answer, Abstention), answer
    return answer.reason


__all__ = ["SETTINGS", "Coins", "Talk", "settings_with", "talk", "value", "values", "why"]
