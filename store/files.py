"""Files that came along with messages of channels: put in line in the message's transaction, copied afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from store.schema import files
from store.sql import insert, literally, now


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    key: str  # that nobody can guess
    channel: str
    account: str
    name: str
    content_type: str
    address: str  # that the copy is made from
    link: str  # for people, where there is no copy


_KEEP = insert(files).on_conflict_do_nothing()
_WAITING = (
    select(files)
    .where(
        files.c.channel == bindparam("channel"),
        literally(files.c.state, "waiting"),
        files.c.due_at <= bindparam("moment"),
    )
    .order_by(files.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def keep(connection: Connection, kept: Sequence[File]) -> None:
    """Puts files in line for being copied."""
    moment = now(connection)
    for each in kept:
        connection.execute(_KEEP, {**asdict(each), "state": "waiting", "attempts": 0, "due_at": moment})


def take(connection: Connection, *, channel: str, seconds: float, most: int) -> list[tuple[File, int]]:
    """Files to copy now, each with the number of this attempt; nobody else gets them for so many seconds."""
    moment = now(connection)
    rows = connection.execute(_WAITING, {"channel": channel, "moment": moment, "most": most}).all()
    for row in rows:
        mine = update(files).where(files.c.key == row.key)
        connection.execute(mine.values(attempts=row.attempts + 1, due_at=moment + timedelta(seconds=seconds)))
    return [(_file(row), row.attempts + 1) for row in rows]


def copied(connection: Connection, key: str, content: bytes, content_type: str) -> None:
    kept = {"state": "kept", "content": content, "content_type": content_type}
    connection.execute(update(files).where(files.c.key == key).values(kept))


def left_as_link(connection: Connection, key: str, reason: str) -> None:
    connection.execute(update(files).where(files.c.key == key).values(state="link", reason=reason))


def find(connection: Connection, *, channel: str, key: str) -> tuple[File, bytes | None] | None:
    """A file, and its copy where there is one."""
    asked = select(files).where(files.c.key == key, files.c.channel == channel)
    row = connection.execute(asked).one_or_none()
    return None if row is None else (_file(row), row.content)


def _file(row: Row[Any]) -> File:
    return File(
        key=row.key,
        channel=row.channel,
        account=row.account,
        name=row.name,
        content_type=row.content_type,
        address=row.address,
        link=row.link,
    )


def state_of(connection: Connection, key: str) -> str | None:
    """waiting, kept, or link."""
    return connection.execute(select(files.c.state).where(files.c.key == key)).scalar_one_or_none()
