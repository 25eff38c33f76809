"""From the network's scores to what it says of each field. Numbers in, plain values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.embedded.model.encoding import Row, Utterance

Scores = Mapping[str, NDArray[np.float32]]
Shares = NDArray[np.float32]
Numbers = NDArray[np.intp]
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
    spans = _spans(said)
    together = first[:, spans[:, 0]] * last[:, spans[:, 1]]
    return [
        _best(row, lines, _likeliest(spans, likely), *of_field)
        for likely, *of_field in zip(together, first, last, strict=True)
    ]


def _spans(said: Numbers) -> Numbers:
    """The first and the last token of all runs of words inside one message; `said`: the message of each token."""
    steps = np.arange(len(said))
    width = steps[None, :] - steps[:, None]
    return np.argwhere((said[None, :] == said[:, None]) & (width >= 0) & (width < _LONGEST))


def _likeliest(spans: Numbers, likely: Shares) -> list[tuple[int, int, float]]:
    """With how likely each is. Sorting all of them would take a tenth of the network's time."""
    looked_at = min(_LOOKED_AT, len(spans))
    found = np.argpartition(likely, -looked_at)[-looked_at:]
    found = found[likely[found].argsort()[::-1]]
    return [(*span, share) for span, share in zip(spans[found].tolist(), likely[found].tolist(), strict=True)]


def _best(
    row: Row, lines: Sequence[Utterance], likeliest: Sequence[tuple[int, int, float]], first: Shares, last: Shares
) -> tuple[Place, float]:
    """A value's starts are likely together, and so are its ends."""
    starts: dict[str, set[int]] = {}
    ends: dict[str, set[int]] = {}
    places: dict[str, tuple[bool, float, Place]] = {}
    for begin, end, share in likeliest:
        place = Place(row.words[begin][1], row.words[begin][2], row.words[end][3])
        line = lines[place.line]
        value = line.text[place.start : place.end].casefold()
        starts.setdefault(value, set()).add(begin)
        ends.setdefault(value, set()).add(end)
        rank = (line.is_customer, share, place)  # the customer's own words are the better evidence
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
