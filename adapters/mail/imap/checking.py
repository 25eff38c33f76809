"""Tests a mailbox step by step, and says in words what is right and what is wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, date, datetime
from email import message_from_bytes
from imaplib import IMAP4

from adapters.mail.configuration import Mailbox, Security
from adapters.mail.credentials import ENDS_SOON_DAYS, Credentials, Expiry, SignInFailed
from adapters.mail.imap.sentences import what_went_wrong
from adapters.mail.imap.session import Session, signed_in
from adapters.mail.imap.values import Finding
from adapters.mail.imap.wire import Client
from adapters.mail.reading.standing import authserv_id_of

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
    if finding := await session.call(_who_vouches, mailbox.folders[0], mailbox.authserv_id):
        yield finding
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


def _who_vouches(client: Client, folder: str, configured: str | None) -> Finding | None:
    """Looks at the newest mail: whom the server that takes mails in calls itself in its Authentication-Results."""
    if not client.folder_exists(folder):
        return None  # which has been said
    client.select_folder(folder, readonly=True)
    newest = client.search(["UID", "*"])
    if not newest:
        return _good(f"No mail in {folder} shows yet whose Authentication-Results to believe (authserv_id).")
    answer = client.fetch(newest[-1:], ["BODY.PEEK[HEADER.FIELDS (AUTHENTICATION-RESULTS)]"])
    raw = next((value for found in answer.values() for key, value in found.items() if key.startswith(b"BODY[")), b"")
    values = message_from_bytes(raw).get_all("Authentication-Results", [])
    names = list(dict.fromkeys(authserv_id_of(str(value)) for value in values))
    if not names:
        return _good(f"The newest mail in {folder} has no Authentication-Results: nobody vouches for its sender.")
    if configured is None:
        line = f"authserv_id: {names[0]}"
        return _good(f"No authserv_id is set, so no sender is authentic. If {names[0]} is your server, add: {line}")
    if configured.casefold() in names:
        return _good(f"The newest mail carries Authentication-Results of {configured}, as configured.")
    said = ", ".join(names)
    return _bad(f"authserv_id is {configured}, but the newest mail carries Authentication-Results of {said} alone.")


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
