"""One signed-in connection, used from the event loop: a thread of its own owns the client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import Credentials, PasswordSecret, Secret, SignInFailed, TokenSecret
from adapters.mail.imap.wire import Client, Line

P = ParamSpec("P")
T = TypeVar("T")

# RFC 5530: the server's trouble, whatever was asked.
TEMPORARY = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]", "[ALERT]")


class Session:
    """Calls run one after the other in the session's thread. Cancelling one cuts the connection."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._line = Line()
        self._client: Client | None = None

    async def open(self, mailbox: Mailbox) -> None:
        """Raises OSError and IMAP4.error."""

        def connect() -> None:
            self._client = Client(mailbox.imap, self._line, mailbox.timeout_seconds)

        await self._run(connect)

    async def call(
        self, function: Callable[Concatenate[Client, P], T], /, *arguments: P.args, **options: P.kwargs
    ) -> T:
        """Raises what the function raises: OSError and IMAP4.error."""
        if self._client is None:
            raise RuntimeError("the session is not open")
        return await self._run(partial(function, self._client, *arguments, **options))

    def ring(self) -> None:
        """Ends `Client.await_news`."""
        self._line.ring()

    async def close(self, *, politely: bool) -> None:
        """Leaves neither thread nor socket."""
        try:
            if self._client:
                with suppress(OSError, IMAPClientError):
                    await self._run(self._client.logout if politely else self._client.shutdown)
        finally:
            self._line.close()
            self._thread.shutdown()  # nothing runs in it any more, so this does not wait

    async def _run(self, function: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._thread, function)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._line.cut()
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()  # looked at, so that nobody complains about it
            raise


@asynccontextmanager
async def signed_in(mailbox: Mailbox, credentials: Credentials, purpose: str) -> AsyncGenerator[Session]:
    """Raises SignInFailed, OSError, IMAP4.error. A refused token is renewed once."""
    secret = await credentials.sign_in()
    try:
        session = await _sign_in(mailbox, secret, purpose)
    except SignInFailed:
        if isinstance(secret, PasswordSecret):
            raise
        session = await _sign_in(mailbox, await credentials.renewed(), purpose)
    politely = False
    try:
        yield session
        politely = True
    finally:
        await session.close(politely=politely)


async def _sign_in(mailbox: Mailbox, secret: Secret, purpose: str) -> Session:
    session = Session(f"imap-{mailbox.name}-{purpose}")
    try:
        await session.open(mailbox)
        await session.call(_authenticate, secret)
    except BaseException:
        await session.close(politely=False)
        raise
    return session


def _authenticate(client: Client, secret: Secret) -> None:
    try:
        _offer(client, secret)
    except LoginError as error:
        # IMAPClient says LoginError also when the connection broke meanwhile.
        if isinstance(error.__context__, IMAPClientAbortError):
            raise error.__context__ from None
        if any(code in str(error).upper() for code in TEMPORARY):
            raise
        raise SignInFailed(_refusal(secret, str(error))) from error


def _offer(client: Client, secret: Secret) -> None:
    if isinstance(secret, TokenSecret):
        if secret.mechanism == "OAUTHBEARER":
            client.oauthbearer_login(secret.user, secret.token)
        else:
            client.oauth2_login(secret.user, secret.token)
    elif client.has_capability("AUTH=PLAIN"):
        client.plain_login(secret.user, secret.password)  # unlike LOGIN, it takes any character
    else:
        client.login(secret.user, secret.password)


def _refusal(secret: Secret, answer: str) -> str:
    what = "password" if isinstance(secret, PasswordSecret) else "token"
    return f"The server refused the {what} of {secret.user} ({answer}): put the right one in place."
