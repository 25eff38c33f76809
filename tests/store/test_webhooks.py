"""Webhooks in the store: what changes amount to, and who may send and settle what."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import select, update

from store import cases, webhooks
from store.engine import Database
from store.model import CaseStatus, Change
from store.schema import webhook_endpoints
from store.webhooks import Delivery, DeliveryStatus, Event
from tests.store.examples import changed, opened

NEW = [Change(what="created", new="Kettle"), Change(what="field", new="x")]
ENDED = [Change(what="status", old="new", new="resolved")]
AGAIN = [Change(what="status", old="resolved", new="new")]


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        (NEW, Event.CREATED),
        (ENDED, Event.RESOLVED),
        (AGAIN, Event.REOPENED),
        ([Change(what="status", old="cancelled", new="new")], Event.REOPENED),
        ([Change(what="status", old="new", new="in_progress")], Event.UPDATED),
        ([Change(what="note", new="x")], Event.UPDATED),
        ([Change(what="suggested"), Change(what="field", new="x")], Event.UPDATED),
        ([Change(what="suggested"), Change(what="refused")], None),
        ([Change(what="failed", reason="lost")], None),
    ],
)
def test_changes_amount_to_an_event_or_to_none(changes: list[Change], event: Event | None) -> None:
    assert webhooks.event_of(changes) == event


def listen(database: Database, name: str = "a") -> int:
    add = partial(webhooks.add, url=f"https://{name}.example/", events=list(Event), internal=False, made_by="Ada")
    return database.write_now(add)[0].id


def claim(database: Database, worker: int = 1, seconds: float = 60) -> list[Delivery]:
    return database.write_now(partial(webhooks.claim, worker=worker, seconds=seconds, limit=9))


def settle(database: Database, delivery: Delivery) -> bool:
    done = partial(webhooks.settle, status=DeliveryStatus.DELIVERED, answered=200, error=None)
    return database.write_now(partial(done, delivery=delivery))


def test_each_endpoint_is_sent_one_at_a_time_in_their_order(database: Database) -> None:
    first, second = listen(database, "a"), listen(database, "b")
    number = opened(database).number
    changed(database, cases.set_status, number, CaseStatus.RESOLVED)
    sent = claim(database)
    assert sorted((each.endpoint_id, each.event) for each in sent) == [(first, Event.CREATED), (second, Event.CREATED)]
    assert claim(database) == []
    assert all(settle(database, each) for each in sent)
    assert {each.event for each in claim(database)} == {Event.RESOLVED}


def test_who_was_paused_past_the_lease_settles_nothing(database: Database) -> None:
    listen(database)
    opened(database)
    [paused] = claim(database, seconds=-1)
    [again] = claim(database, worker=2)
    assert (again.message_id, again.attempts) == (paused.message_id, 2)
    assert not settle(database, paused)
    assert settle(database, again)


def test_what_a_dead_worker_was_sending_is_free_at_once(database: Database) -> None:
    listen(database)
    opened(database)
    assert claim(database, worker=7)
    assert database.read_now(webhooks.lease_owners) == [7]
    assert database.write_now(partial(webhooks.free_leases_of, worker=7)) == 1
    assert len(claim(database, worker=8)) == 1


def test_an_endpoint_that_ends_is_told_nothing_of_what_waited(database: Database) -> None:
    endpoint = listen(database)
    opened(database)
    [sent] = claim(database)
    database.write_now(partial(webhooks.end, endpoint_id=endpoint, because="Over."))
    assert not settle(database, sent)
    [kept] = database.read_now(partial(webhooks.page, limit=9))
    assert (kept.status, kept.error) == (DeliveryStatus.DEAD, "Over.")


def test_a_secret_that_signs_no_more_is_forgotten(database: Database) -> None:
    endpoint = listen(database)
    database.write_now(partial(webhooks.rotate, endpoint_id=endpoint))
    database.write_now(webhooks.sweep)
    assert len(database.read_now(partial(webhooks.secrets_of, endpoint_id=endpoint))) == 2
    over = update(webhook_endpoints).values(old_secret_until=datetime(2026, 1, 1, tzinfo=UTC))
    database.write_now(lambda connection: connection.execute(over))
    assert len(database.read_now(partial(webhooks.secrets_of, endpoint_id=endpoint))) == 1
    database.write_now(webhooks.sweep)
    [kept] = database.read_now(lambda connection: connection.execute(select(webhook_endpoints)).all())
    assert (kept.old_secret, kept.old_secret_until) == (None, None)


def test_what_an_endpoint_is_told_of_can_be_changed_until_it_has_ended(database: Database) -> None:
    endpoint = listen(database)
    changed = database.write_now(partial(webhooks.change, endpoint_id=endpoint, events=[Event.RESOLVED]))
    assert (changed.events, changed.internal) == (("case.resolved",), False)
    changed = database.write_now(partial(webhooks.change, endpoint_id=endpoint, internal=True))
    assert (changed.events, changed.internal) == (("case.resolved",), True)
    opened(database)
    assert claim(database) == []
    database.write_now(partial(webhooks.end, endpoint_id=endpoint, because="It was ended."))
    for change in (webhooks.rotate, webhooks.change):
        with pytest.raises(webhooks.EndpointEnded):
            database.write_now(partial(change, endpoint_id=endpoint))
