"""Cases: their numbers, their conversations, their values and who wrote them."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.exc import DBAPIError, IntegrityError

from store import cases, conversations
from store.cases import Stale, UnknownCase
from store.engine import Connection, Database, DatabaseUnavailable
from store.model import Case, CaseNumber, CaseStatus, Value, utcnow
from store.schema import case_conversations
from store.schema import cases as case_rows
from tests.store.examples import (
    AGENT,
    ANNA,
    BY_AGENT,
    BY_ANNA,
    NOON,
    QUOTE,
    changed,
    contact,
    conversation,
    field,
    open_case,
    opened,
    shown,
    values_of,
)

ODD_TEXTS = st.sampled_from(
    [
        "",
        "مرحبا بالعالم",
        "שלום",
        "a\u200bb\u200d\ufeff",
        "\u202egnp.exe",
        "🫖" * 3,
        'say "hi"\\n',
        "'; DROP TABLE cases; --",
        "null",
        "true",
    ]
)
TEXTS = ODD_TEXTS | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
# No field takes more than 15 digits, which SQLite's numbers hold exactly.
INTEGERS = st.integers(-(10**15), 10**15)
VALUES: st.SearchStrategy[Value] = TEXTS | st.booleans() | INTEGERS | st.lists(TEXTS, max_size=4)


# --- numbers ----------------------------------------------------------------------------------------


def test_the_first_case_is_1001_and_the_next_one_more(database: Database) -> None:
    assert [opened(database, key=str(n)).number for n in range(3)] == [1001, 1002, 1003]


def test_a_number_is_not_given_again_when_its_case_is_deleted(database: Database) -> None:
    bare = insert(case_rows).values(title="Bare", status="new", created_at=NOON, updated_at=NOON)

    def work(connection: Connection) -> CaseNumber:
        number = connection.execute(bare.returning(case_rows.c.number)).scalar_one()
        connection.execute(delete(case_rows).where(case_rows.c.number == number))
        return number

    number = database.write_now(work)

    assert opened(database).number == number + 1


def test_a_number_that_anybody_saw_is_not_given_again_after_a_rollback(database: Database) -> None:
    first = opened(database).number

    def fail(connection: Connection) -> None:
        open_case(connection, key="other")
        raise LookupError

    with pytest.raises(LookupError):
        database.write_now(fail)

    assert opened(database, key="third").number > first


def test_an_unknown_number_is_named(database: Database) -> None:
    with pytest.raises(UnknownCase, match="There is no case 4711") as caught:
        shown(database, 4711)
    assert caught.value.number == 4711


# --- opening ----------------------------------------------------------------------------------------


def test_a_case_comes_back_as_it_was_opened(database: Database) -> None:
    before = utcnow()

    def work(connection: Connection) -> tuple[Case, int, int]:
        thread, ada = conversation(connection), contact(connection)
        product = field("product", "Aria 3000", confidence=0.9, evidence=(QUOTE,))
        number = cases.create(
            connection, BY_AGENT, title="Kettle leaks", conversation_id=thread, contact_id=ada, writes=[product]
        )
        return cases.get(connection, number), thread, ada

    case, thread, ada = database.write_now(work)

    assert (case.title, case.status, case.owner, case.resolution) == ("Kettle leaks", CaseStatus.NEW, None, None)
    assert (case.contact_id, case.conversations, case.suggestions, case.revision) == (ada, (thread,), (), 0)
    assert case.created_at == case.updated_at
    assert before <= case.created_at <= utcnow()
    (product,) = case.values.values()
    assert (product.value, product.writer, product.confidence, product.evidence) == ("Aria 3000", AGENT, 0.9, (QUOTE,))
    assert case.created_at <= product.written_at <= utcnow()


def test_a_case_for_an_unknown_contact_or_conversation_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        opened(database, conversation_id=99)
    with pytest.raises(UnknownCase):
        shown(database, 1001)


# --- conversations ----------------------------------------------------------------------------------


def live_case(database: Database, conversation_id: int) -> CaseNumber | None:
    return database.read_now(lambda connection: conversations.get(connection, conversation_id).case_number)


def test_a_second_case_takes_over_the_conversation_and_the_first_stays_linked(database: Database) -> None:
    first = opened(database)
    (thread,) = first.conversations
    second = opened(database, conversation_id=thread)

    assert live_case(database, thread) == second.number
    assert shown(database, first.number).conversations == (thread,)
    assert second.conversations == (thread,)


def test_the_database_allows_one_live_case_in_a_conversation(database: Database) -> None:
    first = opened(database)
    second = opened(database, conversation_id=first.conversations[0])
    alive = case_conversations.update().where(case_conversations.c.case_number == first.number).values(live=True)

    with pytest.raises(IntegrityError):
        database.write_now(lambda connection: connection.execute(alive))

    assert live_case(database, first.conversations[0]) == second.number


def test_a_case_can_span_conversations_and_a_conversation_cases(database: Database) -> None:
    first = opened(database)
    second = opened(database, key="other")
    (thread,), (other,) = first.conversations, second.conversations

    database.write_now(lambda connection: cases.link(connection, BY_ANNA, first.number, other))

    assert shown(database, first.number).conversations == (thread, other)
    assert shown(database, second.number).conversations == (other,)
    assert (live_case(database, thread), live_case(database, other)) == (first.number, first.number)


def test_linking_again_makes_a_case_the_live_one_again(database: Database) -> None:
    first = opened(database)
    (thread,) = first.conversations
    opened(database, conversation_id=thread)

    database.write_now(lambda connection: cases.link(connection, BY_ANNA, first.number, thread))

    assert live_case(database, thread) == first.number
    assert shown(database, first.number).conversations == (thread,)


def test_a_resolved_case_stays_the_live_one(database: Database) -> None:
    case = opened(database)
    changed(database, cases.set_status, case.number, CaseStatus.RESOLVED, resolution="Done")

    assert live_case(database, case.conversations[0]) == case.number


# --- values -----------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(values=st.lists(VALUES, min_size=1, max_size=5), title=TEXTS)
def test_any_value_comes_back_as_it_was_written(database: Database, values: list[Value], title: str) -> None:
    writes = [field(str(number), value) for number, value in enumerate(values)]
    case = opened(database, *writes, title=title, key=uuid4().hex)

    back = [values_of(case)[str(number)] for number in range(len(values))]
    assert back == values
    assert [type(each) for each in back] == [type(each) for each in values]  # for True is 1
    assert case.title == title


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"], ids=["NUL", "half a surrogate pair"])
def test_what_no_database_keeps_is_refused_whole(postgres_url: str, text: str) -> None:
    """Channels take these characters out (see adapters); if one gets through it is an error, and no outage."""
    database = Database(postgres_url)

    with pytest.raises((DBAPIError, UnicodeError)) as caught:
        opened(database, field("product", text))

    assert not isinstance(caught.value, DatabaseUnavailable)
    with pytest.raises(UnknownCase):
        shown(database, 1001)
    database.close()


def test_the_last_writer_of_a_field_is_kept(database: Database) -> None:
    number = opened(database, field("product", "Aria 2000", confidence=0.9, evidence=(QUOTE,))).number

    by_hand = changed(database, cases.write, number, [field("product", "Aria 3000")]).values
    (product,) = by_hand.values()
    assert (product.value, product.writer, product.confidence, product.evidence) == ("Aria 3000", ANNA, None, ())

    (product,) = changed(
        database,
        cases.write,
        number,
        [field("product", "Aria 2000", confidence=0.7, evidence=(QUOTE,))],
        origin=BY_AGENT,
    ).values.values()
    assert (product.value, product.writer, product.confidence, product.evidence) == ("Aria 2000", AGENT, 0.7, (QUOTE,))


def test_a_write_leaves_the_other_fields_and_their_writers_alone(database: Database) -> None:
    case = opened(database, field("product", "Aria 2000"), field("priority", "High"))
    after = changed(database, cases.write, case.number, [field("product", "Aria 3000")])

    assert after.values[field("priority", None).field] == case.values[field("priority", None).field]
    assert values_of(after) == {"product": "Aria 3000", "priority": "High"}


def test_a_write_leaves_other_cases_alone(database: Database) -> None:
    first = opened(database, field("product", "Aria 2000"))
    second = opened(database, field("priority", "Low"), key="other")

    changed(database, cases.write, second.number, [field("product", "Aria 3000")])

    assert shown(database, first.number) == first
    assert values_of(shown(database, second.number)) == {"priority": "Low", "product": "Aria 3000"}


def cleared(database: Database, number: CaseNumber) -> set[str]:
    return {str(each) for each in database.read_now(lambda connection: cases.cleared_by_people(connection, number))}


def test_a_field_that_a_person_cleared_is_remembered_until_it_is_written_again(database: Database) -> None:
    number = opened(database, field("product", "Aria 2000"), field("priority", "High")).number
    assert cleared(database, number) == set()

    assert values_of(changed(database, cases.write, number, [field("product", None)])) == {"priority": "High"}
    assert cleared(database, number) == {"product"}

    changed(database, cases.write, number, [field("product", "Aria 3000")])
    assert cleared(database, number) == set()


def test_a_field_that_the_agent_cleared_is_not_a_persons_wish(database: Database) -> None:
    number = opened(database, field("product", "Aria 2000")).number

    assert changed(database, cases.write, number, [field("product", None)], origin=BY_AGENT).values == {}
    assert cleared(database, number) == set()


# --- status, owner, notes ---------------------------------------------------------------------------


def test_status_resolution_and_owner_are_kept(database: Database) -> None:
    number = opened(database).number

    assert changed(database, cases.set_owner, number, ANNA).owner == ANNA
    resolved = changed(database, cases.set_status, number, CaseStatus.RESOLVED, resolution="A new seal")
    assert (resolved.status, resolved.resolution, resolved.number) == (CaseStatus.RESOLVED, "A new seal", number)
    again = changed(database, cases.set_status, number, CaseStatus.IN_PROGRESS)
    assert (again.status, again.resolution, again.owner) == (CaseStatus.IN_PROGRESS, None, ANNA)


# --- decided on what was read -----------------------------------------------------------------------

CHANGES: dict[str, Callable[[Database, Case], object]] = {
    "write": lambda database, case: changed(database, cases.write, case.number, [field("product", "Aria 3000")]),
    "status": lambda database, case: changed(database, cases.set_status, case.number, CaseStatus.RESOLVED),
    "owner": lambda database, case: changed(database, cases.set_owner, case.number, ANNA),
    "note": lambda database, case: changed(database, cases.add_note, case.number, "Called them."),
    "failure": lambda database, case: database.write_now(
        lambda connection: cases.add_failure(connection, BY_AGENT, case.number, "reference 4f2a")
    ),
    "suggestion": lambda database, case: changed(database, cases.suggest, case.number, [field("priority", "Low")]),
    "accepted": lambda database, case: changed(
        database, cases.decide_suggestion, case.number, case.suggestions[0].id, accept=True
    ),
    "rejected": lambda database, case: changed(
        database, cases.decide_suggestion, case.number, case.suggestions[0].id, accept=False
    ),
    "link": lambda database, case: database.write_now(
        lambda connection: cases.link(connection, BY_ANNA, case.number, conversation(connection, "other"))
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_case_that_changed_since_it_was_read_is_stale(
    database: Database, change: Callable[[Database, Case], object]
) -> None:
    number = opened(database).number
    seen = changed(database, cases.suggest, number, [field("product", "Aria 3000")], origin=BY_AGENT)
    database.write_now(lambda connection: cases.get_unchanged(connection, seen))

    change(database, seen)

    with pytest.raises(Stale):
        database.write_now(lambda connection: cases.get_unchanged(connection, seen))
    after = shown(database, number)
    database.write_now(lambda connection: cases.get_unchanged(connection, after))
    assert after.updated_at > seen.updated_at


async def test_a_locked_case_waits_for_whoever_holds_it(database: Database) -> None:
    """Two people who count up the same field at once: both count."""
    number = opened(database, field("calls", 0)).number

    def count_up(connection: Connection) -> None:
        case = cases.get(connection, number, lock=True)
        calls = values_of(case)["calls"]
        assert isinstance(calls, int)
        cases.write(connection, BY_ANNA, case, [field("calls", calls + 1)])

    await asyncio.gather(*(database.write(count_up) for _ in range(10)))

    assert values_of(shown(database, number)) == {"calls": 10}
