"""Choice fields whose options are languages, and what languages are called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from babel import Locale

from agent.settings import CaseField


def _called_in(locale: str) -> Mapping[str, str]:
    """Names of languages by code, as the locale has them."""
    return Locale(locale).languages


@lru_cache(maxsize=1)
def _codes() -> Mapping[str, str]:
    """ISO codes by what the languages are called in English and in themselves."""
    english = _called_in("en")
    own = {
        _called_in(code).get(code, "").casefold(): code
        for code in ("de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "fi", "ja", "ar")
    }
    return {name.casefold(): code for code, name in english.items() if len(code) == len("en")} | own


_LOCALES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "nl",
    "pt",
    "pl",
    "sv",
    "da",
    "fi",
    "cs",
    "hu",
    "ro",
    "el",
    "ru",
    "uk",
    "tr",
    "ar",
    "he",
    "ja",
    "zh",
    "ko",
    "hi",
)


@lru_cache(maxsize=256)
def names_of(code: str) -> tuple[str, ...]:
    """What speakers of other languages call a language: Spanish is espagnol and スペイン語."""
    return tuple({_called_in(locale).get(code, "").casefold() for locale in _LOCALES} - {""})


def options_by_code(field: CaseField) -> dict[str, str]:
    found = {
        _codes().get(name.casefold()): option.value
        for option in field.options
        for name in (option.value, *option.synonyms)
    }
    return {code: value for code, value in found.items() if code}


def is_language_field(field: CaseField) -> bool:
    return len(set(options_by_code(field).values())) > len(field.options) / 2
