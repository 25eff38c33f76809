"""A conversation and a case to try things on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, func, select, text

from store import cases, contacts, conversations
from store.audit import Origin
from store.cases import FieldWrite
from store.engine import Connection, Database
from store.model import (
    Actor,
    ActorKind,
    Author,
    Case,
    CaseNumber,
    Category,
    ContactId,
    ConversationId,
    Evidence,
    FieldId,
    Inbound,
    InboundKind,
    MessageId,
    Role,
    Value,
    utcnow,
)
from store.schema import conversations as conversation_rows

Work = Callable[[Connection], Any]
PATIENCE = 20  # seconds until a test gives up waiting
NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
ANNA = Actor(kind=ActorKind.PERSON, id="U1", name="Anna Berg")
AGENT = Actor(kind=ActorKind.AGENT, id="embedded", name="embedded 1")
BY_ANNA = Origin(actor=ANNA)
BY_AGENT = Origin(actor=AGENT, settings_version=3, predictor="embedded 1")
QUOTE = Evidence(message_id=MessageId(1), quote="Aria 3000", start=7, end=16)
CUSTOMER = Author(id="ada", name="Ada")


def wrote(said: str = "My kettle leaks", **changes: Any) -> Inbound:
    """A message in the web chat `thread`; every text is its own event."""
    plain = Inbound(
        channel="webchat",
        category=Category.CHAT,
        account="main",
        conversation_key="thread",
        external_id=f"event of {said}",
        kind=InboundKind.MESSAGE,
        author=CUSTOMER,
        text=said,
        sent_at=NOON,
    )
    return replace(plain, **changes)


def conversation(connection: Connection, key: str = "thread") -> ConversationId:
    row = conversation_rows.insert().values(
        channel="webchat",
        category=Category.CHAT,
        account="main",
        key=key,
        reply_address={"url": "https://example.org"},
        people=False,
        created_at=utcnow(),
    )
    return ConversationId(connection.execute(row.returning(conversation_rows.c.id)).scalar_one())


def contact(connection: Connection, author: Author = CUSTOMER) -> ContactId:
    return contacts.identify(connection, "webchat", "main", author)


def say(connection: Connection, conversation_id: int, inbound: Inbound, role: Role = Role.CUSTOMER) -> bool:
    who = contacts.identify(connection, inbound.channel, inbound.account, inbound.author)
    participant = conversations.join(connection, conversation_id, inbound, role, who)
    return conversations.append(connection, conversation_id, participant, inbound, noise=False)


def field(name: str, value: Value | None, **more: Any) -> FieldWrite:
    return FieldWrite(field=FieldId(name), value=value, **more)


def open_case(
    connection: Connection,
    *writes: FieldWrite,
    title: str = "Kettle leaks",
    origin: Origin = BY_AGENT,
    key: str = "thread",
    conversation_id: ConversationId | None = None,
) -> CaseNumber:
    """A new case, in the conversation that is given, else in a new one."""
    return cases.create(
        connection,
        origin,
        title=title,
        conversation_id=conversation_id or conversation(connection, key),
        contact_id=None,
        writes=writes,
    )


def opened(database: Database, *writes: FieldWrite, **more: Any) -> Case:
    def work(connection: Connection) -> Case:
        return cases.get(connection, open_case(connection, *writes, **more))

    return database.write_now(work)


def changed(
    database: Database, change: Any, number: int, *arguments: Any, origin: Origin = BY_ANNA, **more: Any
) -> Case:
    """What a case is after one of the changes of `store.cases`, made on it in a transaction of its own."""

    def work(connection: Connection) -> Case:
        change(connection, origin, cases.get(connection, number, lock=True), *arguments, **more)
        return cases.get(connection, number)

    return database.write_now(work)


def shown(database: Database, number: int) -> Case:
    return database.read_now(lambda connection: cases.get(connection, number))


def values_of(case: Case) -> dict[str, Value]:
    return {str(name): each.value for name, each in case.values.items()}


def count(database: Database, table: Table) -> int:
    return database.read_now(
        lambda connection: connection.execute(select(func.count()).select_from(table)).scalar_one()
    )


def numbers(found: Iterable[Case]) -> list[int]:
    return [int(each.number) for each in found]


async def overlapping(database: Database, first: Work, second: Work) -> tuple[Any, Any]:
    """What becomes of two transactions, the second one run while the first has not committed yet.

    SQLite runs one after the other; PostgreSQL's first goes on when the second has ended or waits for it.
    """
    done, ended = threading.Event(), threading.Event()

    def hold(connection: Connection) -> Any:
        outcome = first(connection)
        done.set()
        while not database.is_sqlite and not ended.wait(0.005) and not somebody_waits(connection):
            pass
        return outcome

    async def follow() -> Any:
        try:
            return await database.write(second)
        finally:
            ended.set()

    async with asyncio.timeout(PATIENCE):
        holding = asyncio.create_task(database.write(hold))
        await asyncio.to_thread(done.wait, PATIENCE)
        return await asyncio.gather(holding, follow(), return_exceptions=True)


def somebody_waits(connection: Connection) -> bool:
    return waiting(connection) > 0


def waiting(connection: Connection) -> int:
    """Transactions that wait for a lock, of PostgreSQL."""
    return connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one()
