"""Posts that wait to go out: queued in the transaction that decided them, sent in order within a conversation.

A row is `sending`, committed, before the channel is called. One that is found `sending` past its lease belonged to a
process that died, and the lease ends at once when that is noticed: it is sent again with `uncertain` set, so that the
channel looks before it repeats itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, literal, or_, select, update

from store.model import ConversationId, Json
from store.schema import conversations, outbox, posted_cards
from store.sql import insert, literally, now

MAX_ATTEMPTS = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One thing to post, with the address of the conversation it belongs to. `attempts` is its fence."""

    id: int
    key: str
    kind: str  # "text" | "card"
    payload: Json
    conversation_id: ConversationId
    channel: str
    account: str
    conversation_key: str
    reply_address: Json
    language: str | None
    attempts: int
    uncertain: bool
    waited: float  # seconds since it was queued


_waiting = literally(outbox.c.status, "queued", "sending")
_earlier = outbox.alias()
_waiting_before = exists().where(
    _earlier.c.conversation_id == outbox.c.conversation_id,
    _earlier.c.id < outbox.c.id,
    literally(_earlier.c.status, "queued", "sending"),
)
_abandoned = and_(outbox.c.status == "sending", outbox.c.lease_until < bindparam("moment"))
_FRESH = {"status": "queued", "attempts": 0, "uncertain": False}
_queued = ("conversation_id", "key", "kind", "payload", "due_at", "created_at")
# Nothing is posted into a conversation that was erased: there is nobody in it.
_QUEUE = (
    insert(outbox)
    .from_select(
        [*_queued, *_FRESH],
        select(*(bindparam(name, type_=outbox.c[name].type) for name in _queued))
        .add_columns(*(literal(value, outbox.c[name].type) for name, value in _FRESH.items()))
        .where(conversations.c.id == bindparam("conversation_id"), conversations.c.erased_at.is_(None)),
    )
    .on_conflict_do_nothing()
)
_DUE = (
    select(
        outbox,
        conversations.c.channel,
        conversations.c.account,
        conversations.c.key.label("conversation_key"),
        conversations.c.reply_address,
        conversations.c.language,
    )
    .join(conversations)
    .where(_waiting, outbox.c.due_at <= bindparam("moment"))
    .where(or_(outbox.c.status == "queued", _abandoned), ~_waiting_before)
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(bindparam("most"))
    .with_for_update(of=outbox, skip_locked=True)
)
_BEGIN = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        attempts=outbox.c.attempts + 1,
        uncertain=or_(outbox.c.uncertain, outbox.c.status == "sending"),
        status="sending",
        lease_owner=bindparam("worker"),
        lease_until=bindparam("until"),
    )
)
# Only the attempt that began it may settle it: a sender that was paused past its lease changes nothing.
_mine = and_(outbox.c.id == bindparam("post"), outbox.c.attempts == bindparam("attempt"), outbox.c.status == "sending")
_DELIVERED = (
    update(outbox)
    .where(_mine)
    .values(
        status="delivered",
        native_id=bindparam("native"),
        done_at=bindparam("moment"),
        lease_owner=None,
        lease_until=None,
        error=None,
        error_id=None,
    )
)
_place = insert(posted_cards)
_PLACE_CARD = _place.on_conflict_do_update(
    index_elements=["conversation_id", "case_number"], set_={"native_id": _place.excluded.native_id}
)


def queue_text(
    connection: Connection,
    conversation_id: int,
    key: str,
    text: str,
    *,
    audience: str | None = None,
    relay: str | None = None,
    internal: bool = False,
) -> None:
    payload: Json = {"text": text, "audience": audience, "relay": relay, "internal": internal}
    _queue(connection, conversation_id, key, "text", payload)


def queue_card(
    connection: Connection,
    conversation_id: int,
    key: str,
    number: int,
    changed: str | None,
) -> None:
    """The card is made when it is sent, from the case as it is then: an older state never overwrites a newer one."""
    _queue(connection, conversation_id, key, "card", {"case": number, "changed": changed})


def _queue(connection: Connection, conversation_id: int, key: str, kind: str, payload: Json) -> None:
    moment = now(connection)
    row: dict[str, Any] = {
        "conversation_id": conversation_id,
        "key": key,
        "kind": kind,
        "payload": payload,
        "due_at": moment,
        "created_at": moment,
    }
    connection.execute(_QUEUE, row)


def claim(connection: Connection, *, worker: int, seconds: float, limit: int) -> list[Post]:
    """Marks up to `limit` posts as being sent, at most one per conversation: the head of its line."""
    moment = now(connection)
    rows = connection.execute(_DUE, {"moment": moment, "most": limit}).all()
    if rows:
        until = moment + timedelta(seconds=seconds)
        begun = {"ids": [row.id for row in rows], "worker": worker, "until": until}
        connection.execute(_BEGIN, begun)
    return [_post(row, moment) for row in rows]


def lease_owners(connection: Connection) -> Sequence[int]:
    """Workers that have a post on its way at the moment."""
    owners = select(outbox.c.lease_owner).where(outbox.c.lease_owner.is_not(None)).distinct()
    return connection.execute(owners).scalars().all()


def free_leases_of(connection: Connection, worker: int) -> int:
    """Ends the leases of what a dead worker was sending: whoever claims it next sends it as uncertain."""
    freed = update(outbox).where(outbox.c.lease_owner == worker)
    return connection.execute(freed.values(lease_owner=None, lease_until=now(connection))).rowcount


def _post(row: Row[Any], moment: datetime) -> Post:
    return Post(
        id=row.id,
        key=row.key,
        kind=row.kind,
        payload=row.payload,
        conversation_id=row.conversation_id,
        channel=row.channel,
        account=row.account,
        conversation_key=row.conversation_key,
        reply_address=row.reply_address,
        language=row.language,
        attempts=row.attempts + 1,
        uncertain=row.uncertain or row.status == "sending",
        waited=(moment - row.created_at).total_seconds(),
    )


def delivered(connection: Connection, post: Post, native_id: str) -> bool:
    """False when another attempt has taken over."""
    mine = {"post": post.id, "attempt": post.attempts, "native": native_id, "moment": now(connection)}
    settled = connection.execute(_DELIVERED, mine).rowcount == 1
    if settled and post.kind == "card":
        place = {"conversation_id": post.conversation_id, "case_number": post.payload["case"], "native_id": native_id}
        connection.execute(_PLACE_CARD, place)
    return settled


def put_back(connection: Connection, post: Post, *, after: float, error: str, uncertain: bool) -> None:
    """Sends it again `after` seconds; what comes later in the same conversation waits for it."""
    due = now(connection) + timedelta(seconds=after)
    _settle(
        connection,
        post,
        status="queued",
        due_at=due,
        error=error,
        uncertain=uncertain or post.uncertain,
    )


def bury(connection: Connection, post: Post, *, error: str, error_id: str) -> bool:
    """False when another attempt has taken over, which will settle it."""
    return _settle(
        connection,
        post,
        status="dead",
        done_at=now(connection),
        error=error,
        error_id=error_id,
    )


def _settle(connection: Connection, post: Post, **values: Any) -> bool:
    mine = {"post": post.id, "attempt": post.attempts}
    settled = update(outbox).where(_mine).values(lease_owner=None, lease_until=None, **values)
    return connection.execute(settled, mine).rowcount == 1


def card_place(connection: Connection, conversation_id: int, number: int) -> str | None:
    """The native id of the case's card in this conversation."""
    place = select(posted_cards.c.native_id).where(
        posted_cards.c.conversation_id == conversation_id,
        posted_cards.c.case_number == number,
    )
    return connection.execute(place).scalar_one_or_none()


def revive(connection: Connection, post_id: int) -> bool:
    again = update(outbox).where(outbox.c.id == post_id, outbox.c.status == "dead")
    values: dict[str, Any] = {
        "status": "queued",
        "attempts": 0,
        "due_at": now(connection),
        "done_at": None,
    }
    return connection.execute(again.values(**values)).rowcount == 1
