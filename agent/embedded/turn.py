"""One message prepared for reading: sentences, parts, what it speaks of.

It depends on nothing but the text, so it is made once however often the conversation is evaluated.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from agent.embedded.concepts import Hit, hits
from agent.embedded.genre import Genre, genre, is_instruction
from agent.embedded.lexicon import Concept
from agent.embedded.parts import Part, Parts, parts
from agent.embedded.reading import Reading, read
from agent.embedded.reply import Reply, reply
from agent.embedded.speech import spoken
from agent.noise import is_noise

_BOUNDARY = re.compile(r"(?<=[.!?…؟])[\"')\]]{0,3}(?:[ \t]+|(?=\n))|(?<=[。\uff01\uff1f])|\n")
_ABBREVIATION = re.compile(
    r"(?:\b(?:tel|no|nr|mr|mrs|ms|dr|st|approx|e\.g|i\.e|z\.b|u\.a|bzw|ca|p\.s|p\.p\.s|vs)|\b\w|\A\W*\d{1,2})\.\Z",
    re.IGNORECASE,
)
_INVERSION = re.compile(
    r"(?:\A|\b(?:and|but|so|hi|hello|hey|just|also|um|uh|please|pls)\b)\W*(?:how|what|which|where|why|who"
    r"|when)(?:'s| \w+)"
    r"|(?:\A|[,;:]|\b(?:and|but|so|hi|hello|hey|one|just|also|um|uh|please|pls)\b)\W*(?:(?:does|do|did|can|could"
    r"|is|are|will|would|may|should)"
    r" (?:i|you|it|the|my|one|there|this|that|we|they|anyone|someone|your|our)|(?:has|have) (?:you|we|they|it"
    r"|anyone|my|the))\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:'\w+)?")
_WRAPPED = 60
_NEW = frozenset({Part.BODY, Part.SUBJECT})


@dataclass(frozen=True, slots=True)
class Sentence:
    """start:end of the plain reading."""

    start: int
    end: int
    text: str
    part: Part
    is_question: bool
    is_instruction: bool

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """The part between the commas around start:end."""
        first, last = start - self.start, end - self.start
        begin = max(self.text.rfind(sign, 0, first) for sign in ",;:–(") + 1
        begin += len(self.text[begin:]) - len(self.text[begin:].lstrip())
        stop = min((place for sign in ",;:–)" if (place := self.text.find(sign, last)) >= 0), default=len(self.text))
        return self.start + min(begin, first), self.start + stop


class Turn:
    """A message as read. Offsets named `at` are those of the message's own text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain: Reading = read(text)

    @cached_property
    def spoken(self) -> Reading:
        return spoken(self.plain)

    @cached_property
    def parts(self) -> Parts:
        return parts(self.plain.text)

    @cached_property
    def genre(self) -> Genre:
        return genre(self.plain.text)

    @cached_property
    def reply(self) -> Reply:
        return reply(self.plain.text)

    @cached_property
    def noise(self) -> bool:
        return is_noise(self.text)

    @cached_property
    def hits(self) -> tuple[Hit, ...]:
        return hits(self.plain.text)

    @cached_property
    def _hit_starts(self) -> list[int]:
        return [hit.start for hit in self.hits]

    @cached_property
    def words(self) -> tuple[tuple[str, int, int], ...]:
        """Folded, with their places in the plain reading."""
        return tuple((match.group().casefold(), *match.span()) for match in _WORD.finditer(self.plain.text))

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(_sentences(self.plain.text, self.parts))

    @property
    def new_words(self) -> Iterator[Sentence]:
        """What the writer says here: nothing quoted, forwarded or signed, and nothing that speaks to a machine."""
        return (each for each in self.sentences if each.part in _NEW and not each.is_instruction)

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [sentence.start for sentence in self.sentences]

    @property
    def asks(self) -> bool:
        return any(sentence.is_question for sentence in self.sentences)

    def sentence(self, at: int) -> Sentence | None:
        """The sentence that the message's character `at` belongs to."""
        return self.sentence_of(self.plain.index(at))

    def sentence_of(self, index: int) -> Sentence | None:
        found = bisect_right(self._sentence_starts, index) - 1
        return self.sentences[found] if found >= 0 else None

    def around(self, start: int, end: int) -> tuple[str, str]:
        """What the same sentence says before and after start:end of the message, in lower case."""
        sentence = self.sentence(start)
        if sentence is None:
            return "", ""
        text, first, last = self.plain.text, self.plain.index(start), self.plain.index(end)
        return text[sentence.start : first].lower(), text[last : max(last, sentence.end)].lower()

    def hits_in(self, sentence: Sentence) -> Sequence[Hit]:
        first, last = (bisect_left(self._hit_starts, place) for place in sentence.span)
        return self.hits[first:last]

    def speaks_of(self, sentence: Sentence, concepts: frozenset[Concept]) -> bool:
        return any(hit.concept in concepts for hit in self.hits_in(sentence))


@lru_cache(maxsize=8192)
def turn(text: str) -> Turn:
    return Turn(text)


def _sentences(text: str, where: Parts) -> list[Sentence]:
    found: list[Sentence] = []
    start = 0
    for boundary in _BOUNDARY.finditer(text):
        if _joins(text, start, boundary):
            continue
        _add(found, text, start, boundary.start(), where)
        start = boundary.end()
    _add(found, text, start, len(text), where)
    return found


def _joins(text: str, start: int, boundary: re.Match[str]) -> bool:
    """A line break inside a wrapped paragraph, or the dot of an abbreviation, ends no sentence."""
    if boundary.group() == "\n":
        following = text[boundary.end() : boundary.end() + 1]
        line = boundary.start() - max(start, text.rfind("\n", 0, boundary.start()))
        return line >= _WRAPPED and following.islower()
    return bool(_ABBREVIATION.search(text, max(start, boundary.start() - 12), boundary.start()))


def _add(found: list[Sentence], text: str, start: int, end: int, where: Parts) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if not stripped:
        return
    first = start + len(piece) - len(piece.lstrip())
    asks = stripped.endswith(("?", "\uff1f", "؟")) or bool(_INVERSION.search(stripped[:200]))
    found.append(
        Sentence(first, first + len(stripped), stripped, where.at(first), asks, is_instruction(stripped)),
    )
