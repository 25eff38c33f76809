"""What is said between the servers' side and the database's side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """Everything up to `last_uid` is stored."""

    uidvalidity: int
    last_uid: int
    since: datetime  # when the folder was switched on: from then on all is read again when UIDVALIDITY changes


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """One mail as the server holds it. `raw` is cut at `limits.mail_bytes`: then `size` is larger than it."""

    folder: str
    uidvalidity: int
    uid: int
    raw: bytes
    size: int  # bytes on the server
    received_at: datetime  # INTERNALDATE, UTC

    @property
    def is_cut(self) -> bool:
        return self.size > len(self.raw)


class Store(Protocol):
    """Where positions and mails are kept; everything is called on the event loop."""

    async def position(self, folder: str) -> Position | None:
        """None when the folder was never seen."""
        ...

    async def start(self, folder: str, position: Position) -> None:
        """The first connection begins at "now"."""
        ...

    async def keep(self, folder: str, position: Position, arrivals: Sequence[Arrival]) -> None:
        """Stores the mails and advances the position in one transaction.

        Some arrivals may be stored already: after a changed UIDVALIDITY all since `position.since` come again, and
        until the last of them is kept, `position` is still the old one.
        Raises Overloaded (the same again after retry_after) or anything else (the same again, with backoff).
        """
        ...

    async def handled(self, folder: str, uidvalidity: int) -> Sequence[int]:
        """The uids whose mail is to be marked seen or moved now."""
        ...

    async def settled(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> None:
        """Those are marked or moved, or can't be: not to be named by `handled` again."""
        ...


class MailboxState(StrEnum):
    STARTING = "starting"
    CONNECTED = "connected"
    CATCHING_UP = "catching_up"  # more waits than one batch, or storing fails
    SILENT = "silent"  # connected, but no mail for longer than usual
    BAD_CREDENTIALS = "bad_credentials"  # a person has to do something
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, kw_only=True, slots=True)
class MailboxHealth:
    state: MailboxState
    sentence: str  # for people
    last_arrival: datetime | None = None  # since the start of this process


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One step of a check."""

    ok: bool
    sentence: str
