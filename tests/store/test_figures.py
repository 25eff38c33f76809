"""The agent's figures: each of its acts, and each of people's words on it, counted once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from store import cases, evaluations, figures
from store.engine import Connection, Database
from store.evaluations import Evaluation
from store.figures import Tally, What
from store.model import utcnow
from store.schema import audit
from store.schema import evaluations as looks
from tests.store.examples import BY_AGENT, BY_ANNA, changed, field, opened, shown

TODAY = utcnow().date() - timedelta(days=1)  # whatever the hour


def grown_old(connection: Connection) -> None:
    """Old enough to be counted; on a real audit, nothing may change the time."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_update")
    else:
        connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER audit_update")
    past = utcnow() - timedelta(minutes=5)
    connection.execute(update(audit).values(at=past))
    connection.execute(update(looks).values(created_at=past))
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("ALTER TABLE audit ENABLE TRIGGER audit_update")


def counted(database: Database, *, most: int = 1000) -> dict[str, Tally]:
    """By field, after everything so far is counted."""
    database.write_now(grown_old)
    while database.write_now(partial(figures.count_some, most=most)):
        pass
    return figures.tallied(database.read_now(partial(figures.since, first=TODAY)), lambda each: each.field)


@pytest.fixture
def number(database: Database) -> int:
    """A case of the agent's own."""
    writes = [field("product", "Kettle", confidence=0.9), field("priority", "high", confidence=0.8)]
    return opened(database, *writes, origin=BY_AGENT).number


def test_what_the_agent_wrote_and_what_a_person_replaced_of_it_are_counted(database: Database, number: int) -> None:
    changed(database, cases.write, number, [field("product", "Toaster"), field("serial", "17")], origin=BY_ANNA)
    changed(database, cases.write, number, [field("product", "Iron")], origin=BY_ANNA)  # her own word, replaced

    tallies = counted(database)

    assert tallies[""][What.CREATED] == 1
    assert (tallies["product"][What.WRITTEN], tallies["product"][What.CORRECTED]) == (1, 1)
    assert (tallies["priority"][What.WRITTEN], tallies["priority"][What.CORRECTED]) == (1, 0)
    assert "serial" not in tallies
    assert (tallies["product"].match, tallies["priority"].match) == (0.0, 1.0)


@pytest.mark.parametrize(("accept", "what", "match"), [(True, What.ACCEPTED, 1.0), (False, What.REJECTED, 0.0)])
def test_a_suggestion_is_counted_with_what_a_person_made_of_it(
    database: Database,
    number: int,
    accept: bool,  # noqa: FBT001 -- pytest names it
    what: What,
    match: float,
) -> None:
    changed(database, cases.suggest, number, [field("serial", "EH24", confidence=0.7)], origin=BY_AGENT)
    (suggestion,) = shown(database, number).suggestions
    changed(database, cases.decide_suggestion, number, suggestion.id, accept=accept, origin=BY_ANNA)

    serial = counted(database)["serial"]

    assert (serial[What.SUGGESTED], serial[what], serial.match) == (1, 1, match)


def test_a_look_is_counted_with_the_fields_that_had_no_answer(database: Database, number: int) -> None:
    (conversation_id,) = shown(database, number).conversations
    detail: dict[str, Any] = {"missing": ["contact"], "refused": {"contact": {}, "product": {}}}
    look = Evaluation(
        conversation_id=conversation_id,
        case_number=None,
        trigger="message",
        outcome="not_created",
        why="",
        detail=detail,
        predictor="embedded",
        settings_version=1,
        milliseconds=1,
    )
    database.write_now(partial(evaluations.keep, evaluation=look))

    tallies = counted(database)

    assert tallies[""][What.LOOKED] == 1
    assert (tallies["contact"][What.ABSTAINED], tallies["product"][What.ABSTAINED]) == (1, 1)


def test_everything_is_counted_once_however_few_at_a_time(database: Database, number: int) -> None:
    changed(database, cases.write, number, [field("product", "Toaster")], origin=BY_ANNA)
    first = counted(database, most=1)
    assert first["product"][What.CORRECTED] == 1
    assert counted(database) == first


def test_the_newest_minute_waits_so_that_what_commits_late_is_not_passed_over(database: Database, number: int) -> None:
    assert number
    assert database.write_now(figures.count_some) is False
    assert database.read_now(partial(figures.since, first=TODAY)) == []
    assert counted(database)[""][What.CREATED] == 1
