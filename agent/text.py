"""Text as people typed or pasted it: what is visible of it, and its plain form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Control characters, and the marks that make text read in another order than it is written (Unicode TR36, 3.1).
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_QUOTED = 60  # characters
_LISTED = 12
DASHES = re.compile("[\u2010-\u2015\u2212]")  # what phones and word processors make of a hyphen
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")


def unified(text: str) -> str:
    """Every kind of line end as a line feed."""
    return _LINE_ENDS.sub("\n", text)


def has_control(text: str) -> bool:
    return _CONTROL.search(text) is not None


def visible(text: str) -> str:
    """The text without control characters and marks that change the reading order; line breaks stay."""
    return _CONTROL.sub("", unified(text))


def bare(text: str) -> str:
    """Full-width letters and digits as plain ones, no-break spaces as spaces, invisible characters gone."""
    compatible = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
    return "".join(char for char in compatible if unicodedata.category(char) != "Cf").strip()


def name_key(name: str) -> str:
    """Names are compared without case, and with `_` and `-` as spaces: `serial_number` is `Serial number`."""
    plain = unicodedata.normalize("NFKC", DASHES.sub("-", name)).casefold()
    return " ".join(re.sub("[\u200c\u200d]", "", plain).replace("_", " ").replace("-", " ").split())


def one_line(text: str) -> str:
    return " ".join(text.split())


def quoted(text: str) -> str:
    """In quotation marks for an error message, shortened."""
    return repr(text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…")


def listing(names: Sequence[str]) -> str:
    """For people: "Low, Normal or High"; the first dozen of a long catalogue."""
    if len(names) > _LISTED:
        return f"{', '.join(names[:_LISTED])} … and {len(names) - _LISTED} more"
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
