"""Versions of the settings: consecutive, none lost, and two people can't overwrite each other."""

import asyncio
from functools import partial
from typing import Any

import pytest

from store import settings
from store.engine import Connection, Database
from store.model import Json, utcnow
from store.settings import SettingsConflict
from tests.store.examples import overlapping

STARTER = {"fields": [{"id": "product", "label": "Größe"}], "ask": True, "quiet": 3.5, "nothing": None, "many": []}


def save(database: Database, document: Json = STARTER, **changes: Any) -> int:
    return database.write_now(partial(saving, document=document, **changes))


def saving(connection: Connection, document: Json = STARTER, *, author: str = "anna", based_on: int = 0) -> int:
    return settings.save(connection, document, author=author, comment="why", based_on=based_on)


def history(database: Database) -> list[settings.SettingsVersion]:
    return database.read_now(settings.history)


def test_there_is_no_version_before_the_first(database: Database) -> None:
    assert database.read_now(settings.current_number) == 0
    assert database.read_now(partial(settings.get, version=1)) is None
    assert history(database) == []


def test_a_version_comes_back_as_it_was_saved(database: Database) -> None:
    before = utcnow()
    assert save(database) == 1

    kept = database.read_now(partial(settings.get, version=1))
    assert kept is not None
    assert (kept.version, kept.document, kept.author, kept.comment) == (1, STARTER, "anna", "why")
    assert before <= kept.created_at <= utcnow()


def test_versions_are_consecutive_and_all_kept_newest_first(database: Database) -> None:
    for number in range(3):
        assert save(database, {"number": number}, based_on=number) == number + 1

    assert database.read_now(settings.current_number) == 3
    assert [each.version for each in history(database)] == [3, 2, 1]
    assert [each.version for each in database.read_now(partial(settings.history, before=3, limit=1))] == [2]
    documents = [database.read_now(partial(settings.get, version=number)) for number in (1, 2, 3)]
    assert [each and each.document for each in documents] == [{"number": 0}, {"number": 1}, {"number": 2}]


@pytest.mark.parametrize("based_on", [0, 1, 3, -1])
def test_a_version_based_on_any_but_the_latest_is_a_conflict_and_changes_nothing(
    database: Database, based_on: int
) -> None:
    save(database)
    save(database, {"second": True}, based_on=1)
    before = history(database)

    with pytest.raises(SettingsConflict):
        save(database, {"third": True}, based_on=based_on)

    assert history(database) == before


async def test_of_two_who_save_at_once_one_is_told_of_the_conflict(database: Database) -> None:
    save(database)
    anna, ben = (partial(saving, document={"by": name}, author=name, based_on=1) for name in ("anna", "ben"))

    first, second = await overlapping(database, anna, ben)

    assert first == 2
    assert isinstance(second, SettingsConflict)
    assert [(each.version, each.author) for each in history(database)] == [(2, "anna"), (1, "anna")]


async def test_of_many_who_save_at_once_one_succeeds(database: Database) -> None:
    outcomes = await asyncio.gather(*(database.write(saving) for _ in range(8)), return_exceptions=True)

    assert [each for each in outcomes if not isinstance(each, SettingsConflict)] == [1]
    assert len(history(database)) == 1


def test_a_number_that_no_version_can_have_is_none(database: Database) -> None:
    save(database)
    assert database.read_now(partial(settings.get, version=10**18)) is None
    [page] = database.read_now(partial(settings.history, before=2**63 - 1, limit=9))
    assert page.version == 1
    assert database.read_now(partial(settings.history, before=1, limit=9)) == []
