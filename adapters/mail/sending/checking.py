"""Tests the way out step by step, and says in words what is right and what is wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException

from adapters.mail.configuration import Mailbox, Security
from adapters.mail.credentials import ENDS_SOON_DAYS, Credentials, SignInFailed
from adapters.mail.imap import Finding
from adapters.mail.sending.session import Unable, connect, signed_in
from adapters.mail.sending.smtp import trouble


async def check_smtp(mailbox: Mailbox, credentials: Credentials) -> list[Finding]:
    """Up to the first step that fails so that no other can be tried. Sends nothing."""
    findings: list[Finding] = []
    try:
        async with asyncio.timeout(mailbox.timeout_seconds), aclosing(_steps(mailbox, credentials)) as steps:
            async for finding in steps:
                findings.append(finding)  # noqa: PERF401 - those before an error are kept
    except SignInFailed as error:
        findings.append(_bad(error.sentence))
    except Unable as error:
        findings.append(_bad(str(error)))
    except (OSError, SMTPException) as error:
        findings.append(_bad(trouble(error, mailbox.smtp)))
    return findings


async def _steps(mailbox: Mailbox, credentials: Credentials) -> AsyncGenerator[Finding]:
    client = await connect(mailbox)
    try:
        address = client.get_transport_info("peername")[0]
        yield _good(f"{mailbox.smtp.host}:{mailbox.smtp.port} ({address}) takes mails to send.")
        yield _encryption(mailbox, _certificate_end(client))
    finally:
        client.close()
    async with signed_in(mailbox, credentials) as client:
        yield _signed_in(mailbox, client)
        await client.noop()
        if finding := _size(client):
            yield finding


def _certificate_end(client: SMTP) -> datetime | None:
    """None in plain text."""
    encrypted = client.get_transport_info("ssl_object")
    end = (encrypted.getpeercert() or {}).get("notAfter") if isinstance(encrypted, ssl.SSLObject) else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC) if isinstance(end, str) else None


def _encryption(mailbox: Mailbox, end: datetime | None) -> Finding:
    if mailbox.smtp.security is Security.NONE or end is None:
        return _good("Plain text, on this machine only.")
    days = (end - datetime.now(UTC)).days
    sentence = f"{mailbox.smtp.security.upper()}, with a certificate that is valid for {days} more days."
    return Finding(ok=days >= ENDS_SOON_DAYS, sentence=sentence)


def _signed_in(mailbox: Mailbox, client: SMTP) -> Finding:
    if client.supports_extension("auth"):
        return _good(f"Signed in as {mailbox.user}, to send.")
    return _good("The server asks for no sign-in to send.")


def _size(client: SMTP) -> Finding | None:
    most = client.esmtp_extensions.get("size", "")
    if not most.isdigit() or int(most) == 0:  # RFC 1870: no fixed maximum
        return None
    return _good(f"The server takes mails of up to {int(most) / (1 << 20):.0f} MB.")


def _good(sentence: str) -> Finding:
    return Finding(ok=True, sentence=sentence)


def _bad(sentence: str) -> Finding:
    return Finding(ok=False, sentence=sentence)
