"""Durable work: the inbox, leased conversations, the outbox and timers.

The unit of work is a leased conversation with a fencing token. A worker claims conversations, handles the head of each
one's line outside any transaction, and finishes in one: token checked, case changed, posts queued, timers set, event
done, next event begun or lease released. Whoever lost the lease in the meantime changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Row, bindparam, case, exists, func, or_, select, update

from store.engine import Transaction
from store.model import (
    Author,
    Category,
    ConversationId,
    Inbound,
    InboundKind,
)
from store.schema import conversations, inbox, outbox, timers
from store.sql import insert, literally, locked, now

INBOUND = TypeAdapter(Inbound)
MAX_ATTEMPTS = 5
SUSPECT_AFTER = 2  # attempts that ended without a word
SUSPECT_WAIT = timedelta(seconds=0.1)  # behind what is ready, until the suspect that is being handled is done


class LostLease(Exception):
    """Another worker holds the conversation by now: drop everything that was about to be written."""


class Duplicate(Exception):
    """The event had been stored before."""


class Hopeless(Exception):
    """The event can't be begun again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to finish the work of one conversation; `token` is the fence."""

    conversation_id: ConversationId
    token: int
    handled: int = 0  # events finished under this lease


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """The head of a conversation's line, with `attempts` already counting this one."""

    id: int
    inbound: Inbound
    attempts: int
    due_at: datetime
    received_at: datetime
    suspect: bool  # earlier attempts took their worker down, or were on board when another event did


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    lease: Lease
    event: Event


_conversation = insert(conversations)
_TOUCH_CONVERSATION = _conversation.on_conflict_do_update(
    index_elements=["channel", "account", "key"],
    set_={
        "reply_address": _conversation.excluded.reply_address,
        "ready_at": func.coalesce(conversations.c.ready_at, _conversation.excluded.ready_at),
    },
).returning(conversations.c.id)
_ENQUEUE = insert(inbox).on_conflict_do_nothing().returning(inbox.c.id)
_CLAIMABLE = locked(
    select(conversations.c.id)
    .where(conversations.c.ready_at <= bindparam("moment"))
    .where(or_(conversations.c.lease_until.is_(None), conversations.c.lease_until < bindparam("moment")))
    .order_by(conversations.c.ready_at)
    .limit(bindparam("most")),
    skip=True,
)
_LEASE = (
    update(conversations)
    .where(conversations.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        lease_owner=bindparam("worker"),
        lease_token=conversations.c.lease_token + 1,
        lease_until=bindparam("until"),
    )
    .returning(conversations.c.id, conversations.c.lease_token)
)
_TOKEN = locked(select(conversations.c.lease_token).where(conversations.c.id == bindparam("conversation")))
_RELEASE = (
    update(conversations)
    .where(conversations.c.id == bindparam("conversation"))
    .values(lease_owner=None, lease_until=None, ready_at=bindparam("at"))
)
_ready = literally(inbox.c.status, "ready")
_IDLE = _RELEASE.where(~exists().where(inbox.c.conversation_id == bindparam("conversation"), _ready))
_first = select(func.min(inbox.c.id)).where(
    inbox.c.conversation_id.in_(bindparam("conversations", expanding=True)), _ready
)
_HEADS = select(inbox).where(inbox.c.id.in_(_first.group_by(inbox.c.conversation_id)))
_LAST_WAITING = select(func.max(inbox.c.id)).where(inbox.c.conversation_id == bindparam("conversation"), _ready)
_WAITS = (
    select(inbox.c.id)
    .where(inbox.c.conversation_id == bindparam("conversation"), _ready, inbox.c.id <= bindparam("event"))
    .limit(1)
)
# Without an error: one that has attempts and no error is known to have ended without a word.
_HEARD = select(inbox.c.id).where(
    inbox.c.channel == bindparam("channel"),
    inbox.c.account == bindparam("account"),
    inbox.c.external_id == bindparam("external_id"),
    inbox.c.id < bindparam("before"),
)
_BEGIN = update(inbox).where(inbox.c.id == bindparam("event")).values(attempts=bindparam("count"), error=None)
_DONE = (
    update(inbox)
    .where(inbox.c.id == bindparam("event"))
    .values(status="done", done_at=bindparam("moment"), error=None, error_id=None)
)


def accept(connection: Connection, inbound: Inbound, alongside: Transaction | None = None) -> int:
    """Stores an event, and whatever the channel keeps together with it; returns the inbox id.

    The conversation's row comes first: its lock makes inbox ids grow in commit order within a conversation. Raises
    Duplicate, so that the whole transaction is rolled back.
    """
    moment = now(connection)
    conversation_id = _touch_conversation(connection, inbound, moment)
    event_id = _enqueue(connection, conversation_id, inbound, moment, channel=inbound.channel)
    if event_id is None:
        raise Duplicate
    if alongside is not None:
        alongside(connection)
    return event_id


def accept_all(connection: Connection, inbounds: Sequence[Inbound], alongside: Transaction) -> int:
    """Stores events that arrived together, in their order; returns how many had been stored before."""
    known = 0
    for inbound in inbounds:
        try:
            with connection.begin_nested():
                accept(connection, inbound)
        except Duplicate:
            known += 1
    alongside(connection)
    return known


def last_waiting(connection: Connection, conversation_id: int) -> int | None:
    """The latest event of a conversation that has not been handled yet."""
    return connection.execute(_LAST_WAITING, {"conversation": conversation_id}).scalar_one()


def waits(connection: Connection, conversation_id: int, event_id: int) -> bool:
    """Whether this event of a conversation, or an earlier one, has still to be handled."""
    mine = {"conversation": conversation_id, "event": event_id}
    return connection.execute(_WAITS, mine).first() is not None


def heard_before(connection: Connection, event_id: int, inbound: Inbound) -> bool:
    """Whether the message that an edit or a deletion is about came before it, whatever became of that."""
    message = {"channel": inbound.channel, "account": inbound.account, "external_id": inbound.target}
    return connection.execute(_HEARD, {**message, "before": event_id}).first() is not None


def _touch_conversation(connection: Connection, inbound: Inbound, moment: datetime) -> ConversationId:
    row: dict[str, Any] = {
        "channel": inbound.channel,
        "category": inbound.category,
        "account": inbound.account,
        "key": inbound.conversation_key,
        "reply_address": inbound.reply_address,
        "people": inbound.people,
        "asked": False,
        "created_at": moment,
        "ready_at": moment,
        "lease_token": 0,
    }
    return ConversationId(connection.execute(_TOUCH_CONVERSATION, row).scalar_one())


def _enqueue(
    connection: Connection, conversation_id: int, inbound: Inbound, moment: datetime, *, channel: str
) -> int | None:
    row: dict[str, Any] = {
        "conversation_id": conversation_id,
        "channel": channel,
        "account": inbound.account,
        "external_id": inbound.external_id,
        "kind": inbound.kind,
        "payload": INBOUND.dump_python(inbound, mode="json"),
        "status": "ready",
        "attempts": 0,
        "due_at": moment,
        "received_at": moment,
    }
    return connection.execute(_ENQUEUE, row).scalar_one_or_none()


def claim(connection: Connection, *, worker: int, seconds: float, limit: int, suspects: bool = True) -> list[Claim]:
    """Leases up to `limit` conversations that have work due, and begins the first event of each.

    At most one of the events is suspect, and none without `suspects`: as long as a worker handles one at a time, the
    event that kills it can't drag another one along until both are given up.
    """
    moment = now(connection)
    ids = connection.execute(_CLAIMABLE, {"moment": moment, "most": limit}).scalars().all()
    if not ids:
        return []
    lease = {"ids": ids, "worker": worker, "until": moment + timedelta(seconds=seconds)}
    leases = [Lease(conversation_id=row.id, token=row.lease_token) for row in connection.execute(_LEASE, lease).all()]
    return _begin(connection, leases, moment, suspects=suspects)


def finish(connection: Connection, lease: Lease, event: Event, apply: Transaction, *, most: int) -> Claim | None:
    """The one final transaction of an event. Returns the next event of the conversation, unless `most` are done.

    Raises LostLease when the conversation was taken over; nothing of `apply` is kept then.
    """
    _fence(connection, lease)
    apply(connection)
    moment = now(connection)
    connection.execute(_DONE, {"event": event.id, "moment": moment})
    lease = replace(lease, handled=lease.handled + 1)
    if lease.handled >= most:
        _release(connection, lease.conversation_id, ready_at=moment)
        return None
    return _next(connection, lease, moment)


def fail(connection: Connection, lease: Lease, event: Event, *, error: str, error_id: str, retry: float | None) -> None:
    """Puts the event back for `retry` seconds, or lays it out dead; either way the lease ends."""
    _fence(connection, lease)
    moment = now(connection)
    if retry is None:
        _bury(connection, event.id, error, error_id, moment)
        _release(connection, lease.conversation_id, ready_at=moment)
        return
    due = moment + timedelta(seconds=retry)
    put_back = update(inbox).where(inbox.c.id == event.id).values(due_at=due, error=error, error_id=error_id)
    connection.execute(put_back)
    _release(connection, lease.conversation_id, ready_at=due)


def give_back(connection: Connection, lease: Lease, event: Event) -> None:
    """Releases an event that was begun and not handled, as if it had never been claimed."""
    _fence(connection, lease)
    connection.execute(_BEGIN, {"event": event.id, "count": event.attempts - 1})
    _release(connection, lease.conversation_id, ready_at=now(connection))


def renew(connection: Connection, *, worker: int, seconds: float, held: Collection[ConversationId]) -> int:
    """Prolongs the leases of what the worker has in hand, and frees the others: it lost sight of them.

    That happens when the database goes away in the middle of a claim or a finish. Returns how many were freed.
    """
    until = now(connection) + timedelta(seconds=seconds)
    in_hand = update(conversations).where(conversations.c.lease_owner == worker, conversations.c.id.in_(held))
    connection.execute(in_hand.values(lease_until=until))
    return free_leases_of(connection, worker, but=held)


def lease_owners(connection: Connection) -> Sequence[int]:
    """Workers that hold a lease at the moment."""
    owners = select(conversations.c.lease_owner).where(conversations.c.lease_owner.is_not(None)).distinct()
    return connection.execute(owners).scalars().all()


def free_leases_of(connection: Connection, worker: int, *, but: Collection[ConversationId] = ()) -> int:
    """Frees what a dead worker held; its token is outrun, so that a zombie can finish nothing."""
    freed = (
        update(conversations)
        .where(conversations.c.lease_owner == worker, conversations.c.id.not_in(but))
        .values(lease_owner=None, lease_until=None, lease_token=conversations.c.lease_token + 1)
    )
    return connection.execute(freed).rowcount


def _fence(connection: Connection, lease: Lease) -> None:
    if connection.execute(_TOKEN, {"conversation": lease.conversation_id}).scalar_one() != lease.token:
        raise LostLease


def _next(connection: Connection, lease: Lease, moment: datetime) -> Claim | None:
    """Begins the next event of the line, or lets the conversation go when nothing is due."""
    if connection.execute(_IDLE, {"conversation": lease.conversation_id, "at": None}).rowcount:
        return None
    return next(iter(_begin(connection, [lease], moment)), None)


def _begin(connection: Connection, leases: Sequence[Lease], moment: datetime, *, suspects: bool = True) -> list[Claim]:
    """Counts an attempt at the head of each line; lets the conversations go whose head isn't due."""
    claims: list[Claim] = []
    lines = leases
    while lines:
        heads = _heads(connection, lines)
        hopeless: list[Lease] = []
        for lease in lines:
            try:
                event = _next_attempt(heads[lease.conversation_id]) if lease.conversation_id in heads else None
            except Hopeless as error:
                _bury(connection, heads[lease.conversation_id].id, str(error), uuid4().hex, moment)
                hopeless.append(lease)
                continue
            due = _due(event, moment, suspects=suspects)
            if event is None or due is None or due > moment:
                _release(connection, lease.conversation_id, ready_at=due)
                continue
            suspects = suspects and not event.suspect
            claims.append(Claim(lease=lease, event=event))
        lines = hopeless
    _count(connection, claims)
    return claims


def _heads(connection: Connection, leases: Sequence[Lease]) -> dict[int, Row[Any]]:
    """The first event that waits, by conversation."""
    wanted = {"conversations": [lease.conversation_id for lease in leases]}
    return {row.conversation_id: row for row in connection.execute(_HEADS, wanted)}


def _due(event: Event | None, moment: datetime, *, suspects: bool) -> datetime | None:
    if event is None:
        return None
    return moment + SUSPECT_WAIT if event.suspect and not suspects else event.due_at


def _count(connection: Connection, claims: Sequence[Claim]) -> None:
    if claims:
        connection.execute(_BEGIN, [{"event": each.event.id, "count": each.event.attempts} for each in claims])


def _next_attempt(row: Row[Any]) -> Event:
    """Raises Hopeless."""
    if row.attempts >= MAX_ATTEMPTS:
        raise Hopeless("The process died when it last handled this, so nobody could report what was wrong.")
    try:
        inbound = INBOUND.validate_python(row.payload)
    except ValidationError as error:  # stored by another version
        raise Hopeless(f"This version can't read the event. {error}") from error
    return Event(
        id=row.id,
        inbound=inbound,
        attempts=row.attempts + 1,
        due_at=row.due_at,
        received_at=row.received_at,
        suspect=row.attempts >= SUSPECT_AFTER and row.error is None,
    )


def _release(connection: Connection, conversation_id: int, *, ready_at: datetime | None) -> None:
    # Under the row's lock: a concurrent `accept` waits for it and then finds ready_at NULL, and sets it.
    connection.execute(_RELEASE, {"conversation": conversation_id, "at": ready_at})


def _bury(connection: Connection, event_id: int, error: str, error_id: str, moment: datetime) -> None:
    dead = update(inbox).where(inbox.c.id == event_id)
    connection.execute(dead.values(status="dead", error=error, error_id=error_id, done_at=moment))


# --- timers --------------------------------------------------------------------------------------


_timer = insert(timers)
_SET_TIMER = _timer.on_conflict_do_update(
    index_elements=["conversation_id", "kind"],
    set_={
        "due_at": case(
            (_timer.excluded.due_at < timers.c.latest_at, _timer.excluded.due_at),
            else_=timers.c.latest_at,
        )
    },
)
_CANCEL_TIMER = timers.delete().where(
    timers.c.conversation_id == bindparam("conversation"), timers.c.kind == bindparam("what")
)
_DUE_TIMER = select(timers.c.kind).where(timers.c.due_at <= bindparam("moment")).limit(1)
# Locks the conversations and not the timers, as the final transaction of an event does: no deadlock between the two.
_DUE_TIMERS = (
    select(timers)
    .join(conversations)
    .where(timers.c.due_at <= bindparam("moment"))
    .order_by(timers.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(of=conversations, key_share=True, skip_locked=True)
)
_FIRE_TIMER = _CANCEL_TIMER.where(timers.c.due_at <= bindparam("moment"))


def set_timer(connection: Connection, conversation_id: int, kind: str, *, quiet: float, at_most: float) -> None:
    """Starts a timer, or pushes it back by `quiet` seconds, but never beyond `at_most` seconds from its start."""
    moment = now(connection)
    row: dict[str, Any] = {
        "conversation_id": conversation_id,
        "kind": kind,
        "due_at": moment + timedelta(seconds=min(quiet, at_most)),
        "latest_at": moment + timedelta(seconds=at_most),
    }
    connection.execute(_SET_TIMER, row)


def cancel_timer(connection: Connection, conversation_id: int, kind: str) -> None:
    connection.execute(_CANCEL_TIMER, {"conversation": conversation_id, "what": kind})


def has_due_timer(connection: Connection) -> bool:
    """A look that takes no lock."""
    return connection.execute(_DUE_TIMER, {"moment": now(connection)}).first() is not None


def fire_due_timers(connection: Connection, *, limit: int = 100) -> int:
    """Turns due timers into inbox rows, in one transaction: ordered, deduplicated and fenced like any event."""
    moment = now(connection)
    due = connection.execute(_DUE_TIMERS, {"moment": moment, "most": limit}).all()
    return sum(_fire(connection, timer.conversation_id, timer.kind, moment) for timer in due)


def _fire(connection: Connection, conversation_id: int, kind: str, moment: datetime) -> bool:
    """False when the timer was pushed back, cancelled or fired before its conversation was ours."""
    fired = {"conversation": conversation_id, "what": kind, "moment": moment}
    if not connection.execute(_FIRE_TIMER, fired).rowcount:
        return False
    _enqueue_timer(connection, conversation_id, kind, moment)
    return True


def _enqueue_timer(connection: Connection, conversation_id: int, kind: str, moment: datetime) -> None:
    touched = (
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(ready_at=func.coalesce(conversations.c.ready_at, moment))
        .returning(conversations)
    )
    row = connection.execute(touched).one()
    fired = Inbound(
        channel=row.channel,
        category=Category(row.category),
        account=row.account,
        conversation_key=row.key,
        external_id=f"{kind}:{uuid4().hex}",
        kind=InboundKind.TIMER,
        author=Author(id="clock"),
        text=kind,
        sent_at=moment,
        reply_address=row.reply_address,
        people=row.people,
    )
    _enqueue(connection, conversation_id, fired, moment, channel="clock")


# --- what an administrator sees ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    waiting: int
    oldest_seconds: float
    dead: int


def backlog(connection: Connection) -> Backlog:
    """Counts a column that is never NULL: for rows as such, SQLite would walk the index of all that was ever done."""
    waiting = select(func.count(inbox.c.attempts), func.min(inbox.c.received_at))
    count, oldest = connection.execute(waiting.where(literally(inbox.c.status, "ready"))).one()
    dead = sum(
        connection.execute(select(func.count(table.c.attempts)).where(literally(table.c.status, "dead"))).scalar_one()
        for table in (inbox, outbox)
    )
    age = (now(connection) - oldest).total_seconds() if oldest else 0.0
    return Backlog(waiting=count, oldest_seconds=max(age, 0.0), dead=dead)


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One event or post that waits or was given up."""

    kind: str  # "event" | "post"
    id: int
    status: str
    conversation_id: ConversationId
    what: str
    attempts: int
    since: datetime
    error: str | None
    error_id: str | None


def listed(connection: Connection, *, statuses: Sequence[str], limit: int = 100) -> list[Work]:
    """Events, then posts, oldest first."""
    events = select(inbox).where(inbox.c.status.in_(statuses)).order_by(inbox.c.id).limit(limit)
    posts = select(outbox).where(outbox.c.status.in_(statuses)).order_by(outbox.c.id).limit(limit)
    return [
        *(_work("event", row, row.received_at) for row in connection.execute(events)),
        *(_work("post", row, row.created_at) for row in connection.execute(posts)),
    ]


def _work(kind: str, row: Row[Any], since: datetime) -> Work:
    return Work(
        kind=kind,
        id=row.id,
        status=row.status,
        conversation_id=ConversationId(row.conversation_id),
        what=row.kind,
        attempts=row.attempts,
        since=since,
        error=row.error,
        error_id=row.error_id,
    )


def revive(connection: Connection, event_id: int) -> bool:
    """Gives a dead event a fresh set of attempts; it goes to the head of its conversation's line again."""
    again = update(inbox).where(inbox.c.id == event_id, literally(inbox.c.status, "dead"))
    moment = now(connection)
    values: dict[str, Any] = {
        "status": "ready",
        "attempts": 0,
        "due_at": moment,
        "done_at": None,
    }
    conversation_id = connection.execute(again.values(**values).returning(inbox.c.conversation_id)).scalar_one_or_none()
    if conversation_id is None:
        return False
    wake = update(conversations).where(conversations.c.id == conversation_id)
    connection.execute(wake.values(ready_at=moment))
    return True
