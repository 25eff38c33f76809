"""Plays conversations again, on all cores; and what came of it as figures and, for people, in detail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from enum import StrEnum
from functools import partial
from itertools import chain, islice
from multiprocessing import get_context
from os import cpu_count
from statistics import median
from typing import Any

from pydantic_core import to_jsonable_python

from agent.embedded.model.artefact import shipped
from agent.embedded.predictor import evaluate
from agent.settings import FieldType
from bot.simulation.course import Course, Fate
from bot.simulation.figures import Evaluate, Played, Slot, counts, decisions, play, recall_at
from bot.simulation.labelled import Labelled
from store.model import FieldId

_FEW = 20  # conversations that are not worth the start of other processes
_AT_ONCE = 4  # conversations handed to a process together
_TEXTS = {FieldType.TEXT, FieldType.MULTILINE}


class PredictorName(StrEnum):
    RULES = "rules"
    EMBEDDED = "embedded"
    LLM = "llm"
    BOTH = "both"


def predictor(name: PredictorName) -> Evaluate:
    """Raises ValueError for those that ask a provider."""
    match name:
        case PredictorName.RULES:
            return evaluate
        case PredictorName.EMBEDDED:
            return partial(evaluate, artefact=shipped())
        case _:
            raise ValueError(f"A simulation can't ask {name} yet: it would send every conversation to its provider.")


def played(conversations: Iterable[Labelled], name: PredictorName) -> Iterator[Played]:
    """In their order, as they are done. Raises what reading the conversations raises."""
    waiting = iter(conversations)
    first = list(islice(waiting, _FEW))
    if len(first) < _FEW:
        yield from map(partial(_one, name=name), first)
        return
    # Started anew and not forked: what runs the network has threads of its own.
    with ProcessPoolExecutor(cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        yield from _side_by_side(pool, chain(first, waiting), name)


def _side_by_side(
    pool: ProcessPoolExecutor, conversations: Iterator[Labelled], name: PredictorName
) -> Iterator[Played]:
    """A few ahead and no more: a file may hold more than memory does."""
    ahead = 4 * (cpu_count() or 1)
    batches = iter(lambda: list(islice(conversations, _AT_ONCE)), [])
    running = [pool.submit(_several, batch, name) for batch in islice(batches, ahead)]
    while running:
        yield from running.pop(0).result()
        running += [pool.submit(_several, batch, name) for batch in islice(batches, 1)]


def _several(conversations: Sequence[Labelled], name: PredictorName) -> list[Played]:
    return [_one(each, name=name) for each in conversations]


def _one(conversation: Labelled, *, name: PredictorName) -> Played:
    return play(conversation, predictor(name))


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
    return told | _courses([one.course for one in every if one.course])


def _courses(courses: Sequence[Course]) -> dict[str, int]:
    """What would have become of the conversations, counted; nothing where only their fields were predicted."""
    fates = Counter(course.fate for course in courses)
    updated = sum(bool(course.updates) for course in courses)
    return {f"cases_{fate}": fates[fate] for fate in Fate} | {"cases_updated": updated} if courses else {}


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
