"""Reads what is new in a conversation with a model, once, and answers from what was read."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from agent.llm import answer, reading
from agent.llm.breaker import Breaker
from agent.llm.prompt import instructions, prompt
from agent.llm.question import ATTEMPTS, Answered, Provider, Question, Trouble, Unanswered, Usage
from agent.llm.reading import Reading
from agent.llm.verify import verify
from agent.predictor import Abstention, Prediction, PredictionRequest
from store.model import FieldId, Json, Message, MessageId


class Purse(Protocol):
    """The tokens that may still be spent on a conversation, and today."""

    async def reserve(self, tokens: int) -> str | None:
        """None: they are set aside; else a sentence that says which limit is in the way."""
        ...

    async def settle(self, reserved: int, spent: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Llm:
    """A provider and how it has been lately: one for the process."""

    provider: Provider
    breaker: Breaker

    @property
    def name(self) -> str:
        return f"llm 1 {self.provider.name}"


class Reader:
    """For one evaluation: the model is asked at most once in it, and nothing twice."""

    def __init__(self, llm: Llm, purse: Purse, earlier: Json | None) -> None:
        self._llm = llm
        self._purse = purse
        self._earlier = earlier
        self._reading: Reading | None = None
        self.withheld: list[Message] = []  # the model was not shown them: the embedded predictor reads them alone
        self.usage = Usage()
        self.milliseconds = 0.0

    @property
    def kept(self) -> Json | None:
        """What the next evaluation is to begin with."""
        return reading.as_json(self._reading) if self._reading else self._earlier

    @property
    def cited(self) -> frozenset[MessageId]:
        """The messages that the next evaluation has to see again."""
        return frozenset(self._reading.cited() if self._reading else ())

    def resumed(self, request: PredictionRequest) -> Reading:
        """What was read so far, as far as it still holds."""
        if self._reading is None:
            self._reading = reading.resumed(self._earlier, request.transcript, request.settings)
        return self._reading

    async def read(self, request: PredictionRequest) -> list[Prediction | Abstention]:
        """Raises Unanswered."""
        so_far = self.resumed(request)
        shown = await asyncio.to_thread(reading.legible, request.transcript, request.settings)
        self.withheld = [message for message in request.transcript if message not in shown]
        new = so_far.unread(shown)
        if reading.says_something(new):
            so_far = self._reading = await self._continue(so_far, request, shown, new)
        return [_answer(FieldId(field.id), so_far) for field in request.fields]

    async def _continue(
        self, so_far: Reading, request: PredictionRequest, shown: list[Message], new: list[Message]
    ) -> Reading:
        asked = await asyncio.to_thread(
            prompt, request, new=new, context=reading.context(shown, new), known=so_far.known()
        )
        question = Question(
            instructions=instructions(request.settings.fields),
            data=asked.data,
            form=answer.form(request.settings.fields),
            complaints=lambda given: verify(answer.read(given), asked, request).complaints,
            seconds=request.settings.prediction.seconds,
        )
        answered = await self._asked(question)
        verdict = verify(answer.read(answered.answer), asked, request)
        return so_far.after(shown, verdict.answers, verdict.unproven)

    async def _asked(self, question: Question) -> Answered:
        if not self._llm.breaker.lets_through:
            raise Unanswered(Trouble.PAUSED, "it failed several times in a row and is left alone for a while")
        reserved = question.most_tokens
        if (refused := await self._purse.reserve(reserved)) is not None:
            raise Unanswered(Trouble.OVER_BUDGET, refused)
        started = time.perf_counter()
        try:
            answered = await self._llm.provider.ask(question)
        except Unanswered as unanswered:
            self._llm.breaker.failed()
            await self._account(reserved, unanswered.usage, started, least=_least_spent(unanswered, reserved))
            raise
        self._llm.breaker.answered()
        await self._account(reserved, answered.usage, started)
        return answered

    async def _account(self, reserved: int, usage: Usage, started: float, *, least: int = 0) -> None:
        self.milliseconds += (time.perf_counter() - started) * 1000
        self.usage += usage
        await self._purse.settle(reserved, max(usage.tokens, least))


def _least_spent(unanswered: Unanswered, reserved: int) -> int:
    """A provider that is not waited for any longer tells no tokens: those of one attempt are counted."""
    return reserved // ATTEMPTS if unanswered.trouble is Trouble.TOO_SLOW else 0


def _answer(name: FieldId, so_far: Reading) -> Prediction | Abstention:
    unsaid = Abstention(field=name, reason="The model finds nothing said about it.")
    return so_far.answers.get(name, unsaid)
