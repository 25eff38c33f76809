"""What is forgotten: work that was done long ago, and nothing else."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from store import retention
from store.engine import Connection, Database
from store.model import utcnow
from store.schema import audit, conversations, inbox, messages, outbox
from tests.store.examples import conversation, count, field, opened, say, wrote

LONG_AGO = timedelta(days=30, minutes=1)
LATELY = timedelta(days=29, hours=23)


def received(connection: Connection, status: str, age: timedelta) -> None:
    then = utcnow() - age
    row: dict[str, Any] = {"channel": "webchat", "account": "main", "kind": "message", "payload": {}, "due_at": then}
    row |= {"conversation_id": 1, "external_id": f"{status} {age}", "status": status, "received_at": then}
    row["done_at"] = None if status == "ready" else then
    connection.execute(insert(inbox).values(row))


def queued(connection: Connection, status: str, age: timedelta) -> None:
    then = utcnow() - age
    row: dict[str, Any] = {"kind": "text", "payload": {}, "conversation_id": 1, "due_at": then, "created_at": then}
    row |= {"key": f"{status} {age}", "status": status, "done_at": then if status in {"delivered", "dead"} else None}
    connection.execute(insert(outbox).values(row))


def left(database: Database) -> tuple[set[str], set[str]]:
    def work(connection: Connection) -> tuple[set[str], set[str]]:
        events = connection.execute(select(inbox.c.external_id)).scalars()
        return set(events), set(connection.execute(select(outbox.c.key)).scalars())

    return database.read_now(work)


def test_only_work_that_was_done_more_than_thirty_days_ago_goes(database: Database) -> None:
    events, posts = ("ready", "done", "dead"), ("queued", "sending", "delivered", "dead")

    def work(connection: Connection) -> None:
        conversation(connection)
        for age in (LONG_AGO, LATELY):
            for status in events:
                received(connection, status, age)
            for status in posts:
                queued(connection, status, age)

    database.write_now(work)
    database.write_now(retention.sweep)

    every_event = {f"{status} {age}" for status in events for age in (LONG_AGO, LATELY)}
    every_post = {f"{status} {age}" for status in posts for age in (LONG_AGO, LATELY)}
    assert left(database) == (every_event - {f"done {LONG_AGO}"}, every_post - {f"delivered {LONG_AGO}"})


def test_what_was_said_and_done_stays_however_old(database: Database) -> None:
    case = opened(database, field("product", "Aria 3000"))
    (thread,) = case.conversations
    database.write_now(lambda connection: say(connection, thread, wrote("Hello", sent_at=utcnow() - 100 * LONG_AGO)))
    kept = {table: count(database, table) for table in (audit, conversations, messages)}

    database.write_now(retention.sweep)

    assert {table: count(database, table) for table in kept} == kept
