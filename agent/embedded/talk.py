"""A conversation prepared for reading: who said what, what was answered to what, which words amend earlier ones."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Protocol

from rapidfuzz import fuzz

from agent.embedded.genre import Genre
from agent.embedded.mention import Mention, Stance
from agent.embedded.reply import Reply
from agent.embedded.turn import Turn, turn
from agent.predictor import PredictionRequest
from store.model import Evidence, Message, Role


class Finder(Protocol):
    @property
    def mentions(self) -> Callable[[Turn], tuple[Mention, ...]]:
        """What one message mentions, whoever wrote it; remembered."""
        ...


@lru_cache(maxsize=16384)
def _found(finders: tuple[Finder, ...], turn: Turn) -> dict[Finder, tuple[Mention, ...]]:
    """By finder, of those that find anything: most messages mention nothing, and are passed over at one look."""
    return {finder: mentions for finder in finders if (mentions := finder.mentions(turn))}


_WITHDRAWING = frozenset({Genre.AUTOMATIC, Genre.BULK, Genre.PITCH, Genre.FRAUD, Genre.STRAY})


@dataclass(frozen=True, slots=True)
class Line:
    """One message that counts, at its place in the conversation."""

    index: int
    message: Message
    turn: Turn
    is_customer: bool
    is_ours: bool  # written by the agent itself: a question to be answered, evidence of nothing
    is_opener: bool  # written by the customer who wrote first
    mute: bool  # says nothing that a value could come from

    def evidence(self, start: int, end: int) -> Evidence:
        return Evidence(message_id=self.message.id, quote=self.message.text[start:end], start=start, end=end)

    @property
    def first_words(self) -> Evidence:
        """Of an answer: its first sentence. Raises IndexError for a message without a visible character."""
        return self.evidence(*self.turn.plain.place(*self.turn.sentences[0].span))


@dataclass(frozen=True, slots=True)
class Said:
    """A mention at its place in the conversation, with all the words that justify it."""

    mention: Mention
    line: Line  # from which on it holds
    source: Turn  # the words that it was found in
    evidence: tuple[Evidence, ...]
    confirmed: bool = False  # a representative said it, the customer agreed
    amends: bool = False  # replaces what was said before


_NEXT_BUT_ONE = 2
_ALIKE = 50  # rapidfuzz ratio from which a word may be the correction of another
_AMENDMENT = re.compile(r"\A\s*(?:\*{1,2}\s?(\S.{0,40}?)\s*|(\S.{0,40}?)\*)\Z")
_TOKEN = re.compile(r"[^\s,;()]+")


class Talk:
    def __init__(self, request: PredictionRequest, finders: Sequence[Finder] = ()) -> None:
        self.request = request
        self.lines = tuple(_lines(request.transcript))
        self._mentions: dict[Finder, list[tuple[Line, tuple[Mention, ...]]]] = defaultdict(list)
        every = tuple(finders)
        for line in self.lines:
            if not line.mute:
                for finder, mentions in _found(every, line.turn).items():
                    self._mentions[finder].append((line, mentions))

    @cached_property
    def customer_lines(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.is_customer and not line.mute)

    @cached_property
    def genre(self) -> Genre:
        """What the customer's part of the conversation is, if it is nothing that we serve."""
        genres = [line.turn.genre for line in self.lines if line.is_customer]
        return next((genre for genre in genres if genre in _WITHDRAWING), Genre.LETTER)

    @cached_property
    def _questions(self) -> list[Line | None]:
        """For each line, the representative's line that it answers."""
        found: list[Line | None] = []
        current: Line | None = None
        for line in self.lines:
            found.append(current if line.is_customer else None)
            if not line.is_customer:
                current = line
            elif not line.turn.noise:
                current = current if current and line.index - current.index < _NEXT_BUT_ONE else None
        return found

    def question(self, line: Line) -> Line | None:
        return self._questions[line.index]

    @cached_property
    def _answers(self) -> list[Line | None]:
        """For each of a representative's lines, the customer's line that follows it."""
        found: list[Line | None] = []
        following: Line | None = None
        for line in reversed(self.lines):
            found.append(None if line.is_customer else following)
            following = line if line.is_customer and not line.mute and line.turn.sentences else None
        return found[::-1]

    def answer(self, line: Line) -> Line | None:
        return self._answers[line.index]

    @cached_property
    def _amendments(self) -> list[tuple[Line, Line, int, int, Turn]]:
        found = (_amendment(self.customer_lines, position) for position in range(len(self.customer_lines)))
        return [amendment for amendment in found if amendment]

    def mentions(self, finder: Finder) -> list[tuple[Line, tuple[Mention, ...]]]:
        """The lines that mention what the finder looks for."""
        return self._mentions[finder]

    def heard(self, finder: Finder) -> list[Said]:
        """Everything that can speak for or against a value, in order."""
        said = [self._said(line, mention, mentions) for line, mentions in self.mentions(finder) for mention in mentions]
        heard = [*filter(None, said), *self._amended(finder)]
        return sorted(heard, key=lambda item: (item.line.index, item.mention.start))

    def _said(self, line: Line, mention: Mention, mentions: tuple[Mention, ...]) -> Said | None:
        evidence = line.evidence(mention.start, mention.end)
        if line.is_customer:
            return Said(mention, line, line.turn, (evidence,))
        answer = self.answer(line)
        if line.is_ours or answer is None or not _answers(answer, line, mention):
            return None
        if answer.turn.reply is Reply.NO:
            return Said(replace(mention, stance=Stance.DENIED), answer, line.turn, (evidence,))
        if len({repr(other.value) for other in mentions}) > 1:
            return None
        words = answer.first_words
        return Said(mention, answer, line.turn, (evidence, words), confirmed=True)

    def _amended(self, finder: Finder) -> Iterator[Said]:
        for line, target, start, end, amended in self._amendments:
            shift = len(amended.text) - len(target.message.text)
            for mention in finder.mentions(amended):
                if mention.start < end + shift and mention.end > start:
                    old = target.evidence(min(mention.start, start), max(mention.end - shift, end))
                    yield Said(mention, line, amended, (line.first_words, old), amends=True)


_OURS = re.compile(r"\b(?:us|our|ours|uns|unser\w*|nous|notre|nos|nosotros|nuestr[oa])\b", re.IGNORECASE)


def _answers(answer: Line, line: Line, mention: Mention) -> bool:
    """Whether the customer agreed to, or denied, what a representative's words suggest about the customer."""
    sentence = line.turn.sentence(mention.start)
    if sentence is None or _OURS.search(sentence.text):
        return False
    if any(other.is_question and other.start > sentence.start for other in line.turn.sentences):
        return False  # the answer is to what was asked last
    reply = answer.turn.reply
    return reply in {Reply.YES, Reply.NO} or (reply is Reply.CONSENT and sentence.is_question)


def _lines(transcript: tuple[Message, ...]) -> Iterator[Line]:
    kept = [message for message in transcript if not message.deleted]
    customers = [message for message in kept if message.author.role is Role.CUSTOMER]
    opener = customers[0].author.author_id if customers else ""
    withdrawn = {message.author.author_id for message in customers if turn(message.text).genre in _WITHDRAWING}
    for index, message in enumerate(kept):
        prepared, author = turn(message.text), message.author
        is_customer = author.role is Role.CUSTOMER
        yield Line(
            index=index,
            message=message,
            turn=prepared,
            is_customer=is_customer,
            is_ours=author.role is Role.AGENT,
            is_opener=is_customer and author.author_id == opener,
            mute=is_customer and (author.author_id in withdrawn or prepared.genre is not Genre.LETTER),
        )


def _amendment(lines: tuple[Line, ...], position: int) -> tuple[Line, Line, int, int, Turn] | None:
    """A line such as "*3000" and the earlier words of its author that it replaces."""
    line = lines[position]
    match = _AMENDMENT.match(line.message.text)
    if match is None:
        return None
    new = match.group(1) or match.group(2)
    for target in reversed(lines[max(0, position - 4) : position]):
        same_author = target.message.author.author_id == line.message.author.author_id
        span = _amended_token(target.message.text, new) if same_author else None
        if span:
            start, end = span
            return line, target, start, end, turn(f"{target.message.text[:start]}{new}{target.message.text[end:]}")
    return None


def _amended_token(text: str, new: str) -> tuple[int, int] | None:
    best, place = 0.0, None
    for token in _TOKEN.finditer(text[:2000]):
        word = token.group().rstrip(".!?")
        if word and _shape(word) == _shape(new) and word != new:
            score = fuzz.ratio(word, new) + (20 if word.isdigit() and len(word) == len(new) else 0)
            if score > best and (score >= _ALIKE or any(character.isdigit() for character in new)):
                best, place = score, (token.start(), token.start() + len(word))
    return place


def _shape(word: str) -> str:
    """Letters and digits, each run as one: "9am" and "10am" look alike."""
    return re.sub(r"a+", "a", re.sub(r"\d+", "9", re.sub(r"[^\W\d_]", "a", word)))
