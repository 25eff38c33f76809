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
    words: Numbers  # [_BINS], how often


@dataclass(frozen=True, slots=True)
class Known:
    """`speaks`: what the text says of each value: 1 for it, -1 against it, 0 nothing."""

    text: Text
    speaks: Sequence[float]
    weight: float  # beside a text that a person decided on


def text_of(sense: Numbers, said: str) -> Text:
    words = np.zeros(_BINS, np.float32)
    for part in _parts(said):
        words[crc32(part.encode()) % _BINS] += 1
    return Text(_unit(sense), words)


def _parts(said: str) -> Iterator[str]:
    """Words, pairs of them, and pieces of words, which forgive a slip."""
    words = _WORD.findall(said.casefold())
    yield from words
    yield from (f"{first} {second}" for first, second in pairwise(words))
    for word in words:
        framed = f"<{word}>"
        yield from (f"#{framed[at : at + _PIECE]}" for at in range(max(1, len(framed) - _PIECE + 1)))


class Chooser:
    def __init__(self, known: Sequence[Known]) -> None:
        counts = np.stack([each.text.words for each in known])
        self._rarity = np.log((1 + len(known)) / (1 + (counts > 0).sum(0))) + 1
        self._senses = np.stack([each.text.sense for each in known])
        self._words = self._weighed(counts)
        speaks = np.array([each.speaks for each in known])
        doubt = _DOUBT / np.array([each.weight for each in known])
        alike = _sharpened(self._senses @ self._senses.T, self._words @ self._words.T)
        self._pull = np.linalg.solve(alike + np.diag(doubt), speaks)

    def __call__(self, text: Text) -> tuple[Numbers, Numbers]:
        """How much the text speaks for each value, about 0 to 1; and how alike each of the known texts is."""
        words = self._weighed(text.words[np.newaxis])[0]
        alike = _sharpened(self._senses @ text.sense, self._words @ words)
        return (alike @ self._pull).astype(np.float32), alike

    def _weighed(self, counts: Numbers) -> Numbers:
        return _unit(np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0) * self._rarity)


def _sharpened(senses: Numbers, words: Numbers) -> Numbers:
    return (((1 + (senses + _WORDS * words) / (1 + _WORDS)) / 2) ** _POWER).astype(np.float32)


def _unit(numbers: Numbers) -> Numbers:
    return (numbers / np.maximum(np.linalg.norm(numbers, axis=-1, keepdims=True), _LEAST)).astype(np.float32)
