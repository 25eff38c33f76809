"""From everything that was said for one field to one value, or to a reason why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.embedded.mention import Stance
from agent.embedded.talk import Said
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField
from store.model import Evidence, FieldId, Value

CLOSE = 0.15
"""Values whose confidences differ by less are rivals."""
_CORRECTION = re.compile(
    r"\b(?:no|nope|sorry|wait|hang on|hold on|i mean|i meant|actually|rather|correction|oops|scratch that|instead"
    r"|not|nein|sorry|entschuldigung|vielmehr"
    r"|non|pardon|plutôt|perdón|mejor dicho|desculpe|scusi|nee)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    value: Value
    confidence: float
    said: tuple[Said, ...]

    @property
    def last(self) -> Said:
        return self.said[-1]

    @property
    def position(self) -> tuple[int, int]:
        return self.last.line.index, self.last.mention.start


def settle(field: CaseField, said: Sequence[Said], confidence: Callable[[Said], float]) -> Prediction | Abstention:
    """The value that stands at the end: later words win over earlier ones, what was denied is withdrawn."""
    if not said:
        return abstain(field, f"Nothing in the conversation says what the {field.label} is.")
    candidates = candidates_of(said, confidence)
    if not candidates:
        return abstain(field, f"What was said about the {field.label} was taken back, or is about something else.")
    best = max(candidate.confidence for candidate in candidates)
    rivals = sorted((c for c in candidates if c.confidence > best - CLOSE), key=lambda c: c.position)
    winner = rivals[-1]
    if len(rivals) > 1 and not _corrects(rivals[-2].last, winner.last):
        if rivals[-2].last.line is winner.last.line:
            return abstain(field, f"Several values are given for the {field.label}, and none is withdrawn.")
        return predict(field, winner, winner.confidence * 0.8)
    return predict(field, winner, winner.confidence)


def candidates_of(said: Sequence[Said], confidence: Callable[[Said], float]) -> list[Candidate]:
    """By value, what was claimed and not denied afterwards."""
    standing: dict[str, list[Said]] = {}
    for item in said:
        key = repr(item.mention.value)
        if item.mention.stance is Stance.CLAIMED:
            standing.setdefault(key, []).append(item)
        elif item.mention.stance is Stance.DENIED:
            standing.pop(key, None)
    found: list[Candidate] = []
    for items in standing.values():
        strength = max(confidence(item) for item in items)
        if strength > 0:
            repeated = 0.03 * min(len(items) - 1, 2)
            found.append(Candidate(items[0].mention.value, min(strength + repeated, 0.98), tuple(items)))
    return found


def _corrects(earlier: Said, later: Said) -> bool:
    """Whether the later words replace the earlier ones, and don't merely name something else."""
    if later.amends:
        return True
    text = later.line.message.text
    if earlier.line is not later.line:
        return bool(_CORRECTION.search(text, max(0, later.mention.start - 60), later.mention.start)) or bool(
            _CORRECTION.match(text.lstrip(" *"))
        )
    return bool(_CORRECTION.search(text, earlier.mention.end, later.mention.start))


def predict(field: CaseField, candidate: Candidate, confidence: float) -> Prediction:
    return Prediction(
        field=FieldId(field.id),
        value=candidate.value,
        confidence=round(confidence, 3),
        evidence=_evidence(candidate.said),
    )


def _evidence(said: tuple[Said, ...]) -> tuple[Evidence, ...]:
    """Of the last words that say it, and of the first: a value is explained by two places, not by twenty."""
    places = [*said[-1].evidence, *(said[0].evidence if len(said) > 1 else ())]
    return tuple(dict.fromkeys(places))


def abstain(field: CaseField, reason: str) -> Abstention:
    return Abstention(field=FieldId(field.id), reason=reason)
