"""Older mail, on request."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import date

from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import Credentials
from adapters.mail.imap import fetching
from adapters.mail.imap.intake import batches
from adapters.mail.imap.session import Session, signed_in
from adapters.mail.imap.values import Arrival
from adapters.mail.imap.wire import Client


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """`total` mails, some of which may be gone before their batch is fetched."""

    total: int
    batches: AsyncIterator[Sequence[Arrival]]  # in the order of the folder


@asynccontextmanager
async def fetch_since(mailbox: Mailbox, credentials: Credentials, folder: str, since: date) -> AsyncGenerator[Found]:
    """What came on that day (INTERNALDATE, UTC) or later; sets no flag.

    Raises SignInFailed, OSError and IMAP4.error, here and between the batches.
    """
    async with signed_in(mailbox, credentials, "import") as session:
        await session.call(Client.select_folder, folder, readonly=True)
        now = await session.call(fetching.status, folder)
        uids = await session.call(fetching.uids_since, since)
        reading = fetching.Reading(folder=folder, uidvalidity=now.uidvalidity, mail_bytes=mailbox.limits.mail_bytes)
        async with aclosing(_arrivals(session, uids, reading, since)) as arrivals:
            yield Found(total=len(uids), batches=arrivals)


async def _arrivals(
    session: Session, uids: Sequence[int], reading: fetching.Reading, since: date
) -> AsyncGenerator[Sequence[Arrival]]:
    async with aclosing(batches(session, uids, reading)) as found:
        async for _, arrivals in found:
            yield [arrival for arrival in arrivals if arrival.received_at.date() >= since]
