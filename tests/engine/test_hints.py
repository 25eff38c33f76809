"""Hints across processes: cheap, lossy, and back by themselves after the database was away."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import column, func, select, text

from store.engine import Database
from store.hints import Hints
from tests.engine.scratch import until

LISTENERS = text("pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")


@contextmanager
def hinted(url: str, heard: list[str]) -> Generator[Hints]:
    database = Database(url)
    hints = Hints(database, lambda: heard.append("work"))
    hints.start()
    try:
        yield hints
    finally:
        hints.stop()
        database.close()


async def test_a_hint_is_heard_in_the_other_process(postgres_url: str) -> None:
    heard: list[str] = []
    with hinted(postgres_url, heard), hinted(postgres_url, []) as teller:
        await until(lambda: told(teller, heard))


def told(teller: Hints, heard: list[str]) -> bool:
    teller.tell()
    return bool(heard)


async def test_hints_come_back_after_the_connections_were_lost(postgres_url: str) -> None:
    heard: list[str] = []
    administrator = Database(postgres_url)
    with hinted(postgres_url, heard), hinted(postgres_url, []) as teller:
        await until(lambda: told(teller, heard))
        ended = administrator.read_now(
            lambda connection: connection.execute(
                select(func.pg_terminate_backend(column("pid"))).select_from(LISTENERS)
            ).all()
        )
        assert ended
        heard.clear()
        await until(lambda: told(teller, heard))
    administrator.close()


async def test_a_burst_of_hints_is_few_notifications(postgres_url: str) -> None:
    heard: list[str] = []
    with hinted(postgres_url, heard) as hints:
        await until(lambda: told(hints, heard))
        heard.clear()
        for _ in range(1000):
            hints.tell()
        await until(lambda: bool(heard))
        assert len(heard) < 100


def test_sqlite_needs_none(sqlite_url: str) -> None:
    with hinted(sqlite_url, []) as hints:
        hints.tell()
