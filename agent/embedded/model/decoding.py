"""From the network's scores to what it says of each field. Numbers in, plain values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.embedded.model.encoding import Row, Utterance

Scores = Mapping[str, NDArray[np.float32]]
Shares = NDArray[np.float32]
_LONGEST = 32  # tokens of a span
_LOOKED_AT = 12  # spans that are weighed; the rest are hardly likely


@dataclass(frozen=True, slots=True)
class Place:
    """The characters start:end of one message of the window."""

    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Guess:
    """What one window says of one field."""

    told: float  # how likely it says anything
    place: Place | None = None  # of a text field
    option: int | None = None  # of a choice
    line: int | None = None  # the message that settles it
    sure: float = 0.0  # how likely place or option are right, if it says anything

    @property
    def confidence(self) -> float:
        return self.told * self.sure


def guesses(row: Row, lines: Sequence[Utterance], scores: Scores) -> list[Guess]:
    """One for each field of the row."""
    told = _shares(scores["told"])[:, 1]
    settled = _shares(scores["line"])
    places = iter(_places(row, lines, scores))
    found: list[Guess] = []
    for number, options in enumerate(row.options):
        likely, line = float(told[number]), int(settled[number].argmax()) if row.lines else None
        place = next(places)
        if options:
            shares = _shares(scores["option"][number : number + 1, : len(options)])[0]
            best = int(shares.argmax())
            found.append(Guess(likely, option=best, line=line, sure=float(shares[best])))
        elif place is None:
            found.append(Guess(0.0))
        else:
            found.append(Guess(likely, place=place[0], line=line, sure=place[1]))
    return found


def _places(row: Row, lines: Sequence[Utterance], scores: Scores) -> list[tuple[Place, float] | None]:
    """Each field's likeliest words inside one message; the same words elsewhere speak for them too."""
    if not row.words:
        return [None] * len(row.fields)
    words = np.array(row.words)
    at, said = words[:, 0], words[:, 1]
    first, last = _shares(scores["start"][:, at]), _shares(scores["end"][:, at])
    steps = np.arange(len(at))
    width = steps[None, :] - steps[:, None]
    allowed = (said[None, :] == said[:, None]) & (width >= 0) & (width < _LONGEST)
    together = first[:, :, None] * last[:, None, :] * allowed
    return [_best(row, lines, *of_field) for of_field in zip(first, last, together, strict=True)]


def _best(row: Row, lines: Sequence[Utterance], first: Shares, last: Shares, together: Shares) -> tuple[Place, float]:
    """A value's starts are likely together, and so are its ends."""
    flat = together.ravel()
    starts: dict[str, set[int]] = {}
    ends: dict[str, set[int]] = {}
    places: dict[str, tuple[bool, float, Place]] = {}
    for index in np.argsort(flat)[::-1][:_LOOKED_AT]:
        begin, end = divmod(int(index), len(last))
        place = Place(row.words[begin][1], row.words[begin][2], row.words[end][3])
        line = lines[place.line]
        value = line.text[place.start : place.end].casefold()
        starts.setdefault(value, set()).add(begin)
        ends.setdefault(value, set()).add(end)
        rank = (line.is_customer, float(flat[index]), place)  # the customer's own words are the better evidence
        if value not in places or rank[:2] > places[value][:2]:
            places[value] = rank
    sure = {value: float(first[list(starts[value])].sum() * last[list(ends[value])].sum()) for value in places}
    best = max(sure, key=lambda value: sure[value])
    return places[best][2], min(1.0, sure[best])


def _shares(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    if scores.shape[-1] == 0:
        return scores
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)
