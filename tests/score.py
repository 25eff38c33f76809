"""Measures the embedded predictor on labelled conversations.

`python -m tests.score [--set support|schema_guided_dev|multidogo_dev] [--part choose|report] [--by type|channel|tag]
[--wrong] [--json]`, with the data in $CASEWRIGHT_DATA or ../shared/data beside the checkout. The figures are those that
the data's README files name, beside a predictor that always abstains.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from agent.embedded.model.artefact import shipped
from agent.embedded.predictor import evaluate
from bot.simulation.figures import (
    Counts,
    Evaluate,
    Played,
    Slot,
    always_abstain,
    counts,
    decisions,
    interval,
    milliseconds,
    play,
)
from bot.simulation.labelled import Labelled
from store.model import FieldId
from tests.labelled import public, support

ROOT = Path(__file__).parent.parent
_WIDTH = 120
_BUCKETS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

Key = Callable[[Played, Slot], Iterable[str]]


class Set(StrEnum):
    SUPPORT = "support"
    SCHEMA_GUIDED = "schema_guided_dev"
    MULTIDOGO = "multidogo_dev"


class Part(StrEnum):
    CHOOSE = "choose"  # the first 600 lines of a public set
    REPORT = "report"  # the rest


class By(StrEnum):
    TYPE = "type"
    CHANNEL = "channel"
    TAG = "tag"


_KEYS: dict[By, Key] = {
    By.TYPE: lambda _, slot: (slot.field.type,),
    By.CHANNEL: lambda played, _: (played.conversation.channel,),
    By.TAG: lambda played, _: played.conversation.tags,
}


def main(
    data: Annotated[Set, typer.Option("--set", help="Which labelled conversations.")] = Set.SUPPORT,
    part: Annotated[Part, typer.Option(help="Of a public set: its first 600 lines, or the rest.")] = Part.REPORT,
    by: Annotated[list[By] | None, typer.Option(help="One more table, grouped so.")] = None,
    *,
    wrong: Annotated[bool, typer.Option("--wrong", help="List every value that is wrong or missing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All figures as JSON.")] = False,
) -> None:
    conversations = _read(data, part)
    embedded = partial(evaluate, artefact=shipped())
    predictors: dict[str, Evaluate] = {"embedded": embedded, "rules": evaluate, "always abstain": always_abstain}
    played = {name: _played(name, conversations, one) for name, one in predictors.items()}
    if as_json:
        figures = {name: _figures(every) for name, every in played.items()}
        json.dump({"set": data, "part": part, "predictors": figures}, sys.stdout, ensure_ascii=False, indent=1)
        return
    console = Console()
    console.width = max(console.width, _WIDTH)
    for table in _tables(played, by or []):
        console.print(table)
    if wrong:
        console.print(_mistakes(played["embedded"]))


def data_folder() -> Path:
    folder = Path(os.environ.get("CASEWRIGHT_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        raise SystemExit(f"There is no data in {folder}: set CASEWRIGHT_DATA to the folder that holds it.")
    return folder


def _read(data: Set, part: Part) -> list[Labelled]:
    folder = data_folder()
    return support(folder) if data is Set.SUPPORT else public(folder, data, part)


def _played(name: str, conversations: Sequence[Labelled], predictor: Evaluate) -> list[Played]:
    progress = track(conversations, name, console=Console(stderr=True), transient=True)
    return [play(conversation, predictor) for conversation in progress]


# --- figures ----------------------------------------------------------------------------------------


def _figures(played: Sequence[Played]) -> dict[str, Any]:
    slots = [slot for one in played for slot in one.slots]
    compared = [slot.overlaps for slot in slots if slot.overlaps is not None]
    figures: dict[str, Any] = {
        "conversations": len(played),
        "all fields": _as_json(counts(slots)),
        "fields": {name: _as_json(count) for name, count in _grouped(played, lambda _, slot: (slot.field.id,)).items()},
        **{f"by {by}": {name: _as_json(count) for name, count in _grouped(played, _KEYS[by]).items()} for by in By},
        "evidence": {
            "values": sum(slot.value is not None for slot in slots),
            "refused": sum(slot.refused is not None for slot in slots),
            "compared": len(compared),
            "overlaps a labelled place": sum(compared),
        },
        "whole conversations": _share([one.all_right for one in played]),
        "value flips": sum(one.flips for one in played),
        "confidence": {f"{low:.1f} to {high:.1f}": pair for low, high, pair in _calibration(slots)},
        "processor milliseconds per evaluation": milliseconds(played),
    }
    decided = decisions(played)
    if decided.total:
        figures["case decisions"] = vars(decided) | _share([one.decided_right for one in played])
    return figures


def _grouped(played: Iterable[Played], key: Key) -> dict[str, Counts]:
    groups: dict[str, list[Slot]] = {}
    for one in played:
        for slot in one.slots:
            for name in key(one, slot):
                groups.setdefault(name, []).append(slot)
    return {name: counts(slots) for name, slots in groups.items()}


def _as_json(count: Counts) -> dict[str, float | None]:
    ratios = {"precision": count.precision, "recall": count.recall, "coverage": count.coverage}
    return {**vars(count), **{name: None if ratio is None else round(ratio, 3) for name, ratio in ratios.items()}}


def _share(outcomes: Sequence[bool]) -> dict[str, Any]:
    low, high = interval(outcomes)
    return {"share": round(sum(outcomes) / len(outcomes), 3), "interval": [round(low, 3), round(high, 3)]}


def _calibration(slots: Iterable[Slot]) -> Iterable[tuple[float, float, dict[str, int]]]:
    written = [slot for slot in slots if slot.value is not None]
    for low, high in pairwise(_BUCKETS):
        inside = [slot for slot in written if low <= slot.confidence < high]
        yield low, high, {"values": len(inside), "right": sum(slot.right for slot in inside)}


# --- tables -----------------------------------------------------------------------------------------


def _tables(played: dict[str, list[Played]], by: Sequence[By]) -> Iterable[Table]:
    embedded = played["embedded"]
    yield _summary(played)
    yield _counted("Fields", _grouped(embedded, lambda _, slot: (slot.field.id,)))
    for each in by:
        yield _counted(f"By {each}", _grouped(embedded, _KEYS[each]))


def _summary(played: dict[str, list[Played]]) -> Table:
    table = Table("", *played, title="Summary", title_justify="left")
    figures = [_figures(every) for every in played.values()]
    if all("case decisions" in each for each in figures):
        table.add_row("case decisions right", *(_with_interval(each["case decisions"]) for each in figures))
        for name in ("opened", "opened_rightly", "due", "too_early", "never_due", "delays"):
            table.add_row(f"  {name.replace('_', ' ')}", *(str(each["case decisions"][name]) for each in figures))
    table.add_row("whole conversations right", *(_with_interval(each["whole conversations"]) for each in figures))
    for name in ("precision", "recall", "coverage", "wrong_when_silent", "silent"):
        table.add_row(f"all fields: {name.replace('_', ' ')}", *(_number(each["all fields"][name]) for each in figures))
    for name in ("values", "refused", "compared", "overlaps a labelled place"):
        table.add_row(f"evidence: {name}", *(str(each["evidence"][name]) for each in figures))
    table.add_row("value flips", *(str(each["value flips"]) for each in figures))
    for name in figures[0]["confidence"]:
        pairs = [each["confidence"][name] for each in figures]
        table.add_row(f"right at confidence {name}", *(f"{pair['right']} of {pair['values']}" for pair in pairs))
    for name in ("p50", "p99"):
        cells = (str(each["processor milliseconds per evaluation"][name]) for each in figures)
        table.add_row(f"processor milliseconds per evaluation, {name}", *cells)
    return table


def _with_interval(share: dict[str, Any]) -> str:
    low, high = share["interval"]
    return f"{share['share']:.2f} ({low:.2f} to {high:.2f})"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _counted(title: str, groups: dict[str, Counts]) -> Table:
    headings = ("expected", "predicted", "right", "precision", "recall", "coverage", "wrong when silent")
    table = Table("", *headings, title=title, title_justify="left")
    for name, count in groups.items():
        ratios = (count.precision, count.recall, count.coverage)
        whole = (str(number) for number in (count.expected, count.predicted, count.right))
        table.add_row(name, *whole, *map(_number, ratios), f"{count.wrong_when_silent} of {count.silent}")
    return table


def _mistakes(played: Iterable[Played]) -> Table:
    table = Table("conversation", "field", "expected", "predicted", title="Wrong or missing", title_justify="left")
    for one in played:
        if one.conversation.case is not None and not one.decided_right:
            table.add_row(one.conversation.id, "case", str(one.conversation.case_after), str(one.opened))
        for slot in one.slots:
            if not slot.right and (slot.expected or slot.value is not None):
                wanted = one.conversation.expected.get(FieldId(slot.field.id))
                table.add_row(one.conversation.id, slot.field.id, str(wanted), str(slot.value))
    return table


if __name__ == "__main__":
    typer.run(main)
