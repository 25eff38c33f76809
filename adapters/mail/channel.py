"""The e-mail channel: any number of mailboxes, each supervised by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from email.message import EmailMessage
from functools import partial
from imaplib import IMAP4
from typing import cast

import structlog
from aiohttp import web

from adapters.channel import Health, PartlyDelivered, Receive, RetryLater, State, Undeliverable
from adapters.mail.attending import Attending, this_process
from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import Credentials, SignInFailed
from adapters.mail.imap import MailboxState, Supervisor
from adapters.mail.keeping import Keeping
from adapters.mail.reading import FilePart
from adapters.mail.sending import Smtp, compose
from adapters.mail.sending.headers import listed
from store import mail
from store.engine import Database, DatabaseUnavailable
from store.mail import SentLimits, is_listed
from store.model import Json, Outbound

log = structlog.get_logger()

Representatives = Callable[[], Awaitable[frozenset[str]]]
"""The addresses and domains of representatives, in lower case."""
_WELL = {MailboxState.STARTING, MailboxState.CONNECTED, MailboxState.CATCHING_UP, MailboxState.SILENT}


class MailChannel:
    """Implements `adapters.channel.Channel`."""

    def __init__(
        self,
        database: Database,
        mailboxes: Sequence[tuple[Mailbox, Credentials]],
        *,
        representatives: Representatives,
    ) -> None:
        self._database = database
        self._mailboxes = {mailbox.name: mailbox for mailbox, _ in mailboxes}
        self._representatives = representatives
        self._senders = {mailbox.name: Smtp(mailbox, credentials) for mailbox, credentials in mailboxes}
        self._keeping = {name: Keeping(database, each, representatives) for name, each in self._mailboxes.items()}
        self._supervisors = {
            mailbox.name: Supervisor(mailbox, self._keeping[mailbox.name], credentials)
            for mailbox, credentials in mailboxes
        }
        self._running = False
        holder = this_process()
        self._attending = {
            name: Attending(database, self._mailboxes[name], supervisor, holder=holder)
            for name, supervisor in self._supervisors.items()
        }

    @property
    def name(self) -> str:
        return mail.CHANNEL

    @property
    def health(self) -> Health:
        if not self._running:
            return Health(
                state=State.STARTING,
                sentence="Not running.",
                accounts=dict.fromkeys(self._mailboxes, MailboxState.STARTING),
            )
        mailboxes = {name: attending.health for name, attending in self._attending.items()}
        states = {each.state for each in mailboxes.values()}
        starting = states == {MailboxState.STARTING}
        state = State.STARTING if starting else State.CONNECTED if states <= _WELL else State.DEGRADED
        return Health(
            state=state,
            sentence=" ".join(f"{name}: {each.sentence}" for name, each in mailboxes.items()),
            accounts={name: each.state for name, each in mailboxes.items()},
        )

    @property
    def private_answers(self) -> bool:
        return True

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return []

    async def run(self, receive: Receive) -> None:
        self._running = True
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, attending in self._attending.items():
                    self._keeping[name].receive = receive
                    tasks.create_task(attending.run(), name=f"attending to {name}")
        finally:
            self._running = False

    async def send(self, outbound: Outbound) -> str:
        """A card that changed is not sent again: the line beside it says what is new."""
        if outbound.edit is not None:
            return outbound.edit
        mailbox = self._mailboxes.get(outbound.account)
        if mailbox is None:
            raise RetryLater(f"The mailbox {outbound.account} is not set up here.", nothing_posted=True)
        automatic = outbound.relay is None
        if automatic:
            outbound = replace(outbound, reply_address=await self._of_those_who_take_part(outbound))
        message = compose(outbound, mailbox, automatic=automatic, attachments=await self._passed_on(outbound, mailbox))
        native_id = str(message["Message-ID"])
        if outbound.uncertain and await self._was_sent(mailbox, native_id):
            return native_id
        if automatic and not is_listed(outbound.audience or "", await self._representatives()):
            await self._count(outbound, mailbox, listed(message, "To")[0])
        refused = await self._senders[mailbox.name].send(message)
        await self._keep_copy(mailbox, message)
        if refused:
            said = "; ".join(f"{address} ({words})" for address, words in refused.items())
            raise PartlyDelivered(f"The mail did not reach everybody: {said}", native_id=native_id)
        return native_id

    async def _was_sent(self, mailbox: Mailbox, message_id: str) -> bool:
        """Whether an attempt that we heard nothing of left its copy. Raises RetryLater when we can't look."""
        if mailbox.sent_folder is None:
            return False
        try:
            return await self._supervisors[mailbox.name].has(mailbox.sent_folder, message_id)
        except (SignInFailed, OSError, IMAP4.error) as error:
            raise RetryLater(
                f"An earlier attempt may have got through, and {mailbox.sent_folder} can't be read."
            ) from error

    async def _count(self, outbound: Outbound, mailbox: Mailbox, address: str) -> None:
        """Raises Undeliverable where the agent has written enough by itself."""
        limits = SentLimits(per_hour=mailbox.limits.automatic_per_hour, per_day=mailbox.limits.automatic_per_day)
        count = partial(mail.may_send, account=mailbox.name, address=address, key=outbound.key, limits=limits)
        try:
            too_many = await self._database.write(count)
        except DatabaseUnavailable as error:
            raise RetryLater(str(error), after=1) from error
        if too_many is not None:
            raise Undeliverable(too_many)

    async def _of_those_who_take_part(self, outbound: Outbound) -> Json:
        """Anybody can put strangers in Reply-To and Cc: the agent writes by itself to one, and to those who wrote."""
        address = outbound.reply_address
        to, cc = (cast("list[str]", address.get(name) or []) for name in ("to", "cc"))
        if not to[1:] and not cc:
            return address
        named = partial(mail.threads, account=outbound.account, keys=[outbound.conversation_key])
        thread = (await self._database.read(named)).get(outbound.conversation_key)
        people = thread.people if thread else frozenset[str]()
        to = [*to[:1], *(each for each in to[1:] if each in people)]
        return {**address, "to": to, "cc": [each for each in cc if each in people]}

    async def _passed_on(self, outbound: Outbound, mailbox: Mailbox) -> Sequence[FilePart]:
        """The files of a representative's mail that goes on to the customer."""
        if outbound.relay is None:
            return ()
        raw = await self._database.read(partial(mail.raw_of, account=mailbox.name, event=outbound.relay))
        return () if raw is None else (await asyncio.to_thread(self._keeping[mailbox.name].read, raw)).attachments

    async def _keep_copy(self, mailbox: Mailbox, message: EmailMessage) -> None:
        if mailbox.sent_folder is None:
            return
        try:
            await self._supervisors[mailbox.name].append(mailbox.sent_folder, bytes(message))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - it was sent: nothing may make us repeat it
            log.warning("copy_not_kept", mailbox=mailbox.name, folder=mailbox.sent_folder, error=str(error))
