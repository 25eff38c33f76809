"""A running Casewright with a mailbox at a real IMAP server, a real SMTP server for the world, and people who write."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, make_msgid
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from adapters.mail import loading
from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import Credentials
from store import mail as mails
from store.mail import MailEntry, MailState
from store.model import FieldId, Value
from tests.adapters.mail.imap import PATIENCE, until
from tests.adapters.mail.smtp import World, world
from tests.dovecot import PASSWORD, USER
from tests.flow.desk import Desk, change_settings, open_desk

T = TypeVar("T")
MX = "mx.example.org"  # whose Authentication-Results the mailbox believes
ANN = "Ann Lee <ann@customer.example>"
BEA = "Bea Berg <bea@example.org>"  # a representative


class MailServer(Protocol):
    """Where the mailbox is: a Dovecot, unless a test says otherwise."""

    @property
    def imap(self) -> dict[str, Any]: ...

    def deliver(self, *mails: bytes, user: str = USER) -> None: ...


@dataclass(kw_only=True)
class MailDesk:
    """`there` has what was sent; `seen` is how much of that a test has looked at."""

    desk: Desk
    server: MailServer
    there: World
    seen: set[str] = field(default_factory=set[str])

    async def arrives(self, raw: bytes | EmailMessage, *, at: str = USER) -> None:
        deliver = partial(self.server.deliver, raw if isinstance(raw, bytes) else bytes(raw), user=at)
        await asyncio.to_thread(deliver)

    async def letter(self, *, to: str, containing: str = "") -> EmailMessage:
        """The next mail to this address whose text holds these words; waits for it."""
        found = await self._until(lambda: self._letter(to, containing), f"a letter to {to} with {containing!r}")
        self.seen.add(str(found["Message-ID"]))
        return found

    async def entry(self, subject: str, state: MailState) -> MailEntry:
        """The mail with this subject, once it has ended there."""
        found = lambda: next((each for each in self.entries if each.subject == subject and each.state is state), None)  # noqa: E731
        return await self._until(found, f"{subject!r} {state}")

    @property
    def entries(self) -> list[MailEntry]:
        return self.desk.database.read_now(lambda connection: mails.listed(connection, states=()))

    def value(self, number: int, field_id: str) -> Value:
        return self.desk.case(number).values[FieldId(field_id)].value

    def letters_to(self, address: str) -> list[EmailMessage]:
        return [letter.mail for letter in self.there.letters if address in letter.recipients]

    async def settled(self, mails_: int) -> None:
        """Until so many mails are stored, and nothing is left to do or to post."""
        await until(lambda: len(self.entries) >= mails_)
        await self.desk.settled()

    def _letter(self, to: str, containing: str) -> EmailMessage | None:
        new = (mail for mail in self.letters_to(to) if str(mail["Message-ID"]) not in self.seen)
        return next((mail for mail in new if containing in text_of(mail)), None)

    async def _until(self, find: Callable[[], T | None], what: str) -> T:
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := find()) is None:  # noqa: ASYNC110 - what is waited for comes from elsewhere
                    await asyncio.sleep(0.02)
                return found
        except TimeoutError:
            known = [(each.subject, each.state, each.reason) for each in self.entries]
            sent = [(letter.recipients, text_of(letter.mail)[:100]) for letter in self.there.letters]
            raise AssertionError(f"waited for {what}; mails: {known}; sent: {sent}") from None


def configured(mail_desk: MailDesk) -> tuple[Mailbox, Credentials]:
    """The mailbox as the product has it."""
    config = mail_desk.desk.app.config
    assert config.mailboxes
    secrets = {name: secret.get_secret_value() for name, secret in config.mailbox_secrets.items()}
    [found] = loading.load(config.mailboxes, secrets)
    return found


def mailbox_of(mail_desk: MailDesk) -> Mailbox:
    return configured(mail_desk)[0]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def written(
    sender: str, text: str, subject: str = "My kettle", *, authentic: bool = True, **headers: str
) -> EmailMessage:
    """A mail as it lies in the mailbox, with what its server found out about the sender."""
    mail = EmailMessage(policy=WIRE)
    domain = sender.rpartition("@")[2].rstrip(">")
    verdict = f"dmarc=pass header.from={domain}" if authentic else f"dmarc=none header.from={domain}"
    mail["Authentication-Results"] = f"{MX}; {verdict}"
    mail["From"] = sender
    mail["To"] = USER
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=domain)
    for name, value in headers.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def reply(sender: str, text: str, to: EmailMessage, **more: Any) -> EmailMessage:
    """As a mail client answers: ids, subject, and the words of the other quoted below."""
    quoted = "\n".join(f"> {line}" for line in text_of(to).splitlines())
    subject = str(to["Subject"])
    headers: dict[str, Any] = {
        "In_Reply_To": str(to["Message-ID"]),
        "References": f"{to['References'] or ''} {to['Message-ID']}".strip(),
        "subject": subject if subject.startswith("Re:") else f"Re: {subject}",
    }
    return written(sender, f"{text}\n\nOn Friday, Support wrote:\n{quoted}\n", **(headers | more))


def described(server: MailServer, smtp_port: int, **changes: Any) -> dict[str, Any]:
    """The mailbox, as the file says that CASEWRIGHT_MAILBOXES names."""
    return {
        "name": "support",
        "address": USER,
        "display_name": "Example support",
        "imap": server.imap,
        "smtp": {"host": "127.0.0.1", "port": smtp_port, "security": "none"},
        "authserv_id": MX,
        "timeout_seconds": 5,
        "poll_seconds": 1,
        **changes,
    }


def environment(url: str) -> dict[str, str]:
    """For the product in a process of its own, in the folder of `mailboxes.yaml`."""
    return {
        "PATH": os.environ["PATH"],
        "CASEWRIGHT_DATABASE_URL": url,
        "CASEWRIGHT_PORT": "0",
        "CASEWRIGHT_MAILBOXES": "mailboxes.yaml",
        "CASEWRIGHT_MAILBOX_SUPPORT_PASSWORD": PASSWORD,
    }


async def casewright(url: str, folder: Path, *arguments: str) -> str:
    """What a command prints."""
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "bot", *arguments, cwd=folder, env=environment(url), stdout=PIPE, stderr=PIPE
    )
    out, error = await command.communicate()
    assert command.returncode == 0, error.decode()
    return out.decode()


@asynccontextmanager
async def open_mail_desk(
    database_url: str, folder: Path, server: MailServer, *, beside: Sequence[Mapping[str, Any]] = (), **mailbox: Any
) -> AsyncGenerator[MailDesk]:
    """`beside`: how other mailboxes than the one called support differ from it."""
    async with world() as there:
        mailboxes = [described(server, there.port, **each) for each in (mailbox, *beside)]
        (folder / "mailboxes.yaml").write_text(json.dumps({"mailboxes": mailboxes}))
        names = [str(each["name"]) for each in mailboxes]
        there.users = {str(each["address"]) for each in mailboxes}
        secrets: dict[str, Any] = {f"CASEWRIGHT_MAILBOX_{name.upper()}_PASSWORD": PASSWORD for name in names}
        async with open_desk(
            database_url,
            folder,
            CASEWRIGHT_MAILBOXES="mailboxes.yaml",
            **secrets,
        ) as desk:
            representatives = {"email": {"representatives": ["bea@example.org"]}}
            change_settings(desk.database, lambda settings: settings.update(channels=representatives))
            await until(lambda: desk.app.channels["email"].health.accounts == dict.fromkeys(names, "connected"))
            yield MailDesk(desk=desk, server=server, there=there)
