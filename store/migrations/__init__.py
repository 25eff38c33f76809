"""Schema versions, and how a database gets from one to the next (alembic)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from store.engine import Connection, Database
from store.sql import alone


class DatabaseTooNew(Exception):
    """The database was written by a newer Casewright than this one: upgrade Casewright, or restore a backup."""


class DatabaseTooOld(Exception):
    """The database is older than this Casewright: run `casewright db upgrade`."""


def upgrade(database: Database) -> None:
    """Brings the database to this version's schema, in one transaction. Raises DatabaseTooNew."""
    if not is_current(database):
        database.write_now(_migrate)


def _migrate(connection: Connection) -> None:
    alone(connection, "upgrade")  # whoever comes second finds nothing left to do
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def require_current(database: Database) -> None:
    """Raises DatabaseTooNew or DatabaseTooOld."""
    if not is_current(database):
        raise DatabaseTooOld(DatabaseTooOld.__doc__)


def is_current(database: Database) -> bool:
    """Raises DatabaseTooNew when the database's version is none that this code knows."""
    scripts = _scripts()
    version = database.read_now(_version)
    if version is not None:
        _require_known(scripts, version)
    return version == scripts.get_current_head()


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _require_known(scripts: ScriptDirectory, version: str) -> None:
    try:
        scripts.get_revision(version)
    except CommandError as error:
        raise DatabaseTooNew(DatabaseTooNew.__doc__) from error


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
