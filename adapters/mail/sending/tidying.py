"""Text of others, made safe for a mail."""

from __future__ import annotations

import re

# Controls but for tab and line feed, lone surrogates, and what turns the direction of the text behind it.
_UNWANTED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def tidy(text: str) -> str:
    """Lines end in a line feed; nothing that can't be seen is left but tabs and joiners."""
    return _UNWANTED.sub("", _BREAKS.sub("\n", text))


def one_line(text: str, limit: int) -> str:
    line = " ".join(tidy(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
