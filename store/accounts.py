"""Accounts: the people who use the console and the API, and who they are on the channels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from store.model import AccountRole
from store.schema import account_identities, accounts, api_keys, contact_identities, login_links, sessions
from store.sql import alone, insert, now

AccountId = NewType("AccountId", int)

FIRST = "administrator"
"""The login of the account that a new installation begins with."""


class LoginTaken(Exception):
    """There is an account with this login already."""


class UnknownAccount(Exception):
    """There is no such account."""


class LastAdministrator(Exception):
    """Without this account nobody could change the settings or add accounts."""


class IdentityTaken(Exception):
    """The channel's user is another account already."""


@dataclass(frozen=True, order=True, slots=True)
class Identity:
    """A user of a channel, by its native id."""

    channel: str
    external_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    id: AccountId
    login: str
    name: str
    email: str | None
    role: AccountRole
    has_password: bool
    issuer: str | None  # the OpenID provider that vouches for them
    subject: str | None  # who they are there, for ever
    created_at: datetime
    seen_at: datetime | None
    disabled_at: datetime | None
    identities: tuple[Identity, ...] = ()

    @property
    def enabled(self) -> bool:
        return self.disabled_at is None


_BY_ID = select(accounts).where(accounts.c.id == bindparam("account"))
_BY_LOGIN = select(accounts).where(accounts.c.login == bindparam("login"))
_BY_SUBJECT = select(accounts).where(
    accounts.c.issuer == bindparam("issuer"), accounts.c.subject == bindparam("subject")
)
_IDENTITIES = select(account_identities).where(account_identities.c.account_id == bindparam("account"))
_SAME_ADDRESS = select(contact_identities.c.channel, contact_identities.c.external_id).where(
    contact_identities.c.email == bindparam("address")
)
_ADMINISTRATORS = (
    select(accounts)
    .where(accounts.c.role == AccountRole.ADMINISTRATOR, accounts.c.disabled_at.is_(None))
    .order_by(accounts.c.id)
)
_ADD = insert(accounts).on_conflict_do_nothing().returning(accounts)


def login_key(login: str) -> str:
    """Logins are compared without regard to case."""
    return login.strip().casefold()


def add(
    connection: Connection,
    *,
    login: str,
    name: str,
    role: AccountRole,
    email: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> Account:
    """Raises LoginTaken."""
    row: dict[str, Any] = {
        "login": login_key(login),
        "name": name.strip() or login.strip(),
        "email": _address(email),
        "role": role,
        "issuer": issuer,
        "subject": subject,
        "created_at": now(connection),
    }
    added = connection.execute(_ADD, row).one_or_none()
    if added is None:
        raise LoginTaken
    return _account(added)


def get(connection: Connection, account_id: int) -> Account:
    """Raises UnknownAccount."""
    row = connection.execute(_BY_ID, {"account": account_id}).one_or_none()
    if row is None:
        raise UnknownAccount
    return _account(row, _identities(connection, account_id))


def by_login(connection: Connection, login: str) -> Account | None:
    row = connection.execute(_BY_LOGIN, {"login": login_key(login)}).one_or_none()
    return None if row is None else _account(row, _identities(connection, row.id))


def listed(connection: Connection) -> list[Account]:
    """In the order of their logins."""
    identities: dict[int, list[Identity]] = {}
    for row in connection.execute(select(account_identities)):
        identities.setdefault(row.account_id, []).append(Identity(row.channel, row.external_id))
    rows = connection.execute(select(accounts).order_by(accounts.c.login))
    return [_account(row, identities.get(row.id, ())) for row in rows]


def first_administrator(connection: Connection) -> Account:
    """The oldest account that may do everything; made where there is none."""
    alone(connection, "administrators")
    row = connection.execute(_ADMINISTRATORS).first()
    if row is not None:
        return _account(row)
    taken = by_login(connection, FIRST) is not None
    login = f"{FIRST}-{now(connection):%Y%m%d%H%M%S}" if taken else FIRST
    return add(connection, login=login, name="Administrator", role=AccountRole.ADMINISTRATOR)


def nobody_came_yet(connection: Connection) -> bool:
    """Whether no account has ever been used."""
    return connection.execute(select(func.count()).where(accounts.c.seen_at.is_not(None))).scalar_one() == 0


def vouched(
    connection: Connection, *, issuer: str, subject: str, login: str, name: str, email: str | None, role: AccountRole
) -> Account:
    """The account of somebody whom the provider has vouched for just now, with what it says of them; made at first.

    Raises LoginTaken where the login is another account's: a provider must not make anybody that account.
    """
    row = connection.execute(_BY_SUBJECT, {"issuer": issuer, "subject": subject}).one_or_none()
    if row is None:
        return add(connection, login=login, name=name, role=role, email=email, issuer=issuer, subject=subject)
    said = {"name": name.strip() or row.name, "email": _address(email), "role": role}
    connection.execute(update(accounts).where(accounts.c.id == row.id).values(said))
    return get(connection, row.id)


def change(
    connection: Connection,
    account_id: int,
    *,
    name: str,
    email: str | None,
    role: AccountRole,
    identities: Collection[Identity],
) -> None:
    """Raises UnknownAccount, LastAdministrator, IdentityTaken."""
    before = get(connection, account_id)
    if before.role is AccountRole.ADMINISTRATOR is not role:
        _keep_an_administrator(connection, account_id)
    values = {"name": name.strip() or before.name, "email": _address(email), "role": role}
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(values))
    connection.execute(delete(account_identities).where(account_identities.c.account_id == account_id))
    for each in sorted(set(identities)):
        row = {"channel": each.channel, "external_id": each.external_id, "account_id": account_id}
        kept = insert(account_identities).on_conflict_do_nothing().returning(account_identities.c.account_id)
        if connection.execute(kept, row).one_or_none() is None:
            raise IdentityTaken(f"{each.external_id} of {each.channel} is another account already.")


def disable(connection: Connection, account_id: int) -> None:
    """Whoever is logged in by it is logged out, its links are void and its keys rest. Raises as `change`."""
    if get(connection, account_id).role is AccountRole.ADMINISTRATOR:
        _keep_an_administrator(connection, account_id)
    values = {"disabled_at": now(connection)}
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(values))
    _end(connection, account_id)


def enable(connection: Connection, account_id: int) -> None:
    """Its keys that were made before work no more: who disabled it meant them too. Raises UnknownAccount."""
    get(connection, account_id)
    mine = update(api_keys).where(api_keys.c.account_id == account_id, api_keys.c.revoked_at.is_(None))
    connection.execute(mine.values(revoked_at=now(connection)))
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(disabled_at=None))


def password_hash(connection: Connection, login: str) -> tuple[Account, str] | None:
    """Of an account that can be logged in to by a password."""
    row = connection.execute(_BY_LOGIN, {"login": login_key(login)}).one_or_none()
    if row is None or row.password_hash is None or row.disabled_at is not None:
        return None
    return _account(row), row.password_hash


def set_password(connection: Connection, account_id: int, hashed: str) -> None:
    """Ends every session, link included: who had the old password has nothing any more. Raises UnknownAccount."""
    get(connection, account_id)
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(password_hash=hashed))
    _end(connection, account_id)


def rehash(connection: Connection, account_id: int, hashed: str) -> None:
    """The same password under today's parameters."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(password_hash=hashed))


def known_as(connection: Connection, account: Account) -> frozenset[str]:
    """Every id by which settings may name this person: address, who they are on the channels, and a login of ours.

    A channel's user with the same verified address is the same person. Of somebody from a provider, it is the subject
    instead of the login, which may pass to somebody else there.
    """
    ids = {account.subject or account.login, *(each.external_id for each in account.identities)}
    if account.email:
        ids |= {
            account.email,
            *(row.external_id for row in connection.execute(_SAME_ADDRESS, {"address": account.email})),
        }
    return frozenset(ids)


def _end(connection: Connection, account_id: int) -> None:
    connection.execute(delete(sessions).where(sessions.c.account_id == account_id))
    connection.execute(delete(login_links).where(login_links.c.account_id == account_id))


def _keep_an_administrator(connection: Connection, without: int) -> None:
    alone(connection, "administrators")
    if all(row.id == without for row in connection.execute(_ADMINISTRATORS)):
        raise LastAdministrator


def _identities(connection: Connection, account_id: int) -> list[Identity]:
    rows = connection.execute(_IDENTITIES, {"account": account_id})
    return [Identity(row.channel, row.external_id) for row in rows]


def _address(email: str | None) -> str | None:
    return email.strip().casefold() or None if email else None


def _account(row: Row[Any], identities: Collection[Identity] = ()) -> Account:
    return Account(
        id=AccountId(row.id),
        login=row.login,
        name=row.name,
        email=row.email,
        role=AccountRole(row.role),
        has_password=row.password_hash is not None,
        issuer=row.issuer,
        subject=row.subject,
        created_at=row.created_at,
        seen_at=row.seen_at,
        disabled_at=row.disabled_at,
        identities=tuple(sorted(identities)),
    )
