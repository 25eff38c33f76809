"""The figures that the data's README asks for, from what a predictor answered."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Protocol

from agent.evidence import refusal
from agent.llm.question import Usage
from agent.predictor import Abstention, Prediction, PredictionRequest
from agent.settings import CaseField
from bot.simulation.course import Course, Rehearsal
from bot.simulation.labelled import Labelled
from store.model import FieldId, Role, Value

Evaluate = Callable[[PredictionRequest], Sequence[Prediction | Abstention]]
_RESAMPLES = 2000


def always_abstain(request: PredictionRequest) -> list[Abstention]:
    """The baseline that is never wrong where nothing is to be written."""
    return [Abstention(field=FieldId(wanted.id), reason="always") for wanted in request.fields]


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One field of one conversation. `value` is None where nothing would be written."""

    field: CaseField
    value: Value | None
    confidence: float
    expected: bool
    right: bool
    refused: str | None  # why the words given for it are no evidence
    overlaps: bool | None  # its evidence and a labelled place; None where there is nothing to compare
    quotes: tuple[str, ...] = ()
    why_not: str | None = None  # where nothing would be written


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a provider's model took for one conversation."""

    usage: Usage
    unanswered: int  # evaluations in which it gave no answer: the embedded predictor did


@dataclass(frozen=True, kw_only=True)
class Played:
    """One conversation, evaluated after each of its messages."""

    conversation: Labelled
    slots: tuple[Slot, ...]
    course: Course | None  # None: only its fields were predicted
    seconds: tuple[float, ...]  # of each evaluation in which the predictor was asked
    spent: Spent | None = None  # None: no model was to be asked

    @property
    def opened(self) -> int | None:
        """The message after which a case was opened, or proposed."""
        return self.course.opened if self.course else None

    @property
    def flips(self) -> int:
        return self.course.flips if self.course else 0

    @property
    def decided_right(self) -> bool:
        """Opened if and only if a case was due, and not before it was."""
        wanted, after = self.conversation.case, self.conversation.case_after
        if self.opened is None:
            return not wanted
        return bool(wanted) and self.opened >= (after or 0)

    @property
    def all_right(self) -> bool:
        slots_right = all(slot.right if slot.expected else slot.value is None for slot in self.slots)
        return slots_right and (self.conversation.case is None or self.decided_right)


def play(conversation: Labelled, evaluate: Evaluate) -> Played:
    """Message by message, as live; sets without conversations as they come in are evaluated at their end alone."""
    return asyncio.run(rehearse(conversation, lambda: Local(evaluate)))


async def rehearse(conversation: Labelled, answering: Callable[[], Timed]) -> Played:
    """`answering` says for each evaluation who answers in it. At the end, all fields are asked for."""
    last = len(conversation.transcript)
    rehearsal = Rehearsal(conversation)
    evaluations: list[Timed] = []
    if conversation.category is None:  # what is timed is a new message, with all earlier ones read before
        await answering().predict(conversation.request(_before_the_last_of_a_customer(conversation)))
    for at in range(last if conversation.category is not None else 0):
        evaluations.append(answering())
        await rehearsal.evaluate(at, evaluations[-1])
    closing = answering()
    answers = await closing.predict(conversation.request(last, rehearsal.values))
    asked = [each for each in evaluations if each.seconds is not None] or [closing]
    return Played(
        conversation=conversation,
        slots=tuple(slot(conversation, wanted, answers) for wanted in conversation.settings.fields),
        course=None if conversation.category is None else rehearsal.course,
        seconds=tuple(each.seconds for each in asked if each.seconds is not None),
    )


class Timed(Protocol):
    """A predictor for one evaluation."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def seconds(self) -> float | None:
        """None: it was not asked."""
        ...

    async def predict(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]: ...


class Local:
    """Whatever answers here; its time is the processor's: other programs' share of it is no property of ours."""

    name, version = "local", "1"

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self.seconds: float | None = None

    async def predict(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]:
        started = time.process_time()
        answers = self._evaluate(request)
        self.seconds = (self.seconds or 0.0) + time.process_time() - started
        return answers


def _before_the_last_of_a_customer(conversation: Labelled) -> int:
    said = [at for at, each in enumerate(conversation.transcript) if each.author.role is Role.CUSTOMER]
    return said[-1] if said else 0


def slot(conversation: Labelled, wanted: CaseField, answers: Iterable[Prediction | Abstention]) -> Slot:
    name = FieldId(wanted.id)
    given = next((each for each in answers if each.field == name), None)
    answer = given if isinstance(given, Prediction) else None
    written = isinstance(answer, Prediction) and answer.confidence >= wanted.threshold
    prediction = answer if isinstance(answer, Prediction) and written else None
    return Slot(
        field=wanted,
        value=prediction.value if prediction else None,
        confidence=prediction.confidence if prediction else 0.0,
        expected=name in conversation.expected,
        right=prediction is not None and conversation.is_right(wanted, prediction.value),
        refused=refusal(prediction, conversation.transcript, wanted, conversation.sender) if prediction else None,
        overlaps=_overlaps(conversation, prediction) if prediction else None,
        quotes=tuple(each.quote for each in prediction.evidence) if prediction else (),
        why_not=None if prediction else _why_not(given),
    )


def _why_not(given: Prediction | Abstention | None) -> str | None:
    if isinstance(given, Prediction):
        return f"{given.value!r} is not sure enough ({given.confidence:.2f})."
    return given.reason if given else None


def _overlaps(conversation: Labelled, prediction: Prediction) -> bool | None:
    places = conversation.evidence.get(prediction.field)
    if not places or not prediction.evidence:
        return None
    return any(
        message == each.message_id and start < each.end and each.start < end
        for each in prediction.evidence
        for message, start, end in places
    )


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Slots of one kind, counted."""

    expected: int
    predicted: int
    right: int
    silent: int  # slots that should stay empty
    wrong_when_silent: int
    covered: int  # expected slots in which something was predicted

    @property
    def precision(self) -> float | None:
        return self.right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        return self.right / self.expected if self.expected else None

    @property
    def f1(self) -> float | None:
        return 2 * self.right / (self.predicted + self.expected) if self.right else None

    @property
    def coverage(self) -> float | None:
        return self.covered / self.expected if self.expected else None


def recall_at(precision: float, slots: Iterable[Slot]) -> float:
    """How much is found at the lowest threshold at which so many of the values are right."""
    every = list(slots)
    written = sorted((slot for slot in every if slot.value is not None), key=lambda slot: -slot.confidence)
    expected = sum(slot.expected for slot in every)
    right = found = 0
    for number, slot in enumerate(written, 1):
        right += slot.right
        last_of_its_confidence = number == len(written) or written[number].confidence < slot.confidence
        if last_of_its_confidence and right >= precision * number:
            found = right
    return found / expected if expected else 0.0


def calibration_error(slots: Iterable[Slot]) -> float | None:
    """The mean distance of a confidence from the share that is right, over ten bins."""
    written = [slot for slot in slots if slot.value is not None]
    bins: dict[int, list[Slot]] = {}
    for slot in written:
        bins.setdefault(min(int(slot.confidence * 10), 9), []).append(slot)
    apart = sum(abs(sum(s.confidence for s in each) - sum(s.right for s in each)) for each in bins.values())
    return apart / len(written) if written else None


def counts(slots: Iterable[Slot]) -> Counts:
    every = list(slots)
    return Counts(
        expected=sum(slot.expected for slot in every),
        predicted=sum(slot.value is not None for slot in every),
        right=sum(slot.right for slot in every),
        silent=sum(not slot.expected for slot in every),
        wrong_when_silent=sum(slot.value is not None and not slot.expected for slot in every),
        covered=sum(slot.expected and slot.value is not None for slot in every),
    )


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """Case decisions, counted."""

    total: int
    right: int
    due: int
    opened: int
    opened_rightly: int  # where a case was due, at whatever time
    too_early: int  # before the required fields were said: a fault
    never_due: int  # opened where no case was due: a fault
    delays: tuple[int, ...] = field(repr=False)  # messages after the one that should have opened it


def decisions(played: Iterable[Played]) -> Decisions:
    every = [one for one in played if one.conversation.case is not None]
    opened = [one for one in every if one.opened is not None]
    late = [(one.opened or 0) - (one.conversation.case_after or 0) for one in opened if one.conversation.case]
    return Decisions(
        total=len(every),
        right=sum(one.decided_right for one in every),
        due=sum(bool(one.conversation.case) for one in every),
        opened=len(opened),
        opened_rightly=len(late),
        too_early=sum(delay < 0 for delay in late),
        never_due=sum(not one.conversation.case for one in opened),
        delays=tuple(sorted(delay for delay in late if delay > 0)),
    )


def interval(outcomes: Sequence[bool]) -> tuple[float, float]:
    """The middle 95% of the share of True, by resampling conversations."""
    draw = random.Random(1)  # noqa: S311 -- no secret: the same interval each time
    shares = sorted(sum(draw.choices(outcomes, k=len(outcomes))) / len(outcomes) for _ in range(_RESAMPLES))
    return shares[int(0.025 * _RESAMPLES)], shares[int(0.975 * _RESAMPLES)]


def milliseconds(played: Iterable[Played]) -> Mapping[str, float]:
    """Per evaluation of all fields, each new message cold and all earlier ones remembered."""
    every = sorted(1000 * second for one in played for second in one.seconds)
    cut = quantiles(every, n=100)
    return {"p50": round(cut[49], 2), "p99": round(cut[98], 2), "max": round(every[-1], 2)}
