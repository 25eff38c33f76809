"""Who is logged in at the console: sessions, one-time links, and how often somebody tried.

Tokens are 256 random bits, so a plain digest of one hides it; the table alone lets nobody in.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from store import accounts as people
from store.accounts import Account
from store.schema import accounts, login_attempts, login_links, sessions
from store.sql import alone, insert, now

LIFETIME = timedelta(hours=12)
IDLE = timedelta(hours=2)
LINK_LIFETIME = timedelta(minutes=15)
WINDOW = timedelta(minutes=15)  # in which attempts are counted
_SEEN = timedelta(minutes=1)  # a session's last use is written no more often


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    id: int
    account: Account
    address: str
    browser: str
    by_link: bool  # came by a one-time link: may choose a password without knowing the one before
    created_at: datetime
    seen_at: datetime


_FIND = select(sessions).where(sessions.c.digest == bindparam("digest"))
_TAKE = delete(login_links).where(login_links.c.digest == bindparam("digest")).returning(login_links)
_COUNT = (
    select(func.count())
    .select_from(login_attempts)
    .where(login_attempts.c.key == bindparam("key"), login_attempts.c.at > bindparam("since"))
)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def start(connection: Connection, account_id: int, *, address: str, browser: str, by_link: bool = False) -> str:
    """The token of a new session: for the browser alone, kept nowhere."""
    token, moment = secrets.token_urlsafe(32), now(connection)
    row = {
        "digest": digest(token),
        "account_id": account_id,
        "address": address,
        "browser": browser,
        "by_link": by_link,
        "created_at": moment,
        "seen_at": moment,
        "expires_at": moment + LIFETIME,
    }
    connection.execute(insert(sessions), row)
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(seen_at=moment))
    return token


def find(connection: Connection, token: str) -> Session | None:
    """The session, if it has not run out, by time or by being left alone, and its account may be used."""
    row = connection.execute(_FIND, {"digest": digest(token)}).one_or_none()
    if row is None or now(connection) >= min(row.expires_at, row.seen_at + IDLE):
        return None
    account = people.get(connection, row.account_id)
    return _session(row, account) if account.enabled else None


def is_due(session: Session, moment: datetime) -> bool:
    """Whether `seen` has something to write: most requests only read."""
    return moment - session.seen_at > _SEEN


def seen(connection: Connection, session_id: int) -> None:
    moment = now(connection)
    touched = update(sessions).where(sessions.c.id == session_id).values(seen_at=moment)
    account_id = connection.execute(touched.returning(sessions.c.account_id)).scalar_one_or_none()
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(seen_at=moment))


def of_account(connection: Connection, account: Account) -> list[Session]:
    """Newest first."""
    mine = select(sessions).where(sessions.c.account_id == account.id).order_by(sessions.c.id.desc())
    moment = now(connection)
    live = (row for row in connection.execute(mine) if moment < min(row.expires_at, row.seen_at + IDLE))
    return [_session(row, account) for row in live]


def end(connection: Connection, session_id: int, *, account_id: int) -> None:
    """One session, if it is this account's."""
    connection.execute(delete(sessions).where(sessions.c.id == session_id, sessions.c.account_id == account_id))


def end_all(connection: Connection, account_id: int) -> None:
    connection.execute(delete(sessions).where(sessions.c.account_id == account_id))


# --- one-time links ---------------------------------------------------------------------------------


def make_link(connection: Connection, account_id: int, *, lifetime: timedelta = LINK_LIFETIME) -> str:
    """The token of a link that logs in once."""
    token, moment = secrets.token_urlsafe(32), now(connection)
    row = {
        "digest": digest(token),
        "account_id": account_id,
        "created_at": moment,
        "expires_at": moment + lifetime,
    }
    connection.execute(insert(login_links), row)
    return token


def look_at_link(connection: Connection, token: str) -> Account | None:
    """Whom the link would log in; it stays unused, since mail scanners and previews look at links too."""
    row = connection.execute(select(login_links).where(login_links.c.digest == digest(token))).one_or_none()
    return _invited(connection, row)


def use_link(connection: Connection, token: str) -> Account | None:
    """Whom the link logs in, now and never again."""
    return _invited(connection, connection.execute(_TAKE, {"digest": digest(token)}).one_or_none())


def _invited(connection: Connection, row: Row[Any] | None) -> Account | None:
    if row is None or now(connection) >= row.expires_at:
        return None
    account = people.get(connection, row.account_id)
    return account if account.enabled else None


# --- attempts ---------------------------------------------------------------------------------------


def attempt(connection: Connection, limits: dict[str, int]) -> bool:
    """Counts one attempt under each key, unless one of them has had its number within the window: then False.

    Counted before anything is checked, so that many at once are no way around it.
    """
    moment = now(connection)
    for key in sorted(limits):
        alone(connection, f"attempt {key}")
    since = moment - WINDOW
    if any(connection.execute(_COUNT, {"key": key, "since": since}).scalar_one() >= limits[key] for key in limits):
        return False
    for key in limits:
        connection.execute(insert(login_attempts), {"key": key, "at": moment})
    return True


def forget_attempts(connection: Connection, key: str) -> None:
    """After a success."""
    connection.execute(delete(login_attempts).where(login_attempts.c.key == key))


def sweep(connection: Connection) -> None:
    moment = now(connection)
    connection.execute(delete(sessions).where(sessions.c.expires_at < moment))
    connection.execute(delete(login_links).where(login_links.c.expires_at < moment))
    connection.execute(delete(login_attempts).where(login_attempts.c.at < moment - WINDOW))


def _session(row: Row[Any], account: Account) -> Session:
    return Session(
        id=row.id,
        account=account,
        address=row.address,
        browser=row.browser,
        by_link=row.by_link,
        created_at=row.created_at,
        seen_at=row.seen_at,
    )
