"""The settings in force: the newest version, or the last one that this Casewright can read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from agent.document import starter
from bot.forgetting import days_kept
from bot.settings import CurrentSettings, Unreadable, readable
from store import settings as versions
from store.engine import Database
from store.migrations import upgrade
from store.model import Json


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    upgrade(opened)
    yield opened
    opened.close()


def save(database: Database, document: Json, based_on: int) -> None:
    database.write_now(partial(versions.save, document=document, author="x", comment="", based_on=based_on))


def test_a_process_that_starts_among_versions_it_cannot_read_goes_by_the_last_it_can(database: Database) -> None:
    save(database, starter().model_dump(mode="json"), 0)
    for number in (1, 2):
        save(database, {"fields": "from the future"}, number)
    current = CurrentSettings()
    found = database.read_now(current)
    assert (found.version, found.newest) == (1, 3)
    assert database.read_now(current) is found


def test_where_no_version_can_be_read_it_says_so(database: Database) -> None:
    save(database, {"fields": "from the future"}, 0)
    with pytest.raises(Unreadable, match="Version 1 of the settings does not fit"):
        database.read_now(partial(readable, number=1))
    with pytest.raises(LookupError, match="no settings version 9"):
        database.read_now(partial(readable, number=9))


def test_nothing_is_forgotten_by_settings_that_are_not_the_newest(database: Database) -> None:
    save(database, {**starter().model_dump(mode="json"), "forget_after_days": 30}, 0)
    assert database.read_now(days_kept) == 30
    save(database, {"fields": "from the future"}, 1)
    assert database.read_now(days_kept) is None
