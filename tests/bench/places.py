"""Where everything is measured: on each of the two databases, every one fresh and gone afterwards."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Collection, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.document import starter
from store import migrations
from store import settings as versions
from store.engine import Connection, Database
from tests.postgres import PostgresServer, server_programs

QUIET = {"quiet": 0.2, "at_most": 1.0}  # seconds: what is measured is the work, not the wait for it


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A kind of database; `fresh` gives the URL of an empty one."""

    name: str
    title: str
    fresh: Callable[[], AbstractContextManager[str]]


@contextmanager
def places(names: Collection[str]) -> Generator[list[Place]]:
    """Those of "sqlite" and "postgresql"; a PostgreSQL server of our own is started here and stopped at the end."""
    with ExitStack() as stack:
        found: list[Place] = []
        if "sqlite" in names:
            found.append(Place(name="sqlite", title="SQLite", fresh=_sqlite))
        if "postgresql" in names:
            server = stack.enter_context(PostgresServer(_programs()))
            found.append(Place(name="postgresql", title="PostgreSQL", fresh=lambda: _postgres(server)))
        yield found


def _programs() -> Path:
    programs = server_programs()
    if programs is None:
        sys.exit("There is no PostgreSQL server to measure: see tests/setup.sh, or give --database sqlite.")
    return programs


@contextmanager
def opened(url: str) -> Generator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def upgrade(url: str) -> None:
    """This version's schema; the settings are the first start's to save."""
    with opened(url) as database:
        migrations.upgrade(database)


def prepare(url: str) -> None:
    """This version's schema, and the starter settings with a short quiet time."""

    def save(connection: Connection) -> None:
        document = starter().model_dump(mode="json") | {"evaluation": QUIET}
        versions.save(connection, document, author="bench", comment="Short quiet time", based_on=0)

    upgrade(url)
    with opened(url) as database:
        database.write_now(save)


@contextmanager
def _sqlite() -> Generator[str]:
    with tempfile.TemporaryDirectory(prefix="casewright-bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'casewright.db'}"


@contextmanager
def _postgres(server: PostgresServer) -> Generator[str]:
    url = server.fresh_database()
    try:
        yield url
    finally:
        server.release_database(url)
