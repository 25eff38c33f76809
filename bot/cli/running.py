"""`casewright run`, `web` and `worker`: the processes that serve."""

from __future__ import annotations

import asyncio
import errno
import os
from socket import gaierror
from typing import Annotated, cast

import structlog
import typer
from typer import TyperException

from bot import app as application
from bot.cli.console import login_link
from bot.cli.opening import configuration, make_directory, reached, unreachable
from bot.cli.problems import Failure, Mistake
from bot.config import Config, ConfigError
from store import accounts, migrations
from store.engine import DatabaseUnavailable
from store.migrations import DatabaseTooNew, DatabaseTooOld

app = typer.Typer(add_completion=False)
log = structlog.get_logger()

_NOT_LISTENING = {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES}


@app.command()
def run(
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="Let everybody try both sides of a chat; on this machine only.")
    ] = False,
) -> None:
    """Run web server and worker in one process, and print the address to open.

    A SQLite database is made and brought up to date at start. On PostgreSQL, run `casewright db upgrade` first.
    Stop it with Ctrl-C or SIGTERM.
    """
    overrides = {"CASEWRIGHT_DEMO": "true"} if demo else {}
    _serve(configuration(**overrides), web=True, worker=True)


@app.command()
def web() -> None:
    """Run the web server alone: it takes messages in and leaves the work to `casewright worker`.

    PostgreSQL only. Any number of them may run, on any number of machines.
    """
    _serve(_apart("web"), web=True, worker=False)


@app.command()
def worker() -> None:
    """Run a worker alone: it does the work that `casewright web` takes in.

    PostgreSQL only. Any number of them may run, on any number of machines.
    """
    _serve(_apart("worker"), web=False, worker=True)


def _apart(command: str) -> Config:
    config = configuration()
    if config.database_file is not None:
        raise Mistake(
            f"`casewright {command}` needs PostgreSQL, since SQLite is made for one process: `casewright run` does both"
            " in one, or set CASEWRIGHT_DATABASE_URL to postgresql://USER:PASSWORD@HOST/DATABASE."
        )
    return config


def _serve(config: Config, *, web: bool, worker: bool) -> None:
    def ready(address: str) -> None:
        typer.echo(f"Casewright is at {address}" if web else "Casewright's worker is running.")
        if config.demo:
            typer.echo("Demo mode: on this machine only.")
        if web:
            typer.echo(_console(config, address))

    try:
        _prepare(config)
        asyncio.run(application.serve(config, web=web, worker=worker, ready=ready))
    except TyperException:
        raise
    except Exception as error:
        told = _told(config, _first(error))
        if told is None:
            log.critical("stopped_by_an_error", exc_info=error)
            told = Failure("Casewright stopped because of an error of its own; the log says which.")
        raise told from error


def _console(config: Config, address: str) -> str:
    """Where the console is; on this machine, and until somebody has come, with a link that logs in."""
    plain = f"The console is at {(config.public_url or address).rstrip('/')}/console"
    if not config.loopback or config.openid_issuer is not None:
        return plain
    with reached(config) as database:
        if not config.demo and not database.read_now(accounts.nobody_came_yet):
            return plain
        return f"The console, for one login: {login_link(database, config.public_url or address)}"


def _prepare(config: Config) -> None:
    """Finds what would make the start fail, where the start itself could not say it so clearly."""
    if config.database_file is None:
        with reached(config) as database:
            migrations.require_current(database)
    elif config.database_file.exists():
        with reached(config):
            pass  # the start upgrades it
    else:
        make_directory(config)


def _told(config: Config, error: Exception) -> TyperException | None:
    """The error as a sentence, where it is one that can be expected."""
    match error:
        case ConfigError():
            return Mistake(str(error))
        case DatabaseTooNew() | DatabaseTooOld():
            return Failure(str(error))
        case DatabaseUnavailable():
            return unreachable(error)
        case OSError() if isinstance(error, gaierror) or error.errno in _NOT_LISTENING:
            reason = error.strerror if isinstance(error, gaierror) else os.strerror(error.errno or 0)
            mend = "CASEWRIGHT_HOST and CASEWRIGHT_PORT choose another place."
            return Failure(f"Can't listen on {config.host} port {config.port}: {reason}. {mend}")
        case _:
            return None


def _first(error: Exception) -> Exception:
    """What went wrong first: a task group wraps it."""
    if isinstance(error, ExceptionGroup):
        return _first(cast("ExceptionGroup[Exception]", error).exceptions[0])
    return error
