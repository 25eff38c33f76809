"""What a text speaks of: where the words of each concept stand, and whether they are denied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from agent.embedded.lexicon import LEXICON, Concept
from agent.embedded.vocabulary import alternatives

_NOT = (
    r"not|n't|no|never|nothing|without|nor|neither|hardly|nicht|kein\w*|nie|nichts|ohne|pas|jamais|rien|sans|ni"
    r"|nunca|nada|sin"
    r"|não|sem|niet|geen|nooit|zonder|non|senza|nie|bez|(?:ca|wo|is|was|are|does|did|do|has|have|could|would)nt"
)
_DENIED = re.compile(rf"(?:\b(?:{_NOT})|(?<=\w)n't)(?:\s+\w+)?\s+$", re.IGNORECASE)
_SPACED = 0x590  # scripts from here on join words, or join particles to them
_SCOPE = re.compile(r"\b(?:nothing|not|nichts|rien|nada)\b[^.;]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hit:
    """The words start:end of a text speak of the concept; `denied`: they say that it is not so."""

    concept: Concept
    start: int
    end: int
    denied: bool


def _alternatives(expression: str) -> list[str]:
    """Splits at the bars that stand in no group."""
    found, depth = [""], 0
    for character in expression:
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return found


def _first_letters(expression: str) -> set[str]:
    """The letters with which a match of the expression can begin; "" where it can be any."""
    if not expression.startswith("(?:"):
        return {expression[0] if expression[0].isalnum() else ""}
    end = _group_end(expression)
    letters = {letter for inner in _alternatives(expression[3:end]) for letter in _first_letters(inner)}
    optional = expression[end + 1 :].startswith("?")
    return letters | _first_letters(expression[end + 2 :]) if optional else letters


def _group_end(expression: str) -> int:
    """Where the group closes that the expression begins with."""
    depths = accumulate((character == "(") - (character == ")") for character in expression)
    return next(place for place, depth in enumerate(depths) if depth == 0)


def _expression(alternative: str) -> str:
    words = alternative.replace(" ", r"\s+").replace("n't", "n'?t").replace("i'd", "i'?d").replace("'s ", "'?s ")
    return rf"{words}(?!\w)" if alternative.isascii() or ord(alternative[0]) < _SPACED else words


def _index() -> dict[str, tuple[tuple[Concept, re.Pattern[str]], ...]]:
    """By first letter, what can begin with it: not every expression has to be tried at every word."""
    grouped: dict[str, dict[Concept, list[str]]] = {}
    for concept, text in LEXICON.items():
        for alternative in _alternatives(alternatives(text)):
            for letter in _first_letters(alternative):
                grouped.setdefault(letter, {}).setdefault(concept, []).append(_expression(alternative))
    return {
        letter: tuple((concept, re.compile("|".join(found), re.IGNORECASE)) for concept, found in concepts.items())
        for letter, concepts in grouped.items()
    }


_INDEX = _index()
_WORD_START = re.compile(r"(?<![^\W_])(?=\w)|(?=[\u3040-\u9fff])")


def hits(text: str) -> tuple[Hit, ...]:
    """In order. A concept that two of its expressions find at one place is there once."""
    found: list[Hit] = []
    free: dict[Concept, int] = {}
    for word in _WORD_START.finditer(text):
        start = word.start()
        for concept, pattern in _INDEX.get(text[start].lower(), ()):
            if free.get(concept, 0) <= start and (match := pattern.match(text, start)):
                found.append(Hit(concept, start, match.end(), is_denied(text, start)))
                free[concept] = match.end()
    return tuple(found)


def is_denied(text: str, start: int) -> bool:
    """Whether the words that begin here are denied by those just before: "not the Duo", "nothing is broken"."""
    return bool(_DENIED.search(text, max(0, start - 24), start))


@lru_cache(maxsize=4096)
def spoken_of(text: str) -> tuple[frozenset[Concept], frozenset[Concept]]:
    """The concepts that a description speaks of, and those it excludes ("Not for ...", "nothing is ...")."""
    use, exclude = split_description(text)
    wanted = {hit.concept for hit in hits(use) if not hit.denied and not _SCOPE.search(use, 0, hit.start)}
    unwanted = {hit.concept for hit in hits(exclude) if not hit.denied}
    return frozenset(wanted), frozenset(unwanted - wanted)


_NOT_FOR = re.compile(r"\b(?:not for|do not use|don't use|nicht für|pas pour|no para)\b\s*:?", re.IGNORECASE)


def split_description(text: str) -> tuple[str, str]:
    """What an administrator wrote before and after "Not for"."""
    match = _NOT_FOR.search(text)
    return (text[: match.start()], text[match.end() :]) if match else (text, "")
