"""Lists of words as people write them."""

from __future__ import annotations

import textwrap


def vocabulary(text: str) -> frozenset[str]:
    """The words, which white space separates."""
    return frozenset(text.split())


def alternatives(text: str) -> str:
    """A regular expression of which each line is a part: a long one stays readable as a list of lines."""
    return "|".join(line.strip(" |") for line in textwrap.dedent(text).strip().splitlines())
