"""Fixtures for all tests: databases, data, and an environment without our own settings."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

from tests.authority import Authority
from tests.bench.places import upgrade
from tests.dovecot import Dovecot, dovecot_program
from tests.postgres import PostgresServer, empty, server_programs

ROOT = Path(__file__).parent.parent

# A shared machine pauses at will, so time is no property; and CI runs the same examples each time.
settings.register_profile("casewright", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("casewright")


def unavailable(what: str) -> NoReturn:
    """What a person may lack, CI may not."""
    if "CI" in os.environ:
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CASEWRIGHT_")]:
        if name != "CASEWRIGHT_DATA":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The public data sets: $CASEWRIGHT_DATA, or ../shared/data beside the checkout."""
    folder = Path(os.environ.get("CASEWRIGHT_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        unavailable(f"no data in {folder}: set CASEWRIGHT_DATA")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One for the session (and worker process), started at its first use."""
    programs = server_programs()
    if not programs:
        unavailable("no PostgreSQL server installed: see tests/setup.sh")
    with PostgresServer(programs) as server:
        yield server


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.fresh_database()
    yield url
    postgres_server.release_database(url)


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """Not there yet."""
    return f"sqlite:///{tmp_path / 'casewright.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue({"sqlite": "empty_sqlite_url", "postgresql": "empty_postgres_url"}[request.param])


@pytest.fixture
def sqlite_url(_migrated_file: Path, empty_sqlite_url: str) -> str:
    shutil.copy(_migrated_file, empty_sqlite_url.removeprefix("sqlite:///"))
    return empty_sqlite_url


@pytest.fixture
def postgres_url(_migrated_address: str) -> Iterator[str]:
    yield _migrated_address
    empty(_migrated_address)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of each kind at the latest schema with nothing in it, without the second that migrating one takes."""
    return request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "casewright.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _migrated_address(postgres_server: PostgresServer) -> str:
    """One database for all tests, emptied after each: a copy of a template takes a second to drop."""
    url = postgres_server.fresh_database()
    upgrade(url)
    return url


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture
def dovecot(authority: Authority) -> Iterator[Dovecot]:
    program = dovecot_program()
    if not program:
        unavailable("no Dovecot installed: see tests/setup.sh")
    with Dovecot(program, authority) as server:
        yield server
