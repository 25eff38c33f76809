"""Examples: what people's decisions teach, kept with the case's own change."""

from __future__ import annotations

from functools import partial

import pytest

from store import cases, examples
from store.engine import Connection, Database
from store.examples import BETWEEN, KEPT, Example, ExampleFilter, Latest
from store.model import Author, Case, FieldId, Role
from store.schema import cases as case_rows
from store.schema import examples as example_rows
from tests.store.examples import BY_AGENT, NOON, changed, contact, conversation, field, open_case, say, wrote

PRIORITY = FieldId("priority")
ANNA_WRITES = wrote("I look into it", author=Author(id="anna"))
EVERY = ExampleFilter()


def a_case(database: Database, key: str = "thread", said: str = "My kettle leaks badly", author: str = "ada") -> Case:
    """A customer wrote, the agent set a priority of Low."""

    def work(connection: Connection) -> Case:
        talk = conversation(connection, key)
        who = Author(id=author, name=author)
        say(connection, talk, wrote(said, conversation_key=key, author=who))
        say(connection, talk, ANNA_WRITES, Role.REPRESENTATIVE)
        number = open_case(connection, field("priority", "Low", confidence=0.8), conversation_id=talk)
        return cases.get(connection, number)

    return database.write_now(work)


def learnt(database: Database, wanted: ExampleFilter = EVERY) -> list[Example]:
    return database.read_now(partial(examples.listed, wanted=wanted, limit=100))


def lessons(database: Database) -> list[tuple[object, object]]:
    return [(each.value, each.wrong) for each in learnt(database)]


def test_a_persons_change_is_kept_with_the_customers_words_and_what_it_replaced(database: Database) -> None:
    case = a_case(database)
    changed(database, cases.write, case.number, [field("priority", "High")])

    (example,) = learnt(database)
    assert (example.case_number, example.field) == (case.number, PRIORITY)
    assert (example.value, example.wrong) == ("High", "Low")
    assert example.words == "My kettle leaks badly"
    assert example.contact_id == database.write_now(contact)


def test_what_the_agent_writes_teaches_nothing(database: Database) -> None:
    changed(database, cases.write, a_case(database).number, [field("priority", "High")], origin=BY_AGENT)
    assert learnt(database) == []


def test_a_value_that_a_person_confirms_or_empties_teaches_too(database: Database) -> None:
    number = a_case(database).number
    changed(database, cases.write, number, [field("priority", "Low")])
    assert lessons(database) == [("Low", None)]

    emptied = a_case(database, "other").number
    changed(database, cases.write, emptied, [field("priority", None)])
    assert lessons(database)[0] == (None, "Low")


def test_the_latest_decision_of_a_case_on_a_field_is_the_one_that_counts(database: Database) -> None:
    number = a_case(database).number
    changed(database, cases.write, number, [field("priority", "High")])
    changed(database, cases.write, number, [field("priority", "Critical")])
    assert [each.value for each in learnt(database)] == ["Critical"]


@pytest.mark.parametrize(("accept", "lesson"), [(True, ("Critical", None)), (False, ("High", "Critical"))])
def test_accepting_a_suggestion_teaches_what_is_right_rejecting_it_what_is_wrong(
    database: Database, *, accept: bool, lesson: tuple[str, str | None]
) -> None:
    number = a_case(database).number
    changed(database, cases.write, number, [field("priority", "High")])
    offered = changed(database, cases.suggest, number, [field("priority", "Critical")], origin=BY_AGENT)
    changed(database, cases.decide_suggestion, number, offered.suggestions[0].id, accept=accept)
    assert lessons(database) == [lesson]


def latest(database: Database) -> Latest | None:
    return database.read_now(partial(examples.latest, gist_by="ours"))


def gists(database: Database, by: str) -> list[bytes | None]:
    return [each.gist for each in database.read_now(partial(examples.known, gist_by=by, limit=9))]


def keep(database: Database, gist: bytes, by: str, *about: Example) -> None:
    database.write_now(partial(examples.keep_gists, made=[(each, gist) for each in about], gist_by=by))


def test_what_is_undone_with_its_transaction_teaches_nothing(database: Database) -> None:
    case = a_case(database)

    def fail(connection: Connection, *arguments: object) -> None:
        cases.write(connection, *arguments)  # pyright: ignore[reportArgumentType]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        changed(database, fail, case.number, [field("priority", "High")])
    assert learnt(database) == []


def test_a_field_keeps_its_newest_examples_alone(database: Database) -> None:
    number = a_case(database).number
    database.write_now(partial(_fill, most=KEPT))
    changed(database, cases.write, number, [field("priority", "High")])

    kept = database.read_now(partial(examples.listed, wanted=EVERY, limit=KEPT + 9))
    assert len(kept) == KEPT
    assert kept[0].case_number == number


def _fill(connection: Connection, *, most: int) -> None:
    """As many cases, each with an example of the field."""
    about = {"title": "Kettle", "status": "new", "created_at": NOON, "updated_at": NOON, "revision": 0}
    first = connection.execute(case_rows.insert().values(about).returning(case_rows.c.number)).scalar_one()
    numbers = range(first, first + most)
    connection.execute(case_rows.insert(), [{"number": each, **about} for each in numbers[1:]])
    taught = {"field": PRIORITY, "words": "leaks", "value": "Low", "learnt_at": NOON}
    connection.execute(example_rows.insert(), [{"case_number": each, **taught} for each in numbers])


def test_a_gist_is_for_the_network_that_made_it_and_another_makes_its_own(database: Database) -> None:
    changed(database, cases.write, a_case(database).number, [field("priority", "High"), field("product", "Kettle")])
    waiting = database.read_now(partial(examples.without_gist, gist_by="ours", limit=1))
    assert [each.field for each in waiting] == ["product"]  # the newest
    before = latest(database)

    keep(database, b"gist", "ours", *waiting)

    assert gists(database, "ours") == [b"gist", None]
    assert gists(database, "another") == [None, None]
    assert latest(database) != before
    assert len(database.read_now(partial(examples.without_gist, gist_by="another", limit=9))) == 2


def test_the_gist_of_what_was_replaced_meanwhile_is_not_kept(database: Database) -> None:
    case = a_case(database)
    changed(database, cases.write, case.number, [field("priority", "High")])
    (before,) = learnt(database)
    more = wrote("It is the lid that leaks", conversation_key="thread", author=Author(id="ada", name="ada"))
    database.write_now(lambda connection: say(connection, case.conversations[0], more))
    changed(database, cases.write, case.number, [field("priority", "Critical")])

    keep(database, b"gist", "ours", before)

    assert gists(database, "ours") == [None]
    (after,) = learnt(database)
    assert after.words == BETWEEN.join(("My kettle leaks badly", "It is the lid that leaks"))


def test_erasing_takes_those_that_are_meant_and_no_others(database: Database) -> None:
    mine, other = a_case(database), a_case(database, "other", author="bob")
    for case in (mine, other):
        changed(database, cases.write, case.number, [field("priority", "High"), field("product", "Kettle")])

    erased = ExampleFilter(contact_id=learnt(database)[-1].contact_id, field=PRIORITY)
    assert database.write_now(partial(examples.erase, wanted=erased)) == 1
    assert {(each.case_number, each.field) for each in learnt(database)} == {
        (mine.number, "product"),
        (other.number, "priority"),
        (other.number, "product"),
    }


def test_every_change_of_what_is_kept_shows(database: Database) -> None:
    seen = [latest(database)]
    number = a_case(database).number
    for value in ("High", "Critical"):
        changed(database, cases.write, number, [field("priority", value)])
        seen.append(latest(database))
    changed(database, cases.write, a_case(database, "other").number, [field("priority", "High")])
    seen.append(latest(database))
    database.write_now(partial(examples.erase, wanted=ExampleFilter(case_number=number)))
    seen.append(latest(database))
    assert seen[0] is None
    assert len(set(seen)) == len(seen)


def test_a_lesson_that_is_committed_late_shows_though_another_is_newer(database: Database) -> None:
    database.write_now(partial(_fill, most=3))
    before = latest(database)

    def replace_first(connection: Connection) -> None:
        """As on PostgreSQL, where a transaction that began earlier has the lower id and may end later."""
        first = connection.execute(example_rows.select().order_by(example_rows.c.id).limit(1)).one()
        connection.execute(example_rows.delete().where(example_rows.c.id == first.id))
        late = {"id": first.id - 10, "case_number": first.case_number, "field": PRIORITY, "words": "leaks"}
        connection.execute(example_rows.insert(), {**late, "value": "High", "learnt_at": NOON})

    database.write_now(replace_first)
    assert latest(database) != before
