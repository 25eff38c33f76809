"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    messages: int  # of the load
    steady_seconds: float
    conversations: int  # to take the evaluations' cost from
    starts: int
    memory_messages: int
    memory_seconds: float  # that these may take
    cases: int
    openings: int  # of a new case, on each store
    mails: int  # that wait after an outage
    mailbox_small: int  # mails that are there already
    mailbox_large: int


FULL = Size(
    messages=2_000,
    steady_seconds=15,
    conversations=3,
    starts=3,
    memory_messages=100_000,
    memory_seconds=900,
    cases=100_000,
    openings=40,
    mails=500,
    mailbox_small=1_000,
    mailbox_large=100_000,
)
QUICK = Size(
    messages=40,
    steady_seconds=1,
    conversations=1,
    starts=1,
    memory_messages=1_000,
    memory_seconds=30,
    cases=500,
    openings=3,
    mails=60,
    mailbox_small=20,
    mailbox_large=200,
)
