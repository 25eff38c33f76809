from pathlib import Path

import pytest

from store import migrations
from store.engine import Database
from tests.bot.cli.conftest import CommandLine

COMMANDS_THAT_READ = (
    ["case", "list"],
    ["case", "show", "1001"],
    ["conversation", "list"],
    ["conversation", "show", "1"],
    ["work", "list"],
    ["work", "retry", "--all"],
    ["settings", "export"],
    ["settings", "history"],
    ["settings", "diff"],
)


@pytest.fixture
def url(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database of each kind, which the commands are configured for."""
    monkeypatch.setenv("CASEWRIGHT_DATABASE_URL", empty_database_url)
    return empty_database_url


def from_the_future(url: str) -> None:
    database = Database(url, threads=1)
    migrations.upgrade(database)
    database.write_now(lambda each: each.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    database.close()


def test_upgrade_makes_the_schema_and_a_second_one_does_nothing(cli: CommandLine, url: str) -> None:
    assert cli("db", "upgrade").out == "The database is up to date now.\n"
    assert cli("db", "upgrade").out == "The database is up to date; nothing was changed.\n"
    status = cli("db", "status", "--json").data
    assert (status["schema"], status["waiting"], status["dead"]) == ("current", 0, 0)
    assert url.partition(":")[0].split("+")[0] in status["database"]


@pytest.mark.usefixtures("url")
def test_an_old_schema_is_told_with_the_command_that_mends_it(
    cli: CommandLine, request: pytest.FixtureRequest, url: str
) -> None:
    if url.startswith("sqlite"):
        Path(request.getfixturevalue("tmp_path") / "casewright.db").touch()
    done = cli("db", "status", "--json")
    assert (done.status, done.data["schema"]) == (1, "old")
    for command in COMMANDS_THAT_READ:
        done = cli(*command)
        assert (done.status, done.out) == (1, "")
        assert "run `casewright db upgrade`" in done.err
        assert len(done.err.splitlines()) == 1


def test_a_database_newer_than_the_program_is_refused(cli: CommandLine, url: str) -> None:
    from_the_future(url)
    for command in (["db", "upgrade"], ["case", "list"]):
        done = cli(*command)
        assert (done.status, done.out) == (1, "")
        assert "newer Casewright" in done.err
    assert cli("db", "status", "--json").data["schema"] == "new"
    assert "Schema:   The database was written by a newer Casewright" in cli("db", "status").out


def test_looking_at_a_sqlite_file_that_is_not_there_makes_none(cli: CommandLine, tmp_path: Path) -> None:
    for command in (["db", "status"], *COMMANDS_THAT_READ):
        done = cli(*command)
        assert (done.status, done.out) == (1, "")
        assert done.err.startswith(f"There is no database at {tmp_path / 'var' / 'casewright.db'} yet")
    assert list(tmp_path.iterdir()) == []


def test_upgrade_makes_a_sqlite_file_and_its_directory(cli: CommandLine, tmp_path: Path) -> None:
    assert cli("db", "upgrade").status == 0
    assert (tmp_path / "var" / "casewright.db").exists()


def test_a_file_that_is_no_database_is_told_in_a_sentence(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "casewright.db").write_text("Dear diary, " * 100)
    for command in (["db", "upgrade"], ["db", "status"], ["case", "list"]):
        done = cli(*command)
        assert (done.status, done.out) == (1, "")
        assert "can't be read as a SQLite database: file is not a database." in done.err
        assert len(done.err.splitlines()) == 1


def test_a_directory_that_can_not_be_made_is_told(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("in the way")
    done = cli("db", "upgrade")
    assert (done.status, done.out) == (1, "")
    assert "can't be made" in done.err


@pytest.mark.parametrize("command", [["db", "upgrade"], ["db", "status"], ["case", "list"]])
def test_a_server_that_does_not_answer_is_told_without_the_password(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("CASEWRIGHT_DATABASE_URL", "postgresql://anna:hush@127.0.0.1:1/casewright")
    done = cli(*command)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("The database can't be reached: ")
    assert len(done.err.splitlines()) == 1
    assert "hush" not in done.err
