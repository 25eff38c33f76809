"""How long to wait before trying again: exponential, with full jitter, so that many do not come back at once."""

from __future__ import annotations

import random

LONGEST = 300.0  # seconds
REFUSED_FIRST, REFUSED_LONGEST = 60.0, 1800.0  # wrong passwords lock accounts


def delay(failures: int) -> float:
    """Seconds, after the first failure (1) and those that follow."""
    return random.uniform(0, min(LONGEST, 2.0 ** min(failures, 10) / 2))  # noqa: S311 - no secret


def delay_when_refused(failures: int) -> float:
    """Seconds; never soon."""
    longest = min(REFUSED_LONGEST, REFUSED_FIRST * 2.0 ** min(failures - 1, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 - no secret
