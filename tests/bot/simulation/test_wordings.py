"""The worked example of the product's behaviour, however it is told; played by what decides live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.document import starter
from agent.embedded.model.artefact import shipped
from agent.embedded.predictor import evaluate
from agent.predictor import Sender
from agent.settings import Settings
from bot.simulation.course import Course
from bot.simulation.figures import play
from bot.simulation.labelled import Labelled
from store.model import Category, FieldId, Message, MessageId, Participant, Role

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CUSTOMER = Participant(author_id="C", name="", role=Role.CUSTOMER)
REPRESENTATIVE = Participant(author_id="R", name="Sam", role=Role.REPRESENTATIVE)
NOBODY = Sender()
ANSWER = "R: Thank you, I am looking into it."  # a representative's first: the case is looked at once more
REGISTERS = {"chat": Category.CHAT, "mail": Category.EMAIL, "voice": Category.VOICE}
WORDINGS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("wordings.yaml").read_text(encoding="utf-8"))
TELLINGS = [
    pytest.param(told, register, id=f"{told['about']}-{register}")
    for told in WORDINGS["told"]
    for register in REGISTERS
]


def example() -> Settings:
    """The starter's fields and catalogue with the defaults and the rule of the worked example."""
    settings = starter()
    (rule,) = (each for each in settings.update_rules if each.name == "Product defect")
    exactly = rule.model_copy(update={"fields": ("product", "priority", "serial_number")})
    return settings.model_copy(update={"update_rules": (exactly,)})


def played(register: str, lines: Sequence[str], sender: Sender = NOBODY) -> Course:
    conversation = Labelled(
        id="told",
        channel=register,
        tags=(),
        settings=example(),
        transcript=tuple(message(number, line) for number, line in enumerate(lines, start=1)),
        sender=sender,
        now=NOON,
        expected={},
        contained={},
        evidence={},
        category=REGISTERS[register],
    )
    course = play(conversation, partial(evaluate, artefact=shipped())).course
    assert course is not None
    return course


def message(number: int, line: str) -> Message:
    author = REPRESENTATIVE if line.startswith("R: ") else CUSTOMER
    text = line.removeprefix("R: ")
    return Message(id=MessageId(number), external_id=str(number), author=author, text=text, sent_at=NOON)


@pytest.mark.parametrize(("told", "register"), TELLINGS)
def test_the_case_holds_exactly_what_was_told(told: dict[str, Any], register: str) -> None:
    sender = Sender(verified_email=told["wanted"]["contact"]) if register == "mail" else NOBODY
    values = dict(played(register, [*told[register], ANSWER], sender).values)
    assert told["says"][register] in str(values.pop(FieldId("issue_description")))
    assert values == told["wanted"]


@pytest.mark.parametrize("near", WORDINGS["near_misses"])
def test_a_near_miss_opens_nothing(near: str) -> None:
    course = played("chat", WORDINGS["near_misses"][near])
    assert course.opened is None, course.values
