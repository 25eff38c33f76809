"""Plays conversations again, on all cores; and what came of it as figures and, for people, in detail."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from hashlib import sha256
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait as wait_for_any
from os import _exit, cpu_count
from signal import SIG_IGN, SIGINT, signal
from statistics import median
from threading import Thread
from typing import Any, Self

from pydantic_core import to_jsonable_python

from agent.embedded.model.artefact import CARD, FOLDER, shipped
from agent.embedded.predictor import EmbeddedPredictor, evaluate
from agent.llm.question import Usage
from agent.settings import NONE, FieldType
from bot.modelled import cost_of
from bot.simulation.course import Course, Fate
from bot.simulation.figures import Evaluate, Played, Slot, counts, decisions, play, recall_at
from bot.simulation.journal import Journal, as_json, restored
from bot.simulation.labelled import Labelled
from store.model import FieldId, Json

_FEW = 20  # conversations that are not worth the start of other processes
_AT_ONCE = 4  # conversations handed to a process together
_TEXTS = {FieldType.TEXT, FieldType.MULTILINE}


class PredictorName(StrEnum):
    RULES = "rules"
    EMBEDDED = "embedded"
    LLM = "llm"
    BOTH = "both"


def predictor(name: PredictorName) -> Evaluate:
    """One that works here."""
    return evaluate if name is PredictorName.RULES else partial(evaluate, artefact=shipped())


def identity(name: PredictorName) -> str:
    """All that the answers of one that works here depend on, beside the program's version."""
    network = sha256((FOLDER / CARD).read_bytes()).hexdigest() if name is PredictorName.EMBEDDED and shipped() else ""
    return f"{name} {EmbeddedPredictor.version} {network}"


def played(conversations: Iterable[Labelled], name: PredictorName, journal: Journal | None = None) -> Generator[Played]:
    """In their order. Raises what reading the conversations raises.

    What the journal holds is not played again, and what is played stands in it as soon as it is done.
    """
    waiting = iter(conversations)
    first = list(islice(waiting, _FEW))
    with Interrupts() as interrupts:
        if len(first) < _FEW:
            for each in first:
                interrupts.let_through()
                yield (journal and journal.find(each)) or _kept(journal, each, _one(each, name=name))
            return
        # Started anew and not forked: what runs the network has threads of its own.
        with ProcessPoolExecutor(cpu_count() or 1, mp_context=get_context("spawn"), initializer=_attend) as pool:
            try:
                yield from _SideBySide(pool, name, journal, interrupts).played(chain(first, waiting))
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


class Interrupts:
    """An interrupt gets through between two conversations or while we wait, never amid the keeping of one."""

    def __init__(self) -> None:
        self._came = self._waiting = False

    def __enter__(self) -> Self:
        self._before = signal(SIGINT, self._comes)
        return self

    def __exit__(self, *_: object) -> None:
        signal(SIGINT, self._before)

    def _comes(self, *_: object) -> None:
        self._came = True
        if self._waiting:
            raise KeyboardInterrupt

    def let_through(self) -> None:
        if self._came:
            raise KeyboardInterrupt

    def wait(self, running: Iterable[Future[Any]]) -> None:
        """Until one of them is done."""
        self._waiting = True
        try:
            self.let_through()
            wait(running, return_when=FIRST_COMPLETED)
        finally:
            self._waiting = False


def _attend() -> None:
    """A process of ours leaves an interrupt to the one that started it, and doesn't outlive it."""
    signal(SIGINT, SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=lambda: (wait_for_any([parent.sentinel]), _exit(1)), daemon=True).start()


@dataclass
class _Batch:
    """A few conversations: those that the journal holds, and those that are being played."""

    conversations: Sequence[Labelled]
    known: dict[int, Played]
    future: Future[list[Json]] | None

    def collect(self, journal: Journal | None) -> None:
        """Keeps what was played."""
        if self.future is None or not self.future.done() or self.future.cancelled():
            return
        new = [at for at in range(len(self.conversations)) if at not in self.known]
        for at, told in zip(new, self.future.result(), strict=True):
            one = restored(self.conversations[at], told)
            self.known[at] = _kept(journal, self.conversations[at], one)
        self.future = None


@dataclass
class _SideBySide:
    pool: ProcessPoolExecutor
    name: PredictorName
    journal: Journal | None
    interrupts: Interrupts

    def played(self, conversations: Iterator[Labelled]) -> Generator[Played]:
        """A few ahead and no more: a file may hold more than memory does."""
        batches = map(self._begun, iter(lambda: list(islice(conversations, _AT_ONCE)), []))
        running = deque(islice(batches, 4 * (cpu_count() or 1)))
        try:
            while running:
                self.interrupts.let_through()
                while running[0].future is not None:
                    self.interrupts.wait([each.future for each in running if each.future is not None])
                    self._collect(running)
                batch = running.popleft()
                running.extend(islice(batches, 1))
                yield from (batch.known[at] for at in range(len(batch.conversations)))
        finally:
            self._collect(running)

    def _begun(self, conversations: Sequence[Labelled]) -> _Batch:
        found = {at: self.journal.find(each) for at, each in enumerate(conversations)} if self.journal else {}
        known = {at: one for at, one in found.items() if one is not None}
        new = [each for at, each in enumerate(conversations) if at not in known]
        future = self.pool.submit(_several, new, self.name) if new else None
        return _Batch(conversations=conversations, known=known, future=future)

    def _collect(self, running: Iterable[_Batch]) -> None:
        for batch in running:
            batch.collect(self.journal)


def _several(conversations: Sequence[Labelled], name: PredictorName) -> list[Json]:
    return [as_json(_one(each, name=name)) for each in conversations]


def _one(conversation: Labelled, *, name: PredictorName) -> Played:
    return play(conversation, predictor(name))


def _kept(journal: Journal | None, conversation: Labelled, one: Played) -> Played:
    if journal is not None:
        journal.keep(one, conversation)
    return one


# --- what came of it --------------------------------------------------------------------------------


def figures(every: Sequence[Played]) -> dict[str, Any]:
    """The figures of labelled data, always together; shares are None where there is nothing to share."""
    slots = [slot for one in every for slot in one.slots]
    told: dict[str, Any] = _of_slots(slots) | {
        "whole": sum(one.all_right for one in every) / len(every) if every else None,
        "ms_median": median(1000 * second for one in every for second in one.seconds) if every else None,
        "match_rate": match_rate(slots),
        "conversations": len(every),
        "evidence_refused": sum(slot.refused is not None for slot in slots),
    }
    decided = decisions(every)
    if decided.total:
        told |= {"case_decisions": decided.right / decided.total, "cases_too_early": decided.too_early}
    return told | _courses([one.course for one in every if one.course]) | _spent(every)


def _spent(every: Sequence[Played]) -> dict[str, Any]:
    """What a model took, where one was to be asked; its cost where the settings tell the provider's prices."""
    asked = [(one.spent, one.conversation.settings.prediction.prices) for one in every if one.spent is not None]
    if not asked:
        return {}
    usage = sum((spent.usage for spent, _ in asked), start=Usage())
    costs = [(cost_of(spent.usage, prices), prices.currency) for spent, prices in asked if prices is not None]
    return {
        "llm_requests": usage.requests,
        "llm_tokens_input": usage.input,
        "llm_tokens_cached": usage.cached,
        "llm_tokens_output": usage.output,
        "llm_cost": f"{sum(cost for cost, _ in costs)} {costs[0][1]}" if len(costs) == len(asked) else None,
        "llm_unanswered": sum(spent.unanswered for spent, _ in asked),
    }


def _courses(courses: Sequence[Course]) -> dict[str, int]:
    """What would have become of the conversations, counted; nothing where only their fields were predicted."""
    fates = Counter(course.fate for course in courses)
    updated = sum(bool(course.updates) for course in courses)
    return {f"cases_{fate}": fates[fate] for fate in Fate} | {"cases_updated": updated} if courses else {}


def by_queue(every: Sequence[Played]) -> dict[str, int]:
    """Cases that would be opened or proposed, by the queue that they would go to; nothing where there is none."""
    known = dict.fromkeys(queue.id for one in every for queue in one.conversation.settings.queues if queue.active)
    opened = [one.course for one in every if one.course is not None and one.course.opened is not None]
    counted = Counter(course.placing.queue if course.placing else NONE for course in opened)
    return {queue: counted[queue] for queue in (*known, NONE)} if known else {}


def by_field(every: Sequence[Played]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Slot]] = {}
    for one in every:
        for slot in one.slots:
            groups.setdefault(slot.field.id, []).append(slot)
    return {name: _of_slots(slots) for name, slots in groups.items()}


def _of_slots(slots: Sequence[Slot]) -> dict[str, Any]:
    count = counts(slots)
    return {
        "precision": count.precision,
        "recall": count.recall,
        "f1": count.f1,
        "coverage": count.coverage,
        "wrong_when_silent": count.wrong_when_silent / count.silent if count.silent else None,
        "recall_at_p90": recall_at(0.90, slots),
        "recall_at_p95": recall_at(0.95, slots),
    }


def match_rate(slots: Iterable[Slot]) -> float | None:
    """As Dynamics 365 counts it: of values that are both predicted and there, those that match; texts apart."""
    both = [slot.right for slot in slots if slot.value is not None and slot.expected and slot.field.type not in _TEXTS]
    return sum(both) / len(both) if both else None


def detail(one: Played) -> Mapping[str, Any]:
    """One conversation: what was predicted and why, beside what is so."""
    expected, course = one.conversation.expected, one.course
    return to_jsonable_python(
        {
            "id": one.conversation.id,
            "opened_after": one.opened,
            "case": one.conversation.case,
            "case_after": one.conversation.case_after,
            "fate": course.fate if course else None,
            "why": course.why if course else None,
            "updates": course.updates if course else None,
            "suggested": course.suggested if course else None,
            "queue": course.placing.queue if course and course.placing else None,
            "queue_why": course.placing.why if course and course.placing else None,
            "fields": {
                slot.field.id: {
                    "predicted": slot.value,
                    "confidence": slot.confidence if slot.value is not None else None,
                    "in_case": course.values.get(FieldId(slot.field.id)) if course else None,
                    "actual": expected.get(FieldId(slot.field.id)),
                    "right": slot.right if slot.value is not None or slot.expected else None,
                    "quotes": slot.quotes,
                    "why_not": slot.why_not,
                }
                for slot in one.slots
            },
        }
    )
