import subprocess
import sys
from importlib.metadata import version

import pytest

from bot.cli.tree import ENTRIES
from tests.bot.cli.conftest import CommandLine

HEAVY = {"aiohttp", "alembic", "sqlalchemy", "phonenumbers", "pydantic_settings", "jinja2", "babel"}
MODULES_LOADED = "import sys; from bot.__main__ import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"


def test_the_version_is_printed(cli: CommandLine) -> None:
    assert cli("--version").out == f"casewright {version('casewright')}\n"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], []])
def test_what_needs_no_database_loads_nothing_heavy(arguments: list[str]) -> None:
    command = [sys.executable, "-c", MODULES_LOADED, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "bot.cli.tree" in done.stderr.split()
    assert HEAVY & set(done.stderr.split()) == set()


def test_the_overview_names_every_command(cli: CommandLine) -> None:
    out = cli("--help").out
    assert all(f" {name} " in out for name in ENTRIES)


@pytest.mark.parametrize("name", list(ENTRIES))
def test_every_command_has_a_help_page(cli: CommandLine, name: str) -> None:
    for option in ("--help", "-h"):
        done = cli(name, option)
        assert (done.status, done.err) == (0, "")
        assert f"Usage: casewright {name}" in done.out


@pytest.mark.parametrize(
    "path",
    [
        "db upgrade",
        "db status",
        "settings export",
        "settings import",
        "settings validate",
        "settings history",
        "settings diff",
        "settings rollback",
        "work list",
        "work retry",
        "case list",
        "case show",
        "conversation list",
        "conversation show",
    ],
)
def test_every_subcommand_has_a_help_page(cli: CommandLine, path: str) -> None:
    done = cli(*path.split(), "--help")
    assert done.status == 0
    assert f"Usage: casewright {path}" in done.out


def test_without_a_command_the_overview_is_shown(cli: CommandLine) -> None:
    done = cli()
    assert done.status == 2
    assert "Usage: casewright" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["wrok"], "Did you mean 'work'"),
        (["case", "sow", "1"], "Did you mean 'show'?"),
        (["run", "--dmeo"], "--demo"),
        (["case", "show"], "Missing argument"),
        (["work", "list", "--limit", "0"], "--limit"),
        (["\x1b[31m"], "No such command"),
    ],
)
def test_what_is_asked_wrongly_is_answered_in_a_sentence(cli: CommandLine, arguments: list[str], words: str) -> None:
    done = cli(*arguments)
    assert (done.status, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1
    assert "\x1b" not in done.err
