"""The labelled support conversations, replayed.

Measured in November 2026: 71 of 72 case decisions right. The conversations were read while the rules were written, so
that this says what must not get worse, and nothing of customers: at the first look at 23 of them that nobody had read,
15 decisions were right, and 8 of the last 11 after the lessons of the others.
"""

from functools import partial
from pathlib import Path

import pytest

from agent.embedded.model.artefact import shipped
from agent.embedded.predictor import evaluate
from bot.simulation.figures import Played, always_abstain, counts, decisions, play
from tests.labelled import support


@pytest.fixture(scope="module", params=["rules", "with the network"])
def played(data_dir: Path, request: pytest.FixtureRequest) -> list[Played]:
    artefact = None if request.param == "rules" else shipped()
    return [play(conversation, partial(evaluate, artefact=artefact)) for conversation in support(data_dir)]


def test_every_value_has_words_that_stand_in_the_conversation(played: list[Played]) -> None:
    slots = [slot for one in played for slot in one.slots if slot.value is not None]
    assert len(slots) > 250
    assert [(slot.field.id, slot.refused) for slot in slots if slot.refused] == []


def test_nine_of_ten_case_decisions_are_right(played: list[Played]) -> None:
    decided = decisions(played)
    assert decided.right >= 0.9 * decided.total
    assert decided.never_due <= 1
    assert decided.too_early <= 1
    assert decided.delays == ()


def test_precision_comes_before_recall(played: list[Played]) -> None:
    every = counts(slot for one in played for slot in one.slots)
    assert every.right >= 0.95 * every.predicted
    assert every.wrong_when_silent <= 8
    assert every.right >= 0.8 * every.expected


def test_nearly_all_evidence_lies_where_people_labelled_it(played: list[Played]) -> None:
    compared = [slot.overlaps for one in played for slot in one.slots if slot.overlaps is not None]
    assert sum(compared) >= 0.9 * len(compared)


def test_a_higher_confidence_is_right_more_often(played: list[Played]) -> None:
    slots = [slot for one in played for slot in one.slots if slot.value is not None]
    surer = [slot.right for slot in slots if slot.confidence >= 0.9]
    others = [slot.right for slot in slots if slot.confidence < 0.9]
    assert sum(surer) / len(surer) > sum(others) / len(others)


def test_who_always_abstains_is_never_wrong_and_never_of_use(data_dir: Path) -> None:
    idle = [play(conversation, always_abstain) for conversation in support(data_dir)]
    assert counts(slot for one in idle for slot in one.slots).predicted == 0
    assert decisions(idle).right == 23
