"""When to try again, as data: the loops merely obey."""

from __future__ import annotations

import random
from dataclasses import dataclass

from adapters.channel import RetryLater, Undeliverable
from store import outbox, work

EVENT_WAITS = (1.0, 4.0, 15.0, 60.0)  # seconds after the first, second, ... failure
POST_WAITS = (1.0, 4.0, 15.0, 60.0, 300.0, 900.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Retry:
    after: float  # seconds


@dataclass(frozen=True, slots=True)
class GiveUp:
    reason: str


def after_failure(attempts: int, _error: Exception) -> Retry | GiveUp:
    """For an event that could not be handled; `attempts` counts the one that just failed."""
    if attempts >= work.MAX_ATTEMPTS:
        return GiveUp(f"failed {attempts} times")
    return Retry(_jittered(EVENT_WAITS[min(attempts, len(EVENT_WAITS)) - 1]))


def after_refusal(attempts: int, error: Exception) -> Retry | GiveUp:
    """For a post that did not get through."""
    if isinstance(error, Undeliverable):
        return GiveUp(str(error))
    if isinstance(error, RetryLater) and error.after is not None:  # being asked to wait is no failure
        return Retry(error.after)
    if attempts >= outbox.MAX_ATTEMPTS:
        return GiveUp(f"failed {attempts} times; the last time: {error}")
    return Retry(_jittered(POST_WAITS[min(attempts, len(POST_WAITS)) - 1]))


def described(error: Exception) -> str:
    """What is kept of an error, for people; PostgreSQL keeps no NUL."""
    return f"{type(error).__name__}: {error}".replace("\0", "\N{REPLACEMENT CHARACTER}")[:2000]


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, keeps no secret
