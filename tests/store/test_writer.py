"""SQLite's one writer: pieces of work that wait together share a commit, and nothing else."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text

from store.writer import Writer


def _begin_nothing(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None


@pytest.fixture
def engine(tmp_path: Path) -> Generator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path}/rows.db", connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _begin_nothing)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE rows (name TEXT)"))
    yield engine
    engine.dispose()


@pytest.fixture
def writer(engine: Engine) -> Generator[Writer]:
    writer = Writer(engine)
    yield writer
    writer.close()


class Gate:
    """Holds the writer busy, so that what is submitted meanwhile waits together."""

    def __init__(self, writer: Writer) -> None:
        self._open, entered = threading.Event(), threading.Event()

        def hold(_: Connection) -> None:
            entered.set()
            self._open.wait(10)

        self._held = writer.submit(hold, urgent=True)
        entered.wait(10)

    def open(self) -> None:
        self._open.set()
        self._held.result(10)


def put(connection: Connection, name: str) -> str:
    connection.execute(text("INSERT INTO rows VALUES (:name)"), {"name": name})
    return name


def put_and_fail(connection: Connection, name: str) -> str:
    put(connection, name)
    raise ValueError(name)


def names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM rows ORDER BY rowid")).scalars())


def test_a_piece_that_fails_is_undone_alone(writer: Writer, engine: Engine) -> None:
    gate = Gate(writer)
    before = writer.submit(partial(put, name="before"), urgent=False)
    failing = writer.submit(partial(put_and_fail, name="failing"), urgent=False)
    after = writer.submit(partial(put, name="after"), urgent=False)
    gate.open()
    assert (before.result(10), after.result(10)) == ("before", "after")
    with pytest.raises(ValueError, match="failing"):
        failing.result(10)
    assert names(engine) == ["before", "after"]


def test_what_waits_together_is_committed_once(writer: Writer, engine: Engine) -> None:
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    gate = Gate(writer)
    pieces = [writer.submit(partial(put, name=str(number)), urgent=False) for number in range(20)]
    gate.open()
    for piece in pieces:
        piece.result(10)
    assert len(commits) == 2  # the gate's and theirs


def test_urgent_work_goes_first_and_each_kind_keeps_its_order(writer: Writer, engine: Engine) -> None:
    gate = Gate(writer)
    pieces = [writer.submit(partial(put, name=name), urgent=name.startswith("urgent")) for name in
              ("first", "urgent first", "second", "urgent second")]  # fmt: skip
    gate.open()
    for piece in pieces:
        piece.result(10)
    assert names(engine) == ["urgent first", "urgent second", "first", "second"]


def test_work_that_nobody_waits_for_any_more_is_not_begun(writer: Writer, engine: Engine) -> None:
    gate = Gate(writer)
    assert writer.submit(partial(put, name="given up"), urgent=False).cancel()
    gate.open()
    assert writer.submit(partial(put, name="next"), urgent=False).result(10) == "next"
    assert names(engine) == ["next"]


def test_a_full_disk_loses_nothing_that_was_promised(writer: Writer, engine: Engine) -> None:
    def little_room(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 40")

    writer.submit(little_room, urgent=False).result(10)
    gate = Gate(writer)
    pieces = [writer.submit(partial(put, name=f"{n}{'x' * 9000}"), urgent=False) for n in range(40)]
    gate.open()
    promised = [piece.result(10) for piece in pieces if piece.exception(10) is None]
    assert 0 < len(promised) < 40
    assert names(engine) == promised


def test_closing_does_what_waits_and_takes_no_more(engine: Engine) -> None:
    writer = Writer(engine)
    gate = Gate(writer)
    waiting: Future[str] = writer.submit(partial(put, name="waiting"), urgent=False)
    closing = threading.Thread(target=writer.close)
    closing.start()
    gate.open()
    closing.join(10)
    assert waiting.result(0) == "waiting"
    with pytest.raises(RuntimeError, match="closed"):
        writer.submit(partial(put, name="late"), urgent=False)
