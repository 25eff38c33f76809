import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.output import complain
from store.engine import Database
from tests.bot.cli.situation import seed


def test_a_complaint_holds_no_control_character(capsys: pytest.CaptureFixture[str]) -> None:
    complain("There is no \x07\x9b\u202efile.\nTry another.")
    assert capsys.readouterr().err == "There is no file.\nTry another.\n"


def on_a_terminal(directory: Path, *arguments: str, **variables: str) -> str:
    """What a command prints to a real terminal."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", **variables}
    command = [sys.executable, "-P", "-m", "bot", *arguments]
    with subprocess.Popen(command, cwd=directory, env=environment, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        printed = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    return printed.decode()


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


@pytest.fixture
def full(tmp_path: Path, sqlite_url: str) -> str:
    database = Database(sqlite_url, threads=1)
    situation = seed(database)
    database.close()
    assert tmp_path.exists()
    return str(situation.number)


def test_a_terminal_gets_styles_and_none_of_a_customer(tmp_path: Path, sqlite_url: str, full: str) -> None:
    printed = on_a_terminal(tmp_path, "case", "show", full, "--why", CASEWRIGHT_DATABASE_URL=sqlite_url)
    assert "\x1b[1m" in printed
    assert "]0;owned" in printed
    for hostile in ("\x1b]", "\x1b[31m", "\x1b[5m", "\x07", "\x9b"):
        assert hostile not in printed


def test_no_color_leaves_no_escape_at_all(tmp_path: Path, sqlite_url: str, full: str) -> None:
    printed = on_a_terminal(tmp_path, "case", "show", full, CASEWRIGHT_DATABASE_URL=sqlite_url, NO_COLOR="1")
    assert "My kettle" in printed
    assert "\x1b" not in printed


def test_what_goes_into_a_pipe_is_neither_cut_nor_styled(tmp_path: Path, sqlite_url: str, full: str) -> None:
    environment = {"PATH": os.environ["PATH"], "CASEWRIGHT_DATABASE_URL": sqlite_url, "COLUMNS": "20"}
    command = [sys.executable, "-P", "-m", "bot", "case", "list"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["number", full]
    assert "[31m[bold red]My kettle[/] leaks2J" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_terminal_without_unicode_is_no_reason_to_fail(tmp_path: Path, sqlite_url: str, full: str) -> None:
    environment = {"PATH": os.environ["PATH"], "CASEWRIGHT_DATABASE_URL": sqlite_url, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-P", "-m", "bot", "case", "show", full, "--why"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert b"My kettle" in done.stdout


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path, sqlite_url: str, full: str) -> None:
    environment = {"PATH": os.environ["PATH"], "CASEWRIGHT_DATABASE_URL": sqlite_url}
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-P", "-m", "bot", "case", "show", full, "--json"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        _, err = process.communicate()
    assert b"Traceback" not in err
