"""The language that a customer writes in."""

from __future__ import annotations

import lzma
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache, lru_cache
from math import exp
from threading import Lock

import numpy as np
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

from agent.rules import names_any
from agent.settings import Settings
from store.model import FieldId, Message, Role

SHORTEST = 20  # letters; fewer tell a language badly
CERTAIN = 0.9
_READ = 2000  # characters
_loading = Lock()


def wanted(settings: Settings) -> bool:
    """Whether a rule or a queue asks for the language. Loading what recognises it takes half a second and 70 MB."""
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
    """ISO code and probability. The first call loads the model, which takes half a second."""
    with _loading:
        recogniser = _recogniser()
    scores: list[tuple[str, float]] = recogniser.rank(text)
    best, highest = scores[0]
    return best, 1 / sum(exp(score - highest) for _, score in scores)


@cache
def _recogniser() -> LanguageIdentifier:
    """py3langid's, on tables as they were read: its own loader has the largest twice for a moment, others as lists."""
    with tempfile.TemporaryFile() as unpacked:
        with lzma.open(MODEL_DIR / MODEL_FILE) as packed:
            shutil.copyfileobj(packed, unpacked)
        unpacked.seek(0)
        with np.load(unpacked) as tables:
            return LanguageIdentifier(
                tables["ptc"],
                tables["pc"],
                tables["classes"].tolist(),
                memoryview(tables["nextmove"]),
                memoryview(tables["out_feat"]),
                tk_row=memoryview(tables["nextmove_row"]),
            )


def letters(text: str) -> int:
    return sum(character.isalpha() for character in text[:_READ])
