"""Opens the database and runs transactions: plain synchronous functions over a connection.

SQLite has one writer thread (every write is a whole transaction in it, BEGIN IMMEDIATE) and a pool of readers;
PostgreSQL has a pool of threads. Both run the same functions, and nothing waits for a model, a mailbox or a channel
inside one.
"""

from __future__ import annotations

import asyncio
import json
import select
import sqlite3
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError

from store.writer import TransactionGone, Writer, begin

# The connection is the only name of SQLAlchemy's that other layers see.
__all__ = ["SQLITE_PRAGMAS", "Connection", "Database", "DatabaseUnavailable", "Transaction"]

T = TypeVar("T")
Transaction = Callable[[Connection], object]
"""Work for one transaction, e.g. `partial(cases.claim, number=1042)`."""

_PAUSE, _PAUSES = 0.005, 20  # seconds, and how many of them a write that can wait lets pass at most
SQLITE_PRAGMAS = (
    "busy_timeout=20000",  # first, for switching to WAL may have to wait as well
    "journal_mode=WAL",
    "synchronous=FULL",  # an acknowledgement is a promise: it survives a power cut
    "foreign_keys=ON",
    "secure_delete=ON",  # what is removed is overwritten, not only let go of
    "cache_size=-16000",
    "temp_store=MEMORY",
)


class DatabaseUnavailable(Exception):
    """The database can't be reached or went away in the middle; nothing of the transaction was kept."""


class Database:
    """An open database. `write` and `read` each run one transaction and commit it when the function returns."""

    def __init__(self, url: str, *, threads: int = 8) -> None:
        self.url = _with_driver(make_url(url))
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            # What customers wrote is nobody else's to read.
            file = Path(self.url.database or "")
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)  # its journals take after it
        self.engine = _engine(self.url, threads)
        self._readers = ThreadPoolExecutor(threads, thread_name_prefix="database-read")
        self._writers = ThreadPoolExecutor(threads, thread_name_prefix="database-write")
        self._urgent = ThreadPoolExecutor(threads, thread_name_prefix="database-urgent")
        self._writer = Writer(self.engine) if self.is_sqlite else None
        self._urgent_now = 0  # writes on their way

    async def write(self, work: Callable[[Connection], T], *, urgent: bool = False) -> T:
        """Commits what `work` did, or nothing of it. What is urgent goes first, where one waits for the other.

        Raises whatever `work` raises, and DatabaseUnavailable when the database does.
        """
        if self._writer is None:
            return await (self._write_urgently(work) if urgent else self._write_in_turn(work))
        with _outages():
            return await asyncio.wrap_future(self._writer.submit(work, urgent=urgent))

    async def _write_urgently(self, work: Callable[[Connection], T]) -> T:
        self._urgent_now += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._urgent, self.write_now, work)
        finally:
            self._urgent_now -= 1

    async def _write_in_turn(self, work: Callable[[Connection], T]) -> T:
        """Python runs one thread at a time: what can wait lets pass what is urgent, but not for ever."""
        for _ in range(_PAUSES):
            if not self._urgent_now:
                break
            await asyncio.sleep(_PAUSE)
        return await asyncio.get_running_loop().run_in_executor(self._writers, self.write_now, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, work)

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """The same as `write`, in the calling thread: for the command line and for tests."""
        with _outages(), self.engine.begin() as connection:
            if self.is_sqlite:
                begin(connection, writing=True)
            return work(connection)

    def read_now(self, work: Callable[[Connection], T]) -> T:
        with _outages(), self.engine.begin() as connection:
            if self.is_sqlite:
                begin(connection, writing=False)
            return work(connection)

    def close(self) -> None:
        self._readers.shutdown()
        self._writers.shutdown()
        self._urgent.shutdown()
        if self._writer is not None:
            self._writer.close()
        self.engine.dispose()


@contextmanager
def _outages() -> Generator[None]:
    """Names an outage in our words; any other error goes through as it is."""
    try:
        yield
    except DBAPIError as error:
        if _is_outage(error):
            raise DatabaseUnavailable(str(error.orig)) from error
        raise
    except (sqlite3.Error, TransactionGone) as error:
        raise DatabaseUnavailable(str(error)) from error


def _is_outage(error: DBAPIError) -> bool:
    """Whether trying again later can help; what is wrong in itself, it can't."""
    if error.connection_invalidated or not isinstance(error, OperationalError):
        return error.connection_invalidated
    if isinstance(error.orig, sqlite3.Error):
        # "No such table" is "operational" too.
        return getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR
    # Class 54: more than PostgreSQL can hold, e.g. in an index entry.
    return not str(getattr(error.orig, "sqlstate", "")).startswith("54")


def _with_driver(url: URL) -> URL:
    """One driver for everything: what people write as postgresql:// is reached through psycopg."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _engine(url: URL, threads: int) -> Engine:
    if url.get_backend_name() != "sqlite":
        # TCP keepalives find a dead server or network within a minute.
        arguments = {
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "connect_timeout": 5,
        }
        engine = create_engine(
            url,
            pool_size=3 * threads,
            max_overflow=4,
            hide_parameters=True,  # an error must not carry what a customer wrote into a log
            json_serializer=_json,
            connect_args=arguments,
        )
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkout", _refuse_closed)
        return engine
    engine = create_engine(
        url,
        pool_size=threads + 1,
        max_overflow=4,
        hide_parameters=True,
        json_serializer=_json,
        connect_args={"check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_postgresql(connection: Any, _record: object) -> None:
    """Compiling a query costs a tenth of a second; none of ours runs long enough to earn it."""
    with connection.cursor() as cursor:
        cursor.execute("SET jit = off")
    connection.commit()


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """So that a restart of the server between two transactions goes unnoticed.

    A server that went away has closed its side, which makes an idle connection readable: to ask for that costs a
    thousandth of the round trip of SQLAlchemy's own `pool_pre_ping`. Raises InvalidatePoolError, and the pool connects.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise InvalidatePoolError


def _json(document: object) -> str:
    """Letters as they are, so that SQLite finds them; half a surrogate pair is refused with the text around it."""
    return json.dumps(document, ensure_ascii=False)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: pysqlite would begin deferred and too late
    connection.create_function("lower", 1, _lower, deterministic=True)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _lower(text: str | None) -> str | None:
    """In place of SQLite's own, which knows no letters but those of ASCII."""
    return text and text.lower()
