"""Retention by age: what was closed long ago goes, whole; what is open or recent stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from store import cases, work
from store.engine import Connection, Database
from store.model import CaseNumber, CaseStatus, utcnow
from store.people.erasing import ERASED, Counts, Kind
from store.people.expiring import Place, forget_some
from store.schema import audit, contacts, conversations, inbox, mails
from store.schema import cases as case_rows
from tests.store.examples import BY_ANNA, count
from tests.store.people.scene import WORD, Scene, chat, holding, set_up

LONG_AGO = timedelta(days=400)
BEFORE = utcnow() - timedelta(days=365)
_EVERY = (
    (conversations, conversations.c.last_message_at),
    (conversations, conversations.c.created_at),
    (case_rows, case_rows.c.updated_at),
    (contacts, contacts.c.created_at),
    (mails, mails.c.received_at),
)


def age(connection: Connection) -> None:
    """Everything so far is long ago, handled, and resolved."""
    for table, column in _EVERY:
        connection.execute(update(table).values({column.name: utcnow() - LONG_AGO}))
    connection.execute(update(case_rows).values(status=CaseStatus.RESOLVED))
    connection.execute(inbox.delete().where(inbox.c.status != "dead"))  # as the hourly sweep has done
    connection.execute(update(conversations).values(ready_at=None))
    connection.execute(update(mails).values(state="ignored").where(mails.c.state == "review"))


@pytest.fixture
def scene(database: Database) -> Scene:
    scene = set_up(database)
    database.write_now(age)
    return scene


def forgotten(database: Database, *, dry_run: bool = False, most: int = 100) -> Counts:
    counts: Counts = Counter()
    place: Place | None = Place()
    while place is not None:
        some, place = database.write_now(partial(forget_some, before=BEFORE, place=place, most=most, dry_run=dry_run))
        counts += some
    return counts


@pytest.mark.parametrize("status", [CaseStatus.RESOLVED, CaseStatus.CANCELLED, CaseStatus.MERGED])
def test_what_was_closed_long_ago_goes_with_everybodys_words(
    database: Database, scene: Scene, status: CaseStatus
) -> None:
    database.write_now(lambda connection: connection.execute(update(case_rows).values(status=status)))
    forgotten(database)
    left = holding(database, WORD) | holding(database, "bobword") | holding(database, "customer.example")
    # Each has a memory of its own, of a day or two.
    assert {each.partition(".")[0] for each in left} == {"api_answers", "mail_sent"}
    case = database.read_now(partial(cases.get, number=scene.case))
    assert (case.title, case.values, case.status) == (ERASED, {}, status)


@pytest.mark.usefixtures("scene")
def test_a_dry_run_tells_exactly_what_a_run_does_a_few_at_a_time(database: Database) -> None:
    entries = count(database, audit)
    told = forgotten(database, dry_run=True, most=1)
    assert holding(database, WORD)
    assert count(database, audit) == entries

    assert forgotten(database, most=1) == told
    assert told[Kind.CONVERSATIONS] == 3
    assert told[Kind.CASES] == 2
    assert told[Kind.CONTACTS] == 3


@pytest.mark.usefixtures("scene")
def test_a_second_run_finds_nothing(database: Database) -> None:
    forgotten(database)
    assert +forgotten(database) == Counter()


def reopen(connection: Connection, scene: Scene) -> None:
    connection.execute(update(case_rows).where(case_rows.c.number == scene.case).values(status=CaseStatus.NEW))


def change(connection: Connection, scene: Scene) -> None:
    cases.add_note(connection, BY_ANNA, cases.get(connection, scene.case), "Still looking")


def write_on(connection: Connection, scene: Scene) -> None:  # noqa: ARG001 -- as the others
    work.accept(connection, chat("I am back", 99))


@pytest.mark.parametrize("keep", [reopen, change, write_on])
def test_what_is_open_changed_or_written_in_again_stays(
    database: Database, scene: Scene, keep: Callable[[Connection, Scene], None]
) -> None:
    database.write_now(lambda connection: keep(connection, scene))

    counts = forgotten(database)

    assert counts[Kind.CONVERSATIONS] == 2
    assert counts[Kind.CASES] == 1
    assert database.read_now(partial(cases.get, number=scene.case)).values
    kept = select(contacts.c.erased_at).where(contacts.c.id == scene.ann)
    assert database.read_now(lambda connection: connection.execute(kept).scalar_one()) is None


def test_the_number_of_a_forgotten_case_stays_and_says_so_in_its_history(database: Database, scene: Scene) -> None:
    forgotten(database)
    number: CaseNumber = scene.case
    last = select(audit.c.what, audit.c.actor_name).where(audit.c.case_number == number).order_by(audit.c.id.desc())
    assert tuple(database.read_now(lambda connection: connection.execute(last.limit(1)).one())) == (
        "erased",
        "Retention",
    )
