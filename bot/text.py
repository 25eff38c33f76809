"""Text of people, made safe to look at and to compare; nothing here knows what a case is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

_JOINERS = "\u200c\u200d"  # they carry meaning inside emoji and in Persian and Indic words
_NEAR = 0.7  # one slip in a word of four letters, three in one of eleven


def tidy(text: str) -> str:
    """The text without invisible, control and direction-changing characters; every blank becomes a plain space."""
    lines = re.sub(r"\r\n?|[\u0085\u2028\u2029]", "\n", text)
    return "".join(_tidy_character(character) for character in lines)


def one_line(text: str, limit: int = 120) -> str:
    """Words of somebody else as they may stand inside a sentence of ours: tidy, on one line, shortened."""
    return shortened(" ".join(tidy(text).split()), limit)


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def quoted(text: str, limit: int = 120) -> str:
    return f"“{one_line(text, limit)}”"


def listed(items: Sequence[str], joint: str = "and") -> str:
    """`A, B and C`."""
    parts = (", ".join(items[:-1]), *items[-1:])
    return f" {joint} ".join(part for part in parts if part)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that the word is a misspelling of, or a part of ("category" of "case category"), if there is one."""
    names = list(choices)
    found = process.extractOne(word, names, scorer=OSA.normalized_similarity, score_cutoff=_NEAR)
    found = found or process.extractOne(word, names, scorer=fuzz.token_set_ratio, score_cutoff=100)
    return found[0] if found else None


def _tidy_character(character: str) -> str:
    if character == "\n" or character in _JOINERS:
        return character
    category = unicodedata.category(character)
    if category == "Zs" or character == "\t":
        return " "
    return "" if category in {"Cc", "Cf", "Cs"} else character
