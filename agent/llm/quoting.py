"""Quotes: where they stand in a message, and what of a message is its author's own words."""

from __future__ import annotations

import re

from store.model import Evidence, Message

_QUOTED_LINE = re.compile(r"^[ \t]*(?:>|\|).*$", re.MULTILINE)
_LONGEST_WORD = 60  # letters: longer ones are codes, and no words that justify anything


def own_words(text: str) -> str:
    """The message without the lines that repeat another one. Other places keep their wording, not their position."""
    return _QUOTED_LINE.sub("", text)


def locate(quote: str, message: Message) -> Evidence | None:
    """Where the words stand, in the author's own lines; line breaks and spaces may be written differently."""
    words = quote.split()
    if not words or max(map(len, words)) > _LONGEST_WORD:
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    foreign = [match.span() for match in _QUOTED_LINE.finditer(message.text)]
    for match in pattern.finditer(message.text):
        start, end = match.span()
        if not any(start < last and first < end for first, last in foreign):
            return Evidence(message_id=message.id, quote=match.group(), start=start, end=end)
    return None
