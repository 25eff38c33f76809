"""Measures what the network's scores are worth, and writes it into the card that ships with it.

`python -m tests.calibrate`, as the last step of `make model`. Measured on conversations of the first 600 lines of the
public dev sets.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.progress import track

from agent.embedded.genre import Genre
from agent.embedded.model.artefact import CARD, FOLDER, Artefact
from agent.embedded.model.proposals import is_put, proposals
from agent.embedded.predictor import evaluate
from agent.embedded.talk import Talk
from agent.embedded.training.calibrate import Outcome, Outcomes
from agent.fields import same
from agent.predictor import Prediction
from bot.simulation.labelled import Labelled
from tests.labelled import public
from tests.score import data_folder

SETS = ("schema_guided_dev", "multidogo_dev")
_MOST = 300  # conversations of each

_Found = tuple[str, str, Outcome]
"""Type of the field, name of the curve, outcome."""


def main() -> None:
    artefact = Artefact()
    draw = random.Random(1)
    conversations = [each for name in SETS for each in draw.sample(public(data_folder(), name, "choose"), _MOST)]
    by_type: dict[str, dict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    for conversation in track(conversations, "calibrating", console=Console(stderr=True)):
        for kind, curve, outcome in _outcomes(conversation, artefact):
            by_type[kind][curve].append(outcome)
    curves = {
        kind: asdict(Outcomes(found["agreed"], found["proposed"], found["ruled"]).calibration())
        for kind, found in sorted(by_type.items())
    }
    card = json.loads((FOLDER / CARD).read_text(encoding="utf-8"))
    (FOLDER / CARD).write_text(json.dumps({**card, "calibration": curves}, indent=1) + "\n", encoding="utf-8")


def _outcomes(conversation: Labelled, artefact: Artefact) -> Iterator[_Found]:
    request = conversation.request()
    talk = Talk(request)
    if talk.genre is not Genre.LETTER:
        return
    proposed = proposals(artefact, talk)
    for field, ruled in zip(request.fields, evaluate(request), strict=True):
        found = proposed.get(field.id)
        if not is_put(field):
            continue
        if isinstance(ruled, Prediction) and found and same(field, ruled.value, found.value):
            yield field.type, "agreed", Outcome(found.score, conversation.is_right(field, found.value))
            continue
        if found:
            yield field.type, "proposed", Outcome(found.score, conversation.is_right(field, found.value))
        if isinstance(ruled, Prediction):
            yield field.type, "ruled", Outcome(ruled.confidence, conversation.is_right(field, ruled.value))


if __name__ == "__main__":
    main()
