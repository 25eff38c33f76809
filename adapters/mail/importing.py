"""Older mail, brought in on request: kept and shown, never answered."""

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
from store.mail import KeptMail, MailState

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
        new = [each for each in kept if each.digest not in known]
        for each in new:
            mails.keep(connection, each)
        return len(new)
