"""An administrator's regular expressions. Their authors may not know what one can cost, so each match has a limit."""

from __future__ import annotations

from functools import lru_cache

import regex

LIMIT = 0.05  # seconds; an honest pattern needs microseconds
_PROBES = tuple(f"{character * 48}!" for character in "A0a-. ")


def fits(pattern: str, text: str) -> bool:
    """Whether the whole text has the pattern's form; what can't be told within the limit does not."""
    try:
        return _compiled(pattern).fullmatch(text, timeout=LIMIT) is not None
    except TimeoutError:
        return False


def begins(pattern: str, text: str) -> bool:
    """Whether a text that starts with this one could have the form; what can't be told within the limit could."""
    try:
        return _compiled(pattern).fullmatch(text, partial=True, timeout=LIMIT) is not None
    except TimeoutError:
        return True


def complaint(pattern: str) -> str | None:
    """What is wrong with a pattern, as a sentence for its author."""
    try:
        compiled = _compiled(pattern)
    except regex.error as error:
        return f"`pattern` is not a regular expression: {error}"
    try:
        for probe in _PROBES:
            compiled.fullmatch(probe, timeout=LIMIT)
    except TimeoutError:
        return "`pattern` takes too long on a text that almost fits: avoid a repetition inside a repetition"
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)
