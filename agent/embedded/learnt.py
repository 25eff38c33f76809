"""What people decided on like words, as one more reader beside the rules and the network."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from agent.embedded.model.proposals import is_read
from agent.embedded.phrasing import phrased
from agent.embedded.settle import abstain
from agent.embedded.talk import Line, Talk
from agent.embedded.taught import LEAST, Decision, Heard, Taught
from agent.fields import same
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField, FieldType
from store.examples import Example
from store.model import FieldId, Value

if TYPE_CHECKING:  # numpy comes with the extra
    from agent.embedded.model.artefact import Artefact

_CHOSEN = frozenset({FieldType.CHOICE, FieldType.LOOKUP})
_OF_A_VALUE = 15  # its newest examples
_MOST = 1000
_MADE_HERE = 50  # gists; all others come with the examples, or are made one after the other in the background
_LINES = 6  # the customer's latest
_COPY = 0.9  # how sure where the network heard nothing of the field: that such words came with a value is no telling


def informed(
    answers: Sequence[Prediction | Abstention], fields: Sequence[CaseField], talk: Talk, artefact: Artefact | None
) -> list[Prediction | Abstention]:
    """The answers, with what people's decisions on like words add to them or take from them."""
    lines = talk.customer_lines[-_LINES:]
    examples = _by_field(talk.request.examples)
    heard = [_heard(field, examples[FieldId(field.id)], talk, lines, artefact) for field in fields]
    return [
        _informed(field, answer, each, artefact) if each is not None else answer
        for field, answer, each in zip(fields, answers, heard, strict=True)
    ]


def _by_field(examples: Sequence[Example]) -> defaultdict[FieldId, list[Example]]:
    """Newest first."""
    found: defaultdict[FieldId, list[Example]] = defaultdict(list)
    for each in sorted(examples, key=lambda each: each.id, reverse=True):
        found[each.field].append(each)
    return found


def _heard(
    field: CaseField, examples: Sequence[Example], talk: Talk, lines: Sequence[Line], artefact: Artefact | None
) -> Heard | None:
    if not examples or not lines:
        return None
    if field.type is FieldType.TEXT:
        return Heard(field, phrased(field, _decisions(examples), talk))
    if artefact is None or field.type not in _CHOSEN:
        return None
    with _reading:
        taught = _taught((field, _decisions(_readable(examples))), artefact)
    return taught.hear(lines)


_reading = Lock()  # two conversations at once don't read the same examples twice


@lru_cache(maxsize=8)  # a field with its examples, until there is one more
def _taught(lessons: tuple[CaseField, tuple[Decision, ...]], artefact: Artefact) -> Taught:
    return Taught(*lessons, artefact)


def _readable(examples: Sequence[Example]) -> Iterator[Example]:
    """Those with a gist, and a few of those that wait for theirs."""
    waiting = 0
    for each in examples:
        waiting += each.gist is None
        if each.gist is not None or waiting <= _MADE_HERE:
            yield each


def _decisions(examples: Iterable[Example]) -> tuple[Decision, ...]:
    """The newest of each value."""
    counted: Counter[str | None] = Counter()
    kept: list[Decision] = []
    for each in examples:
        value = _text_or_none(each.value)
        counted[value] += 1
        if counted[value] <= _OF_A_VALUE:
            kept.append(Decision(each.words, value, _text_or_none(each.wrong), each.gist))
    return tuple(kept[:_MOST])


def _text_or_none(value: Value | None) -> str | None:
    return value if isinstance(value, str) else None


def _informed(
    field: CaseField, answer: Prediction | Abstention, heard: Heard, artefact: Artefact | None
) -> Prediction | Abstention:
    if isinstance(answer, Prediction) and answer.value in heard.against:
        return abstain(field, "People turned this value down for nearly the same words.")
    proposal = heard.proposal
    if proposal is None or proposal.score < LEAST:
        return answer
    if isinstance(answer, Prediction):
        if same(field, answer.value, proposal.value):
            return replace(answer, confidence=max(answer.confidence, proposal.score))
        if answer.confidence >= proposal.score or heard.is_told_apart(answer.value):
            return answer
    elif artefact is not None and is_read(field, artefact.tokenise) and proposal.score < _COPY:
        return answer
    return Prediction(
        field=FieldId(field.id), value=proposal.value, confidence=proposal.score, evidence=proposal.evidence
    )
