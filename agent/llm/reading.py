"""What a model has read of a conversation and found in it: kept with each evaluation, so that nothing is sent twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from agent.evidence import stands
from agent.llm.instructing import speaks_to_a_machine
from agent.llm.prompt import instructions, sent_of
from agent.predictor import Abstention, Prediction
from agent.settings import Settings
from store.model import Evidence, FieldId, Json, Message, MessageId, Role

_CONTEXT = 2  # messages before the new ones that go along


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    definitions: str  # of the fields it was read for, as a digest
    read: Mapping[MessageId, int] = field(default_factory=dict[MessageId, int])  # message -> its revision
    answers: Mapping[FieldId, Prediction | Abstention] = field(default_factory=dict[FieldId, Prediction | Abstention])

    def unread(self, transcript: Iterable[Message]) -> list[Message]:
        return [message for message in transcript if self.read.get(message.id) != message.revision]

    def known(self) -> dict[FieldId, Prediction]:
        return {name: answer for name, answer in self.answers.items() if isinstance(answer, Prediction)}

    def after(
        self, transcript: Sequence[Message], answers: Iterable[Prediction | Abstention], unproven: Iterable[Abstention]
    ) -> Reading:
        """With the answers of a model that has now seen all of the transcript. What is unproven replaces no value."""
        known = {**{each.field: each for each in unproven}, **self.known()}
        return Reading(
            definitions=self.definitions,
            read={message.id: message.revision for message in transcript},
            answers={**self.answers, **known, **{answer.field: answer for answer in answers}},
        )

    def cited(self) -> set[MessageId]:
        return {each.message_id for found in self.known().values() for each in found.evidence}


def definitions(settings: Settings) -> str:
    return hashlib.sha256(instructions(settings.fields).encode()).hexdigest()[:16]


def legible(messages: Iterable[Message], settings: Settings) -> list[Message]:
    """What a model may be shown."""
    return [message for message in messages if not speaks_to_a_machine(sent_of(message), settings.fields)]


def context(transcript: Sequence[Message], new: Sequence[Message]) -> list[Message]:
    """The last messages before the first new one."""
    first = next((position for position, message in enumerate(transcript) if message.id == new[0].id), 0)
    return list(transcript[max(0, first - _CONTEXT) : first])


def says_something(messages: Iterable[Message]) -> bool:
    """Whether a customer said what could change an answer."""
    return any(message.author.role is Role.CUSTOMER and not message.noise for message in messages)


def resumed(kept: Json | None, transcript: Sequence[Message], settings: Settings) -> Reading:
    """The kept reading as far as it still holds: its fields are defined as now, and its words still stand."""
    now = definitions(settings)
    if not kept or kept["definitions"] != now:
        return Reading(definitions=now)
    there = {message.id: message for message in transcript}
    answers = [_answer(each) for each in kept["answers"]]
    return Reading(
        definitions=now,
        read={MessageId(number): revision for number, revision in kept["read"]},
        answers={answer.field: answer for answer in answers if _holds(answer, there)},
    )


def _holds(answer: Prediction | Abstention, there: Mapping[MessageId, Message]) -> bool:
    if isinstance(answer, Abstention):
        return True
    return all(each.message_id in there and stands(each, there[each.message_id]) for each in answer.evidence)


def as_json(reading: Reading) -> Json:
    return {
        "definitions": reading.definitions,
        "read": [[number, revision] for number, revision in reading.read.items()],
        "answers": [asdict(answer) for answer in reading.answers.values()],
    }


def _answer(kept: Json) -> Prediction | Abstention:
    if "reason" in kept:
        return Abstention(field=FieldId(kept["field"]), reason=kept["reason"])
    evidence: list[dict[str, Any]] = kept["evidence"]
    return Prediction(
        field=FieldId(kept["field"]),
        value=kept["value"],
        confidence=kept["confidence"],
        evidence=tuple(Evidence(**each) for each in evidence),
    )
