"""Logging in: by password, by one-time link, by the provider's word. Each ends in a new session of its own."""

from __future__ import annotations

from functools import partial

import structlog

from bot.access.passwords import Passwords, outdated
from bot.text import one_line
from store import accounts, sessions
from store.accounts import Account
from store.engine import Connection, Database
from store.sessions import Session

log = structlog.get_logger()

ATTEMPTS_PER_LOGIN = 10  # in a quarter of an hour
ATTEMPTS_PER_ADDRESS = 50
_LONGEST = 200  # of a browser's name that is kept


class TooManyAttempts(Exception):
    """This account or this address has tried too often: wait a quarter of an hour."""


class Login:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._passwords = Passwords()

    async def by_password(self, login: str, password: str, *, address: str, browser: str) -> str | None:
        """A new session's token, or None. Raises TooManyAttempts."""
        key = _key(login)
        await self._count({key: ATTEMPTS_PER_LOGIN, f"address {address}": ATTEMPTS_PER_ADDRESS})
        found = await self._database.read(partial(accounts.password_hash, login=login))
        matches = await self._passwords.match(found[1] if found else None, password)
        if found is None or not matches:
            log.warning("login_refused", address=address)
            return None
        account, hashed = found
        fresh = await self._passwords.hash(password) if outdated(hashed) else None

        def enter(connection: Connection) -> str | None:
            sessions.forget_attempts(connection, key)
            still = accounts.password_hash(connection, account.login)
            if still is None or still[1] != hashed:
                return None  # disabled, or changed, while we looked
            if fresh is not None:
                accounts.rehash(connection, account.id, fresh)
            return _start(connection, account, address, browser)

        return await self._database.write(enter)

    async def by_link(self, token: str, *, address: str, browser: str) -> str | None:
        """A new session's token; None where the link was used, has run out, or never was. Raises TooManyAttempts."""
        await self._count({f"address {address}": ATTEMPTS_PER_ADDRESS})

        def enter(connection: Connection) -> str | None:
            account = sessions.use_link(connection, token)
            return None if account is None else _start(connection, account, address, browser, by_link=True)

        return await self._database.write(enter)

    async def choose_password(
        self, session: Session, current: str, new: str, *, address: str, browser: str
    ) -> str | None:
        """Changes it and ends all sessions; the token of a new one, or None where `current` is not the password.

        Who came by a one-time link is asked for none: it is how somebody who forgot theirs gets a new one.
        Raises TooManyAttempts.
        """
        account = session.account
        key = _key(account.login)
        await self._count({key: ATTEMPTS_PER_LOGIN, f"address {address}": ATTEMPTS_PER_ADDRESS})
        found = await self._database.read(partial(accounts.password_hash, login=account.login))
        if found is not None and not (session.by_link or await self._passwords.match(found[1], current)):
            return None
        hashed = await self._passwords.hash(new)

        def change(connection: Connection) -> str | None:
            still = accounts.password_hash(connection, account.login)
            if (still and still[1]) != (found and found[1]):
                return None  # it was changed meanwhile
            sessions.forget_attempts(connection, key)
            accounts.set_password(connection, account.id, hashed)
            return _start(connection, account, address, browser)

        return await self._database.write(change)

    async def vouched(self, account: Account, *, address: str, browser: str) -> str:
        return await self._database.write(
            partial(_start, account=account, address=address, browser=browser),
        )

    async def _count(self, limits: dict[str, int]) -> None:
        if not await self._database.write(partial(sessions.attempt, limits=limits)):
            log.warning("login_too_often")
            raise TooManyAttempts


def _key(login: str) -> str:
    """Not in clear: people type their passwords there, too."""
    return f"login {sessions.digest(accounts.login_key(login))}"


def _start(connection: Connection, account: Account, address: str, browser: str, *, by_link: bool = False) -> str:
    named = one_line(browser, _LONGEST)
    return sessions.start(connection, account.id, address=address, browser=named, by_link=by_link)
