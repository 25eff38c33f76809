"""Tests a mailbox step by step, and says in words what is right and what is wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, date, datetime
from imaplib import IMAP4

from adapters.mail.configuration import Mailbox, Security
from adapters.mail.credentials import ENDS_SOON_DAYS, Credentials, Expiry, SignInFailed
from adapters.mail.imap.sentences import what_went_wrong
from adapters.mail.imap.session import Session, signed_in
from adapters.mail.imap.values import Finding
from adapters.mail.imap.wire import Client

OFFERS = {
    "IDLE": "mails arrive at once",
    "MOVE": "handled mails are moved in one step",
    "UIDPLUS": "exactly the mails meant are removed after copying",
}
LACKS = {
    "IDLE": "the mailbox is asked every {poll:.0f} seconds instead",
    "MOVE": "handled mails are copied instead, where UIDPLUS is offered",
    "UIDPLUS": "without MOVE as well, handled mails stay where they are",
}


async def check(mailbox: Mailbox, credentials: Credentials) -> list[Finding]:
    """Up to the first step that fails so that no other can be tried. Changes nothing in the mailbox."""
    findings: list[Finding] = []
    try:
        async with aclosing(_steps(mailbox, credentials)) as steps:
            async for finding in steps:
                findings.append(finding)  # noqa: PERF401 - those before an error are kept
    except SignInFailed as error:
        findings.append(_bad(error.sentence))
    except (OSError, IMAP4.error) as error:
        findings.append(_bad(what_went_wrong(error, mailbox.imap)))
    return findings


async def _steps(mailbox: Mailbox, credentials: Credentials) -> AsyncGenerator[Finding]:
    imap = mailbox.imap
    async with asyncio.timeout(mailbox.timeout_seconds):
        _, writer = await asyncio.open_connection(imap.host, imap.port)
        address = writer.get_extra_info("peername")[0]
        writer.close()
        await writer.wait_closed()
    yield _good(f"{imap.host}:{imap.port} ({address}) takes connections.")
    session = Session(f"imap-{mailbox.name}-check")
    try:
        await session.open(mailbox)
        yield _encryption(mailbox, await session.call(_certificate))
    finally:
        await session.close(politely=False)
    async with signed_in(mailbox, credentials, "check") as session:
        yield _good(f"Signed in as {mailbox.user}.")
        if credentials.expiry:
            yield _ending(credentials.expiry, datetime.now(UTC).date())
        async for finding in _inside(mailbox, session):
            yield finding


async def _inside(mailbox: Mailbox, session: Session) -> AsyncGenerator[Finding]:
    for folder in mailbox.folders:
        yield await session.call(_folder, folder)
    for capability in OFFERS:
        offered = await session.call(Client.has_capability, capability)
        yield _capability(mailbox, capability, offered=offered)
    for purpose, folder in (
        ("Handled mails move to", mailbox.after_handling.folder),
        ("Copies of what is sent go to", mailbox.sent_folder),
    ):
        if folder is not None:
            yield await session.call(_target, purpose, folder)


def _folder(client: Client, folder: str) -> Finding:
    try:
        count = client.select_folder(folder, readonly=True)[b"EXISTS"]
    except IMAP4.abort:
        raise
    except IMAP4.error as error:
        return _bad(f"The folder {folder} can't be opened: {error}.")
    return _good(f"The folder {folder} holds {count} mail{'' if count == 1 else 's'}.")


def _target(client: Client, purpose: str, folder: str) -> Finding:
    if client.folder_exists(folder):
        return _good(f"{purpose} {folder}, which is there.")
    return _bad(f"{purpose} {folder}, but there is no such folder: create it, or name another.")


def _capability(mailbox: Mailbox, name: str, *, offered: bool) -> Finding:
    """A lack is worth a word; it is wrong only where it keeps mails from being moved."""
    if offered:
        return _good(f"The server offers {name}: {OFFERS[name]}.")
    return _good(f"The server does not offer {name}: {LACKS[name].format(poll=mailbox.poll_seconds)}.")


def _certificate(client: Client) -> datetime | None:
    """When the server's certificate ends; None in plain text."""
    sock = client.socket()
    end = (sock.getpeercert() or {}).get("notAfter") if isinstance(sock, ssl.SSLSocket) else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC) if isinstance(end, str) else None


def _encryption(mailbox: Mailbox, end: datetime | None) -> Finding:
    if mailbox.imap.security is Security.NONE or end is None:
        return _good("Plain text, on this machine only.")
    days = (end - datetime.now(UTC)).days
    sentence = f"{mailbox.imap.security.upper()}, with a certificate that is valid for {days} more days."
    return Finding(ok=days >= ENDS_SOON_DAYS, sentence=sentence)


def _ending(expiry: Expiry, today: date) -> Finding:
    return Finding(ok=not expiry.is_soon(today), sentence=expiry.sentence(today))


def _good(sentence: str) -> Finding:
    return Finding(ok=True, sentence=sentence)


def _bad(sentence: str) -> Finding:
    return Finding(ok=False, sentence=sentence)
