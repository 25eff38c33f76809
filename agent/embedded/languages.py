"""Choice fields whose options are languages: the one asked for, else the one that the customer writes in."""

from __future__ import annotations

from agent.embedded.choices import ChoiceReader
from agent.embedded.language_names import options_by_code
from agent.embedded.settle import abstain
from agent.embedded.talk import Line, Talk
from agent.language import CERTAIN, SHORTEST, detect, letters
from agent.predictor import Abstention, Prediction
from store.model import FieldId


class LanguageReader(ChoiceReader):
    """Used where the description does not insist on being asked."""

    def answer(self, talk: Talk) -> Prediction | Abstention:
        named = super().answer(talk)
        if isinstance(named, Prediction):
            return named
        line = max(talk.customer_lines, key=lambda line: letters(line.turn.plain.text), default=None)
        if line is None or letters(line.turn.plain.text) < SHORTEST:
            return abstain(self.field, "The customer has not written enough to tell the language.")
        return self._detected(line)

    def _detected(self, line: Line) -> Prediction | Abstention:
        sentence = max((s for s in line.turn.sentences), key=lambda s: len(s.text))
        code, certainty = detect(line.turn.plain.text[:2000])
        value = options_by_code(self.field).get(code)
        if value is None or certainty < CERTAIN:
            return abstain(self.field, "The language of the messages is not clear, or is none of the options.")
        evidence = line.evidence(*line.turn.plain.place(sentence.start, sentence.end))
        return Prediction(field=FieldId(self.field.id), value=value, confidence=0.8, evidence=(evidence,))
