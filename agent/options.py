"""Options of choices and entries of catalogues, found by what people call them."""

from __future__ import annotations

import re
from collections.abc import Callable

from rapidfuzz import process

from agent.settings import CaseField, Option
from agent.text import bare, listing, quoted


def find_option(field: CaseField, text: str, *, complete: bool = False) -> Option:
    """The option or entry that this names by value or synonym; `complete` takes an unambiguous beginning as well.

    Raises ValueError with the options, the nearest first.
    """
    wanted = _key(text)
    tests: list[Callable[[Option], bool]] = [
        lambda option: option.value == text,
        lambda option: _key(option.value) == wanted,
        lambda option: wanted in map(_key, option.synonyms),
    ]
    if complete and wanted:
        tests.append(lambda option: _key(option.value).startswith(wanted))
        tests.append(lambda option: any(_key(synonym).startswith(wanted) for synonym in option.synonyms))
    hits = ([option for option in field.choices if test(option)] for test in tests)
    found = next(filter(None, hits), list[Option]())
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{quoted(text)} can mean {listing([option.value for option in found])}")
    options = listing([option.value for option in field.choices])
    raise ValueError(f"{quoted(text)} is not one of {options}{_suggestion(field, text)}")


def find_options(field: CaseField, text: str, *, complete: bool) -> list[str]:
    """Option values in the order in which the field defines them."""
    try:
        return [find_option(field, text).value]
    except ValueError:
        parts = [part.strip() for part in re.split(r"[,;\n]", text)]
    chosen = {find_option(field, part, complete=complete).value for part in parts if part}
    if not chosen:
        raise ValueError("a value is missing")
    return [option.value for option in field.choices if option.value in chosen]


def _key(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", bare(name).casefold())).strip()


def _suggestion(field: CaseField, text: str) -> str:
    names = {name: option.value for option in field.choices for name in (option.value, *option.synonyms)}
    nearest = process.extractOne(text, list(names), processor=_key, score_cutoff=60)
    return f"; did you mean {names[nearest[0]]}?" if nearest else ""
