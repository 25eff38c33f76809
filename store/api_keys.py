"""API keys: shown once, kept as a digest, each with what it may be used for."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from store.schema import accounts, api_keys
from store.sessions import digest
from store.sql import insert, now

PREFIX = "cwk_"  # so that scanners for leaked secrets know one
_HINT = len(PREFIX) + 6
_USED = timedelta(minutes=1)  # a key's last use is written no more often


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    id: int
    name: str
    hint: str
    scopes: frozenset[str]
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


_ALL = select(api_keys, accounts.c.name.label("made_by"), accounts.c.disabled_at).join(accounts)
_FIND = _ALL.where(api_keys.c.digest == bindparam("digest"))


def make(
    connection: Connection, *, name: str, scopes: Collection[str], account_id: int, lifetime: timedelta | None
) -> str:
    """The key itself, which nobody can read again."""
    key, moment = PREFIX + secrets.token_urlsafe(32), now(connection)
    row = {
        "digest": digest(key),
        "name": name,
        "hint": key[:_HINT],
        "scopes": sorted(scopes),
        "account_id": account_id,
        "created_at": moment,
        "expires_at": None if lifetime is None else moment + lifetime,
    }
    connection.execute(insert(api_keys), row)
    return key


def find(connection: Connection, key: str) -> ApiKey | None:
    """The key, if it may be used: not revoked, not run out, its maker's account not disabled."""
    row = connection.execute(_FIND, {"digest": digest(key)}).one_or_none()
    if row is None or row.revoked_at is not None or row.disabled_at is not None:
        return None
    return None if row.expires_at is not None and now(connection) >= row.expires_at else _key(row)


def is_due(key: ApiKey, moment: datetime) -> bool:
    """Whether `used` has something to write."""
    return key.used_at is None or moment - key.used_at > _USED


def used(connection: Connection, key_id: int) -> None:
    connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(used_at=now(connection)))


def listed(connection: Connection) -> list[ApiKey]:
    """Newest first, the revoked ones too."""
    return [_key(row) for row in connection.execute(_ALL.order_by(api_keys.c.id.desc()))]


def revoke(connection: Connection, key_id: int) -> None:
    live = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
    connection.execute(live.values(revoked_at=now(connection)))


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scopes=frozenset(row.scopes),
        made_by=row.made_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )
