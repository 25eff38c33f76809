"""A choice or a lookup as people's decisions taught it. Needs the network, which knows which words mean alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from agent.embedded.mention import Stance, stance
from agent.embedded.model.calibration import Curve, probability
from agent.embedded.model.proposals import Proposal
from agent.embedded.parts import Part
from agent.embedded.talk import Line
from agent.embedded.turn import Sentence, Turn
from agent.settings import CaseField
from store.model import Value

if TYPE_CHECKING:  # numpy comes with the extra
    from agent.embedded.model.artefact import Artefact
    from agent.embedded.model.choosing import Chooser, Text

_Source = TypeVar("_Source")
_READ = frozenset({Part.BODY, Part.SUBJECT})
_MOST_OPTIONS = 150  # whose names are known texts as well
_NAME = 0.5  # what the name of an option weighs beside a customer's words
_CHARACTERS = 800  # of an example or a conversation, from its end: the network takes a hundredth of a second for 300
_TEXTS = 4096  # examples that are remembered as the network reads them: 3 KB each
_PASSAGE = 80  # tokens that the network reads at once
_TURNED_DOWN = -0.3
LEAST = 0.1  # how sure a proposal must be to say more than an abstention
_WITHOUT_A_SENTENCE = 0.5  # of the confidence, where all is said that no sentence says
_WORTH: Curve = [(0.05, 0.05), (0.10, 0.14), (0.12, 0.25), (0.18, 0.52), (0.22, 0.67), (0.27, 0.79), (0.35, 0.92),
                 (0.455, 0.97), (0.7, 0.99)]  # fmt: skip
"""How often the best value is right, by its nearness: measured on banking77's train set, with 3 to 77 options, 1 to
150 examples, and three in ten questions about something else (`tests.calibrate_learning`)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided on a customer's words: the value that is right, or one that is not."""

    words: str
    value: str | None
    wrong: str | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What the examples make of a conversation."""

    field: CaseField
    proposal: Proposal | None
    said: str = ""
    nearest: str = ""  # the words of the example that speaks most for what is proposed
    against: frozenset[str] = frozenset()  # values that people turned down for nearly the same words

    def is_told_apart(self, value: Value) -> bool:
        """Whether the customer names the other value, which nobody did where people decided against it."""
        names = _names(self.field, value)
        return names.search(self.said) is not None and names.search(self.nearest) is None


_NOT = re.compile(
    r"\b(?:isn't|wasn't|aren't|(?<!can )not|no|nicht|kein\w*|pas|niet)"
    r" (?:(?:about|for|a|an|the|my|der|die|das|le|la|de|het) ){0,2}\Z",
    re.IGNORECASE,
)
"""Right before a name: "I can't activate my card" does not say that it is about something else."""


def _names(field: CaseField, value: Value) -> re.Pattern[str]:
    option = next(each for each in field.choices if each.value == value)
    names = "|".join(re.escape(name) for name in (option.value, *option.synonyms))
    return re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE)


def _is_denied(field: CaseField, value: Value, lines: Sequence[Line]) -> bool:
    """Whether the customer names it, and at the last place says that it is not so."""
    names = _names(field, value)
    named = [(line, match) for line in lines for match in names.finditer(line.turn.plain.text)]
    return any(
        stance(line.turn, *line.turn.plain.place(*match.span())) is Stance.DENIED
        and _NOT.search(line.turn.plain.text[: match.start()]) is not None
        for line, match in named[-1:]
    )


@dataclass(frozen=True, slots=True)
class _Chosen:
    best: int
    confidence: float
    scores: Sequence[float]
    nearest: str


class Taught:
    def __init__(self, field: CaseField, decisions: tuple[Decision, ...], artefact: Artefact) -> None:
        from agent.embedded.model.choosing import Chooser, Known  # noqa: PLC0415 -- it needs the extra

        self._field = field
        self._artefact = artefact
        options = field.options if len(field.options) <= _MOST_OPTIONS else ()
        taught = (value for each in decisions for value in (each.value, each.wrong) if value is not None)
        self._values = tuple(dict.fromkeys((*(option.value for option in options), *taught)))
        texts = [(each, _known(each.words, artefact)) for each in decisions]
        self._decided = [each for each, text in texts if text is not None]
        known = [Known(text, self._speaks(each), 1.0) for each, text in texts if text is not None]
        named = ((option, _text([" ".join((option.value, *option.synonyms))], artefact)) for option in options)
        known += [Known(text, self._speaks(Decision("", option.value, None)), _NAME) for option, text in named if text]
        self._chooser: Chooser | None = Chooser(known) if self._decided and self._values else None

    def _speaks(self, decision: Decision) -> list[float]:
        right = [1.0 if value == decision.value else 0.0 for value in self._values]
        if decision.value is None and decision.wrong is not None:
            right[self._values.index(decision.wrong)] = -1.0
        return right

    def hear(self, lines: Sequence[Line]) -> Heard | None:
        passages = [(line, passage) for line in lines for passage in _passages(_sentences(line.turn), self._artefact)]
        latest = _latest(passages)
        text = _text([_joined(passage) for _, passage in latest], self._artefact)
        if text is None or self._chooser is None:
            return None
        whole = self._chosen(self._chooser, text)
        is_open = whole.confidence >= LEAST and not _is_denied(self._field, self._values[whole.best], lines)
        proposal = self._proposal(self._chooser, whole, latest) if is_open else None
        said = " ".join(_joined(passage) for _, passage in passages)
        scored = zip(self._values, whole.scores, strict=True)
        against = frozenset(value for value, score in scored if score < _TURNED_DOWN)
        return Heard(self._field, proposal, said, whole.nearest, against)

    def _chosen(self, chooser: Chooser, text: Text) -> _Chosen:
        from agent.embedded.model.choosing import best, nearness  # noqa: PLC0415 -- it needs the extra

        scores, alike = chooser(text)
        chosen, ahead = best(scores)
        likeness = zip(alike.tolist(), self._decided, strict=False)
        near, nearest = max(
            ((near, each.words) for near, each in likeness if each.value == self._values[chosen]), default=(0.0, "")
        )
        confidence = probability(_WORTH, nearness(ahead, near)) if ahead * near > 0 else 0.0
        return _Chosen(chosen, confidence, scores.tolist(), nearest)

    def _proposal(
        self, chooser: Chooser, whole: _Chosen, passages: Sequence[tuple[Line, list[Sentence]]]
    ) -> Proposal | None:
        """No surer than the sentence that speaks for it most, by itself."""
        alone = [
            (self._chosen(chooser, text), line, sentence)
            for line, passage in passages
            for sentence in passage
            if (text := _text([sentence.text], self._artefact)) is not None
        ]
        if not alone:
            return None
        sure, line, sentence = max(
            alone, key=lambda each: (each[0].best == whole.best, each[0].confidence, each[0].scores[whole.best])
        )
        share = 1.0 if sure.best == whole.best else _WITHOUT_A_SENTENCE
        evidence = line.evidence(*line.turn.plain.place(*sentence.span))
        return Proposal(self._values[whole.best], min(whole.confidence, sure.confidence) * share, (evidence,))


@lru_cache(maxsize=_TEXTS)
def _known(words: str, artefact: Artefact) -> Text | None:
    """An example's words: the same for all fields that were decided on them."""
    passages = [(None, passage) for passage in _passages(_sentences(Turn(words)), artefact)]
    return _text([_joined(passage) for _, passage in _latest(passages)], artefact)


def _text(passages: Sequence[str], artefact: Artefact) -> Text | None:
    from agent.embedded.model.choosing import text_of  # noqa: PLC0415 -- it needs the extra

    senses = [artefact.sense(passage) for passage in passages]
    return text_of(sum(senses[1:], senses[0]), " ".join(passages)) if senses else None


def _sentences(read: Turn) -> Iterator[Sentence]:
    return (each for each in read.sentences if each.part in _READ and not each.is_instruction)


def _passages(sentences: Iterable[Sentence], artefact: Artefact) -> Iterator[list[Sentence]]:
    """As many sentences as the network reads at once."""
    passage: list[Sentence] = []
    tokens = 0
    for each in sentences:
        own = artefact.length(each.text)
        if passage and tokens + own > _PASSAGE:
            yield passage
            passage, tokens = [], 0
        passage.append(each)
        tokens += own
    if passage:
        yield passage


def _joined(passage: Iterable[Sentence]) -> str:
    return " ".join(each.text for each in passage)


def _latest(passages: Sequence[tuple[_Source, list[Sentence]]]) -> Sequence[tuple[_Source, list[Sentence]]]:
    """As much as is looked at, from the end."""
    length = 0
    for place in range(len(passages) - 1, -1, -1):
        length += len(_joined(passages[place][1]))
        if length > _CHARACTERS:
            return passages[place + 1 :] or passages[-1:]
    return passages
