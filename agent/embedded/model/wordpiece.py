"""Text as the tokens that the base model was made with (BERT, uncased), each with its place in the text.

Forty lines instead of a package that brings a client of a model hub along.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from agent.embedded.model.encoding import Token

UNKNOWN = "[UNK]"
_LONGEST = 100  # characters of a word; longer ones are no words
_CJK = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FA1F))

Letter = tuple[str, int]
"""As it is read, and where it stands in the text."""


class WordPiece:
    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.ids = {word: number for number, word in enumerate(vocabulary)}
        self._pieces = lru_cache(maxsize=20_000)(self._split)

    def __call__(self, text: str) -> tuple[Token, ...]:
        return tuple(self._tokens(text))

    def _tokens(self, text: str) -> Iterator[Token]:
        for word in _words(text):
            for identity, start, end in self._pieces("".join(letter for letter, _ in word)):
                yield identity, word[start][1], word[end - 1][1] + 1

    def _split(self, word: str) -> tuple[Token, ...]:
        """The longest known beginning, and so on with the rest."""
        found: list[Token] = []
        start = 0
        while start < len(word) <= _LONGEST:
            lead = "##" if start else ""
            end = next((end for end in range(len(word), start, -1) if lead + word[start:end] in self.ids), None)
            if end is None:
                break
            found.append((self.ids[lead + word[start:end]], start, end))
            start = end
        return tuple(found) if found and start == len(word) else ((self.ids[UNKNOWN], 0, len(word)),)


def _words(text: str) -> Iterator[list[Letter]]:
    """Runs of letters and digits; every other sign by itself."""
    word: list[Letter] = []
    for at, character in enumerate(text):
        for letter in _folded(character):
            if letter == " " or _stands_alone(letter):
                if word:
                    yield word
                word = []
                if letter != " ":
                    yield [(letter, at)]
            else:
                word.append((letter, at))
    if word:
        yield word


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    """In lower case, without accents; nothing for what is not visible, a blank for any white space."""
    if character in "\t\n\r" or unicodedata.category(character) == "Zs":
        return " "
    if unicodedata.category(character).startswith("C") or character == "\ufffd":
        return ""
    letters = unicodedata.normalize("NFD", character)
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn").lower()


@lru_cache(maxsize=4096)
def _stands_alone(letter: str) -> bool:
    ascii_sign = letter.isascii() and not letter.isalnum()
    cjk = any(low <= ord(letter) <= high for low, high in _CJK)
    return ascii_sign or cjk or unicodedata.category(letter).startswith("P")
