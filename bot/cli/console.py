"""`casewright console`: a way in for whoever sits at the machine."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.opening import configuration, reached
from bot.cli.output import AsJson, show, show_json
from bot.cli.problems import Mistake
from bot.config import Config
from store import accounts, migrations, sessions
from store.engine import Connection, Database

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def console() -> None:
    """Keeps `link` a command of its own while there is no other."""


@app.command("link")
def link_(
    login: Annotated[
        str | None, typer.Argument(help="The account's login; without it, the first administrator's.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print a link that logs in once, within 15 minutes. Makes the first administrator where there is none."""
    config = configuration()
    with reached(config) as database:
        migrations.require_current(database)
        link = login_link(database, address(config), login)
    if as_json:
        show_json({"link": link})
    else:
        show(link)


def login_link(database: Database, base: str, login: str | None = None) -> str:
    """Raises Mistake for a login that there is not, or that is disabled."""

    def make(connection: Connection) -> str:
        account = accounts.first_administrator(connection) if login is None else accounts.by_login(connection, login)
        if account is None:
            raise Mistake(f"There is no account {login}. `casewright accounts list` lists them.")
        if not account.enabled:
            raise Mistake(f"The account {account.login} is disabled. `casewright accounts enable` lets it in again.")
        return sessions.make_link(connection, account.id)

    return f"{base.rstrip('/')}/console/link/{database.write_now(make)}"


def address(config: Config) -> str:
    """Where people open the console, as far as the configuration tells."""
    host = "127.0.0.1" if config.host in {"0.0.0.0", "::"} else config.host  # noqa: S104 -- compared, not bound to
    shown = f"[{host}]" if ":" in host else host
    return config.public_url or f"http://{shown}:{config.port}"
