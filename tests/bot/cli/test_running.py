import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from bot.settings import ensure_starter
from store.engine import Database
from tests.bot.cli.conftest import CommandLine

DEADLINE = 60  # seconds until a test gives up on a process; a shared machine pauses at will


@contextmanager
def started(directory: Path, *arguments: str, **variables: str) -> Generator[subprocess.Popen[str]]:
    """A real process, killed at the end if it is still there."""
    environment = {"PATH": os.environ["PATH"], "CASEWRIGHT_PORT": "0", **variables}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "bot", *arguments],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def answering(process: subprocess.Popen[str]) -> str:
    """The address that it printed, once a request there has been answered."""
    printed = line(process)
    assert printed.startswith("Casewright is at http://127.0.0.1:")
    address = printed.split()[-1]
    with urlopen(f"{address}readyz", timeout=DEADLINE) as response:  # noqa: S310 -- our own
        assert response.status == 200
    return address


def stopped(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
    """The exit status after this signal, and what stood on standard error."""
    process.send_signal(number)
    _, err = process.communicate(timeout=DEADLINE)
    return process.returncode, err


def test_run_prints_the_address_that_answers_and_stops_when_told(tmp_path: Path) -> None:
    with started(tmp_path, "run") as process:
        assert answering(process)
        status, err = stopped(process)
    assert status == 0
    assert "Traceback" not in err
    assert (tmp_path / "var" / "casewright.db").exists()
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_run_begins_with_the_starter_settings(tmp_path: Path, cli: CommandLine) -> None:
    with started(tmp_path, "run") as process:
        assert answering(process)
        assert stopped(process, signal.SIGINT)[0] == 0
    (version,) = cli("settings", "history", "--json").data
    assert (version["version"], version["comment"]) == (1, "Starter settings")


def test_a_demo_says_that_it_is_for_this_machine_alone(tmp_path: Path) -> None:
    with started(tmp_path, "run", "--demo") as process:
        assert answering(process)
        assert line(process) == "Demo mode: on this machine only.\n"
        with urlopen(line(process).split()[-1], timeout=DEADLINE) as invited:  # noqa: S310 -- our own
            assert "Welcome, <span" in invited.read().decode()
        assert stopped(process)[0] == 0
    with started(tmp_path, "run", "--demo", CASEWRIGHT_HOST="0.0.0.0") as process:  # noqa: S104 -- is refused
        _, err = process.communicate(timeout=DEADLINE)
        assert process.returncode == 2
        assert "CASEWRIGHT_DEMO" in err


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(tmp_path, "run", CASEWRIGHT_PORT=str(port)) as process:
            out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (1, "")
    assert err.startswith(f"Can't listen on 127.0.0.1 port {port}: Address already in use.")
    assert len(err.splitlines()) == 1


def test_a_sqlite_database_is_for_one_process(cli: CommandLine, tmp_path: Path) -> None:
    for command in ("web", "worker"):
        done = cli(command)
        assert (done.status, done.out) == (2, "")
        assert done.err.startswith(f"`casewright {command}` needs PostgreSQL, since SQLite is made for one process")
        assert "`casewright run` does both" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["run", "web", "worker"])
def test_an_old_schema_on_postgresql_is_refused(
    cli: CommandLine, empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("CASEWRIGHT_DATABASE_URL", empty_postgres_url)
    done = cli(command)
    assert (done.status, done.out) == (1, "")
    assert "run `casewright db upgrade`" in done.err


@pytest.mark.parametrize("command", ["run", "worker"])
def test_a_database_that_does_not_answer_is_told(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("CASEWRIGHT_DATABASE_URL", "postgresql://anna:hush@127.0.0.1:1/casewright")
    done = cli(command)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("The database can't be reached: ")
    assert "hush" not in done.err


def test_a_file_that_is_no_database_is_told(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "casewright.db").write_text("Dear diary, " * 100)
    done = cli("run")
    assert (done.status, done.out) == (1, "")
    assert "file is not a database" in done.err


def test_a_secret_that_is_none_is_told(cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEWRIGHT_PORT", "0")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "webchat.secret").touch()
    done = cli("run")
    assert (done.status, done.out) == (2, "")
    assert "holds no secret: remove it" in done.err


def test_web_and_worker_run_apart_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    database = Database(postgres_url, threads=1)
    ensure_starter(database)
    database.close()
    variables = {"CASEWRIGHT_DATABASE_URL": postgres_url}
    with started(tmp_path, "web", **variables) as web, started(tmp_path, "worker", **variables) as worker:
        assert line(worker) == "Casewright's worker is running.\n"
        assert answering(web)
        assert stopped(worker)[0] == 0
        assert stopped(web)[0] == 0
