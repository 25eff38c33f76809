"""A choice or a lookup as people's decisions taught it. Needs the network, which knows which words mean alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from agent.embedded.mention import Stance, stance
from agent.embedded.model.artefact import named
from agent.embedded.model.calibration import Curve, probability
from agent.embedded.model.proposals import Proposal
from agent.embedded.talk import Line
from agent.embedded.turn import Sentence, Turn
from agent.settings import CaseField
from store.examples import BETWEEN
from store.model import Value

if TYPE_CHECKING:  # numpy comes with the extra
    from agent.embedded.model.artefact import Artefact
    from agent.embedded.model.choosing import Chooser, Text

_Source = TypeVar("_Source")
_MOST_OPTIONS = 150  # whose names are known texts as well
_NAME = 0.5  # what the name of an option weighs beside a customer's words
_CHARACTERS = 800  # of an example or a conversation, from its end: the network takes a hundredth of a second for 300
_SENTENCES = 40  # of them
_WAY = 1  # in which gists are made: another after each change of it
_GISTS = 64  # that were made here and may not be in the store yet
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
    gist: bytes | None = field(default=None, compare=False)  # of the words, where it was made before

    @property
    def said(self) -> Iterator[Sentence]:
        return said(self.words)


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
        import numpy as np  # noqa: PLC0415 -- it needs the extra

        from agent.embedded.model.choosing import Chooser, Known  # noqa: PLC0415 -- so does it

        self._field = field
        self._artefact = artefact
        options = field.options if len(field.options) <= _MOST_OPTIONS else ()
        taught = (value for each in decisions for value in (each.value, each.wrong) if value is not None)
        self._values = tuple(dict.fromkeys((*(option.value for option in options), *taught)))
        texts = [(each, _known(each, artefact)) for each in decisions]
        self._decided = [each for each, text in texts if text is not None]
        self._right = np.array([self._place(each.value) for each in self._decided])
        known = [Known(text, self._speaks(each), 1.0) for each, text in texts if text is not None]
        named = ((option, _text([" ".join((option.value, *option.synonyms))], artefact)) for option in options)
        known += [Known(text, self._speaks(Decision("", option.value, None)), _NAME) for option, text in named if text]
        self._chooser: Chooser | None = Chooser(known) if self._decided and self._values else None

    def _place(self, value: str | None) -> int:
        return -1 if value is None else self._values.index(value)

    def _speaks(self, decision: Decision) -> list[float]:
        right = [1.0 if value == decision.value else 0.0 for value in self._values]
        if decision.value is None and decision.wrong is not None:
            right[self._values.index(decision.wrong)] = -1.0
        return right

    def hear(self, lines: Sequence[Line]) -> Heard | None:
        said = [(line, sentence) for line in lines for sentence in line.turn.new_words]
        latest = _latest(said)
        text = _text([sentence.text for _, sentence in latest], self._artefact)
        if text is None or self._chooser is None:
            return None
        whole = self._chosen(self._chooser, text)
        is_open = whole.confidence >= LEAST and not _is_denied(self._field, self._values[whole.best], lines)
        proposal = self._proposal(self._chooser, whole, latest) if is_open else None
        scored = zip(self._values, whole.scores, strict=True)
        against = frozenset(value for value, score in scored if score < _TURNED_DOWN)
        return Heard(self._field, proposal, " ".join(each.text for _, each in said), whole.nearest, against)

    def _chosen(self, chooser: Chooser, text: Text) -> _Chosen:
        from agent.embedded.model.choosing import best, nearness  # noqa: PLC0415 -- it needs the extra

        scores, alike = chooser(text)
        chosen, ahead = best(scores)
        alike = alike[: len(self._decided)] * (self._right == chosen)
        place = int(alike.argmax())
        near = float(alike[place])
        nearest = self._decided[place].words if near else ""
        confidence = probability(_WORTH, nearness(ahead, near)) if ahead * near > 0 else 0.0
        return _Chosen(chosen, confidence, scores.tolist(), nearest)

    def _proposal(self, chooser: Chooser, whole: _Chosen, said: Sequence[tuple[Line, Sentence]]) -> Proposal | None:
        """No surer than the sentence that speaks for it most, by itself."""
        alone = [
            (self._chosen(chooser, text), line, sentence)
            for line, sentence in said
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


def _known(decision: Decision, artefact: Artefact) -> Text | None:
    from agent.embedded.model.choosing import unpacked  # noqa: PLC0415 -- it needs the extra

    packed = decision.gist if decision.gist is not None else gist(decision.words, artefact)
    return unpacked(packed) if packed else None


def gist_by() -> str:
    """What makes gists here: one that another made is no measure for ours."""
    return f"{_WAY}:{named()}"


def said(words: str) -> Iterator[Sentence]:
    """The new words of an example's messages."""
    return (sentence for message in words.split(BETWEEN) for sentence in Turn(message).new_words)


@lru_cache(maxsize=_GISTS)
def gist(words: str, artefact: Artefact) -> bytes:
    """What an example's words are compared by, to be kept with it; nothing of words that say nothing."""
    latest = _latest([(None, sentence) for sentence in said(words)])
    text = _text([sentence.text for _, sentence in latest], artefact)
    return b"" if text is None else text.packed()


def _text(sentences: Sequence[str], artefact: Artefact) -> Text | None:
    """The network reads each sentence by itself: what is said next does not make it read this one anew."""
    from agent.embedded.model.choosing import text_of  # noqa: PLC0415 -- it needs the extra

    senses = [artefact.sense(each) for each in sentences]
    return text_of(sum(senses[1:], senses[0]), " ".join(sentences)) if senses else None


def _latest(said: Sequence[tuple[_Source, Sentence]]) -> Sequence[tuple[_Source, Sentence]]:
    """As much as is looked at, from the end."""
    lengths = accumulate(len(sentence.text) for _, sentence in reversed(said[-_SENTENCES:]))
    count = sum(length <= _CHARACTERS for length in lengths)
    return said[-max(count, 1) :]
