"""Attends to one folder: connects, keeps what arrives, waits for more, and starts again when the connection is lost."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from imaplib import IMAP4
from time import monotonic

import structlog

from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import Credentials, SignInFailed
from adapters.mail.imap import backoff, fetching, handling
from adapters.mail.imap.fetching import FolderStatus
from adapters.mail.imap.intake import Intake
from adapters.mail.imap.refusals import RefusedSignIns
from adapters.mail.imap.sentences import what_went_wrong
from adapters.mail.imap.session import Session, signed_in
from adapters.mail.imap.values import MailboxHealth, MailboxState, Position, Store
from adapters.mail.imap.wire import Client
from store.engine import DatabaseUnavailable

log = structlog.get_logger()

STEADY_SECONDS = 60  # a connection that lasted this long makes up for the failures before it


class FolderReplaced(Exception):
    """The folder is another one than the one selected."""


class Folder:
    """`run` until cancelled; `health` says how it is going."""

    def __init__(
        self, mailbox: Mailbox, name: str, store: Store, credentials: Credentials, refused: RefusedSignIns
    ) -> None:
        self._mailbox = mailbox
        self._name = name
        self._store = store
        self._credentials = credentials
        self._refused = refused
        self._session: Session | None = None
        self._failures = 0
        self._cannot_move = ""
        self._intake = Intake(name, store, self._report)
        self.health = MailboxHealth(state=MailboxState.STARTING, sentence=f"Connecting to {mailbox.imap.host}.")

    def wake(self) -> None:
        """There may be handled mails to mark or to move."""
        if self._session:
            self._session.ring()

    async def run(self) -> None:
        while True:
            since = monotonic()
            try:
                await self._connect()
            except SignInFailed as error:
                self._trouble(MailboxState.BAD_CREDENTIALS, error.sentence)
                continue  # how long to wait is decided for all folders together
            except Exception as error:  # noqa: BLE001 - whatever happens to one folder stops no other
                self._explain(error)
            self._failures = 1 if monotonic() - since > STEADY_SECONDS else self._failures + 1
            await asyncio.sleep(backoff.delay(self._failures))

    async def _connect(self) -> None:
        async with AsyncExitStack() as stack:
            async with self._refused.turn():
                session = await stack.enter_async_context(signed_in(self._mailbox, self._credentials, self._name))
            self._session = session
            try:
                await self._attend(session)
            finally:
                self._session = None

    async def _attend(self, session: Session) -> None:
        changes = self._mailbox.after_handling.action != "leave"
        selected = await session.call(fetching.select, self._name, readonly=not changes)
        reading = fetching.Reading(
            folder=self._name, uidvalidity=selected.uidvalidity, mail_bytes=self._mailbox.limits.mail_bytes
        )
        position = await self._position(selected)
        patience = await self._patience(session)
        while True:
            now = await session.call(fetching.status, self._name)
            if now.uidvalidity != selected.uidvalidity:
                raise FolderReplaced
            position = await self._intake.take(session, position, now, reading)
            await self._after_handling(session, now.uidvalidity)
            self._report(MailboxState.CONNECTED, f"Connected to {self._mailbox.imap.host}. {self._cannot_move}".strip())
            await session.call(Client.await_news, patience)

    async def _position(self, selected: FolderStatus) -> Position:
        if known := await self._store.position(self._name):
            return known
        position = Position(uidvalidity=selected.uidvalidity, last_uid=selected.next_uid - 1, since=datetime.now(UTC))
        await self._store.start(self._name, position)
        return position

    async def _after_handling(self, session: Session, uidvalidity: int) -> None:
        after = self._mailbox.after_handling
        if after.action == "leave":
            return
        while uids := await self._store.handled(self._name, uidvalidity):
            try:
                await session.call(handling.apply, uids, after)
                self._cannot_move = ""
            except handling.CannotMove as error:
                self._say_cannot_move(error.sentence)
                if not error.for_good:
                    return
            await self._store.settled(self._name, uidvalidity, uids)

    async def _patience(self, session: Session) -> float:
        """Seconds to wait for news."""
        if not await session.call(Client.has_capability, "IDLE"):
            return self._mailbox.poll_seconds
        if self._mailbox.after_handling.action == "leave":
            return self._mailbox.idle_seconds
        return min(self._mailbox.idle_seconds, self._mailbox.poll_seconds)  # handled mails wait, too

    def _say_cannot_move(self, sentence: str) -> None:
        if sentence != self._cannot_move:
            log.warning("handled mails are not moved", mailbox=self._mailbox.name, folder=self._name, why=sentence)
        self._cannot_move = sentence

    def _explain(self, error: Exception) -> None:
        match error:
            case FolderReplaced():
                log.warning("the folder was replaced", mailbox=self._mailbox.name, folder=self._name)
            case DatabaseUnavailable():
                self._trouble(MailboxState.CATCHING_UP, "The database can't be reached; mails wait on the server.")
            # The latter two: an answer of the server makes no sense.
            case OSError() | IMAP4.error() | ValueError() | KeyError():
                self._trouble(MailboxState.UNREACHABLE, what_went_wrong(error, self._mailbox.imap))
            case _:
                log.error("mailbox in trouble", mailbox=self._mailbox.name, folder=self._name, exc_info=error)
                sentence = (
                    f"Something unforeseen happened ({type(error).__name__}); the log says more. It is tried again."
                )
                self._report(MailboxState.UNREACHABLE, sentence)

    def _trouble(self, state: MailboxState, sentence: str) -> None:
        log.warning("mailbox in trouble", mailbox=self._mailbox.name, folder=self._name, state=state, why=sentence)
        self._report(state, sentence)

    def _report(self, state: MailboxState, sentence: str) -> None:
        self.health = MailboxHealth(state=state, sentence=sentence, last_arrival=self._intake.last_arrival)
