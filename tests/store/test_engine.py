"""Transactions: all of one or nothing, and an error that says whether to come back later."""

import asyncio
import random
import sqlite3
import stat
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from store.engine import Connection, Database, DatabaseUnavailable
from store.migrations import is_current, upgrade
from store.model import Author
from store.schema import participants, workers
from tests.postgres import PostgresServer
from tests.store.examples import NOON, PATIENCE, contact

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=OFFSETS)  # noqa: DTZ001 - hypothesis wants them naive


def add(connection: Connection, host: str = "a", started_at: datetime = NOON) -> int:
    row = workers.insert().values(host=host, pid=1, started_at=started_at)
    return connection.execute(row.returning(workers.c.id)).scalar_one()


def hosts(connection: Connection) -> list[str]:
    return list(connection.execute(select(workers.c.host).order_by(workers.c.id)).scalars())


def pragma(connection: Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


@contextmanager
def stopped(server: PostgresServer) -> Generator[None]:
    server.stop("immediate")
    try:
        yield
    finally:
        server.start()


async def test_what_a_transaction_wrote_is_there_afterwards(database: Database) -> None:
    assert await database.write(add) == 1
    assert await database.read(hosts) == ["a"]


async def test_an_exception_takes_everything_back_and_reaches_the_caller(database: Database) -> None:
    def fail(connection: Connection) -> None:
        add(connection)
        raise LookupError("the same")

    with pytest.raises(LookupError, match="the same"):
        await database.write(fail)

    assert await database.read(hosts) == []


async def test_a_constraint_takes_everything_back(database: Database) -> None:
    def fail(connection: Connection) -> None:
        add(connection)
        stranger = {"conversation_id": 1, "author_id": "x", "name": "X", "role": "customer"}
        connection.execute(participants.insert().values(stranger))

    with pytest.raises(IntegrityError):
        await database.write(fail)

    assert await database.read(hosts) == []


async def test_a_read_waits_for_no_write_and_sees_nothing_unfinished(database: Database) -> None:
    written, go_on = threading.Event(), threading.Event()

    def write(connection: Connection) -> bool:
        add(connection)
        written.set()
        return go_on.wait(PATIENCE)

    writing = asyncio.create_task(database.write(write))
    assert await asyncio.to_thread(written.wait, PATIENCE)
    assert await database.read(hosts) == []
    go_on.set()

    assert await writing
    assert await database.read(hosts) == ["a"]


async def test_a_write_waits_for_no_reader(database: Database) -> None:
    reads, go_on = threading.Event(), threading.Event()

    def read(connection: Connection) -> bool:
        hosts(connection)
        reads.set()
        return go_on.wait(PATIENCE)

    reading = asyncio.create_task(database.read(read))
    assert await asyncio.to_thread(reads.wait, PATIENCE)
    await database.write(add)
    go_on.set()

    assert await reading


async def test_writes_at_once_all_come_through(database: Database) -> None:
    ids = await asyncio.gather(
        *(database.write(lambda connection, host=str(n): add(connection, host)) for n in range(30))
    )

    assert sorted(ids) == list(range(1, 31))
    assert sorted(await database.read(hosts), key=int) == [str(n) for n in range(30)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(moment=MOMENTS)
def test_a_moment_comes_back_the_same_to_the_microsecond_and_in_utc(database: Database, moment: datetime) -> None:
    number = database.write_now(lambda connection: add(connection, started_at=moment))

    stored = select(workers.c.started_at).where(workers.c.id == number)
    back = database.read_now(lambda connection: connection.execute(stored).scalar_one())

    assert back == moment
    assert back.tzinfo is UTC


# --- what can be tried again, and what can't ---------------------------------------------------------


async def test_a_stopped_server_is_unavailable_and_one_that_is_back_is_used_again(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    database = Database(postgres_url)
    await database.write(add)

    with stopped(postgres_server):
        for doing in (database.write(add), database.read(hosts)):
            with pytest.raises(DatabaseUnavailable):
                await doing
        for ask in (is_current, upgrade):
            with pytest.raises(DatabaseUnavailable):
                ask(database)

    await database.write(lambda connection: add(connection, "b"))
    assert await database.read(hosts) == ["a", "b"]
    database.close()


async def test_a_restart_between_two_transactions_goes_unnoticed(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    database = Database(postgres_url)
    await database.write(add)

    postgres_server.restart_immediate()

    await database.write(lambda connection: add(connection, "b"))
    assert await database.read(hosts) == ["a", "b"]
    database.close()


async def test_a_server_that_crashes_within_a_transaction_keeps_nothing_of_it(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    database = Database(postgres_url)

    def write(connection: Connection) -> None:
        add(connection)
        postgres_server.restart_immediate()

    with pytest.raises(DatabaseUnavailable):
        await database.write(write)

    assert await database.read(hosts) == []
    database.close()


def test_a_file_that_another_process_holds_is_unavailable_until_it_lets_go(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    database.write_now(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 1"))

    with closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable, match="locked"):
            database.write_now(add)
        assert database.read_now(hosts) == []

    database.write_now(add)
    assert database.read_now(hosts) == ["a"]
    database.close()


def test_a_mistake_in_a_statement_is_no_outage(database: Database) -> None:
    with pytest.raises(DBAPIError, match="no_such_table"):
        database.write_now(lambda connection: connection.exec_driver_sql("SELECT * FROM no_such_table"))


def test_more_than_an_index_can_hold_is_no_outage(postgres_url: str) -> None:
    """It would be tried again for ever: the next attempt is just as long."""
    database = Database(postgres_url)
    endless = "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10_000))

    with pytest.raises(DBAPIError, match="index row"):
        database.write_now(lambda connection: contact(connection, Author(id=endless)))
    database.close()


# --- SQLite -----------------------------------------------------------------------------------------


def test_sqlite_keeps_its_promises_on_every_connection(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")

    def ask(connection: Connection) -> dict[str, object]:
        return {name: pragma(connection, name) for name in names}

    full = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 20000}
    assert database.write_now(ask) == full
    # A second one, since the first is in use.
    assert database.write_now(lambda _: database.read_now(ask)) == full
    database.close()


def test_what_customers_wrote_is_for_the_owner_of_the_file_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'casewright.db'}")
    database.write_now(lambda connection: connection.exec_driver_sql("CREATE TABLE words (word TEXT)"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    database.close()
    assert len(modes) > 1  # the journals as well
    assert set(modes.values()) == {0o600}
