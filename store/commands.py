"""What may be a command, before anybody reads which one: channels hide it from others, the tracker answers it."""

from __future__ import annotations

import re
import unicodedata

SLASH = r"[/\uff0f\u2044\u2215]"
"""The slash, also as keyboards for Chinese and Japanese write it; as a part of a regular expression."""

_COMMAND = re.compile(rf"(?:[\s,:]++|<at\b[^<>]*+>[^<>]*+</at>|<@[^<>\s]++>|@[^\s/]++)*+{SLASH}(?P<word>\S*)")


def command_word(text: str) -> str | None:
    """The word after the slash that a text begins with, behind mentions and invisible characters; else None."""
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    found = _COMMAND.match(visible)
    return found["word"] if found else None
