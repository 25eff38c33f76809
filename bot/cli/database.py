"""`casewright db`: the schema's version."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from bot.cli.opening import configuration, make_directory, reached
from bot.cli.output import AsJson, show, show_json
from bot.config import Config, describe
from store import migrations, work
from store.engine import Database
from store.migrations import DatabaseTooNew, DatabaseTooOld

app = typer.Typer(no_args_is_help=True, add_completion=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    database: str  # its address, without a password
    schema: str  # "current" | "old" | "new"
    problem: str | None  # what to do about a schema that is not current
    waiting: int | None = None  # events; unknown where the schema is not ours
    dead: int | None = None


@app.command()
def upgrade() -> None:
    """Bring the database to this version's schema; a SQLite file is made where there is none.

    Nothing happens when it is up to date. A database that a newer Casewright wrote is refused.
    """
    config = configuration()
    if config.database_file is not None:
        make_directory(config)
        config.database_file.touch()
    with reached(config) as database:
        if migrations.is_current(database):
            show("The database is up to date; nothing was changed.")
            return
        migrations.upgrade(database)
    show("The database is up to date now.")


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Tell where the database is, whether its schema is up to date, and how much work it holds.

    The exit status is 1 when the schema is not up to date.
    """
    config = configuration()
    with reached(config) as database:
        found = _status(config, database)
    if as_json:
        show_json(found)
    else:
        _show(found)
    if found.problem is not None:
        raise typer.Exit(1)


def _status(config: Config, database: Database) -> Status:
    address = describe(config)["CASEWRIGHT_DATABASE_URL"]
    try:
        migrations.require_current(database)
    except DatabaseTooOld as error:
        return Status(database=address, schema="old", problem=str(error))
    except DatabaseTooNew as error:
        return Status(database=address, schema="new", problem=str(error))
    backlog = database.read_now(work.backlog)
    return Status(database=address, schema="current", problem=None, waiting=backlog.waiting, dead=backlog.dead)


def _show(found: Status) -> None:
    show(f"Database: {found.database}")
    show(f"Schema:   {found.problem or 'up to date'}")
    if found.problem is None:
        show(f"Work:     {found.waiting} events wait, {found.dead} events and posts were given up")
