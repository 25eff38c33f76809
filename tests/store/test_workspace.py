"""The workspace's lists: what is asked for and nothing else, page by page."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from store import cases
from store.engine import Connection, Database
from store.model import CaseStatus, ConversationId, Role
from store.workspace import Assigned, CasesWanted, ConversationsWanted, cases_page, conversations_page
from tests.store.examples import ANNA, BY_ANNA, changed, conversation, field, open_case, opened, say, wrote

ME = Assigned(to=frozenset({ANNA.id, "account 7"}))


def listed(database: Database, **wanted: Any) -> list[int]:
    return [each.number for each in database.read_now(partial(cases_page, wanted=CasesWanted(**wanted)))]


def inbox(database: Database, **wanted: Any) -> list[int]:
    page = partial(conversations_page, wanted=ConversationsWanted(**wanted))
    return [each.id for each in database.read_now(page)]


def talk(connection: Connection, key: str, said: str = "Hello") -> ConversationId:
    place = conversation(connection, key)
    say(connection, place, wrote(said, conversation_key=key))
    return place


def test_cases_are_listed_by_status_and_by_whose_they_are(database: Database) -> None:
    new, mine, done = (opened(database, key=key).number for key in ("1", "2", "3"))
    changed(database, cases.set_owner, mine, ANNA)
    changed(database, cases.set_status, done, CaseStatus.RESOLVED)
    assert listed(database) == [done, mine, new]
    assert listed(database, statuses=(CaseStatus.RESOLVED,)) == [done]
    assert listed(database, assigned=ME) == [mine]
    assert listed(database, assigned=Assigned()) == [done, new]
    assert listed(database, channel="webchat") == [done, mine, new]
    assert listed(database, channel="slack") == []


def test_a_case_with_an_open_suggestion_waits_for_a_decision(database: Database) -> None:
    opened(database, key="1")
    case = opened(database, key="2")
    changed(database, cases.suggest, case.number, [field("product", "Aria", confidence=0.5)])
    assert listed(database, undecided=True) == [case.number]
    [row] = database.read_now(partial(cases_page, wanted=CasesWanted(undecided=True)))
    assert row.suggestions == 1


def test_a_row_says_whose_case_it_is_and_where_it_came_from(database: Database) -> None:
    def work(connection: Connection) -> None:
        open_case(connection, conversation_id=talk(connection, "1"))

    database.write_now(work)
    [row] = database.read_now(partial(cases_page, wanted=CasesWanted()))
    assert (row.customer, row.channel, row.owner) == ("Ada", "webchat", None)


def test_pages_hold_every_case_once_though_one_comes_in_between(database: Database) -> None:
    numbers = [opened(database, key=str(key)).number for key in range(5)]
    first = listed(database, limit=2)
    opened(database, key="meanwhile")
    second = listed(database, limit=2, before=first[-1])
    third = listed(database, limit=2, before=second[-1])
    assert [*first, *second, *third] == numbers[::-1]


def test_the_inbox_begins_where_somebody_wrote_last_and_goes_on_where_a_page_ended(database: Database) -> None:
    one, two, three = (database.write_now(partial(talk, key=key)) for key in ("1", "2", "3"))
    database.write_now(lambda connection: say(connection, one, wrote("And another", conversation_key="1")))
    assert inbox(database) == [one, three, two]
    first = database.read_now(partial(conversations_page, wanted=ConversationsWanted(limit=2)))
    assert first[0].latest == "And another"
    assert first[0].latest_role is Role.CUSTOMER
    assert inbox(database, before=first[-1].place) == [two]
    assert inbox(database, before=replace(first[-1].place, id=first[-1].id + 1)) == [three, two]


@pytest.mark.parametrize("with_case", [True, False])
def test_the_inbox_tells_conversations_with_a_case_from_those_without(database: Database, with_case: bool) -> None:  # noqa: FBT001
    def work(connection: Connection) -> dict[bool, int]:
        free, taken = talk(connection, "1"), talk(connection, "2")
        number = open_case(connection, conversation_id=taken)
        cases.set_owner(connection, BY_ANNA, cases.get(connection, number), ANNA)
        return {True: taken, False: free}

    places = database.write_now(work)
    assert inbox(database, with_case=with_case) == [places[with_case]]
    assert inbox(database, assigned=ME) == [places[True]]
    assert inbox(database, assigned=Assigned()) == []
    assert inbox(database, statuses=(CaseStatus.RESOLVED,)) == []
