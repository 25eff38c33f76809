"""Serial numbers, order numbers: whatever has the administrator's pattern, typed, spelled out or sent in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple

from agent.embedded.cues import affinity, excluded_before
from agent.embedded.field_reader import FieldReader, is_another_customers, mention
from agent.embedded.mention import Mention, Stance
from agent.embedded.parts import Part
from agent.embedded.reading import Reading
from agent.embedded.settle import settle
from agent.embedded.talk import Line, Said, Talk
from agent.embedded.turn import Turn
from agent.pattern import begins, fits
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField, Settings

_LONGEST = 40
"""Characters tried against a pattern; with `_RISKY` patterns fewer, since their cost can double with each."""
_LONGEST_RISKY = 16
_RISKY = re.compile(r"(?:[+*}]|\|)[^()]*\)\s*[+*{]")
_LOOK_ALIKE = {"O": "O0", "0": "0O", "I": "I1", "1": "1I", "L": "L1"}
_MOST_DOUBTFUL = 6
_SHORTEST, _SHORTEST_REPAIRED = 2, 4
_LONGEST_IN_PIECES = 400  # characters of a message that may hold but a piece of a number

_TOKEN = re.compile(r"[^\W_][\w./-]{0,60}")
_MOST_FOLLOWING = 8
_PIECES_APART = 6  # messages between the first and the last piece of one number
_TYPED, _REPAIRED, _JOINED = 0.9, 0.8, 0.75


class Pattern:
    """An administrator's regular expression, tried only on short words: its author may not know what it can cost."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self.has_digits = r"\d" in expression or "0-9" in expression
        self._longest = _LONGEST_RISKY if _RISKY.search(expression) else _LONGEST
        self.match = lru_cache(maxsize=16384)(self._match)
        self.may_begin_with = lru_cache(maxsize=16384)(self._may_begin_with)

    def _match(self, word: str) -> tuple[str, float] | None:
        """The identifier that a word is, and how sure its form makes us."""
        if not _SHORTEST <= len(word) <= self._longest:
            return None
        if fits(self._expression, word):
            return word, _TYPED
        upper = word.upper()
        if fits(self._expression, upper):
            return upper, _TYPED
        repaired = {spelling for spelling in _look_alikes(upper) if fits(self._expression, spelling)}
        return (repaired.pop(), _REPAIRED) if len(repaired) == 1 else None

    def _may_begin_with(self, piece: str) -> bool:
        """Whether an identifier can begin like this: most pieces with a digit are a number of days or an amount."""
        return _is_doubtful(piece) or any(begins(self._expression, spelling) for spelling in _spellings(piece))


def _look_alikes(word: str) -> Iterator[str]:
    """The word with each O, 0, I, 1 and L also read as its look-alike."""
    if not any(character.isdigit() for character in word) or not _SHORTEST_REPAIRED <= len(word) <= _LONGEST_RISKY:
        return
    if _is_doubtful(word):
        yield from (word.replace("O", "0").replace("I", "1"), word.replace("0", "O"))
        return
    yield from _spellings(word)


def _is_doubtful(word: str) -> bool:
    """Has more look-alikes than can all be tried."""
    return sum(character in _LOOK_ALIKE for character in word) > _MOST_DOUBTFUL


def _spellings(word: str) -> Iterator[str]:
    yield from map("".join, product(*(_LOOK_ALIKE.get(character, character) for character in word)))


class _Piece(NamedTuple):
    """Part of a number: start:end of the message that is so many after the first."""

    text: str
    message: int
    start: int
    end: int


class IdentifierReader(FieldReader):
    parts = frozenset({Part.BODY, Part.SUBJECT, Part.FORWARDED})

    def __init__(self, field: CaseField, settings: Settings) -> None:
        super().__init__(field, settings)
        self.pattern = Pattern(field.pattern or "")
        self.join = lru_cache(maxsize=4096)(self._join)

    def find(self, turn: Turn) -> Iterable[Mention]:
        seen: set[tuple[int, int]] = set()
        for span, word in _words(turn.spoken, digits=self.pattern.has_digits):
            found = self.pattern.match(word)
            if found and span not in seen and not excluded_before(turn, span[0], self.cues):
                seen.add(span)
                yield mention(turn, found[0], span, found[1])

    def confidence(self, said: Said, talk: Talk) -> float:
        sentence = said.source.sentence(said.mention.start)
        if is_another_customers(said):
            return 0
        factor = 0.8 if sentence and sentence.part is Part.FORWARDED else 1.0
        if not said.amends and affinity(said.source, said.mention.start, said.mention.end, self.cues) < 0:
            factor *= 0.8
        return said.mention.confidence * factor + (0.05 if self.is_answer(said, talk) else 0)

    def answer(self, talk: Talk) -> Prediction | Abstention:
        said = talk.heard(self)
        if all(item.mention.stance is not Stance.CLAIMED for item in said):
            said += list(self._joined(talk.customer_lines))
        return settle(self.field, said, lambda item: self.confidence(item, talk))

    def _joined(self, lines: Sequence[Line]) -> Iterator[Said]:
        """Numbers that came in two or three pieces: "ST25-61" and then "rest is 7720D"."""
        pieced = [line for line in lines if _pieces(line.turn)]
        for place, first in enumerate(pieced):
            if not any(self.pattern.may_begin_with(text) for _, text in _pieces(first.turn)):
                continue
            near = [line for line in pieced[place : place + 9] if line.index - first.index <= _PIECES_APART]
            for value, pieces in self.join(tuple(line.turn for line in near)):
                evidence = tuple(near[piece.message].evidence(piece.start, piece.end) for piece in pieces)
                words = Mention(value, pieces[0].start, pieces[0].end, _JOINED)
                yield Said(words, near[pieces[-1].message], first.turn, evidence, amends=True)

    def _join(self, turns: tuple[Turn, ...]) -> list[tuple[str, tuple[_Piece, ...]]]:
        """The numbers that begin in the first of a few messages."""
        pieces = [
            _Piece(text, number, *span)
            for number, turn in enumerate(turns)
            for span, text in _pieces(turn)
            if number or self.pattern.may_begin_with(text)
        ]
        matches = (
            (self.pattern.match("".join(piece.text for piece in parts)), parts) for parts in _combinations(pieces)
        )
        return [(found[0], parts) for found, parts in matches if found]


def _combinations(pieces: Sequence[_Piece]) -> Iterator[tuple[_Piece, ...]]:
    """Two or three pieces of as many messages, beginning with the first message."""
    following = [piece for piece in pieces if piece.message > 0][:_MOST_FOLLOWING]
    for first in (piece for piece in pieces if piece.message == 0):
        for index, second in enumerate(following):
            yield first, second
            yield from ((first, second, third) for third in following[index + 1 :] if third.message > second.message)


def _words(reading: Reading, *, digits: bool) -> Iterator[tuple[tuple[int, int], str]]:
    """Every word that may be an identifier; spelled-out ones also without a letter too many at either end."""
    if digits and not _has_digit(reading.text):
        return
    tokens = [match for match in _TOKEN.finditer(reading.text) if match.end() - match.start() <= _LONGEST]
    for match in tokens:
        if digits and not _has_digit(match.group()):
            continue
        word = match.group().rstrip("./-_")
        start, end = match.start(), match.start() + len(word)
        yield reading.place(start, end), word
        if reading.ends[start] - reading.starts[start] > 1:
            yield from ((reading.place(start, end), word[cut:stop]) for cut in (0, 1, 2) for stop in (None, -1, -2))
    for left, right in pairwise(tokens):
        if reading.text[left.end() : right.start()] in {" ", " - ", " -", "- "} and _has_digit(
            left.group() + right.group()
        ):
            span = reading.place(left.start(), right.start() + len(right.group().rstrip("./-_")))
            yield from ((span, left.group().rstrip("-") + sign + right.group().rstrip("./-_")) for sign in ("-", ""))


@lru_cache(maxsize=8192)
def _pieces(turn: Turn) -> tuple[tuple[tuple[int, int], str], ...]:
    """What can be a part of a number: a word with a digit, or the letters at the end of one that was spelled."""
    if len(turn.text) > _LONGEST_IN_PIECES or any(sentence.is_instruction for sentence in turn.sentences):
        return ()
    words = [(match.start(), match.group().rstrip("./_")) for match in _TOKEN.finditer(turn.spoken.text)]
    letters = _SPELLED_LETTER.finditer(turn.plain.text)
    return (
        *(
            (turn.spoken.place(start, start + len(word)), word.upper())
            for start, word in words
            if len(word) <= _LONGEST_RISKY and _has_digit(word)
        ),
        *((turn.plain.place(*letter.span()), letter.group(1).upper()) for letter in letters),
    )


_SPELLED_LETTER = re.compile(
    r"\b([a-z])\s(?:(?:for|as in)\s)?(?!for\b|as\b)[a-z]{3,12}(?=\W*(?:\Z|[.,;]|it's))", re.IGNORECASE
)


def _has_digit(word: str) -> bool:
    return _DIGIT.search(word) is not None


_DIGIT = re.compile(r"\d")
