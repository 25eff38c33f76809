"""`make evaluate`: the figures of the data's README, for the rules alone and for the full embedded predictor.

`python -m tests.evaluate [--most N] [--json]`. Reported are the conversations beyond line 600 of the public dev sets,
of each set at most N, drawn with a fixed seed; nothing was chosen on them. All in one run, side by side.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from agent.embedded.model.artefact import missing, shipped
from agent.embedded.predictor import evaluate
from bot.simulation.figures import (
    Evaluate,
    Played,
    Slot,
    calibration_error,
    counts,
    interval,
    play,
    recall_at,
)
from bot.simulation.labelled import Labelled
from store.model import Role
from tests.labelled import public
from tests.score import data_folder

SETS = {"schema_guided_dev": "schema_guided_train", "multidogo_dev": "multidogo_train"}
"""Each with the set that the network learnt from."""
_SEED = 1
_SURE = 0.9
_WIDTH = 130


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one predictor made of one set."""

    played: Sequence[Played]
    milliseconds: Sequence[float]  # of an evaluation after a new message, all earlier ones read before

    @property
    def slots(self) -> list[Slot]:
        return [slot for one in self.played for slot in one.slots]


def main(
    most: Annotated[int, typer.Option(help="Conversations of each set, drawn with a fixed seed; 0: all.")] = 500,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="All figures as JSON.")] = False,
) -> None:
    artefact = shipped()
    if artefact is None:
        raise SystemExit(f"Only the rules could be measured: {missing()}")
    predictors: dict[str, Evaluate] = {"rules": evaluate, "embedded": partial(evaluate, artefact=artefact)}
    console = Console()
    console.width = max(console.width, _WIDTH)
    report: dict[str, Any] = {}
    for name, learnt_from in SETS.items():
        every = public(data_folder(), name, "report")
        drawn = random.Random(_SEED).sample(every, most) if 0 < most < len(every) else every
        results = {each: _measured(each, drawn, predictor) for each, predictor in predictors.items()}
        seen = _services(data_folder() / "conversations" / f"{learnt_from}.jsonl.gz")
        report[name] = {each: _groups(result, seen) for each, result in results.items()}
        if not as_json:
            title = f"{name}, from line 601 on: {len(drawn)} of {len(every)} conversations"
            console.print(_table(title, report[name]))
    if as_json:
        json.dump(report, sys.stdout, indent=1)


def _services(path: Path) -> frozenset[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return frozenset(json.loads(line)["service"] for line in file)


def _measured(name: str, conversations: Sequence[Labelled], predictor: Evaluate) -> Result:
    progress = track(conversations, name, console=Console(stderr=True), transient=True)
    milliseconds: list[float] = []
    played: list[Played] = []
    for conversation in progress:
        milliseconds += _new_message(conversation, predictor)
        played.append(play(conversation, predictor))
    return Result(played=played, milliseconds=milliseconds)


def _new_message(conversation: Labelled, predictor: Evaluate) -> Iterable[float]:
    """Processor time after the customer's last message: other programs' share of the machine is no property of ours."""
    said = [at for at, each in enumerate(conversation.transcript) if each.author.role is Role.CUSTOMER]
    if said:
        predictor(conversation.request(said[-1]))
        started = time.process_time()
        predictor(conversation.request(said[-1] + 1))
        yield 1000 * (time.process_time() - started)


# --- figures ----------------------------------------------------------------------------------------


def _groups(result: Result, seen: frozenset[str]) -> dict[str, dict[str, Any]]:
    kinds = sorted({slot.field.type.value for slot in result.slots})
    groups: dict[str, dict[str, Any]] = {"all": _figures(result.slots) | _of_conversations(result)}
    groups[f"written from {_SURE} on"] = _figures([_if_sure(slot) for slot in result.slots])
    services: Mapping[str, Callable[[str], bool]] = {
        "seen services": seen.__contains__,
        "unseen services": lambda service: service not in seen,
    }
    for name, belongs in services.items():
        slots = [slot for one in result.played if belongs(one.conversation.channel) for slot in one.slots]
        if slots and len(slots) < len(result.slots):
            groups[name] = _figures(slots)
    for kind in kinds if len(kinds) > 1 else ():
        groups[kind] = _figures([slot for slot in result.slots if slot.field.type == kind])
    return groups


def _if_sure(slot: Slot) -> Slot:
    """As if the field's threshold were higher."""
    return slot if slot.confidence >= _SURE else replace(slot, value=None, confidence=0.0, right=False)


def _of_conversations(result: Result) -> dict[str, Any]:
    whole = [one.all_right for one in result.played]
    return {
        "whole": sum(whole) / len(whole),
        "whole interval": interval(whole),
        "ms_median": median(result.milliseconds),
        "evidence refused": sum(slot.refused is not None for slot in result.slots),
    }


def _figures(slots: Sequence[Slot]) -> dict[str, Any]:
    count = counts(slots)
    return {
        "precision": count.precision,
        "recall": count.recall,
        "f1": count.f1,
        "coverage": count.coverage,
        "wrong_when_silent": count.wrong_when_silent / count.silent if count.silent else None,
        "recall_at_p90": recall_at(0.90, slots),
        "recall_at_p95": recall_at(0.95, slots),
        "calibration error": calibration_error(slots),
        "fields": len(slots),
    }


def _table(title: str, figures: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Table:
    headings = ("precision", "recall", "f1", "coverage", "wrong_when_silent", "whole", "recall_at_p90", "recall_at_p95",
                "calibration error", "ms_median")  # fmt: skip
    table = Table("", *(heading.replace("_", " ") for heading in headings), title=title, title_justify="left")
    for group in next(iter(figures.values())):
        for predictor, groups in figures.items():
            table.add_row(f"{group}: {predictor}", *(_cell(groups[group].get(heading)) for heading in headings))
    return table


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if value <= 1 else f"{value:.1f}"


if __name__ == "__main__":
    typer.run(main)
