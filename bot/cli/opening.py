"""What most commands begin with: the configuration, and the database as it is or at this version's schema."""

from __future__ import annotations

import getpass
import os
import sqlite3
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bot import logs
from bot.cli.problems import Failure, Mistake
from bot.config import Config, ConfigError, load
from bot.text import one_line
from store import migrations
from store.engine import Database, DatabaseUnavailable
from store.migrations import DatabaseTooNew, DatabaseTooOld


def configuration(**overrides: str) -> Config:
    """Raises Mistake, which names every problem at once."""
    try:
        config = load({**os.environ, **overrides}, Path.cwd())
    except ConfigError as error:
        raise Mistake(str(error)) from None
    logs.configure(config.log_level, config.log_format, sys.stderr)
    return config


@contextmanager
def opened() -> Generator[Database]:
    """The database at this version's schema. Raises Failure also for what happens to it later on."""
    with reached(configuration()) as database:
        migrations.require_current(database)
        yield database


@contextmanager
def reached(config: Config) -> Generator[Database]:
    """The database, whatever its schema."""
    file = config.database_file
    if file is not None and not file.exists():
        raise Failure(f"There is no database at {file} yet: `casewright run` or `casewright db upgrade` makes one.")
    database = Database(config.database_url.get_secret_value(), threads=1)
    try:
        _ping(database)
        yield database
    except DatabaseUnavailable as error:
        raise unreachable(error) from error
    except (DatabaseTooNew, DatabaseTooOld) as error:
        raise Failure(str(error)) from error
    finally:
        database.close()


def make_directory(config: Config) -> None:
    """Where a SQLite file is to be."""
    try:
        config.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{config.directory} can't be made: {error.strerror}.") from error


def unreachable(error: DatabaseUnavailable) -> Failure:
    reason = one_line(str(error), 300).rstrip(".?")
    return Failure(f"The database can't be reached: {reason}. `casewright doctor` says what to look at.")


def _ping(database: Database) -> None:
    try:
        database.read_now(lambda connection: connection.exec_driver_sql("SELECT 1"))
    except DatabaseUnavailable:
        raise
    except Exception as error:
        if not isinstance(error.__cause__, sqlite3.DatabaseError):
            raise
        raise Failure(f"{database.url.database} can't be read as a SQLite database: {error.__cause__}.") from error


def login() -> str:
    """Who sits at the command line."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "command line"
