"""Hints across processes that there may be work: NOTIFY on PostgreSQL. SQLite has one process, and needs none.

Only a hint: losing one costs the wait until the next poll. Never sent inside a transaction of ours, as NOTIFY takes a
lock for the whole database at commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.exc import DBAPIError

from store.engine import Database

if TYPE_CHECKING:  # loading it takes 9 MB, which SQLite has no use for
    from psycopg import Connection

    PostgresConnection = Connection[tuple[Any, ...]]

CHANNEL = "casewright_work"
LISTEN_FOR = 1.0  # seconds at a time, so that stopping is prompt
EVERY = 0.02  # seconds: a burst of events is one hint


class Hints:
    """Threads of its own listen and notify; `tell` is cheap and never blocks. `heard` is called in such a thread."""

    def __init__(self, database: Database, heard: Callable[[], None]) -> None:
        self._database = database
        self._heard = heard
        self._stopping = threading.Event()
        self._news = threading.Event()
        loops = [] if database.is_sqlite else [self._listen, self._notify]
        self._threads = [threading.Thread(target=self._repeat, args=[loop], name="hints") for loop in loops]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def tell(self) -> None:
        self._news.set()

    def stop(self) -> None:
        self._stopping.set()
        self._news.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, loop: Callable[[PostgresConnection], None]) -> None:
        driver = self._database.engine.dialect.loaded_dbapi
        while not self._stopping.is_set():
            # While the database is away, polling finds what was missed.
            with suppress(DBAPIError, driver.Error), self._database.engine.connect() as pooled:
                connection = cast("PostgresConnection", pooled.connection.driver_connection)
                connection.autocommit = True
                try:
                    loop(connection)
                finally:
                    pooled.invalidate()  # it listens, and commits by itself: nothing for the pool to hand out again
            self._stopping.wait(LISTEN_FOR)

    def _listen(self, connection: PostgresConnection) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        while not self._stopping.is_set():
            for _ in connection.notifies(timeout=LISTEN_FOR, stop_after=1):
                self._heard()

    def _notify(self, connection: PostgresConnection) -> None:
        while not self._stopping.is_set():
            self._news.wait()
            self._news.clear()
            connection.execute(f"NOTIFY {CHANNEL}")
            self._stopping.wait(EVERY)
