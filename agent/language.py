"""The language that a customer writes in."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import exp

from py3langid import rank

from agent.rules import names_any
from agent.settings import Settings
from store.model import FieldId, Message, Role

SHORTEST = 20  # letters; fewer tell a language badly
CERTAIN = 0.9
_READ = 2000  # characters


def wanted(settings: Settings) -> bool:
    """Whether a rule or a queue asks for the language. Loading what recognises it takes a second and 30 MB."""
    return names_any([*settings.update_rules, *settings.queues], {FieldId("conversation.language")})


def spoken(transcript: Iterable[Message]) -> str | None:
    """The ISO 639-1 code of what the customer writes; None while too little is written, or it is not clear."""
    said = [each.text[:_READ] for each in transcript if each.author.role is Role.CUSTOMER and not each.deleted]
    longest = max(said, key=letters, default="")
    if letters(longest) < SHORTEST:
        return None
    code, certainty = detect(longest)
    return code if certainty >= CERTAIN else None


@lru_cache(maxsize=4096)
def detect(text: str) -> tuple[str, float]:
    """ISO code and probability. The first call loads the model, which takes a second."""
    scores: list[tuple[str, float]] = rank(text)
    best, highest = scores[0]
    return best, 1 / sum(exp(score - highest) for _, score in scores)


def letters(text: str) -> int:
    return sum(character.isalpha() for character in text[:_READ])
