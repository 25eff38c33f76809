"""Versions of the administrator's settings document; the latest one is in force, none is ever changed or removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from store.model import Json
from store.schema import settings_versions
from store.sql import insert, now

_LARGEST = 2**31 - 1  # that the column holds


class SettingsConflict(Exception):
    """Somebody else saved the settings in the meantime; look at their version, then save again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsVersion:
    version: int
    author: str
    comment: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsDocument(SettingsVersion):
    document: Json


def current_number(connection: Connection) -> int:
    """The version in force; 0 before the first."""
    return connection.execute(select(func.coalesce(func.max(settings_versions.c.version), 0))).scalar_one()


def get(connection: Connection, version: int) -> SettingsDocument | None:
    if version > _LARGEST:
        return None
    query = select(settings_versions).where(settings_versions.c.version == version)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else SettingsDocument(**row)


def history(connection: Connection, *, before: int | None = None, limit: int | None = None) -> list[SettingsVersion]:
    """Newest first, without the documents, which may be long; `before`: those that came before this version."""
    told = [column for column in settings_versions.c if column.name != "document"]
    query = select(*told).order_by(settings_versions.c.version.desc()).limit(limit)
    if before is not None:
        query = query.where(settings_versions.c.version < min(before, _LARGEST))
    return [SettingsVersion(**row) for row in connection.execute(query).mappings()]


def saying(connection: Connection, *path: str, value: str) -> frozenset[int]:
    """The versions whose document has this value at the path."""
    there = settings_versions.c.document[path].as_string()
    return frozenset(connection.execute(select(settings_versions.c.version).where(there == value)).scalars())


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
