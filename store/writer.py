"""SQLite's one writer: what waits at the same moment shares a transaction, and a wait for the disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine

T = TypeVar("T")
_TOGETHER = 32
"""At most so many pieces of work share a transaction: an acknowledgement waits for all that go with it."""


class TransactionGone(Exception):
    """SQLite gave up the whole transaction, as it does when the disk is full."""


class _Work:
    def __init__(self, run: Callable[[Connection], object]) -> None:
        self.run = run
        self.future: Future[Any] = Future()
        self.result: object = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """A thread that takes pieces of work in turn, urgent ones first. Each is kept whole or not at all.

    A piece that raises is undone by itself; what shared its transaction is committed all the same.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[tuple[bool, int, _Work]] = []
        self._turn = count()
        self._news = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="database-write", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[Connection], T], *, urgent: bool) -> Future[T]:
        """The future has the result after the commit."""
        work = _Work(run)
        with self._news:
            if self._closing:
                raise RuntimeError("The database has been closed.")
            heappush(self._waiting, (not urgent, next(self._turn), work))
            self._news.notify()
        return work.future

    def close(self) -> None:
        """Does what waits, and ends."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join()

    def _serve(self) -> None:
        while (taken := self._next()) is not None:
            together = [work for work in taken if work.future.set_running_or_notify_cancel()]
            try:
                self._commit(together)
            except BaseException as error:  # noqa: BLE001 - whoever waits for the work is told
                for work in together:
                    work.error = error
            for work in together:
                work.settle()

    def _next(self) -> list[_Work] | None:
        """Waits for work; None when there will be no more."""
        with self._news:
            while not self._waiting and not self._closing:
                self._news.wait()
            if not self._waiting:
                return None
            return [heappop(self._waiting)[2] for _ in range(min(_TOGETHER, len(self._waiting)))]

    def _commit(self, together: list[_Work]) -> None:
        with self._engine.begin() as connection:
            sqlite = begin(connection, writing=True)
            for work in together:
                sqlite.execute("SAVEPOINT work")
                try:
                    work.result = work.run(connection)
                except Exception as error:
                    work.error = error
                    if not sqlite.in_transaction:
                        raise TransactionGone(str(error)) from error
                    sqlite.execute("ROLLBACK TO work")
                sqlite.execute("RELEASE work")


def begin(connection: Connection, *, writing: bool) -> sqlite3.Connection:
    """Begins the transaction in SQLite; returns the driver's connection. Raises sqlite3.Error.

    IMMEDIATE takes the write lock at once: upgrading a read lock later can fail without waiting. Not by an event of
    SQLAlchemy's: having any makes each of its statements a tenth slower.
    """
    sqlite = cast("sqlite3.Connection", connection.connection.driver_connection)
    sqlite.execute("BEGIN IMMEDIATE" if writing else "BEGIN DEFERRED")
    return sqlite
