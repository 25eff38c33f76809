"""A server on loopback that hands out tokens, as Microsoft's and Google's do: what it answers is laid out before."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import Credentials
from adapters.mail.sign_in import for_mailbox, secrets_from
from tests.adapters.mail.imap import leftovers, until
from tests.authority import Authority
from tests.dovecot import USER

CLIENT_ID = "2d4d3d8e-2be3-4bef-9f87-7875a61c29de"
CLIENT_SECRET = "Tk~8Q+the/secret of&the=app"
REFRESH_TOKEN = "1//03the-refresh-token"
ENVIRONMENT = {
    "CASEWRIGHT_MAILBOX_SUPPORT_CLIENT_SECRET": CLIENT_SECRET,
    "CASEWRIGHT_MAILBOX_SUPPORT_REFRESH_TOKEN": REFRESH_TOKEN,
}


class TokenServer:
    """`answers` are given in order, the last of them for ever; each may be a document, a text, or neither."""

    def __init__(self, ca_file: Path) -> None:
        self.ca_file = ca_file
        self.url = ""
        self.answers: list[tuple[int, object]] = [(200, granted("a token"))]
        self.endpoints: tuple[int, object] | None = None  # what the search for endpoints is answered with
        self.forms: list[dict[str, Any]] = []
        self.gate = asyncio.Event()  # answers wait for it
        self.gate.set()
        self.drips = False  # a byte now and then, so that no single read takes long

    @asynccontextmanager
    async def up(self, certificate: Path) -> AsyncGenerator[TokenServer]:
        before = leftovers()
        app = web.Application()
        app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", self._tell_endpoints)
        app.router.add_post("/{tenant}/token", self._hand_out)
        app.router.add_post("/token", self._hand_out)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        self.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            self.gate.set()
            await runner.cleanup()
            await until(lambda: leftovers() <= before)

    async def _tell_endpoints(self, request: web.Request) -> web.Response:
        if self.endpoints:
            return _response(*self.endpoints)
        base = f"{self.url}/{request.match_info['tenant']}"
        return web.json_response({"token_endpoint": f"{base}/token", "authorization_endpoint": f"{base}/authorize"})

    async def _hand_out(self, request: web.Request) -> web.StreamResponse:
        self.forms.append(dict(await request.post()))
        if self.drips:
            return await self._drip(request)
        await self.gate.wait()
        return _response(*(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]))

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(OSError):  # the other side has had enough
            while not self.gate.is_set():
                await response.write(b" ")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.gate.wait(), 0.05)
        return response


@asynccontextmanager
async def token_server(authority: Authority, folder: Path) -> AsyncGenerator[TokenServer]:
    authority.issue(folder, "127.0.0.1")
    async with TokenServer(authority.certificate_file).up(folder) as server:
        yield server


def granted(token: str, **more: object) -> dict[str, object]:
    return {"access_token": token, "token_type": "Bearer", "expires_in": 3599, **more}


def microsoft(server: TokenServer, **changes: object) -> dict[str, Any]:
    settings = {"kind": "microsoft", "tenant": "contoso", "client_id": CLIENT_ID}
    return settings | {"authority": server.url, "ca_file": server.ca_file} | changes


def refreshed(server: TokenServer, **changes: object) -> dict[str, Any]:
    settings = {"kind": "refresh_token", "client_id": CLIENT_ID}
    return settings | {"token_url": f"{server.url}/token", "ca_file": server.ca_file} | changes


def mailbox_with(sign_in: dict[str, Any], **changes: object) -> Mailbox:
    values: dict[str, Any] = {
        "name": "support",
        "address": USER,
        "imap": {"host": "127.0.0.1", "port": 993},
        "smtp": {"host": "127.0.0.1", "port": 465},
        "sign_in": sign_in,
    }
    return Mailbox.model_validate(values | changes)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def credentials_for(mailbox: Mailbox, clock: Clock | None = None) -> Credentials:
    return for_mailbox(mailbox, secrets_from(ENVIRONMENT, mailbox), clock=clock or Clock())


def _response(status: int, answer: object) -> web.Response:
    if status == HTTPStatus.TEMPORARY_REDIRECT:
        return web.Response(status=status, headers={"Location": str(answer)})
    if isinstance(answer, str):
        return web.Response(status=status, text=answer, content_type="text/html")
    return web.json_response(answer, status=status)
