"""A connection to the mailbox's SMTP server: encrypted as the configuration says, and signed in."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPAuthenticationError, SMTPException

from adapters.mail.configuration import Mailbox, Security
from adapters.mail.credentials import Credentials, PasswordSecret, Secret, SignInFailed, TokenSecret
from adapters.mail.imap.wire import tls_context
from adapters.mail.reference import ascii_domain
from adapters.mail.sending.tidying import one_line

GOODBYE = 1.0  # seconds that QUIT may take: the mail is through by then


class Unable(Exception):
    """The server can't be used as it is now, whatever the mail: a sentence says why."""


@asynccontextmanager
async def signed_in(mailbox: Mailbox, credentials: Credentials) -> AsyncGenerator[SMTP]:
    """Raises SignInFailed, Unable, OSError, SMTPException. A refused token is renewed once."""
    secret = await credentials.sign_in()
    try:
        client = await _open(mailbox, secret)
    except SignInFailed:
        if isinstance(secret, PasswordSecret):
            raise
        client = await _open(mailbox, await credentials.renewed())
    try:
        yield client
        await _say_goodbye(client)
    finally:
        client.close()


async def connect(mailbox: Mailbox) -> SMTP:
    """Greeted, and encrypted; close it. Raises Unable, OSError, SMTPException."""
    server = mailbox.smtp
    client = SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.security is Security.TLS,
        start_tls=False,  # we do it ourselves below, and look first
        tls_context=await asyncio.to_thread(tls_context, server),
        timeout=mailbox.timeout_seconds,
        local_hostname=ascii_domain(mailbox.address.rpartition("@")[2]),
    )
    try:
        await client.connect()
        await client.ehlo()
        if server.security is Security.STARTTLS:
            await _encrypt(client, mailbox)
    except BaseException:
        client.close()
        raise
    return client


async def _open(mailbox: Mailbox, secret: Secret) -> SMTP:
    client = await connect(mailbox)
    try:
        if client.supports_extension("auth") or not mailbox.smtp.is_loopback:
            await _sign_in(client, secret, mailbox)
    except BaseException:
        client.close()
        raise
    return client


async def _encrypt(client: SMTP, mailbox: Mailbox) -> None:
    """Whoever strips STARTTLS from what the server offers gets nothing."""
    if not client.supports_extension("starttls"):
        server = mailbox.smtp
        raise Unable(f"{server.host}:{server.port} does not offer STARTTLS; nothing is sent in plain text.")
    await client.starttls()
    await client.ehlo()


async def _sign_in(client: SMTP, secret: Secret, mailbox: Mailbox) -> None:
    try:
        await _offer(client, secret, mailbox)
    except SMTPAuthenticationError as error:
        if error.code < 500:  # noqa: PLR2004 - RFC 4954: 454, trouble of the server's own
            raise
        what = "password" if isinstance(secret, PasswordSecret) else "token"
        said = f"{error.code} {one_line(error.message, 200)}"
        raise SignInFailed(
            f"{mailbox.smtp.host} refused the {what} of {secret.user} ({said}): put the right one in place."
        ) from error


async def _offer(client: SMTP, secret: Secret, mailbox: Mailbox) -> None:
    """One way only: a wrong password tried in three ways counts three times."""
    ways = client.server_auth_methods
    if isinstance(secret, TokenSecret):
        if secret.mechanism == "XOAUTH2":
            await client.auth_xoauth2(secret.user, secret.token)
        else:
            await _oauthbearer(client, secret, mailbox)
    elif "plain" in ways or "login" not in ways:
        await client.auth_plain(secret.user, secret.password)
    else:
        await client.auth_login(secret.user, secret.password)


async def _oauthbearer(client: SMTP, secret: TokenSecret, mailbox: Mailbox) -> None:
    """RFC 7628: the server explains a refusal in a challenge, which wants an answer."""
    user = secret.user.replace("=", "=3D").replace(",", "=2C")
    server = mailbox.smtp
    initial = f"n,a={user},\1host={server.host}\1port={server.port}\1auth=Bearer {secret.token}\1\1"
    answer = await client.execute_command(b"AUTH", b"OAUTHBEARER", base64.b64encode(initial.encode()))
    if answer.code == 334:  # noqa: PLR2004 - go on
        answer = await client.execute_command(base64.b64encode(b"\1"))
    if answer.code != 235:  # noqa: PLR2004 - signed in
        raise SMTPAuthenticationError(answer.code, answer.message)


async def _say_goodbye(client: SMTP) -> None:
    with suppress(OSError, SMTPException):
        await client.quit(timeout=GOODBYE)
