"""One HTML page of a simulation, complete in itself: no script, nothing from outside, and every word escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agent.settings import FieldType
from bot.simulation import plots
from bot.simulation.figures import Played
from bot.simulation.playing import by_field, by_queue, figures
from bot.text import tidy
from bot.words import queue_of
from store.model import FieldId

_CONFUSED = {FieldType.CHOICE, FieldType.LOOKUP, FieldType.YES_NO}
_MOST = 12  # rows and columns of a table of confusion; what is rarer stands together
_EMPTY, _REST = "left empty", "others"


@dataclass(frozen=True, kw_only=True)
class Confusion:
    field: str
    predicted: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]  # what is so, and how often each was predicted


def write(file: TextIO, every: Sequence[Played], details: Iterable[Mapping[str, Any]], *, source: str) -> None:
    """`details` are those of `playing.detail`, in the same order; they are not held together."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"share": _share, "words": lambda told: tidy(_words(told))}
    slots = [slot for one in every for slot in one.slots]
    page = environment.get_template("report.html").generate(
        source=source,
        figures=figures(every),
        fields=by_field(every),
        queued=by_queue(every),
        queues=[_queue(one) for one in every],
        reliability=plots.reliability(slots),
        curve=plots.precision_against_coverage(slots),
        bar=plots.bar,
        confusions=list(confusions(every)),
        verdicts=[verdict(one) for one in every],
        conversations=[one.conversation.id for one in every],
        courses=[one.course for one in every],
        details=enumerate(details),
    )
    file.writelines(page)


def _queue(one: Played) -> str:
    """In which its case would land."""
    placing = one.course.placing if one.course else None
    return queue_of(placing.queue, one.conversation.settings) if placing else ""


def verdict(one: Played) -> str:
    """On the time at which a case was opened, by its label."""
    if one.conversation.case is None:
        return ""
    due, after, opened = one.conversation.case, one.conversation.case_after, one.opened
    if opened is None:
        return "missed" if due else "rightly none"
    if not due:
        return "not due"
    if after is None or opened == after:
        return "in time"
    return "too early" if opened < after else f"late by {opened - after}"


def confusions(every: Sequence[Played]) -> Iterator[Confusion]:
    """For each field of options in which anything was predicted or is so."""
    pairs: dict[str, Counter[tuple[str, str]]] = {}
    for one in every:
        for slot in one.slots:
            if slot.field.type in _CONFUSED and (slot.expected or slot.value is not None):
                wanted = one.conversation.expected.get(FieldId(slot.field.id), [_EMPTY])
                predicted = _EMPTY if slot.value is None else _words(slot.value)
                actual = predicted if slot.right else _words(wanted[0])
                pairs.setdefault(slot.field.id, Counter())[actual, predicted] += 1
    for name, counted in pairs.items():
        yield _confusion(name, counted)


def _confusion(name: str, pairs: Counter[tuple[str, str]]) -> Confusion:
    seen = Counter[str]()
    for pair, number in pairs.items():
        for each in {*pair} - {_EMPTY}:
            seen[each] += number
    often = sorted(option for option, _ in seen.most_common(_MOST))
    shown = [*often, *([_REST] if len(seen) > _MOST else []), _EMPTY]
    table = Counter[tuple[str, str]]()
    for (actual, predicted), number in pairs.items():
        table[_shown(actual, shown), _shown(predicted, shown)] += number
    rows = [(actual, [table[actual, each] for each in shown]) for actual in shown]
    return Confusion(field=name, predicted=shown, rows=[row for row in rows if any(row[1])])


def _shown(option: str, shown: Sequence[str]) -> str:
    return option if option in shown else _REST


def _words(told: Any) -> str:
    match told:
        case None:
            return "–"
        case bool():
            return "yes" if told else "no"
        case list() | tuple():
            return " · ".join(map(_words, cast("Sequence[object]", told)))
        case _:
            return str(told)


def _share(number: Any) -> str:
    return "–" if number is None else f"{number:.2f}" if isinstance(number, float) else str(number)
