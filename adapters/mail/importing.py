"""Older mail, brought in on request: kept and shown, never answered. What the mailbox still awaits is left to it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from adapters.mail.configuration import Mailbox
from adapters.mail.imap import Arrival
from adapters.mail.reading import read
from adapters.mail.sorting import digest, sort
from store import mail as mails
from store.engine import Connection, Database
from store.mail import FolderPosition, KeptMail, MailState

_WHY = "Brought in by `casewright mail import`: nothing older than the mailbox's first connection is answered."


class Importing:
    def __init__(self, database: Database, mailbox: Mailbox) -> None:
        self._database = database
        self._mailbox = mailbox

    async def keep(self, arrivals: Sequence[Arrival]) -> int:
        """Returns how many were new."""
        kept = await asyncio.to_thread(lambda: [self._kept(arrival) for arrival in arrivals])
        return await self._database.write(partial(self._keep_new, kept=kept))

    def _kept(self, arrival: Arrival) -> KeptMail:
        mailbox = self._mailbox
        mail = read(
            arrival.raw, own_addresses=mailbox.own_addresses, authserv_id=mailbox.authserv_id, limits=mailbox.limits
        )
        sorted_ = sort(mail, arrival, mailbox, {}, known_before=False, representatives=frozenset())
        return replace(
            sorted_.kept,
            digest=digest(mail, arrival.raw),
            state=MailState.IGNORED,
            reason=_WHY,
            conversation_key=None,
        )

    def _keep_new(self, connection: Connection, kept: Sequence[KeptMail]) -> int:
        known = mails.known_digests(connection, self._mailbox.name, [each.digest for each in kept])
        positions = {each: mails.position(connection, self._mailbox.name, each) for each in {at.folder for at in kept}}
        new = [each for each in kept if each.digest not in known and not _is_awaited(each, positions[each.folder])]
        for each in new:
            mails.keep(connection, each)
        return len(new)


def _is_awaited(kept: KeptMail, position: FolderPosition | None) -> bool:
    """Whether the mailbox is still to read it by itself, and to answer it: it came after the first connection."""
    if position is None:
        return False
    if kept.uidvalidity == position.uidvalidity:
        return kept.uid > position.last_uid
    return kept.received_at >= position.started_at
