"""Where arrivals go: read, sorted, and stored together with the position in their folder."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from adapters.channel import Overloaded, Receive
from adapters.mail.configuration import Mailbox
from adapters.mail.imap import Arrival, Position
from adapters.mail.reading import Mail, read
from adapters.mail.sorting import Sorted, digest, named_keys, sort
from store import mail as mails
from store.engine import Connection, Database, DatabaseUnavailable, Transaction
from store.mail import MailState, Thread

log = structlog.get_logger()

# What waiting may mend; the mails wait on the server meanwhile.
_LATER = (Overloaded, DatabaseUnavailable, OSError)
_OLDER = "This is from before the mailbox was switched on: nothing older is answered."
_SKEW = timedelta(hours=1)  # that the server's clock and ours may be apart


class Keeping:
    """One mailbox's mails in the database. Implements `adapters.mail.imap.Store`."""

    def __init__(
        self, database: Database, mailbox: Mailbox, representatives: Callable[[], Awaitable[frozenset[str]]]
    ) -> None:
        self.receive: Receive | None = None  # while the channel runs
        self._database = database
        self._mailbox = mailbox
        self._representatives = representatives

    def read(self, raw: bytes) -> Mail:
        mailbox = self._mailbox
        return read(raw, own_addresses=mailbox.own_addresses, authserv_id=mailbox.authserv_id, limits=mailbox.limits)

    async def position(self, folder: str) -> Position | None:
        known = await self._database.read(partial(mails.position, account=self._mailbox.name, folder=folder))
        if known is None:
            return None
        return Position(uidvalidity=known.uidvalidity, last_uid=known.last_uid, since=known.started_at)

    async def start(self, folder: str, position: Position) -> None:
        await self._database.write(partial(self._advance, folder=folder, position=position))

    async def keep(self, folder: str, position: Position, arrivals: Sequence[Arrival]) -> None:
        if self.receive is None:
            raise Overloaded
        sorted_ = await self._sorted(arrivals, position)
        advance = partial(self._advance, folder=folder, position=position)
        try:
            await _store(self.receive, sorted_, advance)
        except _LATER:
            raise
        except Exception:
            log.exception("mails_not_stored_together", mailbox=self._mailbox.name, folder=folder, mails=len(sorted_))
            for each in sorted_:
                await self._keep_alone(self.receive, each)
            await self._database.write(advance)

    async def handled(self, folder: str, uidvalidity: int) -> Sequence[int]:
        wanted = partial(mails.unsettled, account=self._mailbox.name, folder=folder, uidvalidity=uidvalidity)
        return await self._database.read(wanted)

    async def settled(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> None:
        mark = partial(
            mails.mark_settled, account=self._mailbox.name, folder=folder, uidvalidity=uidvalidity, uids=uids
        )
        await self._database.write(mark)

    async def _keep_alone(self, receive: Receive, mail: Sorted) -> None:
        """One mail that can't be taken in, for a reason that waiting does not mend, must not stop its mailbox."""
        try:
            await _store(receive, [mail])
        except _LATER:
            raise
        except Exception as error:
            log.exception("mail_not_taken_in", mailbox=self._mailbox.name, digest=mail.kept.digest)
            await _store(receive, [_as_it_came(mail, f"It could not be taken in ({type(error).__name__}).")])

    async def _sorted(self, arrivals: Sequence[Arrival], position: Position) -> list[Sorted]:
        read = await asyncio.to_thread(lambda: [self.read(arrival.raw) for arrival in arrivals])
        digests = [digest(mail, arrival.raw) for mail, arrival in zip(read, arrivals, strict=True)]
        keys = {
            key
            for mail, arrival in zip(read, arrivals, strict=True)
            for key in named_keys(mail, arrival.raw, self._mailbox)
        }
        known, threads = await self._database.read(partial(self._look_up, digests=digests, keys=keys))
        representatives = await self._representatives()
        found: list[Sorted] = []
        seen = set(known)
        for mail, arrival, same in zip(read, arrivals, digests, strict=True):
            sorted_ = sort(
                mail,
                arrival,
                self._mailbox,
                threads,
                known_before=same in seen,
                representatives=representatives,
            )
            found.append(_unanswered(sorted_, _OLDER) if _is_older(mail, arrival, position) else sorted_)
            seen.add(same)
        return found

    def _look_up(
        self, connection: Connection, digests: Sequence[str], keys: set[str]
    ) -> tuple[frozenset[str], dict[str, Thread]]:
        account = self._mailbox.name
        return mails.known_digests(connection, account, digests), mails.threads(connection, account, keys)

    def _advance(self, connection: Connection, folder: str, position: Position) -> None:
        mails.advance(
            connection, self._mailbox.name, folder, uidvalidity=position.uidvalidity, last_uid=position.last_uid
        )


async def _store(receive: Receive, sorted_: Sequence[Sorted], more: Transaction = lambda _: None) -> None:
    def alongside(connection: Connection) -> None:
        for each in sorted_:
            mails.keep(connection, each.kept)
        more(connection)

    await receive.together([each.inbound for each in sorted_ if each.inbound is not None], alongside=alongside)


def _is_older(mail: Mail, arrival: Arrival, position: Position) -> bool:
    """Old mail comes late where a backup is restored, or where a folder is numbered anew and read again.

    A move to another server may have given new dates of arrival; then it is the mail's own date that tells. Both have
    whole seconds: one of the second in which the mailbox was switched on may be a later one.
    """
    since = position.since.replace(microsecond=0)
    again = arrival.uidvalidity != position.uidvalidity
    sent_before = again and mail.sent_at is not None and mail.sent_at < since
    return sent_before or arrival.received_at < since - _SKEW


def _unanswered(mail: Sorted, reason: str) -> Sorted:
    if mail.inbound is None:
        return mail
    kept = replace(mail.kept, state=MailState.IGNORED, reason=reason, conversation_key=None, signal=None)
    return Sorted(kept=kept, inbound=None)


def _as_it_came(mail: Sorted, reason: str) -> Sorted:
    """Without what was read in it, which may be what can't be stored."""
    kept = replace(
        mail.kept, sender="", subject="", state=MailState.REVIEW, reason=reason, conversation_key=None, signal=None
    )
    return Sorted(kept=kept, inbound=None)
