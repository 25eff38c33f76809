"""Text fields: what followed words that people, deciding on other cases, took the value from."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from agent.embedded.mention import Stance, stance
from agent.embedded.model.proposals import Proposal
from agent.embedded.talk import Line, Talk
from agent.embedded.taught import Decision
from agent.fields import normalise
from agent.settings import CaseField

_TOKEN = re.compile(r"\w+(?:['-]\w+)*|[^\w\s]")
_CUE = 2  # words before a value
_DOUBT = 2  # added to the decisions in which no value followed: two decisions are the fewest that are believed
_END = re.compile(r"[.,;:!?()\"]|(?:and|but|so|because|please|thanks|or)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


class Phrasing:
    """The words before values, how often a value followed them, and how long it was."""

    def __init__(self, decisions: tuple[Decision, ...]) -> None:
        self._followed: Counter[tuple[str, ...]] = Counter()
        self._met: Counter[tuple[str, ...]] = Counter()
        self._lengths: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
        for each in decisions:
            self._learn([_tokens(sentence.text) for sentence in each.said], _folded(_tokens(each.value or "")))

    def _learn(self, said: Sequence[Sequence[_Token]], value: Sequence[str]) -> None:
        """However often a customer says it, it is one decision."""
        met = {
            (cue, bool(value) and _folded(tokens[at : at + len(value)]) == value)
            for tokens in said
            for cue, at in _cues(tokens)
        }
        for cue, is_value in met:
            self._met[cue] += 1
            if is_value:
                self._followed[cue] += 1
                self._lengths[cue].add(len(value))

    def find(self, text: str) -> Iterator[tuple[int, int, float]]:
        """Where a value starts and ends, and how likely it is one."""
        tokens = _tokens(text)
        for cue, at in _cues(tokens):
            if self._followed[cue]:
                end = at + self._length(tokens[at:], self._lengths[cue])
                if end > at:
                    share = self._followed[cue] / (self._met[cue] + _DOUBT)
                    yield tokens[at].start, tokens[end - 1].end, share

    def _length(self, following: Sequence[_Token], lengths: set[int]) -> int:
        """To the end of the clause, and not longer than any value was."""
        most = max(lengths)
        stop = next((place for place, token in enumerate(following) if _END.match(token.text)), len(following))
        return min(most, stop)


_phrasing = lru_cache(maxsize=256)(Phrasing)


def phrased(field: CaseField, decisions: tuple[Decision, ...], talk: Talk) -> Proposal | None:
    """The latest; nothing where two are equally likely."""
    phrasing = _phrasing(decisions)
    found = [each for line in talk.customer_lines for each in _heard(field, phrasing, line, talk)]
    if not found:
        return None
    return max(reversed(found), key=lambda each: each.score)


def _heard(field: CaseField, phrasing: Phrasing, line: Line, talk: Talk) -> Iterator[Proposal]:
    plain = line.turn.plain
    for sentence in line.turn.new_words:
        for start, end, share in phrasing.find(sentence.text):
            place = plain.place(sentence.start + start, sentence.start + end)
            value = normalise(field, sentence.text[start:end], talk.request.settings, talk.request.now)
            if value is not None and stance(line.turn, *place) is not Stance.DENIED:
                yield Proposal(value, share, (line.evidence(*place),))


def _tokens(text: str) -> list[_Token]:
    return [_Token(match.group(), *match.span()) for match in _TOKEN.finditer(text)]


def _folded(tokens: Sequence[_Token]) -> list[str]:
    return [token.text.casefold() for token in tokens]


def _cues(tokens: Sequence[_Token]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every two words, with the place of what follows them."""
    for at, (first, second) in enumerate(pairwise(tokens[:-1])):
        yield (first.text.casefold(), second.text.casefold()), at + _CUE
