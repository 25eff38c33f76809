"""Yes/no fields: statements about what the label names, and answers to questions about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from agent.embedded.concepts import is_denied
from agent.embedded.cues import stem
from agent.embedded.field_reader import FieldReader
from agent.embedded.mention import Mention, Stance, stance
from agent.embedded.reply import Reply
from agent.embedded.settle import settle
from agent.embedded.talk import Line, Said, Talk
from agent.embedded.turn import Sentence, Turn
from agent.predictor import Abstention, Prediction

_ENDED = re.compile(
    r"\b(?:out of|no longer|no more|not (?:\w+ )?(?:under|in|covered)|ran out|run out|expired?|over|past|lapsed"
    r"|ended|abgelaufen|vorbei|nicht mehr|außerhalb|expirée?|plus sous|hors"
    r"|venci[oó]|vencid[oa]|caducad[oa]|fuera de|fora d[ae]|verlopen|scadut[oa])\b",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:whether|if|not sure|unsure|no idea|don'?t know|dunno|wonder\w*|should be|might|maybe|perhaps|probably"
    r"|i think|guess|hope|ob|si|vielleicht|peut-être|quizás?|talvez"
    r"|check|card|papers?|terms|claim|extended|department|period|conditions)\b",
    re.IGNORECASE,
)
_STATED, _REPLIED, _UNOPPOSED = 0.8, 0.8, 0.75
_TELLING = 4  # letters of a name that says something
_SHORT = 80  # characters of a sentence that is quoted whole
_WORD = re.compile(r"[^\W\d_]+")


class YesNoReader(FieldReader):
    def find(self, turn: Turn) -> Iterable[Mention]:
        for sentence in turn.sentences:
            place = None if sentence.is_question or _DOUBT.search(sentence.text) else self._topic(turn, sentence)
            if place:
                yield self._statement(turn, sentence, place)

    def _topic(self, turn: Turn, sentence: Sentence) -> tuple[int, int] | None:
        """Where the sentence names what the field is about."""
        for hit in turn.hits_in(sentence):
            if hit.concept in self.cues.wanted:
                return hit.start, hit.end
        names = {name for name in self.cues.names if len(name) >= _TELLING}
        found = [word for word in _WORD.finditer(sentence.text) if stem(word.group()) in names]
        if len({stem(word.group()) for word in found}) < max(1, len(names)):
            return None
        return sentence.start + found[0].start(), sentence.start + found[-1].end()

    def _statement(self, turn: Turn, sentence: Sentence, place: tuple[int, int]) -> Mention:
        nearby = turn.plain.text[max(sentence.start, place[0] - 60) : min(sentence.end, place[1] + 40)]
        holds = not (_ENDED.search(nearby) or is_denied(turn.plain.text, place[0]))
        span = (
            turn.plain.place(sentence.start, sentence.end)
            if len(sentence.text) <= _SHORT
            else turn.plain.place(*sentence.clause(*place))
        )
        other = stance(turn, *turn.plain.place(*place)) is Stance.OTHERS
        return Mention(holds, *span, _STATED, Stance.OTHERS if other else Stance.CLAIMED)

    def answer(self, talk: Talk) -> Prediction | Abstention:
        said = [*talk.heard(self), *self._replies(talk), *self._unopposed(talk)]
        said.sort(key=lambda item: item.line.index)
        return settle(self.field, said, lambda item: self.confidence(item, talk))

    def _replies(self, talk: Talk) -> Iterator[Said]:
        """A yes or no to a question about the field and about nothing else."""
        for line in talk.lines:
            answer = None if line.is_customer else talk.answer(line)
            questions = [sentence for sentence in line.turn.sentences if sentence.is_question]
            if answer is None or len(questions) != 1 or self._topic(line.turn, questions[0]) is None:
                continue
            if answer.turn.reply in {Reply.YES, Reply.NO, Reply.CONSENT}:
                yield self._reply(line, questions[0], answer)

    def _reply(self, line: Line, question: Sentence, answer: Line) -> Said:
        words = answer.first_words
        asked = () if line.is_ours else (line.evidence(*line.turn.plain.place(*question.span)),)
        found = Mention(answer.turn.reply is not Reply.NO, words.start, words.end, _REPLIED)
        return Said(found, answer, answer.turn, (words, *asked), confirmed=True)

    def _unopposed(self, talk: Talk) -> Iterator[Said]:
        """What a representative stated and the customer let stand, where the field's description takes that."""
        for line, mentions in talk.mentions(self) if self.cues.representative_may_say else ():
            answer = None if line.is_customer or line.is_ours else talk.answer(line)
            if answer is None or answer.turn.reply is Reply.NO:
                continue
            for found in mentions:
                evidence = (line.evidence(found.start, found.end), answer.first_words)
                yield Said(replace(found, confidence=_UNOPPOSED), answer, line.turn, evidence, confirmed=True)
