"""What opening a case costs in an empty store, and in one that holds a hundred thousand.

Both stores take turns, opening by opening: what else the machine does then falls on both.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import islice
from random import Random
from statistics import median

from sqlalchemy import Connection, func, select

from agent.document import starter
from agent.settings import Settings
from bot.announce import announce
from store import cases
from store.audit import Origin
from store.cases import FieldWrite
from store.engine import Database
from store.model import Actor, ActorKind, CaseNumber, ConversationId, FieldId
from store.schema import conversations, inbox, outbox
from tests.bench.bulk import store_cases
from tests.bench.children import casewright
from tests.bench.figures import Aim, Figure, Figures
from tests.bench.keeping import begin, keep, written
from tests.bench.load import Chats, Customer, chats, customers, long_talk
from tests.bench.places import Place, opened, prepare
from tests.bench.sizes import Size
from tests.bench.work_done import drained

_TENTH = Aim(at_most=1.1)
_IN_STORE = 5  # times as many openings in the store alone: they are short
_WARM_UP = 3  # openings
_ORIGIN = Origin(actor=Actor(kind=ActorKind.AGENT, id="agent", name="Casewright"))


async def measure(place: Place, size: Size) -> Figures:
    with place.fresh() as empty, place.fresh() as full:
        for url in (empty, full):
            prepare(url)
        with opened(full) as database:
            store_cases(database, size.cases)
        whole = await _whole([empty, full], size.openings)
        alone = _in_store([empty, full], size.openings * _IN_STORE)
    return [
        Figure(name="stored_cases", value=float(size.cases)),
        *_compared("in_the_store", alone),
        *_compared("from_quiet_to_posted_card", whole),
    ]


def _compared(name: str, taken: Sequence[Sequence[float]]) -> Figures:
    empty, full = [1000 * median(each[_WARM_UP:]) for each in taken]
    return [
        Figure(name=f"{name}_when_empty", value=empty, unit="ms"),
        Figure(name=f"{name}_when_full", value=full, unit="ms"),
        Figure(name=f"{name}_full_to_empty", value=full / empty, aim=_TENTH),
    ]


# --- the whole way ----------------------------------------------------------------------------------


async def _whole(urls: Sequence[str], openings: int) -> list[list[float]]:
    """Seconds from the end of a conversation's quiet time until its card is posted, by store."""
    people = customers(_WARM_UP + openings, seed=3)
    taken: list[list[float]] = [[] for _ in urls]
    async with AsyncExitStack() as stack:
        sides: list[tuple[Database, Chats]] = []
        for url in urls:
            child = await stack.enter_async_context(casewright(url))
            ours = await stack.enter_async_context(chats(child.base))
            await ours.start(people)
            sides.append((stack.enter_context(opened(url)), ours))
        for customer in people:
            for (database, ours), seconds in zip(sides, taken, strict=True):
                seconds.append(await _opening(database, ours, customer))
    return taken


async def _opening(database: Database, ours: Chats, customer: Customer) -> float:
    problem, address = islice(customer.texts, 2)
    await ours.post(customer, f"{problem} {address}")
    await drained(database)
    return await database.read(partial(_seconds_to_card, conversation=customer.conversation))


def _seconds_to_card(connection: Connection, conversation: str) -> float:
    mine = select(conversations.c.id).where(conversations.c.key == conversation).scalar_subquery()
    quiet = select(func.min(inbox.c.received_at)).where(inbox.c.conversation_id == mine, inbox.c.kind == "timer")
    card = select(func.max(outbox.c.done_at)).where(outbox.c.conversation_id == mine, outbox.c.kind == "card")
    posted = connection.execute(card).scalar_one()
    if posted is None:
        raise RuntimeError("A customer who gave a problem and an address got no case: nothing to be measured here.")
    return (posted - connection.execute(quiet).scalar_one()).total_seconds()


# --- in the store -----------------------------------------------------------------------------------


def _in_store(urls: Sequence[str], openings: int) -> list[list[float]]:
    """Seconds of the transaction that opens a case and queues its card, by store."""
    settings = starter()
    taken: list[list[float]] = [[] for _ in urls]
    with opened(urls[0]) as empty, opened(urls[1]) as full:
        for number in range(_WARM_UP + openings):
            for database, seconds in zip((empty, full), taken, strict=True):
                seconds.append(_open_one(database, settings, number))
    return taken


def _open_one(database: Database, settings: Settings, number: int) -> float:
    inbound = written(f"new-{number}", 1, next(long_talk(Random(number))))
    conversation_id = database.write_now(partial(begin, inbound=inbound))
    database.write_now(partial(keep, conversation_id=conversation_id, inbound=inbound))
    started = time.perf_counter()
    database.write_now(partial(_open, settings=settings, conversation_id=conversation_id, text=inbound.text))
    return time.perf_counter() - started


def _open(connection: Connection, settings: Settings, conversation_id: ConversationId, text: str) -> CaseNumber:
    writes = [
        FieldWrite(field=FieldId("issue_description"), value=text, confidence=0.9),
        FieldWrite(field=FieldId("contact"), value="ann.abel@example.com", confidence=0.9),
        FieldWrite(field=FieldId("case_category"), value="Product defect", confidence=0.9),
    ]
    number = cases.create(
        connection, _ORIGIN, title=text, conversation_id=conversation_id, contact_id=None, writes=writes
    )
    announce(connection, settings, cases.get(connection, number), key=str(conversation_id), before=None)
    return number
