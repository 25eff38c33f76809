"""Choice fields whose options are languages: the one asked for, else the one that the customer writes in."""

from __future__ import annotations

from functools import lru_cache
from math import exp

from py3langid import rank

from agent.embedded.choices import ChoiceReader
from agent.embedded.language_names import options_by_code
from agent.embedded.settle import abstain
from agent.embedded.talk import Line, Talk
from agent.predictor import Abstention, Prediction
from store.model import FieldId

_SHORTEST = 20  # letters; fewer tell a language badly
_CERTAIN = 0.9


class LanguageReader(ChoiceReader):
    """Used where the description does not insist on being asked."""

    def answer(self, talk: Talk) -> Prediction | Abstention:
        named = super().answer(talk)
        if isinstance(named, Prediction):
            return named
        line = max(talk.customer_lines, key=lambda line: _letters(line.turn.plain.text), default=None)
        if line is None or _letters(line.turn.plain.text) < _SHORTEST:
            return abstain(self.field, "The customer has not written enough to tell the language.")
        return self._detected(line)

    def _detected(self, line: Line) -> Prediction | Abstention:
        sentence = max((s for s in line.turn.sentences), key=lambda s: len(s.text))
        code, certainty = detect(line.turn.plain.text[:2000])
        value = options_by_code(self.field).get(code)
        if value is None or certainty < _CERTAIN:
            return abstain(self.field, "The language of the messages is not clear, or is none of the options.")
        evidence = line.evidence(*line.turn.plain.place(sentence.start, sentence.end))
        return Prediction(field=FieldId(self.field.id), value=value, confidence=0.8, evidence=(evidence,))


@lru_cache(maxsize=4096)
def detect(text: str) -> tuple[str, float]:
    """ISO code and probability. The first call takes a second: see `load`."""
    scores: list[tuple[str, float]] = rank(text)
    best, highest = scores[0]
    return best, 1 / sum(exp(score - highest) for _, score in scores)


def load() -> None:
    detect("")


def _letters(text: str) -> int:
    return sum(character.isalpha() for character in text[:2000])
