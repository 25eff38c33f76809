"""The last messages before each of the customer's, as the network reads them: a message is new to one window only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from agent.embedded.model.encoding import Tokenise, Utterance
from agent.embedded.parts import Part
from agent.embedded.talk import Line
from agent.embedded.turn import Sentence

_READ = frozenset({Part.BODY, Part.SUBJECT})
_MOST_PIECES = 7
_MOST_TOKENS = 100  # of the messages of a window; longer ones were slower and no better
_LONGEST = 80  # tokens of a piece


@dataclass(frozen=True, slots=True)
class Piece:
    """The characters start:end of a line's plain reading: a chat message, or some sentences of a long mail."""

    line: Line
    start: int
    end: int

    @property
    def utterance(self) -> Utterance:
        return Utterance(self.line.turn.plain.text[self.start : self.end], self.line.is_customer)


Window = tuple[Piece, ...]


def windows(lines: Sequence[Line], tokenise: Tokenise) -> Iterator[Window]:
    """One for each piece that is the customer's, in order, ending with it."""
    pieces = [piece for line in lines if not line.mute for piece in _pieces(line, tokenise)]
    lengths = [1 + len(tokenise(piece.utterance.text)) for piece in pieces]
    for last, piece in enumerate(pieces):
        if piece.line.is_customer:
            first, tokens = last, lengths[last]
            while first and last - first + 1 < _MOST_PIECES and tokens + lengths[first - 1] <= _MOST_TOKENS:
                first -= 1
                tokens += lengths[first]
            yield tuple(pieces[first : last + 1])


def _pieces(line: Line, tokenise: Tokenise) -> Iterator[Piece]:
    """Without what is quoted, forwarded or signature."""
    for read, run in groupby(line.turn.sentences, key=lambda sentence: sentence.part in _READ):
        if read:
            yield from _of_sentences(line, list(run), tokenise)


def _of_sentences(line: Line, sentences: Sequence[Sentence], tokenise: Tokenise) -> Iterator[Piece]:
    start, end, tokens = sentences[0].start, sentences[0].start, 0
    for sentence in sentences:
        own = len(tokenise(sentence.text))
        if tokens and tokens + own > _LONGEST:
            yield Piece(line, start, end)
            start, tokens = sentence.start, 0
        if own > _LONGEST:
            yield from _of_words(line, sentence, tokenise)
            start, end, tokens = sentence.end, sentence.end, 0
            continue
        end, tokens = sentence.end, tokens + own
    if tokens:
        yield Piece(line, start, end)


def _of_words(line: Line, sentence: Sentence, tokenise: Tokenise) -> Iterator[Piece]:
    """A sentence without an end, as people dictate them."""
    words = tokenise(sentence.text)
    for first in range(0, len(words), _LONGEST):
        last = words[min(first + _LONGEST, len(words)) - 1]
        yield Piece(line, sentence.start + words[first][1], sentence.start + last[2])
