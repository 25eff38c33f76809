"""From bytes to characters when what the mail says of its charset is wrong, or nothing."""

from __future__ import annotations

import codecs
import contextlib
import re

from charset_normalizer import from_bytes

# What is declared, and the larger set that is meant: https://encoding.spec.whatwg.org/#names-and-labels
_MEANT = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_NO_CHARSET = frozenset({"", "binary", "8bit", "7bit", "unknown-8bit", "x-unknown", "unknown", "default", "none"})
# Codecs that Python has under such a name, and that are no charsets of text.
_NOT_TEXT = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})
# What mails are really written in: a guess among all that Python knows is slower, and finds code pages of the eighties.
_GUESSES = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_2", "koi8_r", "koi8_u"),
    *("gb18030", "big5hkscs", "cp932", "euc_jp", "iso2022_jp", "cp949", "cp874", "mac_roman", "utf_16"),
]
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff]")
_WORTH_GUESSING = 32  # bytes: of fewer, Western is the better guess
_GUESSED_FROM = 4_000  # bytes: more makes the guess slower, not better


def clean(text: str) -> str:
    """Without controls, NUL and lone surrogates; lines end in a line feed."""
    return _UNWANTED.sub("", text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n"))


def decode_short(data: bytes, declared: str | None) -> str:
    """As `decode`, but guessing cheaply: there may be thousands of these in a mail."""
    for tried in (_codec(declared), "utf-8"):
        with contextlib.suppress(ValueError):
            return clean(data.decode(_MEANT.get(tried, tried) if tried else "utf-8"))
    return clean(data.decode("cp1252", errors="replace"))


def decode(data: bytes, declared: str | None) -> tuple[str, str | None]:
    """The text, and a sentence when it isn't in the charset that is declared."""
    codec = _codec(declared)
    if declared and codec is None and declared.lower() not in _NO_CHARSET:
        return _guess(data), f"The charset {_shown(declared)} is unknown; another was guessed."
    if codec is None:
        return _guess(data), None
    for tried in (_MEANT.get(codec, codec), codec):
        with contextlib.suppress(ValueError):
            # A mail that says less than it holds is mostly UTF-8 these days.
            return clean(data.decode("utf-8" if _is_utf8(data, codec) else tried)), None
    return _guess(data), f"The text isn't in the charset {_shown(declared)} that it claims; another was guessed."


def _is_utf8(data: bytes, codec: str) -> bool:
    if codec not in {"ascii", "iso8859-1", "cp1252"} or data.isascii():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _codec(name: str | None) -> str | None:
    """Python's name of a charset of text."""
    try:
        found = codecs.lookup((name or "").strip().strip("'\""))
    except (LookupError, ValueError, UnicodeError):
        return None
    # The flag says whether bytes.decode would take it (base64, rot13 and the like are refused).
    if not getattr(found, "_is_text_encoding", True) or found.name.replace("-", "_") in _NOT_TEXT:
        return None
    return found.name


def _guess(data: bytes) -> str:
    try:
        return clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    best = from_bytes(data[:_GUESSED_FROM], cp_isolation=_GUESSES).best() if len(data) >= _WORTH_GUESSING else None
    try:
        return clean(data.decode(best.encoding if best else "cp1252"))
    except (UnicodeDecodeError, LookupError):
        return clean(data.decode("cp1252", errors="replace"))


def _shown(name: str | None) -> str:
    return clean(name or "")[:40]
