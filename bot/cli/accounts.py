"""`casewright accounts`: who may use the console."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import typer
from pydantic_core import to_jsonable_python

from bot.access import passwords
from bot.cli.console import address
from bot.cli.opening import configuration, opened, reached
from bot.cli.output import AsJson, moment, show, show_json, show_table
from bot.cli.problems import Failure, Mistake
from store import accounts, migrations, sessions
from store.accounts import Account, LastAdministrator, LoginTaken
from store.engine import Connection
from store.model import AccountRole

app = typer.Typer(no_args_is_help=True, add_completion=False)

Login = Annotated[str, typer.Argument(help="The account's login.")]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the accounts."""
    with opened() as database:
        found = database.read_now(accounts.listed)
    if as_json:
        show_json(to_jsonable_python(found))
    elif not found:
        show("There is none yet: `casewright console link` makes the first.")
    else:
        headers = ("login", "name", "role", "e-mail", "last seen", "disabled")
        show_table(headers, [_row(each) for each in found])


def _row(account: Account) -> tuple[object, ...]:
    seen = moment(account.seen_at) if account.seen_at else None
    disabled = moment(account.disabled_at) if account.disabled_at else None
    return account.login, account.name, account.role, account.email, seen, disabled


@app.command("add")
def add(
    login: Login,
    *,
    name: Annotated[str, typer.Option("--name", help="The person's name.")] = "",
    email: Annotated[str | None, typer.Option("--email", help="Their address, by which channels know them.")] = None,
    administrator: Annotated[bool, typer.Option("--administrator", help="May change settings and accounts.")] = False,
) -> None:
    """Add an account, and print a link that logs them in once, within 15 minutes."""
    config = configuration()
    if not login.strip() or " " in login.strip():
        raise Mistake("A login is an e-mail address, or a name without blanks.")
    role = AccountRole.ADMINISTRATOR if administrator else AccountRole.REPRESENTATIVE

    def make(connection: Connection) -> str:
        account = accounts.add(connection, login=login, name=name, role=role, email=email)
        return sessions.make_link(connection, account.id)

    with reached(config) as database:
        migrations.require_current(database)
        try:
            token = database.write_now(make)
        except LoginTaken:
            raise Mistake(f"There is an account {login} already.") from None
    show(f"{address(config).rstrip('/')}/console/link/{token}")


@app.command("disable")
def disable(login: Login) -> None:
    """Log them out everywhere, and let them in no more. What they did stays."""
    with opened() as database:
        account = database.read_now(partial(_named, login=login))
        try:
            database.write_now(partial(accounts.disable, account_id=account.id))
        except LastAdministrator:
            raise Failure(f"{account.login} is the last administrator: add another one first.") from None
    show(f"{account.login} is disabled.")


@app.command("enable")
def enable(login: Login) -> None:
    """Let them in again."""
    with opened() as database:
        account = database.read_now(partial(_named, login=login))
        database.write_now(partial(accounts.enable, account_id=account.id))
    show(f"{account.login} is enabled.")


@app.command("password")
def password(login: Login) -> None:
    """Set a password, asked for at the terminal or read as a line from standard input; logs them out everywhere."""
    with opened() as database:
        account = database.read_now(partial(_named, login=login))
        chosen = _asked()
        if wrong := passwords.complaint(chosen):
            raise Mistake(wrong)
        hashed = passwords.hash_now(chosen)
        database.write_now(partial(accounts.set_password, account_id=account.id, hashed=hashed))
    show(f"The password of {account.login} is set.")


def _asked() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("New password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _named(connection: Connection, login: str) -> Account:
    found = accounts.by_login(connection, login)
    if found is None:
        raise Mistake(f"There is no account {login}. `casewright accounts list` lists them.")
    return found
