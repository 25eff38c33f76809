"""Telephone numbers on which the customer wants to be reached."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from babel.core import get_global
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number

from agent.embedded.field_reader import FieldReader, is_another_customers, mention
from agent.embedded.lexicon import Concept
from agent.embedded.mention import Mention
from agent.embedded.talk import Said, Talk
from agent.embedded.turn import Turn

_MOST_TRIES = 200
_ENOUGH_WORDS = 3  # function words by which a language is told
_DIGITS = re.compile(r"\d(?:\D{0,3}\d){5}")
_FAX = re.compile(r"\b(?:fax|telefax)\W*\Z", re.IGNORECASE)
_FUNCTION_WORDS = {
    "de": "und ich der die das ist nicht mit bitte sie auf",
    "fr": "et je le la les est pas vous pour une que",
    "es": "y el la los es no por una que para me",
    "it": "e il la che è non per una sono mi",
    "nl": "en ik het de is niet een voor van met",
    "pt": "e o a que não para uma com é meu",
    "pl": "i nie się jest na to że do mi",
    "sv": "och jag det är inte en att på för",
}


class PhoneReader(FieldReader):
    def find(self, turn: Turn) -> Iterable[Mention]:
        reading = turn.spoken
        if not _DIGITS.search(reading.text):
            return
        taken: list[tuple[int, int]] = []
        for region in _regions(reading.text, self.settings.region):
            for match in PhoneNumberMatcher(reading.text, region, Leniency.VALID, _MOST_TRIES):
                span = reading.place(match.start, match.end)
                if any(start < span[1] and span[0] < end for start, end in taken):
                    continue
                taken.append(span)
                if not _FAX.search(turn.around(*span)[0]):
                    yield mention(turn, format_number(match.number, PhoneNumberFormat.E164), span, 0.9)

    def confidence(self, said: Said, talk: Talk) -> float:
        if is_another_customers(said):
            return 0
        if self.is_answer(said, talk):
            return said.mention.confidence
        if _speaks_of_calling(said):
            return 0.85
        return 0.4 if self.cues.on_request else 0.55


def _speaks_of_calling(said: Said) -> bool:
    """In the number's sentence, or in the one before it."""
    turn = said.source
    sentence = turn.sentence(said.mention.start)
    if said.amends or sentence is None:
        return said.amends
    previous = turn.sentence_of(sentence.start - 1) if sentence.start else None
    return any(turn.speaks_of(near, frozenset({Concept.CALL})) for near in (sentence, previous) if near)


@lru_cache(maxsize=256)
def _country(language: str) -> str | None:
    """Where most people who speak it live: "de_Latn_DE"."""
    likely: dict[str, str] = get_global("likely_subtags")  # pyright: ignore[reportAssignmentType] - babel's own type is wider
    return likely.get(language, "").rpartition("_")[2] or None


def _regions(text: str, own: str) -> list[str]:
    """Whose numbering a number without a country code follows: that of the language it is written in, else ours."""
    found = set(re.findall(r"\w+", text[:2000].lower()))
    scores = {language: len(found & set(words.split())) for language, words in _FUNCTION_WORDS.items()}
    language = max(scores, key=lambda name: scores[name])
    country = _country(language) if scores[language] >= _ENOUGH_WORDS else None
    return [country, own] if country and country != own else [own]
