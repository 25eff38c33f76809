"""The seam between a channel's native API and us: events in as `Inbound`, posts out as `Outbound`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from aiohttp import web

from store.engine import Transaction
from store.model import Inbound, Outbound


class Receive(Protocol):
    """Stores an event durably; returns after the commit.

    `alongside` runs in the same transaction, only when the event is new: what a channel must keep together with it (a
    mailbox's position, a web chat's transcript). Returns False when the event had been stored before.

    Raises Overloaded when more work waits than we promise to keep up with: answer 503 with Retry-After.
    """

    async def __call__(self, inbound: Inbound, *, alongside: Transaction | None = None) -> bool: ...

    async def together(self, inbounds: Sequence[Inbound], *, alongside: Transaction) -> None:
        """Stores events that arrived as one, and what belongs to them, in one transaction; passes over known ones."""
        ...


class Overloaded(Exception):
    """Too much work is waiting; try again later."""

    def __init__(self, retry_after: int = 5) -> None:
        super().__init__(f"Too much work is waiting; try again in {retry_after} s.")
        self.retry_after = retry_after


class RetryLater(Exception):
    """The channel asked us to wait, or did not answer: send the same thing again after `after` seconds.

    `nothing_posted`: this attempt surely did not get through. A channel that names a time says that by it.
    """

    def __init__(self, reason: str, *, after: float | None = None, nothing_posted: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.nothing_posted = nothing_posted or after is not None


class Undeliverable(Exception):
    """The thread or the person is gone, or the channel will never take this: do not try again."""


class PartlyDelivered(Exception):
    """It was posted as `native_id`, but some of those it was for did not get it: the team is told, nothing repeated."""

    def __init__(self, reason: str, *, native_id: str) -> None:
        super().__init__(reason)
        self.native_id = native_id


class State(StrEnum):
    CONNECTED = "connected"
    STARTING = "starting"
    DEGRADED = "degraded"  # an account of it does not work; the others and the other channels do
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    state: State
    sentence: str  # for people: "Listening at /v3/directline."
    accounts: Mapping[str, str] = field(default_factory=dict[str, str])  # where it has several: each one's state


class Channel(Protocol):
    """A place messages come from and posts go to. A new channel is one folder plus a subclass of the contract test."""

    @property
    def name(self) -> str: ...

    @property
    def health(self) -> Health: ...

    @property
    def private_answers(self) -> bool:
        """Whether `Outbound.audience` is honoured; where not, nothing internal is posted into a thread."""
        ...

    def routes(self) -> Sequence[web.AbstractRouteDef]: ...

    async def run(self, receive: Receive) -> None:
        """Runs until cancelled: keeps connections, delivers what is pushed to it. Cancelling leaves no task."""
        ...

    async def send(self, outbound: Outbound) -> str:
        """Posts or edits; returns the native id. Raises RetryLater, Undeliverable or PartlyDelivered."""
        ...
