"""What the network's scores, and the rules', have been worth on conversations that neither learnt from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.embedded.model.calibration import Calibration, Curve

_LEAST = 25  # values behind a point of a curve
_ADDED = 10


class Outcome(NamedTuple):
    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of one type of field, as `Calibration` tells them apart."""

    agreed: Sequence[Outcome]
    proposed: Sequence[Outcome]
    ruled: Sequence[Outcome]

    def calibration(self) -> Calibration:
        return Calibration(agreed=curve(self.agreed), proposed=curve(self.proposed), ruled=curve(self.ruled))


def curve(outcomes: Iterable[Outcome]) -> Curve:
    """Never falling (pool adjacent violators). Few cases prove little: ten that are as good as scored are added."""
    pools: list[list[float]] = []  # scores summed, right, all
    for score, right in sorted(outcomes):
        pools.append([score, float(right), 1.0])
        while len(pools) > 1 and (pools[-2][1] / pools[-2][2] >= pools[-1][1] / pools[-1][2] or pools[-2][2] < _LEAST):
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    if not pools:
        return [(0.0, 0.0), (1.0, 1.0)]
    return [_point(scores / count, right, count) for scores, right, count in pools]


def _point(score: float, right: float, count: float) -> tuple[float, float]:
    return round(score, 4), round((right + _ADDED * score) / (count + _ADDED), 4)
