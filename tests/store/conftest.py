"""A migrated database of each kind, without the half second that migrating one takes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from store import migrations
from store.engine import Database
from store.schema import metadata
from tests.postgres import END_OTHER_CONNECTIONS, PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """A database of each kind at the latest schema, with nothing in it."""
    return request.getfixturevalue(
        {"sqlite": "migrated_sqlite_url", "postgresql": "migrated_postgres_url"}[request.param]
    )


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    database = Database(migrated_url)
    yield database
    database.close()


@pytest.fixture
def migrated_sqlite_url(_migrated_file: Path, sqlite_url: str) -> str:
    shutil.copyfile(_migrated_file, sqlite_url.removeprefix("sqlite:///"))
    return sqlite_url


@pytest.fixture
def migrated_postgres_url(_migrated_address: str) -> Iterator[str]:
    yield _migrated_address
    _empty(_migrated_address)


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "casewright.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _migrated_address(postgres_server: PostgresServer) -> str:
    """One database for all tests, emptied after each: a copy of a template takes a second to drop."""
    url = postgres_server.fresh_database()
    _migrate(url)
    return url


def _migrate(url: str) -> None:
    database = Database(url)
    migrations.upgrade(database)
    database.close()


def _empty(url: str) -> None:
    """Ends the connections to it, and makes it what it was after migrating."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(END_OTHER_CONNECTIONS)
        # Foreign keys and the audit's triggers are for applications.
        connection.execute("SET session_replication_role = replica")
        for table in metadata.sorted_tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        connection.execute("SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence")
