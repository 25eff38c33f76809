"""Of several processes on one database, one attends to a mailbox; another takes over when that one is gone."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from socket import gethostname
from uuid import uuid4

import structlog

from adapters.mail.configuration import Mailbox
from adapters.mail.imap import MailboxHealth, MailboxState, Supervisor
from adapters.mail.silence import REMEMBERED, is_unusual, longest
from store import mail
from store.engine import Connection, Database, DatabaseUnavailable
from store.mail import Condition, MailboxReport

log = structlog.get_logger()

LEASE = 15.0  # seconds after which a mailbox of a dead process is another's; renewed three times in it


class Attending:
    """To one mailbox. Two at once would do no harm, only the same work: a mail is stored once, whoever fetches it."""

    def __init__(
        self, database: Database, mailbox: Mailbox, supervisor: Supervisor, *, holder: str, seconds: float = LEASE
    ) -> None:
        self._database = database
        self._mailbox = mailbox
        self._supervisor = supervisor
        self._holder = holder
        self._seconds = seconds
        self._elsewhere: MailboxHealth | None = None
        self._silence: str | None = None
        self._usual = (datetime.min.replace(tzinfo=UTC), timedelta())  # the longest silence before such an arrival

    @property
    def health(self) -> MailboxHealth:
        if self._elsewhere is not None:
            return self._elsewhere
        health = self._supervisor.health
        if health.state is MailboxState.CONNECTED and self._silence is not None:
            return replace(health, state=MailboxState.SILENT, sentence=f"{health.sentence} {self._silence}")
        return health

    async def run(self) -> None:
        """Until cancelled; leaves neither task, thread nor socket, nor the mailbox to nobody."""
        while True:
            if await self._hold():
                await self._attend()
            await asyncio.sleep(self._seconds / 3)

    async def _attend(self) -> None:
        """As long as the mailbox is ours."""
        running = asyncio.create_task(self._supervisor.run(), name=f"mailbox {self._mailbox.name}")
        try:
            while await self._hold():
                done, _ = await asyncio.wait([running], timeout=self._seconds / 3)
                for each in done:
                    each.result()
        finally:
            running.cancel()
            await asyncio.wait([running])
            with suppress(DatabaseUnavailable):
                await self._database.write(partial(mail.let_go, account=self._mailbox.name, holder=self._holder))

    async def _hold(self) -> bool:
        await self._listen()
        health = self._supervisor.health if self._elsewhere else self.health
        condition = Condition(state=health.state, sentence=health.sentence, last_arrival=health.last_arrival)
        mine = {"account": self._mailbox.name, "holder": self._holder, "seconds": self._seconds}
        attend = partial(mail.attend, condition=condition, **mine)
        try:
            held = await self._database.write(attend)
            if not held:
                report = await self._database.read(self._reported)
                self._elsewhere = _health(report.condition)
                if report.holder is not None and is_gone(report.holder):
                    await self._database.write(partial(mail.let_go, account=self._mailbox.name, holder=report.holder))
                    held = await self._database.write(attend)
            if held:
                self._elsewhere = None
        except DatabaseUnavailable as error:
            log.warning("database_unavailable", mailbox=self._mailbox.name, error=str(error))
            return self._elsewhere is None  # nobody else can take it now, and nothing can be stored either
        return held

    async def _listen(self) -> None:
        """Notices a silence that is longer than usual, whenever it began."""
        with suppress(DatabaseUnavailable):
            since = await self._database.read(partial(mail.quiet_since, account=self._mailbox.name))
            silence = datetime.now(UTC) - since if since else timedelta()
            self._silence = None
            if since and silence >= self._least:
                if self._usual[0] != since:
                    remembered = partial(mail.arrivals, account=self._mailbox.name, since=since - REMEMBERED)
                    self._usual = (since, longest(await self._database.read(remembered)))
                if is_unusual(silence, self._usual[1], self._least):
                    hours = silence / timedelta(hours=1)
                    self._silence = f"No mail came for {hours:.0f} hours: longer than usual."

    @property
    def _least(self) -> timedelta:
        return timedelta(hours=self._mailbox.quiet_hours)

    def _reported(self, connection: Connection) -> MailboxReport:
        return next(each for each in mail.mailbox_reports(connection) if each.account == self._mailbox.name)


def _health(told: Condition) -> MailboxHealth:
    return MailboxHealth(state=MailboxState(told.state), sentence=told.sentence, last_arrival=told.last_arrival)


def this_process() -> str:
    """A name for a holder, by which others on this machine see that it is gone."""
    return f"{gethostname()} {os.getpid()} {uuid4().hex}"


def is_gone(holder: str) -> bool:
    """Whether a holder was a process of this machine that has ended: then nobody has to wait for its lease to end."""
    match holder.split():
        case [host, pid, _] if host == gethostname() and pid.isdecimal():
            return int(pid) == os.getpid() or not _runs(int(pid))
        case _:
            return False


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
