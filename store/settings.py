"""Versions of the administrator's settings document; the latest one is in force, none is ever changed or removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from store.model import Json
from store.schema import settings_versions
from store.sql import insert, now

_LARGEST = 2**31 - 1  # that the column holds


class SettingsConflict(Exception):
    """Somebody else saved the settings in the meantime; look at their version, then save again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsVersion:
    version: int
    document: Json
    author: str
    comment: str
    created_at: datetime


def current_number(connection: Connection) -> int:
    """The version in force; 0 before the first."""
    return connection.execute(select(func.coalesce(func.max(settings_versions.c.version), 0))).scalar_one()


def get(connection: Connection, version: int) -> SettingsVersion | None:
    if version > _LARGEST:
        return None
    row = connection.execute(select(settings_versions).where(settings_versions.c.version == version)).one_or_none()
    return None if row is None else _version(row)


def history(connection: Connection) -> list[SettingsVersion]:
    """Newest first."""
    rows = connection.execute(select(settings_versions).order_by(settings_versions.c.version.desc()))
    return [_version(row) for row in rows]


def page(connection: Connection, *, before: int | None, limit: int) -> list[SettingsVersion]:
    """Newest first, from where the page before ended."""
    wanted = select(settings_versions).order_by(settings_versions.c.version.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(settings_versions.c.version < min(before, _LARGEST))
    return [_version(row) for row in connection.execute(wanted)]


def save(connection: Connection, document: Json, *, author: str, comment: str, based_on: int) -> int:
    """Keeps the document as the version after `based_on`; raises SettingsConflict if that isn't the latest."""
    if current_number(connection) != based_on:
        raise SettingsConflict
    row = insert(settings_versions).values(
        version=based_on + 1,
        document=document,
        author=author,
        comment=comment,
        created_at=now(connection),
    )
    kept = connection.execute(row.on_conflict_do_nothing().returning(settings_versions.c.version))
    if kept.scalar_one_or_none() is None:
        raise SettingsConflict
    return based_on + 1


def _version(row: Row[Any]) -> SettingsVersion:
    return SettingsVersion(
        version=row.version,
        document=row.document,
        author=row.author,
        comment=row.comment,
        created_at=row.created_at,
    )
