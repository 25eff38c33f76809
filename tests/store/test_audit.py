"""The audit: one entry for each change, and the database itself lets nobody rewrite it."""

from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from store import audit, cases
from store.audit import Entry, Origin
from store.cases import decide_suggestion
from store.engine import Connection, Database
from store.model import CaseNumber, CaseStatus, Change, FieldId
from store.schema import audit as audit_rows
from tests.store.examples import (
    AGENT,
    ANNA,
    BY_AGENT,
    BY_ANNA,
    NOON,
    QUOTE,
    changed,
    conversation,
    field,
    opened,
    shown,
)

ERASURE = 'UPDATE audit SET old = NULL, "new" = NULL, evidence = NULL'
FORGED = {"at": "'2020-01-01 00:00:00'", "old": "'[]'", "new": "'[]'", "evidence": "'[]'"}


def trail(database: Database, number: CaseNumber) -> list[Entry]:
    return database.read_now(lambda connection: audit.of_case(connection, number))


def last(database: Database, number: CaseNumber, entries: int) -> list[Change]:
    return [each.change for each in trail(database, number)[-entries:]]


def execute(database: Database, statement: str, **values: Any) -> None:
    database.write_now(lambda connection: connection.execute(text(statement), values))


# --- nobody rewrites it -----------------------------------------------------------------------------


def test_an_entry_comes_back_as_it_was_recorded(database: Database) -> None:
    number = opened(database).number
    change = Change(
        what="refused",
        field=FieldId("product"),
        old=["Aria 2000"],
        new=False,
        confidence=0.25,
        evidence=(QUOTE,),
        rule="Product defect",
        reason="The words aren't there.",
    )

    def record(connection: Connection) -> Origin:
        origin = Origin(
            actor=AGENT, conversation_id=conversation(connection, "other"), settings_version=7, predictor="p 2"
        )
        audit.record(connection, number, origin, [change])
        return origin

    origin = database.write_now(record)

    entry = trail(database, number)[-1]
    assert (entry.change, entry.origin, entry.case_number) == (change, origin, number)
    assert entry.at > NOON


@pytest.mark.parametrize("column", [column.name for column in audit_rows.columns])
def test_no_column_of_an_entry_can_be_rewritten(database: Database, column: str) -> None:
    number = opened(database, field("product", "Aria 3000", confidence=0.9, evidence=(QUOTE,), rule="Defect")).number
    before = trail(database, number)
    forge = update(audit_rows).values({column: text(FORGED.get(column, "17"))})

    with pytest.raises(DBAPIError, match="append-only"):
        database.write_now(lambda connection: connection.execute(forge))

    assert trail(database, number) == before


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "DELETE FROM audit WHERE id = 1"])
def test_no_entry_can_be_removed(database: Database, statement: str) -> None:
    number = opened(database).number
    before = trail(database, number)

    with pytest.raises(DBAPIError, match="append-only"):
        execute(database, statement)

    assert trail(database, number) == before


def test_postgresql_cannot_truncate_it_either(postgres_url: str) -> None:
    database = Database(postgres_url)
    number = opened(database).number
    before = trail(database, number)

    with pytest.raises(DBAPIError, match="append-only"):
        execute(database, "TRUNCATE audit")

    assert trail(database, number) == before
    database.close()


def test_sqlite_cannot_replace_an_entry_either(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    number = opened(database).number
    before = trail(database, number)

    with pytest.raises(DBAPIError, match="append-only"):
        execute(
            database,
            "INSERT OR REPLACE INTO audit (id, at, case_number, actor_kind, actor_id, actor_name, what)"
            " SELECT id, at, case_number, actor_kind, actor_id, 'forged', what FROM audit",
        )

    assert trail(database, number) == before
    database.close()


def test_erasure_takes_the_words_and_leaves_the_fact(database: Database) -> None:
    number = opened(database, field("product", "Aria 3000", confidence=0.9, evidence=(QUOTE,))).number
    before = trail(database, number)

    execute(database, ERASURE)

    after = trail(database, number)
    assert [(each.id, each.at, each.change.what, each.change.field, each.origin) for each in after] == [
        (each.id, each.at, each.change.what, each.change.field, each.origin) for each in before
    ]
    assert {(each.change.old, each.change.new, each.change.evidence) for each in after} == {(None, None, ())}


@pytest.mark.parametrize("column", ["actor_name", "what", "reason"])
def test_erasure_hides_no_other_change(database: Database, column: str) -> None:
    opened(database)

    with pytest.raises(DBAPIError, match="append-only"):
        execute(database, f"{ERASURE}, {column} = 'forged'")


def test_a_change_that_is_rolled_back_leaves_no_entry(database: Database) -> None:
    number = opened(database).number
    before = trail(database, number)

    def fail(connection: Connection) -> None:
        cases.add_note(connection, BY_ANNA, cases.get(connection, number), "never said")
        raise LookupError

    with pytest.raises(LookupError):
        database.write_now(fail)

    assert trail(database, number) == before


# --- what each change leaves ------------------------------------------------------------------------


def test_opening_a_case_leaves_what_it_was_opened_with(database: Database) -> None:
    product = field("product", "Aria 3000", confidence=0.9, evidence=(QUOTE,), rule="Product defect")
    case = opened(database, product, field("urgent", False), title="Kettle leaks")  # noqa: FBT003 - a value

    assert [each.change for each in trail(database, case.number)] == [
        Change(what="created", new="Kettle leaks"),
        Change(what="linked", new=int(case.conversations[0])),
        Change(
            what="field",
            field=FieldId("product"),
            new="Aria 3000",
            confidence=0.9,
            evidence=(QUOTE,),
            rule="Product defect",
        ),
        Change(what="field", field=FieldId("urgent"), new=False),
    ]
    assert {each.origin for each in trail(database, case.number)} == {BY_AGENT}


def test_a_written_field_leaves_the_old_value_and_the_new(database: Database) -> None:
    case = opened(database, field("product", "Aria 2000", confidence=0.9, evidence=(QUOTE,)))

    changed(database, cases.write, case.number, [field("product", "Aria 3000"), field("serial_number", "SN-1")])

    assert last(database, case.number, 2) == [
        Change(what="field", field=FieldId("product"), old="Aria 2000", new="Aria 3000"),
        Change(what="field", field=FieldId("serial_number"), new="SN-1"),
    ]
    assert [each.origin.actor for each in trail(database, case.number)][-2:] == [ANNA, ANNA]
    assert len(trail(database, case.number)) == 3 + 2


def test_a_cleared_field_leaves_the_old_value(database: Database) -> None:
    case = opened(database, field("product", "Aria 2000"))

    changed(database, cases.write, case.number, [field("product", None)])

    assert last(database, case.number, 1) == [Change(what="field", field=FieldId("product"), old="Aria 2000")]


def test_status_owner_and_note_leave_one_entry_each(database: Database) -> None:
    number = opened(database).number
    before = len(trail(database, number))

    changed(database, cases.set_owner, number, ANNA)
    changed(database, cases.set_status, number, CaseStatus.RESOLVED, resolution="A new seal")
    changed(database, cases.add_note, number, "Called them.")

    assert last(database, number, len(trail(database, number)) - before) == [
        Change(what="owner", new="Anna Berg"),
        Change(what="status", old="new", new="resolved", reason="A new seal"),
        Change(what="note", new="Called them."),
    ]


def test_an_event_that_could_not_be_handled_leaves_an_entry(database: Database) -> None:
    number = opened(database).number

    database.write_now(lambda connection: cases.add_failure(connection, BY_AGENT, number, "reference 4f2a"))

    assert last(database, number, 1) == [Change(what="failed", reason="reference 4f2a")]
    assert len(trail(database, number)) == 2 + 1


def test_a_suggestion_leaves_an_entry_when_it_is_made_and_when_it_is_rejected(database: Database) -> None:
    number = opened(database, field("product", "Aria 2000")).number
    wanted = field("product", "Aria 3000", confidence=0.8, evidence=(QUOTE,), rule="Product defect")
    case = changed(database, cases.suggest, number, [wanted], origin=BY_AGENT)

    changed(database, decide_suggestion, number, case.suggestions[0].id, accept=False)

    product = FieldId("product")
    assert last(database, number, 2) == [
        Change(
            what="suggested",
            field=product,
            old="Aria 2000",
            new="Aria 3000",
            confidence=0.8,
            evidence=(QUOTE,),
            rule="Product defect",
        ),
        Change(what="rejected", field=product, new="Aria 3000", confidence=0.8, evidence=(QUOTE,)),
    ]
    assert [each.origin for each in trail(database, number)][-2:] == [BY_AGENT, BY_ANNA]
    assert len(trail(database, number)) == 3 + 2


def test_an_accepted_suggestion_leaves_the_persons_write(database: Database) -> None:
    number = opened(database, field("product", "Aria 2000")).number
    wanted = field("product", "Aria 3000", confidence=0.8, evidence=(QUOTE,))
    case = changed(database, cases.suggest, number, [wanted], origin=BY_AGENT)

    changed(database, decide_suggestion, number, case.suggestions[0].id, accept=True)

    entry = trail(database, number)[-1]
    assert entry.origin == BY_ANNA
    assert entry.change == Change(
        what="field", field=FieldId("product"), old="Aria 2000", new="Aria 3000", confidence=0.8, evidence=(QUOTE,)
    )
    assert len(trail(database, number)) == 3 + 2


def test_a_link_to_another_conversation_leaves_an_entry(database: Database) -> None:
    number = opened(database).number

    def link(connection: Connection) -> int:
        other = conversation(connection, "other")
        cases.link(connection, BY_ANNA, number, other)
        return other

    other = database.write_now(link)

    assert last(database, number, 1) == [Change(what="linked", new=other)]
    assert len(trail(database, number)) == 2 + 1
    assert len(shown(database, number).conversations) == 2
