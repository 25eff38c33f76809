"""Schema versions: what migrating makes is what the code expects, whoever asks for it and however often."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, cast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from store.engine import Database, DatabaseUnavailable
from store.migrations import DatabaseTooNew, DatabaseTooOld, is_current, require_current, upgrade
from store.schema import metadata
from tests.conftest import ROOT
from tests.store.examples import opened, shown

UPGRADE_ON_A_WORD = """
import sys
from store.engine import Database
from store.migrations import upgrade

print("ready", flush=True)
sys.stdin.readline()
database = Database(sys.argv[1])
upgrade(database)
database.close()
"""


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    yield database
    database.close()


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def described(database: Database) -> dict[str, dict[str, list[str]]]:
    """Each table as the database itself describes it; alembic compares neither checks nor identities."""
    found = inspect(database.engine)
    reflected: dict[str, dict[Any, Any]] = {
        "columns": found.get_multi_columns(),
        "primary key": {table: [key] for table, key in found.get_multi_pk_constraint().items()},
        "foreign keys": found.get_multi_foreign_keys(),
        "unique": found.get_multi_unique_constraints(),
        "checks": found.get_multi_check_constraints(),
        "indexes": {
            table: [each for each in indexes if _is_modelled(each["name"])]
            for table, indexes in found.get_multi_indexes().items()
        },
    }
    return {
        what: {name: sorted(map(plain, each)) for (_, name), each in of_tables.items() if _is_modelled(name)}
        for what, of_tables in reflected.items()
    }


def _is_modelled(name: str | None, *_: Any) -> bool:
    """The models know nothing of the full-text indexes, which each database has in a way of its own."""
    return "full_text" not in (name or "") and name != "alembic_version"


def plain(reflected: Any) -> str:
    """SQL expressions and types are written out; their own repr tells addresses apart."""
    if isinstance(reflected, dict):
        return str({name: plain(each) for name, each in cast("dict[str, Any]", reflected).items()})
    return str(reflected)


def execute(database: Database, statement: str) -> None:
    database.write_now(lambda connection: connection.exec_driver_sql(statement))


def test_models_and_migrations_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _is_modelled})
        assert compare_metadata(context, metadata) == []


def test_what_migrating_makes_is_what_the_models_make(empty: Database) -> None:
    metadata.create_all(empty.engine)
    wanted = described(empty)
    metadata.drop_all(empty.engine)

    upgrade(empty)

    assert described(empty) == wanted


def test_migrating_sets_up_the_triggers_that_protect_the_audit(database: Database) -> None:
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if not database.is_sqlite:
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
    triggers = database.read_now(lambda connection: set(connection.execute(text(query)).scalars()))
    assert triggers >= {"audit_update", "audit_delete"}


def test_an_empty_database_is_too_old_and_current_after_one_upgrade(empty: Database) -> None:
    assert not is_current(empty)
    with pytest.raises(DatabaseTooOld, match="casewright db upgrade"):
        require_current(empty)

    upgrade(empty)

    assert is_current(empty)
    require_current(empty)


def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    before = described(database)
    case = opened(database)

    upgrade(database)

    assert described(database) == before
    assert shown(database, case.number) == case


def test_a_database_that_is_newer_than_the_code_is_refused(empty: Database) -> None:
    upgrade(empty)
    execute(empty, "UPDATE alembic_version SET version_num = '9999'")

    for ask in (require_current, upgrade, is_current):
        with pytest.raises(DatabaseTooNew, match="newer Casewright"):
            ask(empty)


def test_an_upgrade_that_fails_leaves_nothing_behind(empty: Database) -> None:
    execute(empty, "CREATE TABLE timers (id integer)")  # in the way of one of ours

    with pytest.raises((DBAPIError, DatabaseUnavailable), match="timers"):
        upgrade(empty)

    assert tables(empty) == {"timers"}
    assert not is_current(empty)


def test_processes_that_upgrade_at_the_same_moment_all_end_well(empty_database_url: str) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE_ON_A_WORD, empty_database_url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    complaints = [racer.communicate(timeout=60)[1] for racer in racers]

    assert complaints == ["", "", ""]
    database = Database(empty_database_url)
    assert is_current(database)
    database.close()
