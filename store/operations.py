"""What an operator looks at: how much waits, what was given up, and when something came last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, select

from store import outbox as posts
from store import work
from store.mail import CHANNEL as EMAIL
from store.mail import split_id
from store.model import ConversationId
from store.schema import conversations, inbox, mails, outbox
from store.sql import literally, now
from store.work import Backlog

Kind = Literal["event", "post"]
LATEST = 5000  # conversations
_TABLES = {"event": inbox, "post": outbox}


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    backlog: Backlog
    in_hand: int  # conversations that a worker has leased
    posts_waiting: int
    oldest_post_seconds: float
    dead_events: int
    dead_posts: int
    mails_in_review: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Dead:
    """An event or a post that was given up."""

    kind: Kind
    id: int
    what: str
    channel: str
    conversation_id: ConversationId
    attempts: int
    since: datetime
    error: str
    reference: str | None


def state(connection: Connection) -> State:
    waiting = literally(outbox.c.status, "queued", "sending")
    count, oldest = connection.execute(select(func.count(), func.min(outbox.c.created_at)).where(waiting)).one()
    leased = select(func.count()).where(conversations.c.lease_owner.is_not(None))
    review = select(func.count()).where(mails.c.state == "review")
    dead_posts = select(func.count(outbox.c.attempts)).where(literally(outbox.c.status, "dead"))
    posts_given_up, backlog = connection.execute(dead_posts).scalar_one(), work.backlog(connection)
    return State(
        backlog=backlog,
        in_hand=connection.execute(leased).scalar_one(),
        posts_waiting=count,
        oldest_post_seconds=max(0.0, (now(connection) - oldest).total_seconds()) if oldest else 0.0,
        dead_events=backlog.dead - posts_given_up,
        dead_posts=posts_given_up,
        mails_in_review=connection.execute(review).scalar_one(),
    )


def last_messages(connection: Connection) -> dict[str, datetime]:
    """By channel, when somebody wrote last; of those where that was lately, so that it costs the same among many."""
    at = conversations.c.last_message_at
    ordered = select(conversations.c.channel, at).where(at.is_not(None)).order_by(at.desc(), conversations.c.id.desc())
    latest = ordered.limit(LATEST).subquery()
    by_channel = select(latest.c.channel, func.max(latest.c.last_message_at).label("at")).group_by(latest.c.channel)
    return {row.channel: row.at for row in connection.execute(by_channel)}


def dead(connection: Connection, kind: Kind, *, before: int | None, limit: int) -> list[Dead]:
    """The latest first."""
    table = _TABLES[kind]
    since = inbox.c.received_at if kind == "event" else outbox.c.created_at
    query = (
        select(table.c.id, table.c.kind, table.c.conversation_id, table.c.attempts, table.c.error, table.c.error_id)
        .add_columns(since.label("since"), conversations.c.channel)
        .join(conversations)
        .where(literally(table.c.status, "dead"))
        .order_by(table.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(table.c.id < before)
    return [_dead(kind, row) for row in connection.execute(query)]


def _dead(kind: Kind, row: Row[Any]) -> Dead:
    return Dead(
        kind=kind,
        id=row.id,
        what=row.kind,
        channel=row.channel,
        conversation_id=ConversationId(row.conversation_id),
        attempts=row.attempts,
        since=row.since,
        error=row.error or "",
        reference=row.error_id,
    )


def revive(connection: Connection, kind: Kind, id_: int) -> bool:
    return work.revive(connection, id_) if kind == "event" else posts.revive(connection, id_)


def revive_some(connection: Connection, kind: Kind, *, before: int | None, most: int) -> tuple[int, int | None]:
    """Of what was given up; returns how many that were, and where it goes on.

    By that, what fails again meanwhile is not tried for ever.
    """
    found = dead(connection, kind, before=before, limit=most)
    revived = sum(revive(connection, kind, each.id) for each in found)
    return revived, found[-1].id if len(found) == most else None


def dead_event_of(connection: Connection, account: str, digest: str) -> int | None:
    """The event of a mail, where it was given up."""
    mine = select(inbox.c.id).where(
        inbox.c.channel == EMAIL,
        inbox.c.account == account,
        inbox.c.external_id.in_([digest, split_id(digest)]),
        literally(inbox.c.status, "dead"),
    )
    return connection.execute(mine.limit(1)).scalar_one_or_none()
