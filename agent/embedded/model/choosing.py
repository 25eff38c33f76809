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
        self._number = len(known)
        met = np.bincount(np.concatenate([each.text.bins for each in known]), minlength=_BINS)
        self._rarity = (np.log((1 + self._number) / (1 + met)) + 1).astype(np.float32)
        self._senses = np.stack([each.text.sense for each in known])
        words = np.zeros((self._number, _BINS), np.float32)
        for row, each in zip(words, known, strict=True):
            row[each.text.bins] = self._weighed(each.text)
        speaks = np.array([each.speaks for each in known])
        doubt = _DOUBT / np.array([each.weight for each in known])
        alike = _sharpened(self._senses @ self._senses.T, words @ words.T)
        self._pull = np.linalg.solve(alike + np.diag(doubt), speaks).astype(np.float32)
        bins, self._rows = (places.astype(np.int32) for places in np.nonzero(words.T))
        self._weights = words[self._rows, bins]
        self._starts = np.searchsorted(bins, np.arange(_BINS + 1))

    def __call__(self, text: Text) -> tuple[Numbers, Numbers]:
        """How much the text speaks for each value, about 0 to 1; and how alike each of the known texts is."""
        alike = _sharpened(self._senses @ text.sense, self._shared(text))
        return alike @ self._pull, alike

    def _shared(self, text: Text) -> Numbers:
        """By known text: how much of its words the text has, [known]."""
        shared = np.zeros(self._number, np.float32)
        for place, weight in zip(text.bins.tolist(), self._weighed(text).tolist(), strict=True):
            of_bin = slice(self._starts[place], self._starts[place + 1])
            shared[self._rows[of_bin]] += weight * self._weights[of_bin]
        return shared

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
