"""The gists of examples are made in the background, a few at a time, and read with the examples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from agent.embedded.taught import gist_by
from bot.learnt import Gisting, Learnt
from bot.settings import InForce
from store import cases, examples, migrations
from store.engine import Database
from tests.bot.examples import SETTINGS
from tests.store.examples import changed, conversation, field, open_case, say, wrote


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    migrations.upgrade(database)
    yield database
    database.close()


def corrected(database: Database, key: str, said: str) -> None:
    """A person sets the priority of a case that the customer's words opened."""

    def opened(connection: examples.Connection) -> cases.Case:
        talk = conversation(connection, key)
        say(connection, talk, wrote(said, conversation_key=key))
        return cases.get(connection, open_case(connection, conversation_id=talk))

    changed(database, cases.write, database.write_now(opened).number, [field("priority", "High")])


async def test_each_example_gets_its_gist_once_and_those_in_force_have_it(database: Database) -> None:
    learnt = Learnt()
    held = partial(learnt, in_force=InForce(version=1, settings=SETTINGS))
    corrected(database, "one", "My kettle leaks")
    corrected(database, "two", "> what others wrote\n> and wrote")
    assert [each.gist for each in database.read_now(held)] == [None, None]

    gisting = Gisting(database)
    assert await gisting.some()
    assert not await gisting.some()

    nothing, gist = (each.gist for each in database.read_now(held))
    assert gist
    assert nothing == b""
    assert database.read_now(partial(examples.without_gist, gist_by=gist_by(), limit=9)) == []
