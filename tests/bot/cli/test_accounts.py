"""`casewright console` and `casewright accounts`."""

from functools import partial

import pytest

from store import accounts, sessions
from store.accounts import Account
from store.engine import Database
from store.model import AccountRole
from tests.bot.cli.conftest import CommandLine

PASSWORD = "correct horse battery staple"


def token(link: str) -> str:
    return link.strip().partition("/console/link/")[2]


def account(database: Database, login: str) -> Account:
    found = database.read_now(partial(accounts.by_login, login=login))
    assert found is not None
    return found


def test_the_first_link_makes_the_administrator(database: Database, cli: CommandLine) -> None:
    done = cli("console", "link")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("http://127.0.0.1:3978/console/link/")
    invited = database.write_now(partial(sessions.use_link, token=token(done.out)))
    assert invited is not None
    assert (invited.login, invited.role) == ("administrator", AccountRole.ADMINISTRATOR)
    again = cli("console", "link", "--json").data["link"]
    assert database.write_now(partial(sessions.use_link, token=token(again))) == account(database, "administrator")


def test_a_link_is_at_the_address_that_people_use(
    database: Database, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEWRIGHT_PUBLIC_URL", "https://cases.example.org/")
    assert cli("console", "link").out.startswith("https://cases.example.org/console/link/")
    assert account(database, "administrator").enabled


def test_an_account_is_added_listed_disabled_and_enabled(database: Database, cli: CommandLine) -> None:
    added = cli("accounts", "add", "Ann@example.org", "--name", "Ann Lee", "--email", "ann@example.org")
    invited = database.read_now(partial(sessions.look_at_link, token=token(added.out)))
    assert invited == account(database, "ann@example.org")
    assert [(each["login"], each["role"]) for each in cli("accounts", "list", "--json").data] == [
        ("ann@example.org", "representative")
    ]
    assert cli("accounts", "disable", "ANN@example.org").out == "ann@example.org is disabled.\n"
    assert cli("console", "link", "ann@example.org").status == 2
    assert cli("accounts", "enable", "ann@example.org").status == 0
    assert account(database, "ann@example.org").enabled
    assert "Ann Lee" in cli("accounts", "list").out


def test_a_password_is_read_from_standard_input_and_shown_nowhere(database: Database, cli: CommandLine) -> None:
    cli("accounts", "add", "ann")
    done = cli("accounts", "password", "ann", stdin=f"{PASSWORD}\n")
    assert done.status == 0
    assert PASSWORD not in done.out + done.err
    found = database.read_now(partial(accounts.password_hash, login="ann"))
    assert found is not None
    assert found[1].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("arguments", "stdin", "status", "words"),
    [
        (("accounts", "add", "ann lee"), "", 2, "without blanks"),
        (("accounts", "add", "taken"), "", 2, "There is an account taken already."),
        (("accounts", "disable", "nobody"), "", 2, "There is no account nobody."),
        (("accounts", "disable", "taken"), "", 1, "is the last administrator"),
        (("accounts", "password", "taken"), "short\n", 2, "at least 12 characters"),
        (("accounts", "password", "taken"), "", 2, "at least 12 characters"),
        (("console", "link", "nobody"), "", 2, "There is no account nobody."),
    ],
)
def test_what_can_not_be_is_told_in_a_sentence(
    database: Database, cli: CommandLine, *, arguments: tuple[str, ...], stdin: str, status: int, words: str
) -> None:
    database.write_now(partial(accounts.add, login="taken", name="", role=AccountRole.ADMINISTRATOR))
    done = cli(*arguments, stdin=stdin)
    assert (done.status, done.out) == (status, "")
    assert words in done.err
