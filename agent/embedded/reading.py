"""A message as it is read: entities resolved, tags and invisible characters gone.

Every character still knows where it stood, so that whatever is found can be quoted literally.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape

from agent.embedded.vocabulary import vocabulary

LIMIT = 20_000
"""Characters of one message that are read; an evaluation must stay cheap whatever somebody pastes."""

_HIDDEN = re.compile(
    r"<!--.{0,1000}?-->"
    r"|<(?:style|script)\b[^<>]{0,400}>[^<]{0,4000}"
    r"|<\w{1,10}[^<>]{0,400}(?:font-size:\s?[01]px|display:\s?none|visibility:\s?hidden)[^<>]{0,400}>[^<]{0,4000}",
    re.DOTALL | re.IGNORECASE,
)
_TAG = re.compile(r"</?([a-z][a-z0-9]{0,10})\b[^<>]{0,800}>", re.IGNORECASE)
_INLINE = vocabulary(
    """
    a b strong i em u span font small
    """
)
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{1,6}|#x[0-9a-f]{1,5});", re.IGNORECASE)
_ODD = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u061c\u180e\u2000-\u200f\u2010\u2011\u2018\u2019\u201a\u201c-\u201e\u2028-\u202f"
    r"\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff\uff01-\uff5e]"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """`text[i]` was read from `starts[i]:ends[i]` of the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters start:end (not empty) stand in the original."""
        return self.starts[start], self.ends[end - 1]

    def index(self, offset: int) -> int:
        """The first character here that stands at or after an offset of the original."""
        return bisect_left(self.starts, offset)


def read(text: str) -> Reading:
    text = text[:LIMIT]
    reading = Reading(text, range(len(text)), range(1, len(text) + 1))
    if "<" in text:
        reading = rewrite(reading, _HIDDEN, lambda _: "\n")
        reading = rewrite(reading, _TAG, _tag)
    if "&" in text:
        reading = rewrite(reading, _ENTITY, lambda match: unescape(match.group()))
    return rewrite(reading, _ODD, _plain_character)


def rewrite(reading: Reading, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]) -> Reading:
    """As `re.sub`; each new character stands for the whole passage it replaces."""
    matches = list(pattern.finditer(reading.text))
    if not matches:
        return reading
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for match in matches:
        pieces.append(reading.text[position : match.start()])
        starts.extend(reading.starts[position : match.start()])
        ends.extend(reading.ends[position : match.start()])
        new = replace(match)
        start, end = reading.place(match.start(), match.end())
        pieces.append(new)
        starts.extend([start] * len(new))
        ends.extend([end] * len(new))
        position = match.end()
    pieces.append(reading.text[position:])
    starts.extend(reading.starts[position:])
    ends.extend(reading.ends[position:])
    return Reading("".join(pieces), starts, ends)


def _tag(match: re.Match[str]) -> str:
    return "" if match.group(1).lower() in _INLINE else "\n"


def _plain_character(match: re.Match[str]) -> str:
    character = match.group()
    if character in "‘’\u201a":
        return "'"
    if character in "“”„":
        return '"'
    if unicodedata.category(character) in {"Cf", "Mn"}:
        return ""
    if character.isspace() or unicodedata.category(character).startswith(("Z", "C")):
        return " "
    return unicodedata.normalize("NFKC", character).replace("\u2010", "-")[:1]
