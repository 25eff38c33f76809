"""The world that mails go out to: a real SMTP server on loopback that answers as told, and one that says anything."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from base64 import b64decode
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import Expiry, PasswordSecret, Secret, TokenSecret
from store.model import Json, Outbound
from tests.adapters.mail.imap import leftovers, until
from tests.authority import Authority
from tests.dovecot import PASSWORD, USER

KEY = "abcdefghijklmnop"


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What the server took."""

    sender: str
    recipients: list[str]
    raw: bytes
    options: list[str]

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=WIRE)


class World:
    """`answers` by command ("MAIL", "DATA") or recipient; `letters` is what it took, `signed_in` the mechanisms."""

    def __init__(self) -> None:
        self.port = 0
        self.letters: list[Letter] = []
        self.answers: dict[str, str] = {}
        self.signed_in: list[str] = []
        self.tries: list[str] = []  # mechanisms
        self.good_token = "good"
        self.users = {USER}
        self.hangs_up_at_data = False
        self.gate = asyncio.Event()  # DATA waits for it
        self.gate.set()
        self.commands: list[str] = []

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append("MAIL")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            self.letters.append(
                Letter(
                    sender=envelope.mail_from or "",
                    recipients=list(envelope.rcpt_tos),
                    raw=cast("bytes", envelope.content),
                    options=list(envelope.mail_options),
                )
            )
        await self.gate.wait()
        if self.hangs_up_at_data:
            cast("asyncio.Transport", server.transport).abort()
        return answer

    async def auth_XOAUTH2(self, server: SMTP, args: Sequence[str]) -> AuthResult:  # noqa: N802
        said = b64decode(args[1]).decode()
        return await self._judge(server, "XOAUTH2", said == f"user={USER}\1auth=Bearer {self.good_token}\1\1", b"")

    async def auth_OAUTHBEARER(self, server: SMTP, args: Sequence[str]) -> AuthResult:  # noqa: N802
        said = b64decode(args[1]).decode()
        port = cast("asyncio.Transport", server.transport).get_extra_info("sockname")[1]
        wanted = f"n,a={USER},\1host=127.0.0.1\1port={port}\1auth=Bearer {self.good_token}\1\1"
        return await self._judge(server, "OAUTHBEARER", said == wanted, b"\1")

    async def _judge(self, server: SMTP, mechanism: str, right: bool, after_challenge: bytes) -> AuthResult:  # noqa: FBT001
        """A refusal is explained first, and the client has to answer to that."""
        self.tries.append(mechanism)
        if not right:
            if await server.challenge_auth('{"status":"400"}') != after_challenge:
                self.tries.append("a wrong answer")
            return AuthResult(success=False, handled=False)
        self.signed_in.append(mechanism)
        return AuthResult(success=True, auth_data=USER.encode())

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.tries.append(mechanism)
        if data.login.decode() not in self.users or data.password != PASSWORD.encode():
            return AuthResult(success=False, handled=False)
        self.signed_in.append(mechanism)
        return AuthResult(success=True, auth_data=USER.encode())


@asynccontextmanager
async def world(
    tls: ssl.SSLContext | None = None,
    *,
    starttls: ssl.SSLContext | None = None,
    asks_sign_in: bool = True,
    without: Sequence[str] = (),
    utf8: bool = False,
    size: int = 1 << 25,
) -> AsyncGenerator[World]:
    """Encrypted with `tls` from the first byte, or with `starttls` on request; `without` these ways to sign in."""
    here, before = World(), leftovers()
    loop = asyncio.get_running_loop()
    serving: list[SMTP] = []

    def serve() -> SMTP:
        with warnings.catch_warnings():  # aiosmtpd warns of a sign-in without TLS, and does not see it around itself
            warnings.simplefilter("ignore", UserWarning)
            serving.append(made())
        return serving[-1]

    def made() -> SMTP:
        return SMTP(
            here,
            hostname="mx.example.org",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=asks_sign_in,
            auth_require_tls=starttls is not None or not asks_sign_in,
            auth_exclude_mechanism=without,
            authenticator=here.authenticate,
            enable_SMTPUTF8=utf8,
            data_size_limit=size,
            loop=loop,
        )

    server = await loop.create_server(serve, "127.0.0.1", 0, ssl=tls)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
        here.gate.set()
        for each in serving:
            if each.transport is not None:
                cast("asyncio.Transport", each.transport).abort()
        await until(lambda: leftovers() <= before)  # neither we nor the client keep a socket


Answer = Callable[[str], str | None]


@asynccontextmanager
async def speaking(answer: Answer, greeting: str = "220 here") -> AsyncGenerator[int]:
    """A server that says what it is told to each line; nothing for "", and None hangs up. Yields its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.write(f"{greeting}\r\n".encode())
            while line := await reader.readline():
                said = answer(line.decode().strip())
                if said is None:
                    break
                if said:
                    writer.write(f"{said}\r\n".encode())
        writer.close()

    before = leftovers()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await until(lambda: leftovers() <= before)


def server_tls(authority: Authority, folder: Path, *, days: int = 20, host: str = "127.0.0.1") -> ssl.SSLContext:
    authority.issue(folder, host, days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def mailbox_at(port: int, security: str = "none", ca_file: Path | None = None, **changes: Any) -> Mailbox:
    values: dict[str, Any] = {
        "name": "support",
        "address": USER,
        "display_name": "Example support",
        "imap": {"host": "127.0.0.1", "port": 1},
        "smtp": {"host": "127.0.0.1", "port": port, "security": security, "ca_file": ca_file},
        "timeout_seconds": 5,
    }
    return Mailbox.model_validate(values | changes)


class Keys:
    """Credentials: hands out the secrets one after the other, the last of them for ever."""

    def __init__(self, *secrets: Secret | Exception) -> None:
        self._secrets = list(secrets)
        self.expiry: Expiry | None = None
        self.renewals = 0

    async def sign_in(self) -> Secret:
        return self._given(self._secrets[0])

    async def renewed(self) -> Secret:
        self.renewals += 1
        return self._given(self._secrets[-1])

    def _given(self, secret: Secret | Exception) -> Secret:
        if isinstance(secret, Exception):
            raise secret
        return secret


def password(word: str = PASSWORD) -> Keys:
    return Keys(PasswordSecret(user=USER, password=word))


def token(text: str, mechanism: Any = "XOAUTH2") -> TokenSecret:
    return TokenSecret(mechanism=mechanism, user=USER, token=text)


def outbound(text: str = "It is the pump.", *, reply_address: Json | None = None, **changes: Any) -> Outbound:
    address: Json = {
        "to": ["ada@example.com"],
        "cc": ["bob@example.com"],
        "subject": "My kettle leaks",
        "message_id": "second@example.com",
        "references": ["first@example.com", "second@example.com"],
    }
    plain = Outbound(
        key="7:answer",
        channel="email",
        account="support",
        conversation_key=KEY,
        reply_address=address | (reply_address or {}),
        text=text,
    )
    return replace(plain, **changes)
