"""What a score has been worth: measured once on labelled conversations, and shipped with the network."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

Curve = Sequence[tuple[float, float]]
"""Scores, rising, and the share of values with such a score that were right."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often values are right: both found it, the network alone, the rules alone."""

    agreed: Curve
    proposed: Curve
    ruled: Curve


def probability(curve: Curve, score: float) -> float:
    """Between the points of a curve in a straight line."""
    at = bisect_right(curve, score, key=lambda point: point[0])
    if at in {0, len(curve)}:
        return round(curve[min(at, len(curve) - 1)][1], 3)
    (low, before), (high, after) = curve[at - 1], curve[at]
    return round(before + (after - before) * (score - low) / (high - low), 3)
