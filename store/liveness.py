"""Whether a worker is alive, as the operating system or the database knows it: a lock that dies with its holder.

A lease also ends by itself, but only after half a minute; a lock that is free at once tells of a death at once.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from store import outbox, webhooks, work
from store.engine import Database, DatabaseUnavailable
from store.schema import workers
from store.sql import insert, now

ADVISORY_CLASS = 0x0CA5E  # the first key of our advisory locks, so that they are nobody else's


class Liveness:
    """This worker's number and the lock that proves that it lives."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.worker = database.write_now(_register)
        self._file: FileLock | None = None
        self._connection: Connection | None = None
        self.hold()

    def hold(self) -> None:
        """Takes the lock; again after the database had been away, which drops it."""
        if self._database.is_sqlite:
            if self._file is None:
                # Not one lock per thread: it is the process that lives.
                self._file = FileLock(self._lock_file(self.worker), thread_local=False)
                self._file.acquire(timeout=0)
            return
        with suppress(DBAPIError):
            if self._connection is not None and not self._connection.invalidated:
                self._connection.execute(text("SELECT 1"))
                return
        self._disconnect()
        try:
            self._connection = self._connected()
        except DBAPIError as error:
            raise DatabaseUnavailable(str(error.orig)) from error

    def _connected(self) -> Connection:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # from the pool, so that closing it lets go of the lock
        try:
            connection.execute(text("SELECT pg_advisory_lock(:class, :worker)"), self._keys(self.worker))
        except DBAPIError:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def free_the_dead(self) -> int:
        """Frees the conversations, posts and webhooks of workers whose lock is gone; returns how many that were."""
        owners = self._database.read_now(_lease_owners)
        dead = [owner for owner in owners if owner != self.worker and self._is_dead(owner)]
        return sum(self._database.write_now(partial(_free, worker=owner)) for owner in dead)

    def let_go(self) -> None:
        if self._file is not None:
            self._file.release()
            self._lock_file(self.worker).unlink(missing_ok=True)
        if self._connection is not None:
            with suppress(DBAPIError):  # the server would see the connection end, but not at once
                self._connection.execute(text("SELECT pg_advisory_unlock(:class, :worker)"), self._keys(self.worker))
        self._disconnect()

    def _is_dead(self, worker: int) -> bool:
        if self._database.is_sqlite:
            return _is_free(self._lock_file(worker))
        return self._database.read_now(lambda connection: _is_unlocked(connection, self._keys(worker)))

    def _lock_file(self, worker: int) -> Path:
        return Path(f"{self._database.url.database}.worker-{worker}.lock")

    @staticmethod
    def _keys(worker: int) -> dict[str, int]:
        return {"class": ADVISORY_CLASS, "worker": worker}


def _lease_owners(connection: Connection) -> set[int]:
    owners = (each.lease_owners(connection) for each in (work, outbox, webhooks))
    return {owner for each in owners for owner in each}


def _free(connection: Connection, *, worker: int) -> int:
    return sum(each.free_leases_of(connection, worker) for each in (work, outbox, webhooks))


def _register(connection: Connection) -> int:
    row = insert(workers).values(host=socket.gethostname(), pid=os.getpid(), started_at=now(connection))
    return connection.execute(row.returning(workers.c.id)).scalar_one()


def _is_free(path: Path) -> bool:
    lock = FileLock(path)
    try:
        with lock.acquire(timeout=0):
            path.unlink(missing_ok=True)
            return True
    except Timeout:
        return False


def _is_unlocked(connection: Connection, keys: dict[str, int]) -> bool:
    # The transaction-level lock is let go of when this read ends.
    return connection.execute(text("SELECT pg_try_advisory_xact_lock(:class, :worker)"), keys).scalar_one()
