"""Whether a mailbox has been silent for longer than usual: a filter or a forward may swallow its mail. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

REMEMBERED = timedelta(days=28)  # four weekends
_LONGER = 1.5  # times the longest silence that is remembered


def longest(arrivals: Sequence[datetime]) -> timedelta:
    """The longest time between two mails, of those in order."""
    return max((later - earlier for earlier, later in pairwise(arrivals)), default=timedelta())


def is_unusual(silence: timedelta, longest: timedelta, least: timedelta) -> bool:
    """`least`: shorter ones are never remarkable."""
    return silence >= max(least, _LONGER * longest)
