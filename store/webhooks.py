"""Outgoing webhooks: who wants to be told of cases, and each delivery, from the change that caused it to its end.

A delivery is queued by `store.audit.record`, in the transaction of the change: what is audited of a case is told.
It names the entries of the audit and no words, so that what is erased there is erased here. Sending is at least once:
one that is found `sending` past its lease is sent again, under the same message id.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, or_, select, update

from store.model import CaseNumber, CaseStatus, Change
from store.schema import webhook_deliveries, webhook_endpoints
from store.sql import insert, literally, now

SECRET_PREFIX = "whsec_"  # noqa: S105 -- how secrets begin
KEPT = timedelta(days=30)  # the log
OVERLAP = timedelta(hours=24)  # in which a secret of before signs beside the new one
_UNTOLD = {"suggested", "rejected", "refused", "proposed", "failed"}
"""What is audited without the case being another."""


class Event(StrEnum):
    CREATED = "case.created"
    UPDATED = "case.updated"
    RESOLVED = "case.resolved"
    REOPENED = "case.reopened"


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    SKIPPED = "skipped"  # there was nothing in it that the endpoint is told of
    DEAD = "dead"


class UnknownEndpoint(Exception):
    """There is no such endpoint."""


class EndpointEnded(Exception):
    """It is told nothing any more, whatever is changed about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    id: int
    url: str
    events: tuple[str, ...]
    internal: bool
    made_by: str
    created_at: datetime
    ended_at: datetime | None
    ended_because: str | None
    old_secret_until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """`attempts` is its fence."""

    id: int
    endpoint_id: int
    message_id: str
    event: Event
    case_number: CaseNumber
    entries: tuple[int, ...]
    status: DeliveryStatus
    attempts: int
    due_at: datetime
    answered: int | None
    created_at: datetime
    done_at: datetime | None
    error: str | None


_deliveries, _endpoints = webhook_deliveries.c, webhook_endpoints.c
_LISTENING = select(_endpoints.id, _endpoints.events).where(_endpoints.ended_at.is_(None))
_QUEUE = insert(webhook_deliveries)
_free = or_(
    _deliveries.status == "queued",
    and_(_deliveries.status == "sending", _deliveries.lease_until < bindparam("moment")),
)
_due = and_(literally(_deliveries.status, "queued", "sending"), _deliveries.due_at <= bindparam("moment"), _free)
_busy = webhook_deliveries.alias()
_BUSY = select(_busy.c.endpoint_id).where(
    literally(_busy.c.status, "queued", "sending"),
    _busy.c.status == "sending",
    _busy.c.lease_until >= bindparam("moment"),
)
_DUE = (
    select(func.min(_deliveries.id))
    .where(_due, _deliveries.endpoint_id.not_in(_BUSY))
    .group_by(_deliveries.endpoint_id)
    .limit(bindparam("most"))
)
# Of two workers that found the same, the second one's condition does not hold any more.
_BEGIN = (
    update(webhook_deliveries)
    .where(_deliveries.id.in_(bindparam("ids", expanding=True)), _free)
    .values(
        status="sending",
        attempts=_deliveries.attempts + 1,
        lease_owner=bindparam("worker"),
        lease_until=bindparam("until"),
    )
    .returning(webhook_deliveries)
)
_mine = and_(
    _deliveries.id == bindparam("delivery"),
    _deliveries.attempts == bindparam("attempt"),
    _deliveries.status == "sending",
)


# --- what is to be told -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class ToTell:
    case_number: CaseNumber
    event: Event
    endpoints: tuple[int, ...]


def to_tell(connection: Connection, number: CaseNumber, changes: Collection[Change]) -> ToTell | None:
    """What changes of a case are to others, and who wants to hear of it; None where nobody does."""
    event = event_of(changes)
    if event is None:
        return None
    listening = tuple(each.id for each in connection.execute(_LISTENING) if event in each.events)
    return ToTell(case_number=number, event=event, endpoints=listening) if listening else None


def queue(connection: Connection, told: ToTell, entries: Sequence[int]) -> None:
    """`entries`: of the audit, which say what is told."""
    moment = now(connection)
    rows: list[dict[str, Any]] = [
        {
            "endpoint_id": endpoint_id,
            "message_id": f"msg_{uuid4().hex}",
            "event": told.event,
            "case_number": told.case_number,
            "entries": list(entries),
            "status": DeliveryStatus.QUEUED,
            "attempts": 0,
            "due_at": moment,
            "created_at": moment,
        }
        for endpoint_id in told.endpoints
    ]
    connection.execute(_QUEUE, rows)


def event_of(changes: Iterable[Change]) -> Event | None:
    """What changes of one case amount to; None where nothing is told of them."""
    told = [each for each in changes if is_told(each)]
    if any(each.what == "created" for each in told):
        return Event.CREATED
    for each in told:
        if each.what == "status" and each.new == CaseStatus.RESOLVED:
            return Event.RESOLVED
        if each.what == "status" and each.old in {CaseStatus.RESOLVED, CaseStatus.CANCELLED}:
            return Event.REOPENED
    return Event.UPDATED if told else None


def is_told(change: Change) -> bool:
    return change.what not in _UNTOLD


# --- endpoints --------------------------------------------------------------------------------------


def add(
    connection: Connection, *, url: str, events: Collection[str], internal: bool, made_by: str
) -> tuple[Endpoint, str]:
    """The endpoint, and the secret by which it knows us, which is not told again."""
    secret = _new_secret()
    row = {
        "url": url,
        "events": sorted(set(events)),
        "internal": internal,
        "secret": secret,
        "made_by": made_by,
        "created_at": now(connection),
    }
    made = connection.execute(insert(webhook_endpoints).values(**row).returning(webhook_endpoints)).one()
    return _endpoint(made), secret


def get(connection: Connection, endpoint_id: int) -> Endpoint:
    """Raises UnknownEndpoint."""
    return _endpoint(_row_of(connection, endpoint_id))


def secrets_of(connection: Connection, endpoint_id: int) -> tuple[str, ...]:
    """Those that sign at the moment, the newest first. Raises UnknownEndpoint."""
    row = _row_of(connection, endpoint_id)
    if row.old_secret is None or row.old_secret_until <= now(connection):
        return (row.secret,)
    return row.secret, row.old_secret


def change(
    connection: Connection, endpoint_id: int, *, events: Collection[str] | None = None, internal: bool | None = None
) -> Endpoint:
    """What it is told of from now on; None leaves it as it is. Raises UnknownEndpoint, EndpointEnded."""
    held = _live(connection, endpoint_id)
    values = {
        "events": held.events if events is None else sorted(set(events)),
        "internal": held.internal if internal is None else internal,
    }
    return _changed(connection, endpoint_id, values)


def rotate(connection: Connection, endpoint_id: int) -> tuple[Endpoint, str]:
    """With a new secret, which is not told again; for OVERLAP, the one of now signs as well.

    Raises UnknownEndpoint, EndpointEnded.
    """
    held, secret = _live(connection, endpoint_id), _new_secret()
    old = {"old_secret": held.secret, "old_secret_until": now(connection) + OVERLAP}
    return _changed(connection, endpoint_id, {"secret": secret, **old}), secret


def _new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _live(connection: Connection, endpoint_id: int) -> Row[Any]:
    row = _row_of(connection, endpoint_id, lock=True)
    if row.ended_at is not None:
        raise EndpointEnded
    return row


def _changed(connection: Connection, endpoint_id: int, values: Mapping[str, Any]) -> Endpoint:
    changed = update(webhook_endpoints).where(_endpoints.id == endpoint_id).values(values)
    return _endpoint(connection.execute(changed.returning(webhook_endpoints)).one())


def endpoints(connection: Connection) -> list[Endpoint]:
    """Newest first, the ended ones too."""
    return [_endpoint(row) for row in connection.execute(select(webhook_endpoints).order_by(_endpoints.id.desc()))]


def end(connection: Connection, endpoint_id: int, *, because: str) -> None:
    """It is told of nothing any more; what waits for it is given up."""
    moment = now(connection)
    live = update(webhook_endpoints).where(_endpoints.id == endpoint_id, _endpoints.ended_at.is_(None))
    connection.execute(live.values(ended_at=moment, ended_because=because))
    waiting = update(webhook_deliveries).where(
        _deliveries.endpoint_id == endpoint_id, literally(_deliveries.status, "queued", "sending")
    )
    connection.execute(
        waiting.values(status=DeliveryStatus.DEAD, done_at=moment, error=because, lease_owner=None, lease_until=None)
    )


def _row_of(connection: Connection, endpoint_id: int, *, lock: bool = False) -> Row[Any]:
    wanted = select(webhook_endpoints).where(_endpoints.id == endpoint_id)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise UnknownEndpoint
    return row


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(
        id=row.id,
        url=row.url,
        events=tuple(row.events),
        internal=row.internal,
        made_by=row.made_by,
        created_at=row.created_at,
        ended_at=row.ended_at,
        ended_because=row.ended_because,
        old_secret_until=row.old_secret_until,
    )


# --- deliveries -------------------------------------------------------------------------------------


def claim(connection: Connection, *, worker: int, seconds: float, limit: int) -> list[Delivery]:
    """Marks up to `limit` as being sent, at most one per endpoint: one that is slow holds up no other."""
    moment = now(connection)
    ids = connection.execute(_DUE, {"moment": moment, "most": limit}).scalars().all()
    if not ids:
        return []
    begun = {"ids": ids, "moment": moment, "worker": worker, "until": moment + timedelta(seconds=seconds)}
    return [_delivery(row) for row in connection.execute(_BEGIN, begun)]


def settle(
    connection: Connection, delivery: Delivery, status: DeliveryStatus, *, answered: int | None, error: str | None
) -> bool:
    """False when another attempt has taken over, or the endpoint has ended."""
    return _settle(connection, delivery, status=status, answered=answered, error=error, done_at=now(connection))


def put_back(connection: Connection, delivery: Delivery, *, after: float, answered: int | None, error: str) -> bool:
    """To be sent again in `after` seconds; false as above."""
    due = now(connection) + timedelta(seconds=after)
    return _settle(connection, delivery, status=DeliveryStatus.QUEUED, answered=answered, error=error, due_at=due)


def _settle(connection: Connection, delivery: Delivery, **values: Any) -> bool:
    settled = update(webhook_deliveries).where(_mine).values(lease_owner=None, lease_until=None, **values)
    mine = {"delivery": delivery.id, "attempt": delivery.attempts}
    return connection.execute(settled, mine).rowcount == 1


def revive(connection: Connection, delivery_id: int) -> bool:
    """Gives one that was given up a fresh set of attempts; false where there is none, or its endpoint has ended."""
    live = select(_endpoints.id).where(_endpoints.ended_at.is_(None))
    again = update(webhook_deliveries).where(
        _deliveries.id == delivery_id,
        _deliveries.status == DeliveryStatus.DEAD,
        _deliveries.endpoint_id.in_(live),
    )
    values: dict[str, Any] = {
        "status": DeliveryStatus.QUEUED,
        "attempts": 0,
        "due_at": now(connection),
        "done_at": None,
    }
    return connection.execute(again.values(**values)).rowcount == 1


def page(
    connection: Connection,
    *,
    delivery_id: int | None = None,
    endpoint_id: int | None = None,
    status: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[Delivery]:
    """Newest first, from where the page before ended; everything that is given must hold."""
    wanted = select(webhook_deliveries).order_by(_deliveries.id.desc()).limit(limit)
    if delivery_id is not None:
        wanted = wanted.where(_deliveries.id == delivery_id)
    if endpoint_id is not None:
        wanted = wanted.where(_deliveries.endpoint_id == endpoint_id)
    if status is not None:
        wanted = wanted.where(_deliveries.status == status)
    if before is not None:
        wanted = wanted.where(_deliveries.id < before)
    return [_delivery(row) for row in connection.execute(wanted)]


def lease_owners(connection: Connection) -> Sequence[int]:
    """Workers that have a delivery on its way at the moment."""
    owners = select(_deliveries.lease_owner).where(
        literally(_deliveries.status, "queued", "sending"), _deliveries.lease_owner.is_not(None)
    )
    return connection.execute(owners.distinct()).scalars().all()


def free_leases_of(connection: Connection, worker: int) -> int:
    """Ends the leases of what a dead worker was sending."""
    freed = update(webhook_deliveries).where(
        literally(_deliveries.status, "queued", "sending"), _deliveries.lease_owner == worker
    )
    return connection.execute(freed.values(lease_owner=None, lease_until=now(connection))).rowcount


def sweep(connection: Connection) -> None:
    """Forgets what was told long ago, what was given up stays; and secrets that sign no more."""
    told = delete(webhook_deliveries).where(
        _deliveries.done_at < now(connection) - KEPT,
        _deliveries.status.in_([DeliveryStatus.DELIVERED, DeliveryStatus.SKIPPED]),
    )
    connection.execute(told)
    over = update(webhook_endpoints).where(_endpoints.old_secret_until < now(connection))
    connection.execute(over.values(old_secret=None, old_secret_until=None))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        endpoint_id=row.endpoint_id,
        message_id=row.message_id,
        event=Event(row.event),
        case_number=CaseNumber(row.case_number),
        entries=tuple(row.entries),
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        due_at=row.due_at,
        answered=row.answered,
        created_at=row.created_at,
        done_at=row.done_at,
        error=row.error,
    )
