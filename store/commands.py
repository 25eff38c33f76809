"""What may be a command, before anybody reads which one: channels hide it from others, the tracker answers it."""

from __future__ import annotations

import re
import unicodedata

SLASH = r"[/\uff0f\u2044\u2215]"
"""The slash, also as keyboards for Chinese and Japanese write it; as a part of a regular expression."""

BLANK = (
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""A character that shows nothing: white space, Unicode's default ignorables, the blank of Braille; as a regex part."""

_COMMAND = re.compile(rf"(?:{BLANK}++|[,:]|<at\b[^<>]*+>[^<>]*+</at>|<@[^<>\s]++>|@[^\s/]++)*+{SLASH}(?P<word>\S*)")
_UNSEEN = {"Cf", "Cc", "Cs"}  # what the parser of commands takes out as well, wherever it stands
_LONE = re.compile(rf"{BLANK}*+{SLASH}{BLANK}*+")
_NOTHING = re.compile(rf"{BLANK}*+")


def is_blank(text: str) -> bool:
    """Whether nobody sees anything of it."""
    return _NOTHING.fullmatch(text) is not None


def is_lone_slash(text: str) -> bool:
    return _LONE.fullmatch(text) is not None


def command_word(text: str) -> str | None:
    """The word after the slash that a text begins with, behind mentions and invisible characters; else None."""
    found = _COMMAND.match(
        "".join(each for each in text if each.isspace() or unicodedata.category(each) not in _UNSEEN)
    )
    return found["word"] if found else None
