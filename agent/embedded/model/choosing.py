"""Chooses among the values of a field by texts whose values are known, a few of each: kernel ridge regression.

Texts are as alike as the network's sense of them and the rarer of their words say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
Places = NDArray[np.int32]
_BINS = 4096  # that words and pieces of words are counted in
_PIECE = 4  # letters
_AT_ONCE = 512  # of the bins
_WORDS = 0.4  # what words count beside sense
_POWER = 6  # how much more the nearest say than the near
_DOUBT = 0.05  # how little a single text decides where others disagree
_WORD = re.compile(r"\w+")
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Text:
    sense: Numbers  # [width]
    bins: Places  # of its words, in order
    counts: Numbers  # how often each

    def packed(self) -> bytes:
        """In two bytes a number, its width first: to be kept."""
        sense = self.sense.astype("<f2").view("<u2")
        return np.concatenate([[len(sense)], sense, self.bins, self.counts]).astype("<u2").tobytes()


def unpacked(packed: bytes) -> Text:
    numbers = np.frombuffer(packed, "<u2")
    width = int(numbers[0])
    sense, words = numbers[1 : width + 1].view("<f2"), numbers[width + 1 :]
    bins, counts = words.reshape(2, -1)
    return Text(sense.astype(np.float32), bins.astype(np.int32), counts.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Known:
    """`speaks`: what the text says of each value: 1 for it, -1 against it, 0 nothing."""

    text: Text
    speaks: Sequence[float]
    weight: float  # beside a text that a person decided on


def text_of(sense: Numbers, said: str) -> Text:
    found = np.fromiter((crc32(part.encode()) % _BINS for part in _parts(said)), np.int32)
    bins, counts = np.unique(found, return_counts=True)
    return Text(_unit(sense), bins, counts.astype(np.float32))


def _parts(said: str) -> Iterator[str]:
    """Words, pairs of them, and pieces of words, which forgive a slip."""
    words = _WORD.findall(said.casefold())
    yield from words
    yield from (f"{first} {second}" for first, second in pairwise(words))
    for word in words:
        framed = f"<{word}>"
        yield from (f"#{framed[at : at + _PIECE]}" for at in range(max(1, len(framed) - _PIECE + 1)))


class Chooser:
    """Holds words by their bins: most texts have few of them."""

    def __init__(self, known: Sequence[Known]) -> None:
        texts = [each.text for each in known]
        self._number = len(known)
        bins = np.concatenate([each.bins for each in texts])
        met = np.bincount(bins, minlength=_BINS)
        self._rarity = (np.log((1 + self._number) / (1 + met)) + 1).astype(np.float32)
        self._senses = np.stack([each.sense for each in texts])
        by_bin = np.argsort(bins, kind="stable")
        rows = np.repeat(np.arange(self._number, dtype=np.int32), [len(each.bins) for each in texts])
        self._rows = rows[by_bin]
        self._weights = np.concatenate([self._weighed(each) for each in texts])[by_bin]
        self._starts = np.searchsorted(bins[by_bin], np.arange(_BINS + 1)).tolist()
        speaks = np.array([each.speaks for each in known])
        doubt = _DOUBT / np.array([each.weight for each in known])
        alike = _sharpened(self._senses @ self._senses.T, self._words_alike())
        self._pull = np.linalg.solve(alike + np.diag(doubt), speaks).astype(np.float32)

    def __call__(self, text: Text) -> tuple[Numbers, Numbers]:
        """How much the text speaks for each value, about 0 to 1; and how alike each of the known texts is."""
        alike = _sharpened(self._senses @ text.sense, self._shared(text))
        return alike @ self._pull, alike

    def _words_alike(self) -> Numbers:
        """[known, known], some bins at a time: all at once they take ten times the memory."""
        alike = np.zeros((self._number, self._number), np.float32)
        for first in range(0, _BINS, _AT_ONCE):
            starts = self._starts[first : first + _AT_ONCE + 1]
            here = slice(starts[0], starts[-1])
            words = np.zeros((self._number, _AT_ONCE), np.float32)
            words[self._rows[here], np.repeat(np.arange(_AT_ONCE), np.diff(starts))] = self._weights[here]
            alike += words @ words.T
        return alike

    def _shared(self, text: Text) -> Numbers:
        """By known text: how much of its words the text has, [known]."""
        if not len(text.bins):
            return np.zeros(self._number, np.float32)
        of_bins = [slice(self._starts[place], self._starts[place + 1]) for place in text.bins.tolist()]
        rows = np.concatenate([self._rows[each] for each in of_bins])
        weighed = zip(self._weighed(text), of_bins, strict=True)
        weights = np.concatenate([weight * self._weights[each] for weight, each in weighed])
        return np.bincount(rows, weights, self._number).astype(np.float32)

    def _weighed(self, text: Text) -> Numbers:
        return _unit((1 + np.log(text.counts)) * self._rarity[text.bins])


def best(scores: Numbers) -> tuple[int, float]:
    """Which value is spoken for most, and how far it is ahead: of the next, or of nothing where that is nearer."""
    first, *others = (int(place) for place in scores.argsort()[::-1])
    return first, float(scores[first]) - max([0.0, *(float(scores[other]) for other in others[:1])])


def nearness(ahead: float, alike: float) -> float:
    """By how far the best value is ahead, and how alike the text is that speaks for it: 0 to about 1."""
    return max(ahead * alike, 0.0) ** 0.5


def _sharpened(senses: Numbers, words: Numbers) -> Numbers:
    return (((1 + (senses + _WORDS * words) / (1 + _WORDS)) / 2) ** _POWER).astype(np.float32)


def _unit(numbers: Numbers) -> Numbers:
    return (numbers / np.maximum(np.linalg.norm(numbers, axis=-1, keepdims=True), _LEAST)).astype(np.float32)
