"""A Teams on loopback: the connector, the keys it signs with, and where tokens are had. By hand, over real TLS."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cached_property
from html import unescape
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from store.model import Json
from tests.authority import Authority

APP_ID = "2d4d3d8e-2be3-4bef-9f87-7875a61c29de"
SECRET = "Tk~8Q+the/secret of&the=app"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
ISSUER = "https://api.botframework.com"
BOT = {"id": f"28:{APP_ID}", "name": "Casewright"}
KEY_ID = "key-1"


class FakeTeams:
    """`said` and `posted` are what people see, by conversation; `refusals` answer the connector's next calls."""

    def __init__(self, ca_file: Path) -> None:
        self.ca_file = ca_file
        self.url = ""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = KEY_ID
        self.endorsements = ["msteams", "webchat"]
        self.thread: dict[str, list[Json]] = {}
        self.members: dict[str, Json] = {}
        self.refusals: list[tuple[int, dict[str, str]]] = []
        self.token_failures = 0
        self.token = "ours"
        self.tokens_given = 0
        self.keys_asked = 0
        self.keys_fail = False
        self.gone: set[str] = set()  # conversations that are no more
        self.calls: list[str] = []
        self.slowness = 0.0  # seconds until keys and tokens are given
        self.files: dict[str, tuple[bytes, str]] = {}  # content and type, by name

    @property
    def service_url(self) -> str:
        return f"{self.url}/"

    @property
    def host(self) -> str:
        return self.url.removeprefix("https://")

    @property
    def file_host(self) -> str:
        """The same, under another name: where OneDrive keeps what people send."""
        return self.host.replace("127.0.0.1", "localhost")

    def texts(self, conversation: str) -> list[str]:
        return [_seen(each) for each in self.thread.get(conversation, [])]

    def signed(self, key: Any = None, algorithm: str = "RS256", **changes: Any) -> str:
        """The header of a request from Teams. A claim that is None is left out."""
        now = int(time.time())  # noqa: TID251 -- the other side's clock
        claims = {
            "iss": ISSUER,
            "aud": APP_ID,
            "exp": now + 3600,
            "nbf": now - 60,
            "serviceurl": self.service_url,
        } | changes
        kept = {name: value for name, value in claims.items() if value is not None}
        signer = "" if algorithm == "none" else self.key if key is None else key
        return f"Bearer {jwt.encode(kept, signer, algorithm=algorithm, headers={'kid': self.key_id})}"

    @cached_property
    def header(self) -> str:
        """One for many requests: signing takes longer than checking."""
        return self.signed()

    @asynccontextmanager
    async def serving(self, certificate: Path) -> AsyncGenerator[FakeTeams]:
        app = web.Application()
        app.router.add_get("/openid", self._openid)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", self._endpoints)
        app.router.add_post("/{tenant}/token", self._token)
        app.router.add_post("/v3/conversations", self._open)
        app.router.add_post("/v3/conversations/{id}/activities", self._post)
        app.router.add_put("/v3/conversations/{id}/activities/{activity}", self._put)
        app.router.add_get("/v3/conversations/{id}/members/{user}", self._member)
        app.router.add_get("/v3/attachments/{name}/views/original", self._file)
        app.router.add_get("/onedrive/{name}", self._file)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        self.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _openid(self, _request: web.Request) -> web.Response:
        await asyncio.sleep(self.slowness)
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"{self.url}/keys"})

    async def _keys(self, _request: web.Request) -> web.Response:
        self.keys_asked += 1
        await asyncio.sleep(self.slowness)
        if self.keys_fail:
            return web.json_response({"error": "try later"}, status=503)
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**public, "kid": self.key_id, "endorsements": self.endorsements}]})

    async def _endpoints(self, request: web.Request) -> web.Response:
        base = f"{self.url}/{request.match_info['tenant']}"
        return web.json_response({"token_endpoint": f"{base}/token", "authorization_endpoint": f"{base}/authorize"})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        await asyncio.sleep(self.slowness)
        if self.token_failures:
            self.token_failures -= 1
            return web.json_response({"error": "temporarily_unavailable"}, status=503)
        if form.get("client_id") != APP_ID or form.get("client_secret") not in {SECRET, None}:
            said = "AADSTS7000215: Invalid client secret provided."
            return web.json_response({"error": "invalid_client", "error_description": said}, status=401)
        self.tokens_given += 1
        return web.json_response({"token_type": "Bearer", "access_token": self.token, "expires_in": 3600})

    async def _open(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        wanted = await request.json()
        chat = f"a:{wanted['members'][0]['id']}"
        self.thread.setdefault(chat, [])
        return web.json_response({"id": chat}, status=201)

    async def _post(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        posts = self.thread.setdefault(request.match_info["id"], [])
        activity = await request.json()
        posts.append({**activity, "id": f"bot-{len(posts)}"})
        return web.json_response({"id": posts[-1]["id"]}, status=201)

    async def _put(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        posts, wanted = self.thread.get(request.match_info["id"], []), request.match_info["activity"]
        at = next((number for number, each in enumerate(posts) if each["id"] == wanted), None)
        if at is None:
            return web.json_response({"error": {"code": "ActivityNotFoundInConversation"}}, status=404)
        posts[at] = {**await request.json(), "id": wanted}
        return web.json_response({"id": wanted})

    async def _member(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        found = self.members.get(request.match_info["user"])
        return web.json_response(
            found or {"error": {"code": "MemberNotFoundInConversation"}}, status=200 if found else 404
        )

    async def _file(self, request: web.Request) -> web.Response:
        """Pasted pictures want our token; with addresses of OneDrive it must not be sent."""
        self.calls.append(f"{request.method} {request.path}")
        wanted = f"Bearer {self.token}" if request.path.startswith("/v3/") else None
        if request.headers.get("Authorization") != wanted or request.match_info["name"] not in self.files:
            return web.Response(status=401)
        content, kind = self.files[request.match_info["name"]]
        return web.Response(body=content, content_type=kind)

    def _refused(self, request: web.Request) -> web.Response | None:
        self.calls.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"error": {"code": "Unauthorized"}}, status=401)
        if request.match_info.get("id") in self.gone:
            return web.json_response({"error": {"code": "ConversationNotFound"}}, status=404)
        if self.refusals and request.method != "GET":
            status, headers = self.refusals.pop(0)
            return web.json_response({"error": {"code": "ServiceError"}}, status=status, headers=headers)
        return None


def _seen(activity: Json) -> str:
    """As a client shows it."""
    said = str(activity.get("text") or activity.get("summary") or "")
    return unescape(said.replace("<br>", "\n")) if activity.get("textFormat") == "xml" else said


@asynccontextmanager
async def fake_teams(authority: Authority, folder: Path) -> AsyncGenerator[FakeTeams]:
    authority.issue(folder, "127.0.0.1", "localhost")
    async with FakeTeams(authority.certificate_file).serving(folder) as teams:
        yield teams
