"""Names in a catalogue of any size.

The longest that fits, mistyped words, nicknames, and what "the 3000" means after somebody spoke of an Aria.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from rapidfuzz import process
from rapidfuzz.distance import OSA

from agent.embedded.concepts import split_description
from agent.embedded.cues import telling
from agent.embedded.reading import read
from agent.embedded.speech import spoken
from agent.embedded.vocabulary import vocabulary
from agent.settings import Option

_LATIN = r"[0-9A-Za-zÀ-ɏ]"
_TOKEN = re.compile(rf"\d+(?:\.\d+)?(?![A-Za-zÀ-ɏ])|{_LATIN}+(?:-(?=\d))?(?:\.\d+)?|(?:(?!{_LATIN})[^\W_])+")
_ALIKE = 0.79  # similarity from which a mistyped word is taken for a catalogue's: one slip in five letters
_SHORTEST_MISTYPED = 5
_NEVER_ALONE = vocabulary(
    """
    the one of and up to in go for a an set big small little first second new old plus my with by all on
    """
)
_MOST_TOKENS = 8
_LONGEST_WORD = 40
_LONGEST_FRAGMENT = 3
_PARAPHRASE = 3  # words of a description that a paraphrase has at least
_RIVAL = 1.4  # how much better than the next a description must fit


@dataclass(frozen=True, slots=True)
class Token:
    word: str
    start: int
    end: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Name:
    """The tokens first:last name the entry."""

    value: str
    words: tuple[str, ...]
    start: int
    end: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Fragment:
    """Words of the catalogue that name no entry by themselves: a line, a number, a variant."""

    words: tuple[str, ...]
    start: int
    end: int


class Catalogue:
    def __init__(self, options: Sequence[Option]) -> None:
        self._names: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        self.spellings: list[tuple[frozenset[str], str]] = []
        self._values: set[frozenset[str]] = set()
        for option in options:
            for name in (option.value, *option.synonyms):
                self._add(name, option.value)
            self._values.add(frozenset(word for word, _, _ in _split(spoken(read(option.value)).text)))
        for names in self._names.values():
            names.sort(key=lambda item: -len(item[0]))
        self.vocabulary = {word for words, _ in self.spellings for word in words}
        self._long = [word for word in self.vocabulary if len(word) >= _SHORTEST_MISTYPED and not word[0].isdigit()]
        self._descriptions = {
            option.value: frozenset(telling(split_description(option.description)[0])) for option in options
        }
        frequency = Counter(word for words in self._descriptions.values() for word in words)
        self._rarity = {word: log((1 + len(options)) / count) for word, count in frequency.items()}
        self._nearest = lru_cache(maxsize=8192)(self._mistyped)
        self.words = lru_cache(maxsize=8192)(self._words)
        self.members = lru_cache(maxsize=1024)(self._members)

    def _add(self, name: str, value: str) -> None:
        words = tuple(word for word, _, _ in _split(spoken(read(name)).text))
        if words and len(words) <= _MOST_TOKENS:
            self._names[words[0]].append((words, value))
            self.spellings.append((frozenset(words), value))

    # --- words ---

    def tokens(self, text: str) -> list[Token]:
        return [token for word, start, end in _split(text) for token in self._known(word, start, end)]

    def _words(self, text: str) -> tuple[str, ...]:
        return tuple(token.word for token in self.tokens(text))

    def _known(self, word: str, start: int, end: int) -> Iterator[Token]:
        if word in self.vocabulary:
            yield Token(word, start, end)
        elif word.endswith("s") and word[:-1] in self.vocabulary:
            yield Token(word[:-1], start, end)
        elif parts := self._run_together(word):
            yield Token(parts[0], start, start + len(parts[0]))
            yield Token(parts[1], start + len(parts[0]), end)
        else:
            yield Token(self._nearest(word) or word, start, end, exact=False)

    def _run_together(self, word: str) -> tuple[str, str] | None:
        """Without a space: "aria3000"."""
        match = re.fullmatch(r"([^\W\d_]{3,})(\d+)", word)
        return (match[1], match[2]) if match and match[1] in self.vocabulary and match[2] in self.vocabulary else None

    def _mistyped(self, word: str) -> str | None:
        if not _SHORTEST_MISTYPED <= len(word) <= _LONGEST_WORD or any(character.isdigit() for character in word):
            return None
        near = process.extractOne(word, self._long, scorer=OSA.normalized_similarity, score_cutoff=_ALIKE)
        return near[0] if near and near[0][0] == word[0] else None

    # --- names ---

    def read(self, text: str) -> tuple[list[Name], list[Fragment]]:
        """Names, the longest of those that overlap, and the catalogue's words between them."""
        tokens = self.tokens(text)
        names: list[Name] = []
        fragments: list[Fragment] = []
        index = 0
        while index < len(tokens):
            name = self._name_at(tokens, index)
            if name and not self._is_overtaken(tokens, index, name):
                names.append(name)
                index += len(name.words)
                continue
            length = self._fragment_length(tokens, index)
            if length:
                part = tokens[index : index + length]
                fragments.append(Fragment(tuple(token.word for token in part), part[0].start, part[-1].end))
            index += max(length, 1)
        return names, fragments

    def _name_at(self, tokens: Sequence[Token], index: int) -> Name | None:
        for words, value in self._names.get(tokens[index].word, ()):
            part = tokens[index : index + len(words)]
            if tuple(token.word for token in part) != words:
                continue
            if any(token.exact for token in part) and (len(words) > 1 or part[0].exact):
                return Name(value, words, part[0].start, part[-1].end, all(token.exact for token in part))
        return None

    def _is_overtaken(self, tokens: Sequence[Token], index: int, name: Name) -> bool:
        """Whether a longer name begins inside this one: in "the Toaster Duo", "Toaster Duo" within "the Toaster"."""
        inside = range(index + 1, index + len(name.words))
        return any(_length(other) > _length(name) for place in inside if (other := self._name_at(tokens, place)))

    def _fragment_length(self, tokens: Sequence[Token], index: int) -> int:
        length = 0
        for token in tokens[index : index + _LONGEST_FRAGMENT]:
            if token.word not in self.vocabulary or token.word in _NEVER_ALONE or not token.exact:
                break
            length += 1
        return length

    def complete(self, fragment: tuple[str, ...], context: Sequence[str]) -> str | None:
        """The one entry that the fragment means after the words of `context`, latest last; None: it may be several."""
        part, known = frozenset(fragment), {word: place for place, word in enumerate(context)}
        fitting: dict[str, tuple[int, bool, int]] = {}
        for words, value in self.spellings:
            rest = words - part
            if part <= words and rest and rest <= known.keys():
                rank = (len(rest), words not in self._values, -min(known[word] for word in rest))
                fitting[value] = min(rank, fitting.get(value, rank))
        if not fitting:
            return None
        best = min(fitting.values())
        values = [value for value, rank in fitting.items() if rank == best]
        return values[0] if len(values) == 1 else None

    def _members(self, words: tuple[str, ...]) -> list[str]:
        """The entries in whose names the words stand."""
        return list(dict.fromkeys(value for spelling, value in self.spellings if spelling >= frozenset(words)))

    def described(self, text: str) -> str | None:
        """The entry whose description the text paraphrases better than any other's, in three words at least."""
        said = telling(text)
        scores = {
            value: sum(self._rarity[word] for word in said & words)
            for value, words in self._descriptions.items()
            if len(said & words) >= _PARAPHRASE
        }
        ranked = sorted(scores, key=lambda value: scores[value], reverse=True)
        if not ranked or (len(ranked) > 1 and scores[ranked[0]] < _RIVAL * scores[ranked[1]]):
            return None
        return ranked[0]


def _length(name: Name) -> tuple[int, int]:
    """Articles and the like do not make a name longer than one without them."""
    return sum(word not in _NEVER_ALONE for word in name.words), len(name.words)


def _split(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _TOKEN.finditer(text):
        word = match.group().casefold().rstrip("-")
        if len(word) <= _LONGEST_WORD:
            yield word, match.start(), match.start() + len(word)
