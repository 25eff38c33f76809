"""A running Casewright, and people and programs that speak to it over HTTP as a browser would."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from http.cookies import Morsel
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import ClientResponse, ClientSession, CookieJar
from yarl import URL

from bot import config
from bot.access.passwords import hash_now
from bot.app import Application, opened, running
from store import accounts, api_keys, sessions
from store import settings as versions
from store.accounts import Account
from store.engine import Connection, Database
from store.model import AccountRole
from tests.adapters.webchat import until
from tests.flow.desk import change_settings
from tests.store.examples import field
from tests.store.examples import opened as opened_case

SECRET = "a-secret-of-the-tests-that-nobody-can-guess"
PASSWORD = "correct horse battery staple"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass(kw_only=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str]
    cookies: dict[str, Morsel[str]]

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def csrf(self) -> str:
        found = _CSRF.search(self.text)
        assert found is not None, self.text
        return found[1]


class Browser:
    """Keeps cookies, follows nothing by itself; a form is sent with the token of the page that has it."""

    def __init__(self, session: ClientSession, base: str) -> None:
        self.session = session
        self.base = base.rstrip("/")

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.send("GET", path, headers=headers)

    async def post(self, path: str, form: dict[str, Any] | None = None, *, page: str = "/console/login") -> Answer:
        """From a page that holds the token."""
        token = (await self.get(page)).csrf
        return await self.send("POST", path, data={"csrf": token, **(form or {})})

    async def send(self, method: str, path: str, **more: Any) -> Answer:
        async with self.session.request(method, f"{self.base}{path}", allow_redirects=False, **more) as response:
            return await _answer(response)

    async def log_in(self, login: str, password: str = PASSWORD, **more: str) -> Answer:
        return await self.post("/console/login", {"login": login, "password": password, **more})

    def cookie(self, name: str = "casewright") -> str | None:
        return next((each.value for each in self.session.cookie_jar if each.key == name), None)

    def put_cookie(self, value: str, name: str = "casewright") -> None:
        self.session.cookie_jar.update_cookies({name: value}, URL(self.base))


async def _answer(response: ClientResponse) -> Answer:
    return Answer(
        status=response.status,
        text=await response.text(),
        headers=dict(response.headers),
        cookies=dict(response.cookies),
    )


@dataclass(kw_only=True)
class Site:
    app: Application
    base: str
    browsers: list[ClientSession]

    @property
    def database(self) -> Database:
        return self.app.database

    async def put_in_force(self, change: Callable[[dict[str, Any]], object]) -> None:
        """A new version of the settings, once the running product goes by it."""
        change_settings(self.database, change)
        newest = self.database.read_now(versions.current_number)
        await until(lambda: self.database.read_now(self.app.settings).version == newest)

    def browser(self, **options: Any) -> Browser:
        """Somebody with no cookies yet."""
        session = ClientSession(self.base, cookie_jar=CookieJar(unsafe=True), **options)
        self.browsers.append(session)
        return Browser(session, self.base)

    def account(
        self, login: str, role: AccountRole = AccountRole.REPRESENTATIVE, password: str | None = PASSWORD, **more: Any
    ) -> Account:
        def make(connection: Connection) -> Account:
            made = accounts.add(connection, login=login, name=login.capitalize(), role=role, **more)
            if password is not None:
                accounts.set_password(connection, made.id, _hash(password))
            return accounts.get(connection, made.id)

        return self.database.write_now(make)

    async def logged_in(self, login: str, role: AccountRole = AccountRole.REPRESENTATIVE, **more: Any) -> Browser:
        """A browser with a session of a new account's."""
        account, browser = self.account(login, role, password=None, **more), self.browser()
        browser.put_cookie(
            self.database.write_now(partial(sessions.start, account_id=account.id, address="192.0.2.1", browser="Test"))
        )
        return browser

    def key(self, *scopes: str) -> str:
        def make(connection: Connection) -> str:
            maker = accounts.first_administrator(connection)
            return api_keys.make(connection, name="Test", scopes=scopes, account_id=maker.id, lifetime=None)

        return self.database.write_now(make)

    def case(self, **values: str) -> int:
        """A case with these fields, in a conversation of its own."""
        writes = [field(name, value) for name, value in values.items()]
        return opened_case(self.database, *writes, key=uuid4().hex).number


@cache
def _hash(password: str) -> str:
    """Hashed once: it is made to take long."""
    return hash_now(password)


@asynccontextmanager
async def open_site(
    database_url: str, folder: Path, *, settings: Callable[[dict[str, Any]], object] | None = None, **environment: str
) -> AsyncGenerator[Site]:
    """`settings` changes those that it starts with."""
    environ = {
        "CASEWRIGHT_DATABASE_URL": database_url,
        "CASEWRIGHT_WEBCHAT_SECRET": SECRET,
        "CASEWRIGHT_PORT": "0",
        **environment,
    }
    loaded = config.load(environ, folder)
    app = Application(loaded, opened(loaded))
    if settings is not None:
        change_settings(app.database, settings)
    try:
        async with running(app) as base:
            site = Site(app=app, base=base, browsers=[])
            yield site
            for session in site.browsers:
                await session.close()
    finally:
        app.database.close()


__all__ = ["PASSWORD", "SECRET", "Answer", "Browser", "Site", "open_site"]
