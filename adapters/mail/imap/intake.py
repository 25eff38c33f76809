"""From uids on the server to mails in the store, the next batch fetched while the former is being stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from adapters.channel import Overloaded
from adapters.mail.imap import backoff, fetching
from adapters.mail.imap.fetching import FolderStatus, Listed, Reading
from adapters.mail.imap.session import Session
from adapters.mail.imap.values import Arrival, MailboxState, Position, Store

log = structlog.get_logger()

Report = Callable[[MailboxState, str], None]


class Intake:
    """Of one folder."""

    def __init__(self, folder: str, store: Store, report: Report) -> None:
        self._folder = folder
        self._store = store
        self._report = report
        self.last_arrival: datetime | None = None

    async def take(self, session: Session, position: Position, now: FolderStatus, reading: Reading) -> Position:
        """Keeps all that is new; returns where that leads. Raises OSError and IMAP4.error."""
        if position.uidvalidity != now.uidvalidity:
            return await self._read_again(session, position, now, reading)
        if now.next_uid <= position.last_uid + 1:
            return position
        # No further than to what was seen: UIDNEXT may tell of a mail that our view of the folder lacks as yet.
        uids = await session.call(fetching.uids_from, position.last_uid + 1)
        end = replace(position, last_uid=uids[-1]) if uids else position
        return await self._keep_all(session, uids, reading, position, end, stepwise=True)

    async def _read_again(self, session: Session, position: Position, now: FolderStatus, reading: Reading) -> Position:
        """The old uids mean nothing any more.

        The position stays the old one until all is kept: interrupted, this begins anew, and `keep` knows the doubles.
        """
        log.warning("the folder's UIDVALIDITY changed", folder=self._folder, since=position.since.isoformat())
        # Of our view, and before the search: a mail that only UIDNEXT tells of would be passed over for good.
        newest = await session.call(fetching.newest_uid)
        uids = await session.call(fetching.uids_since, position.since.date())
        last = max([newest, *uids[-1:]])
        end = replace(position, uidvalidity=now.uidvalidity, last_uid=last)
        return await self._keep_all(session, uids, reading, position, end, stepwise=False)

    async def _keep_all(
        self, session: Session, uids: Sequence[int], reading: Reading, start: Position, end: Position, *, stepwise: bool
    ) -> Position:
        """`stepwise`: each batch advances the position to its last mail; the end is reached in any case."""
        storing: asyncio.Task[None] | None = None
        left = len(uids)
        reached = start
        try:
            async with aclosing(batches(session, uids, reading)) as found:
                async for listed, arrivals in found:
                    left -= len(listed)
                    if storing:
                        await storing  # which may have had to say why it takes so long
                    if left > 0:
                        self._report(MailboxState.CATCHING_UP, f"Fetching mails: {left} more in {self._folder}.")
                    if stepwise:
                        reached = replace(start, last_uid=listed[-1].uid)
                    wanted = arrivals if stepwise else _not_before(start.since, arrivals)  # SEARCH knows days only
                    storing = asyncio.create_task(self._keep(reached, wanted))
            if storing:
                await storing
        except Exception:
            if storing:
                await storing  # what is fetched is kept, before anybody asks the store for the position again
            raise
        finally:
            if storing and not storing.done():
                storing.cancel()
                await asyncio.wait([storing])
        if reached != end:  # mails in between were gone, or all of it was read again
            await self._keep(end, [])
        return end

    async def _keep(self, position: Position, arrivals: Sequence[Arrival]) -> None:
        """Until it is stored: there is no use in fetching more before."""
        failures = 0
        while True:
            try:
                await self._store.keep(self._folder, position, arrivals)
            except Overloaded as error:
                pause: float = error.retry_after
                self._report(MailboxState.CATCHING_UP, "Too much work waits here; the mails wait on the server.")
            except Exception as error:
                failures += 1
                pause = backoff.delay(failures)
                # A full disk fails for hours: the first time says where, the others that it goes on.
                trace = error if failures == 1 else None
                log.error("mails can't be stored", folder=self._folder, why=str(error), exc_info=trace)  # noqa: TRY400
                self._report(MailboxState.CATCHING_UP, "Mails can't be stored here now; they wait on the server.")
            else:
                break
            await asyncio.sleep(pause)
        if arrivals:
            self.last_arrival = datetime.now(UTC)


def _not_before(moment: datetime, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """INTERNALDATE has whole seconds."""
    return [arrival for arrival in arrivals if arrival.received_at >= moment.replace(microsecond=0)]


async def batches(
    session: Session, uids: Sequence[int], reading: Reading
) -> AsyncGenerator[tuple[Sequence[Listed], Sequence[Arrival]]]:
    """What was asked for, and what of it was still there. Raises OSError and IMAP4.error."""
    for start in range(0, len(uids), fetching.SIZES_AT_ONCE):
        mails = await session.call(fetching.sizes, uids[start : start + fetching.SIZES_AT_ONCE])
        for batch in fetching.batches(mails, reading.mail_bytes):
            yield batch, await session.call(fetching.fetch, batch, reading)
