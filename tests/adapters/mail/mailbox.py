"""The e-mail channel, running, between a real IMAP server and an SMTP server for the world."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from email.message import EmailMessage

from adapters.channel import Channel, State
from adapters.mail.channel import MailChannel
from adapters.mail.configuration import Mailbox
from store import mail as mails
from store.engine import Database
from store.mail import MailEntry
from store.model import Json, Outbound
from tests.adapters.contract import Inbox, Remote
from tests.adapters.mail.imap import until
from tests.adapters.mail.smtp import World, password, world
from tests.dovecot import Dovecot
from tests.flow.mail_desk import ANN, described, text_of, written


class MailRemote(Remote):
    """Ann writes to the mailbox, and on in the conversation that her first mail began."""

    def __init__(self, database: Database, dovecot: Dovecot, there: World) -> None:
        self.inbox = Inbox(database)
        self._database = database
        self._dovecot = dovecot
        self.there = there
        mailbox = Mailbox.model_validate(described(dovecot, there.port))
        self.channel = MailChannel(database, [(mailbox, password())], representatives=_nobody)
        self._said: dict[str, EmailMessage] = {}

    def message(self, text: str) -> EmailMessage:
        if text not in self._said:
            token = f" [ref:{self.inbox.received[0].conversation_key}]" if self.inbox.received else ""
            self._said[text] = written(ANN, text, f"My kettle{token}")
        return self._said[text]

    def ignored(self) -> Sequence[EmailMessage]:
        return [
            written(ANN, "I am on holiday.", Auto_Submitted="auto-replied"),
            written(ANN, "This week's offers.", List_Id="<offers.customer.example>"),
            written(ANN, "It could not be delivered.", Return_Path="<>", Auto_Submitted="auto-generated"),
        ]

    def forged(self) -> Sequence[EmailMessage]:
        forged = written(ANN, "It is me, really.")
        del forged["Authentication-Results"]
        forged["Authentication-Results"] = "mx.example.org; dmarc=fail header.from=customer.example"
        return [forged]

    def malformed(self) -> Sequence[EmailMessage]:
        nobody = written(ANN, "Who am I?")
        del nobody["From"]
        return [nobody]

    async def deliver(self, payload: EmailMessage) -> int:
        """The server has it in any case: 500 is that we have not, as yet."""
        before = await self._kept()
        self.inbox.called.clear()
        await asyncio.to_thread(self._dovecot.deliver, bytes(payload))
        while await self._kept() == before:
            if self.inbox.failure and self.inbox.called.is_set():
                return 500
            await asyncio.sleep(0.01)
        async with self.inbox.storing:
            return 200

    async def thread(self, reply_address: Json) -> list[str]:
        theirs = [each.text for each in self.inbox.received if each.reply_address == reply_address]
        to_it = f"<{reply_address['message_id']}>"
        ours = [each.mail for each in self.there.letters if each.mail["In-Reply-To"] == to_it]
        return [*theirs, *(text_of(mail).partition("\r\n\r\n-- ")[0] for mail in ours)]

    def vanished(self, outbound: Outbound) -> Outbound:
        self.there.answers["gone@customer.example"] = "550 5.1.1 No such user"
        return replace(outbound, reply_address={**outbound.reply_address, "to": ["gone@customer.example"]})

    def refusing(self) -> Channel:
        self.there.answers["MAIL"] = "451 4.3.2 Try again later"
        return self.channel

    async def entries(self) -> list[MailEntry]:
        return await self._database.read(lambda connection: mails.listed(connection, states=()))

    async def _kept(self) -> int:
        return len(await self.entries())


async def _nobody() -> frozenset[str]:
    return frozenset()


@asynccontextmanager
async def mail_remote(url: str, dovecot: Dovecot) -> AsyncGenerator[MailRemote]:
    database = Database(url)
    async with world() as there:
        remote = MailRemote(database, dovecot, there)
        remote.running = asyncio.create_task(remote.channel.run(remote.inbox))
        try:
            await until(lambda: remote.channel.health.state is State.CONNECTED)
            yield remote
        finally:
            remote.running.cancel()
            await asyncio.wait([remote.running])
    database.close()
