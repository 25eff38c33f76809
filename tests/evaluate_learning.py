"""The second part of `make evaluate`: what people's corrections are worth to the next predictions.

`python -m tests.evaluate_learning [--most N] [--json]`. First the customers' questions of banking77's test set, with so
many examples of each of its 77 categories from the train set. Then the reported part of schema_guided_dev, one
conversation after the other in a fixed random order: after each, every wrong or missing value is corrected, and what
that taught is there for the next of the same service.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from agent.embedded.model.artefact import Artefact, missing, shipped
from agent.embedded.predictor import evaluate
from agent.embedded.taught import gist
from agent.fields import check
from agent.predictor import Prediction
from agent.settings import CaseField, FieldType, Option
from bot.simulation.figures import Slot, counts, slot
from bot.simulation.labelled import Labelled
from store.examples import BETWEEN, CHARACTERS, MESSAGES, Example
from store.model import CaseNumber, FieldId, Role, Value, utcnow
from tests.agent.embedded.talking import request
from tests.labelled import public
from tests.score import data_folder

EXAMPLES = (0, 1, 3, 5, 10)  # of each category
_SEED = 1
_PARTS = 5  # of the conversations, in their order
_THRESHOLD = 0.5
KINDS = (FieldType.TEXT, FieldType.CHOICE, FieldType.YES_NO)


def main(
    most: Annotated[int, typer.Option(help="Questions, and conversations, drawn with a fixed seed; 0: all.")] = 500,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="All figures as JSON.")] = False,
) -> None:
    artefact = shipped()
    if artefact is None:
        raise SystemExit(f"Nothing could be measured: {missing()}")
    report = {"banking77": list(_categories(artefact, most)), "schema_guided_dev": list(_corrected(artefact, most))}
    if as_json:
        json.dump(report, sys.stdout, indent=1)
        return
    for name, rows in report.items():
        Console().print(_table(name, rows))


def _categories(artefact: Artefact, most: int) -> Iterator[dict[str, Any]]:
    folder = data_folder() / "choices"
    taught, asked = questions(folder / "banking77_train.csv.gz"), questions(folder / "banking77_test.csv.gz")
    by_category: dict[str, list[str]] = defaultdict(list)
    for words, category in random.Random(_SEED).sample(taught, len(taught)):
        by_category[category].append(words)
    field = CaseField(
        id="reason",
        label="Reason",
        description="What the customer asks about.",
        type=FieldType.CHOICE,
        options=tuple(Option(value=each) for each in sorted(by_category)),
    )
    drawn = random.Random(_SEED).sample(asked, most) if 0 < most < len(asked) else asked
    for each in EXAMPLES:
        known = [(words, category) for category in sorted(by_category) for words in by_category[category][:each]]
        examples = tuple(
            _example(number, field, words, value, artefact=artefact) for number, (words, value) in enumerate(known)
        )
        answers = [
            (evaluate(replace(request(field, words), examples=examples), artefact)[0], category)
            for words, category in track(drawn, f"{each} of each", console=Console(stderr=True), transient=True)
        ]
        found = [(answer, right) for answer, right in answers if isinstance(answer, Prediction)]
        right = [answer.confidence for answer, category in found if answer.value == category]
        written = [answer for answer, _ in found if answer.confidence >= _THRESHOLD]
        yield {
            "examples of each": each,
            "questions": len(drawn),
            "accuracy": len(right) / len(drawn),
            "written": len(written) / len(drawn),
            "precision of these": sum(sure >= _THRESHOLD for sure in right) / len(written) if written else None,
        }


def questions(path: Path) -> list[tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"].replace("_", " ")) for row in csv.DictReader(file)]


def _corrected(artefact: Artefact, most: int) -> Iterator[dict[str, Any]]:
    every = public(data_folder(), "schema_guided_dev", "report")
    drawn = random.Random(_SEED).sample(every, min(most or len(every), len(every)))
    memory: dict[str, list[Example]] = defaultdict(list)
    rows: list[tuple[list[Slot], list[Slot]]] = []
    for conversation in track(drawn, "corrections", console=Console(stderr=True), transient=True):
        known = memory[conversation.channel]
        alone = _slots(conversation, artefact, ())
        taught = _slots(conversation, artefact, tuple(known)) if known else alone
        rows.append((alone, taught))
        known += _corrections(conversation, taught, len(rows), artefact)
    corrections = sum(map(len, memory.values()))
    long = -(-len(rows) // _PARTS)
    for first in range(0, len(rows), long):
        part = rows[first : first + long]
        yield _compared(f"{first + 1} to {first + len(part)}", part, KINDS)
    yield _compared(f"all, {corrections} corrections", rows, KINDS)
    for kind in KINDS:
        yield _compared(f"all: {kind}", rows, {kind})


def _slots(conversation: Labelled, artefact: Artefact, known: tuple[Example, ...]) -> list[Slot]:
    answers = evaluate(replace(conversation.request(), examples=known), artefact)
    return [slot(conversation, field, answers) for field in conversation.settings.fields]


def _corrections(conversation: Labelled, found: Sequence[Slot], number: int, artefact: Artefact) -> Iterator[Example]:
    """As a representative would mend the case, in the form in which the store keeps it."""
    said = [each.text for each in conversation.transcript if each.author.role is Role.CUSTOMER]
    words = BETWEEN.join(said[-MESSAGES:])[-CHARACTERS:]
    for each in found:
        expected = conversation.expected.get(FieldId(each.field.id))
        value = expected[0] if expected else None
        if not each.right and value != each.value and (value is None or check(each.field, value) is None):
            yield _example(number, each.field, words, value, each.value, artefact=artefact)


def _example(
    number: int,
    field: CaseField,
    words: str,
    value: Value | None,
    wrong: Value | None = None,
    *,
    artefact: Artefact,
) -> Example:
    return Example(
        id=number,
        case_number=CaseNumber(number),
        contact_id=None,
        field=FieldId(field.id),
        words=words,
        value=value,
        wrong=wrong,
        settings_version=None,
        learnt_at=utcnow(),
        gist=gist(words, artefact),
    )


def _compared(name: str, rows: Sequence[tuple[list[Slot], list[Slot]]], kinds: Collection[FieldType]) -> dict[str, Any]:
    alone, taught = ([each for row in rows for each in row[way] if each.field.type in kinds] for way in range(2))
    pairs = list(zip(alone, taught, strict=True))
    before, after = counts(alone), counts(taught)
    return {
        "conversations": name,
        "f1 alone": before.f1,
        "f1 taught": after.f1,
        "precision alone": before.precision,
        "precision taught": after.precision,
        "recall alone": before.recall,
        "recall taught": after.recall,
        "mended": sum(new.right and not old.right for old, new in pairs),
        "spoilt": sum(old.right and not new.right for old, new in pairs),
    }


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(*rows[0], title=title, title_justify="left")
    for row in rows:
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()))
    return table


if __name__ == "__main__":
    typer.run(main)
