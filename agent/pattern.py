"""An administrator's regular expressions. Their authors may not know what one can cost, so each match has a limit."""

from __future__ import annotations

from functools import lru_cache
from time import thread_time

import regex

LIMIT = 0.05  # seconds of this thread's own work; an honest pattern needs microseconds
_PROBES = tuple(f"{character * 48}!" for character in "A0a-. ")


def fits(pattern: str, text: str) -> bool:
    """Whether the whole text has the pattern's form; what can't be told within the limit does not."""
    try:
        return _fullmatch(pattern, text)
    except TimeoutError:
        return False


def begins(pattern: str, text: str) -> bool:
    """Whether a text that starts with this one could have the form; what can't be told within the limit could."""
    try:
        return _fullmatch(pattern, text, partial=True)
    except TimeoutError:
        return True


def complaint(pattern: str) -> str | None:
    """What is wrong with a pattern, as a sentence for its author."""
    try:
        for probe in _PROBES:
            _fullmatch(pattern, probe)
    except regex.error as error:
        return f"`pattern` is not a regular expression: {error}"
    except TimeoutError:
        return "`pattern` takes too long on a text that almost fits: avoid a repetition inside a repetition"
    return None


def _fullmatch(pattern: str, text: str, *, partial: bool = False) -> bool:
    """Match within the limit; raises TimeoutError beyond it.

    The library counts the work of all of the process's threads, so that a busy neighbour could cost an honest pattern
    its match: it goes on trying until this thread itself has used the time.
    """
    compiled, used = _compiled(pattern), 0.0
    while True:
        start = thread_time()
        try:
            return compiled.fullmatch(text, partial=partial, timeout=LIMIT) is not None
        except TimeoutError:
            used += thread_time() - start
            if used >= LIMIT:
                raise


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)
