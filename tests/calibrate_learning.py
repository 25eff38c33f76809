"""Measures how often the value of the nearest examples is right, for the curve in `agent.embedded.taught`.

`python -m tests.calibrate_learning`. Made-up fields: some categories of banking77's train set, with a few of its
questions as examples, named or not; asked is a question of any category three times in ten, else of one of these.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator

from rich.console import Console
from rich.progress import track
from rich.table import Table

from agent.embedded.model.artefact import Artefact
from agent.embedded.model.choosing import Chooser, Known, Text, best, nearness, text_of
from tests.evaluate_learning import questions
from tests.score import data_folder

_FIELDS = 900
_ASKED = 12  # of each
_OPTIONS, _EXAMPLES = (3, 5, 8, 15, 30, 77), (1, 2, 4, 10, 20, 50, 150)
_NAMED, _ELSEWHERE = 0.8, 0.3
_NAME = 0.5  # as in `agent.embedded.taught`
_BINS = 14

_Outcome = tuple[float, bool]
"""How near the best value is, and whether it is right."""


def main() -> None:
    artefact = Artefact()
    by_category: dict[str, list[Text]] = defaultdict(list)
    taught = questions(data_folder() / "choices" / "banking77_train.csv.gz")
    for words, category in track(taught, "reading", console=Console(stderr=True), transient=True):
        by_category[category].append(text_of(artefact.sense(words), words))
    names = {each: text_of(artefact.sense(each), each) for each in by_category}
    draw = random.Random(1)
    outcomes = sorted(each for _ in range(_FIELDS) for each in _field(by_category, names, draw))
    table = Table("nearness", "right", "of")
    long = -(-len(outcomes) // _BINS)
    for first in range(0, len(outcomes), long):
        some = outcomes[first : first + long]
        near, right = (sum(each[part] for each in some) / len(some) for part in range(2))
        table.add_row(f"{near:.3f}", f"{right:.2f}", str(len(some)))
    Console().print(table)


def _field(by_category: dict[str, list[Text]], names: dict[str, Text], draw: random.Random) -> Iterator[_Outcome]:
    offered = draw.sample(sorted(by_category), draw.choice(_OPTIONS))
    few = offered[:3]  # some values come up more often than others
    decided = [draw.choice(offered if draw.random() < 0.6 else few) for _ in range(draw.choice(_EXAMPLES))]
    known = [Known(draw.choice(by_category[each]), _speaks(each, offered), 1.0) for each in decided]
    if draw.random() < _NAMED:
        known += [Known(names[each], _speaks(each, offered), _NAME) for each in offered]
    chooser = Chooser(known)
    for _ in range(_ASKED):
        category = draw.choice(sorted(by_category) if draw.random() < _ELSEWHERE else offered)
        scores, alike = chooser(draw.choice(by_category[category]))
        place, ahead = best(scores)
        near = max((float(alike[at]) for at, each in enumerate(decided) if each == offered[place]), default=0.0)
        if near:
            yield nearness(ahead, near), offered[place] == category


def _speaks(value: str, offered: list[str]) -> list[float]:
    return [1.0 if each == value else 0.0 for each in offered]


if __name__ == "__main__":
    main()
