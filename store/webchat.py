"""A web chat's feed, which clients read by watermark. The web chat is its own remote service; this is its memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, func, select

from store.model import Card, Json, utcnow
from store.schema import webchat_feed, webchat_files
from store.sql import insert, locked

CARD = TypeAdapter(Card)
_START = 0
"""The row that says the conversation exists. Nobody reads it, and whoever appends holds it, so that rows become
visible in the order of their numbers: a reader never skips one that commits late."""
_MOST_KEYS = 500  # in one statement


class UnknownConversation(Exception):
    """No web chat conversation was started under this id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """Something to put into a conversation's feed."""

    conversation_key: str
    key: str  # unique within the conversation: a retried post has the same
    author_id: str
    activity: Json  # as everybody in the audience may see it
    card: Card | None = None  # whole; the reader leaves out what is not for the viewer
    audience: str | None = None  # the only user who may see it
    edit: str | None = None  # the activity id of the earlier post that this one replaces


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One row of a feed. An entry with the activity id of an earlier one replaces it."""

    seq: int  # from 1, without gaps
    activity_id: str
    author_id: str
    audience: str | None
    activity: Json
    card: Card | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    id: str
    name: str
    content_type: str
    content: bytes


_ours = webchat_feed.c.conversation_key == bindparam("key")
_INSERT = insert(webchat_feed).on_conflict_do_nothing().returning(webchat_feed.c.activity_id)
_STARTED = select(webchat_feed.c.seq).where(_ours, webchat_feed.c.seq == _START)
_HOLD = locked(_STARTED)
_HIGHEST = select(func.max(webchat_feed.c.seq)).where(_ours)
_FIND = select(webchat_feed.c.activity_id).where(_ours, webchat_feed.c.post_key == bindparam("post_key"))
_READ = (
    select(webchat_feed)
    .where(_ours, webchat_feed.c.seq > bindparam("after"))
    .order_by(webchat_feed.c.seq)
    .limit(bindparam("limit"))
)
_NEWEST = (
    select(webchat_feed.c.conversation_key, func.max(webchat_feed.c.seq).label("seq"))
    .where(webchat_feed.c.conversation_key.in_(bindparam("keys", expanding=True)))
    .group_by(webchat_feed.c.conversation_key)
)
_KEEP = webchat_files.insert()
_FILE = select(webchat_files).where(
    webchat_files.c.id == bindparam("id"),
    webchat_files.c.conversation_key == bindparam("key"),
)


def start(connection: Connection, conversation_key: str) -> bool:
    """False when the conversation had been started before."""
    row: dict[str, Any] = {
        "conversation_key": conversation_key,
        "seq": _START,
        "post_key": "start",
        "activity_id": conversation_key,
        "author_id": "",
        "activity": {},
        "created_at": utcnow(),
    }
    return connection.execute(_INSERT, row).first() is not None


def started(connection: Connection, conversation_key: str) -> bool:
    return connection.execute(_STARTED, {"key": conversation_key}).first() is not None


def append(connection: Connection, post: Post, files: Sequence[File] = ()) -> str:
    """Returns the activity's id; that of the first time when the same key was posted before.

    Raises UnknownConversation.
    """
    moment = utcnow()
    seq = _next(connection, post.conversation_key)
    row = {
        "conversation_key": post.conversation_key,
        "seq": seq,
        "post_key": post.key,
        "activity_id": post.edit or f"{post.conversation_key}|{seq:07d}",
        "author_id": post.author_id,
        "audience": post.audience,
        "activity": {**post.activity, "card": CARD.dump_python(post.card, mode="json")} if post.card else post.activity,
        "created_at": moment,
    }
    appended = connection.execute(_INSERT, row).scalar_one_or_none()
    if appended is None:
        return connection.execute(_FIND, {"key": post.conversation_key, "post_key": post.key}).scalar_one()
    if files:
        connection.execute(_KEEP, [_file_row(post.conversation_key, each, moment) for each in files])
    return appended


def find(connection: Connection, conversation_key: str, post_key: str) -> str | None:
    """The activity id of an earlier post."""
    return connection.execute(_FIND, {"key": conversation_key, "post_key": post_key}).scalar_one_or_none()


def read(connection: Connection, conversation_key: str, *, after: int, limit: int) -> list[Entry]:
    """The next entries. Raises UnknownConversation."""
    rows = connection.execute(_READ, {"key": conversation_key, "after": max(after, _START), "limit": limit})
    entries = [_entry(row) for row in rows]
    if not entries and not started(connection, conversation_key):
        raise UnknownConversation
    return entries


def newest(connection: Connection, conversation_keys: Collection[str]) -> dict[str, int]:
    """The highest number in each of the feeds."""
    found: dict[str, int] = {}
    keys = list(conversation_keys)
    for first in range(0, len(keys), _MOST_KEYS):
        rows = connection.execute(_NEWEST, {"keys": keys[first : first + _MOST_KEYS]})
        found |= {row.conversation_key: row.seq for row in rows}
    return found


def file(connection: Connection, conversation_key: str, file_id: str) -> File | None:
    row = connection.execute(_FILE, {"key": conversation_key, "id": file_id}).first()
    if row is None:
        return None
    return File(id=row.id, name=row.name, content_type=row.content_type, content=row.content)


def _next(connection: Connection, conversation_key: str) -> int:
    if connection.execute(_HOLD, {"key": conversation_key}).first() is None:
        raise UnknownConversation
    # Apart from the lock: the same statement would count what it saw before it had to wait.
    return connection.execute(_HIGHEST, {"key": conversation_key}).scalar_one() + 1


def _file_row(conversation_key: str, file: File, moment: datetime) -> dict[str, Any]:
    return {
        "id": file.id,
        "conversation_key": conversation_key,
        "name": file.name,
        "content_type": file.content_type,
        "size": len(file.content),
        "content": file.content,
        "created_at": moment,
    }


def _entry(row: Row[Any]) -> Entry:
    activity = dict(row.activity)
    card = activity.pop("card", None)
    return Entry(
        seq=row.seq,
        activity_id=row.activity_id,
        author_id=row.author_id,
        audience=row.audience,
        activity=activity,
        card=None if card is None else CARD.validate_python(card),
        created_at=row.created_at,
    )
