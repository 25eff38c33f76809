"""What all readers of one field share: find mentions message by message (remembered), then settle on a value."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from agent.embedded.cues import cues_of, speaks_of
from agent.embedded.mention import Mention, stance
from agent.embedded.parts import Part
from agent.embedded.settle import settle
from agent.embedded.talk import Said, Talk
from agent.embedded.turn import Turn
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField, Settings
from store.model import Value

_ASKED_FOR = 0.05
_MOST_MENTIONS = 50  # of one field in one message: each is weighed with all of its sentence
_REMEMBERED = 4096
"""Messages per field; a conversation of a thousand messages is not read again at each evaluation."""


class FieldReader(ABC):
    """Reads one field out of conversations. `find` sees a single message and nothing else."""

    parts = frozenset({Part.BODY, Part.SUBJECT})

    def __init__(self, field: CaseField, settings: Settings) -> None:
        self.field = field
        self.settings = settings
        self.cues = cues_of(field)
        self.mentions = lru_cache(maxsize=_REMEMBERED)(self._mentions)

    def answer(self, talk: Talk) -> Prediction | Abstention:
        return settle(self.field, talk.heard(self), lambda said: self.confidence(said, talk))

    @abstractmethod
    def find(self, turn: Turn) -> Iterable[Mention]:
        """Candidates with the confidence that their form alone deserves."""

    def confidence(self, said: Said, talk: Talk) -> float:
        """How sure we are that this is the field's value, by where and after what it was said. 0: it is not."""
        return said.mention.confidence + (_ASKED_FOR if self.is_answer(said, talk) else 0)

    def _mentions(self, turn: Turn) -> tuple[Mention, ...]:
        return tuple(islice(self._kept(turn), _MOST_MENTIONS))

    def _kept(self, turn: Turn) -> Iterable[Mention]:
        for mention in self.find(turn):
            sentence = turn.sentence(mention.start)
            if sentence and sentence.part in self.parts and not sentence.is_instruction:
                yield mention

    def is_answer(self, said: Said, talk: Talk) -> bool:
        """Whether it was said in reply to a representative who spoke of the field."""
        question = talk.question(said.line)
        return question is not None and speaks_of(question.turn, self.cues)


def mention(turn: Turn, value: Value, span: tuple[int, int], confidence: float) -> Mention:
    """With the stance that its sentence takes."""
    return Mention(value, *span, confidence, stance(turn, *span))


_OWN = re.compile(r"\b(?:me|my|mine|our|ours)\b", re.IGNORECASE)


def is_another_customers(said: Said) -> bool:
    """Whether a second customer, not the one who opened the conversation, speaks of what is theirs."""
    sentence = said.source.sentence(said.mention.start)
    return not said.line.is_opener and bool(sentence and _OWN.search(sentence.text))
