import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.__main__ import main
from bot.settings import ensure_starter
from store.engine import Database
from tests.bot.cli.situation import Situation, seed


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What --json printed, with no word of anything else."""
        assert self.err == ""
        return json.loads(self.out)


class CommandLine:
    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str, stdin: str = "") -> Done:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = main(list(arguments))
        out, err = self._capsys.readouterr()
        return Done(status=status, out=out, err=err)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CommandLine]:
    """The commands, run in an empty directory; they configure the logging of the whole process."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield CommandLine(capsys, monkeypatch)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database of each kind with the starter settings, which the commands are configured for."""
    monkeypatch.setenv("CASEWRIGHT_DATABASE_URL", database_url)
    database = Database(database_url, threads=1)
    ensure_starter(database)
    yield database
    database.close()


@pytest.fixture
def situation(database: Database) -> Situation:
    return seed(database)
