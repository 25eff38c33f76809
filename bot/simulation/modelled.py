"""Conversations played again with a provider's model, through `agent.consultation` as live.

What is spent counts against the settings' limits for this run alone: the store's accounts are not touched.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from agent.consultation import Consultation
from agent.embedded import EmbeddedPredictor
from agent.llm.question import Usage
from agent.llm.reader import Llm, Reader
from agent.predictor import Abstention, Prediction, PredictionRequest
from agent.settings import PredictionSettings, PredictorChoice
from bot.simulation.figures import Played, Spent, rehearse
from bot.simulation.journal import Journal
from bot.simulation.labelled import Labelled
from store.model import Json

_AT_ONCE = 4  # conversations: providers limit how many questions they take at a time


@dataclass
class Run:
    """One simulation with a model; `spent` are the tokens of all its conversations, set aside or used."""

    llm: Llm
    choice: PredictorChoice
    spent: int = 0

    @property
    def identity(self) -> str:
        return f"{self.choice} {self.llm.name} {EmbeddedPredictor.version}"

    def played(self, conversations: Iterable[Labelled], journal: Journal | None = None) -> Generator[Played]:
        """In their order; what the journal holds is not asked again."""
        waiting = iter(conversations)
        with asyncio.Runner() as runner:  # one loop: the provider's connections belong to it
            while batch := list(islice(waiting, _AT_ONCE)):
                yield from runner.run(self._together(batch, journal))

    async def _together(self, batch: Sequence[Labelled], journal: Journal | None) -> list[Played]:
        return await asyncio.gather(*(self._one(each, journal) for each in batch))

    async def _one(self, conversation: Labelled, journal: Journal | None) -> Played:
        if journal is not None and (known := journal.find(conversation)) is not None:
            return known
        talk = _Talk(self, conversation.settings.prediction)
        one = await rehearse(_asking(conversation, self.choice), talk.evaluation)
        spent = talk.spent
        done = replace(one, conversation=conversation, spent=spent)
        if journal is not None and not spent.unanswered:  # the next run asks again
            journal.keep(done, conversation)
        return done


def _asking(conversation: Labelled, choice: PredictorChoice) -> Labelled:
    settings = conversation.settings
    prediction = settings.prediction.model_copy(update={"predictor": choice})
    return replace(conversation, settings=settings.model_copy(update={"prediction": prediction}))


@dataclass
class _Talk:
    """One conversation's evaluations: what the model read goes from each to the next. Implements `reader.Purse`."""

    run: Run
    limits: PredictionSettings
    tokens: int = 0
    evaluations: list[_Evaluation] = field(default_factory=list["_Evaluation"])

    def evaluation(self) -> _Evaluation:
        earlier = self.evaluations[-1].reader.kept if self.evaluations else None
        self.evaluations.append(_Evaluation(self.run.llm, self, earlier))
        return self.evaluations[-1]

    @property
    def spent(self) -> Spent:
        return Spent(
            usage=sum((each.reader.usage for each in self.evaluations), start=Usage()),
            unanswered=sum(each.consultation.unanswered is not None for each in self.evaluations),
        )

    async def reserve(self, tokens: int) -> str | None:
        day, conversation = self.limits.tokens_per_day, self.limits.tokens_per_conversation
        if day is not None and self.run.spent + tokens > day:
            return f"the budget of {day:,} tokens for a day is used up by this run"
        if conversation is not None and self.tokens + tokens > conversation:
            return f"the budget of {conversation:,} tokens for this conversation is used up"
        self._account(tokens)
        return None

    async def settle(self, reserved: int, spent: int) -> None:
        self._account(spent - reserved)

    def _account(self, tokens: int) -> None:
        self.tokens += tokens
        self.run.spent += tokens


class _Evaluation:
    """Implements `figures.Timed`: a model is waited for, so its time is the clock's."""

    name, version = Consultation.name, Consultation.version

    def __init__(self, llm: Llm, talk: _Talk, earlier: Json | None) -> None:
        self.reader = Reader(llm, talk, earlier)
        self.consultation = Consultation(EmbeddedPredictor(), llm, self.reader)
        self.seconds: float | None = None

    async def predict(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]:
        started = time.perf_counter()
        answers = await self.consultation.predict(request)
        self.seconds = (self.seconds or 0.0) + time.perf_counter() - started
        return answers
