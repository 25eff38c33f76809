"""How a case ends without an answer, and how conversations change cases: cancelled, merged, split off."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from bot import acting, card
from bot.acting import Acting, NotPossible
from bot.settings import InForce
from store import audit, cases, conversations
from store.engine import Connection, Database
from store.model import Case, CaseNumber, CaseStatus, ConversationId, Evidence, FieldId
from store.schema import outbox as posts
from store.schema import timers
from tests.bot.examples import SETTINGS
from tests.store.examples import (
    ANNA,
    BY_AGENT,
    BY_ANNA,
    PATIENCE,
    conversation,
    field,
    open_case,
    say,
    shown,
    somebody_waits,
    values_of,
    wrote,
)

WHO = Acting(key="k", actor=ANNA, in_force=InForce(1, SETTINGS))
NO_FIELDS: tuple[FieldId, ...] = ()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def about(database: Database, key: str, said: str = "My Aria 3000 leaks", **values: str) -> CaseNumber:
    """A case whose values, all of the agent's, rest on the first word that the customer said."""

    def work(connection: Connection) -> CaseNumber:
        place = conversation(connection, key)
        say(connection, place, wrote(said, conversation_key=key, external_id=key))
        message = conversations.window(connection, place)[0]
        evidence = (Evidence(message_id=message.id, quote=said[:2], start=0, end=2),)
        writes = [field(name, value, confidence=0.8, evidence=evidence) for name, value in values.items()]
        return open_case(connection, *writes, conversation_id=place)

    return database.write_now(work)


def place_of(database: Database, number: CaseNumber) -> ConversationId:
    return shown(database, number).conversations[0]


def posted(database: Database, place: ConversationId) -> list[Any]:
    """The texts, and the numbers of cases whose cards, that were queued for a thread."""
    mine = select(posts.c.payload).where(posts.c.conversation_id == place).order_by(posts.c.id)
    rows = database.read_now(lambda connection: connection.execute(mine).scalars().all())
    return [each.get("case") or each["text"] for each in rows]


def told(database: Database, number: CaseNumber) -> list[tuple[str, Any, Any]]:
    entries = database.read_now(lambda connection: audit.of_case(connection, number))
    return [(each.change.what, each.change.old, each.change.new) for each in entries]


def acts(database: Database, act: Any, number: CaseNumber, *given: Any) -> Any:
    return database.write_now(lambda connection: act(connection, WHO, cases.get(connection, number, lock=True), *given))


def merges(source: CaseNumber, into: CaseNumber, taken: tuple[FieldId, ...] = NO_FIELDS) -> Any:
    def work(connection: Connection) -> str:
        return acting.merge(connection, WHO, *acting.both(connection, source, into), taken)

    return work


def test_a_cancelled_case_says_why_and_its_thread_hears_of_it(database: Database) -> None:
    number = about(database, "one")
    acts(database, acting.cancel, number, "Opened twice")
    case = shown(database, number)
    assert (case.status, case.resolution, case.status.is_open) == (CaseStatus.CANCELLED, "Opened twice", False)
    assert posted(database, place_of(database, number)) == [number, f"Case {number}: Status set to Cancelled."]
    assert ("status", "new", "cancelled") in told(database, number)


def test_a_case_is_not_cancelled_without_a_reason_nor_twice(database: Database) -> None:
    number = about(database, "one")
    with pytest.raises(NotPossible, match="Say why"):
        acts(database, acting.cancel, number, "")
    acts(database, acting.cancel, number, "Opened twice")
    assert "Cancelled already" in acts(database, acting.cancel, number, "Once more")
    assert shown(database, number).resolution == "Opened twice"


def test_a_cancelled_case_opens_again_by_a_person_and_counts_as_one_that_a_customer_reopens(database: Database) -> None:
    number = about(database, "one")
    acts(database, acting.cancel, number, "Opened twice")
    place = place_of(database, number)
    assert database.read_now(lambda connection: cases.closed_in(connection, place)) == number
    assert database.read_now(lambda connection: cases.closed_at(connection, number)) is not None
    acts(database, acting.reopen, number)
    assert shown(database, number).status is CaseStatus.NEW
    assert database.read_now(lambda connection: cases.closed_in(connection, place)) is None


def test_the_survivor_of_a_merge_keeps_all_threads_and_its_own_values(database: Database) -> None:
    source, into = (
        about(database, "one", product="Aria 2000", serial="A-1"),
        about(database, "two", product="Aria 3000"),
    )
    from_, to = place_of(database, source), place_of(database, into)
    database.write_now(merges(source, into))
    assert shown(database, into).conversations == (to, from_)
    assert values_of(shown(database, into)) == {"product": "Aria 3000"}
    gone = shown(database, source)
    assert (gone.status, gone.merged_into, gone.conversations) == (CaseStatus.MERGED, into, ())
    live = database.read_now(lambda connection: conversations.get(connection, from_)).case_number
    assert live == into
    assert card.build(gone, SETTINGS, owner_name=None, changed=None).status_label == f"Merged into case {into}"


def test_values_that_the_survivor_lacks_are_taken_over_as_a_persons_with_the_words_they_rest_on(
    database: Database,
) -> None:
    source = about(database, "one", product="Aria 2000", serial="A-1", warranty="yes")
    into = about(database, "two", product="Aria 3000")
    database.write_now(merges(source, into, (FieldId("product"), FieldId("serial"), FieldId("nonsense"))))
    case = shown(database, into)
    assert values_of(case) == {"product": "Aria 3000", "serial": "A-1"}
    held = case.values[FieldId("serial")]
    assert (held.writer.name, held.evidence) == (ANNA.name, shown(database, source).values[FieldId("serial")].evidence)


def test_both_threads_of_a_merge_hear_of_it_once_and_see_both_cards_as_they_are_now(database: Database) -> None:
    source, into = about(database, "one"), about(database, "two")
    from_, to = place_of(database, source), place_of(database, into)
    database.write_now(merges(source, into))
    line = f"Case {source} was merged into case {into}: everything goes on there."
    assert posted(database, from_) == [source, into, line]
    assert posted(database, to) == [into, line]


def test_both_histories_tell_of_a_merge_and_what_waited_to_be_decided_ends(database: Database) -> None:
    source, into = about(database, "one"), about(database, "two")
    from_ = place_of(database, source)
    waiting = field("product", "Aria 3000", confidence=0.5)
    database.write_now(lambda connection: cases.suggest(connection, BY_AGENT, cases.get(connection, source), [waiting]))
    database.write_now(merges(source, into))
    assert shown(database, source).suggestions == ()
    assert told(database, source)[-1] == ("merged", None, into)
    assert told(database, into)[-2:] == [("took over", None, source), ("linked", None, from_)]


def test_a_thread_that_both_cases_have_is_the_survivors_once(database: Database) -> None:
    source, into = about(database, "one"), about(database, "two")
    to = place_of(database, into)
    database.write_now(lambda connection: cases.link(connection, BY_ANNA, source, to))
    database.write_now(merges(source, into))
    assert len(shown(database, into).conversations) == 2
    assert database.read_now(lambda connection: conversations.get(connection, to)).case_number == into


def test_only_open_cases_are_merged_and_none_into_itself(database: Database) -> None:
    one, two, closed = about(database, "one"), about(database, "two"), about(database, "three")
    acts(database, acting.resolve, closed, "")
    with pytest.raises(NotPossible, match="can't be merged into itself"):
        database.write_now(merges(one, one))
    for source, into in ((closed, one), (one, closed)):
        with pytest.raises(NotPossible, match=f"Case {closed} is resolved: reopen it first"):
            database.write_now(merges(source, into))
    database.write_now(merges(one, two))
    for source, into in ((one, two), (two, one)):
        with pytest.raises(NotPossible, match=f"Case {one} was merged into case {two} already"):
            database.write_now(merges(source, into))


def test_nothing_more_is_done_to_a_merged_case_but_to_say_where_it_went(database: Database) -> None:
    source, into = about(database, "one"), about(database, "two")
    database.write_now(merges(source, into))
    before = shown(database, source)
    write = [field("product", "Aria 3000")]
    for act, given in (
        (acting.claim, ()),
        (acting.resolve, ("",)),
        (acting.cancel, ("Twice",)),
        (acting.reopen, ()),
        (acting.write, (write,)),
    ):
        with pytest.raises(NotPossible, match=f"was merged into case {into}"):
            acts(database, act, source, *given)
    assert shown(database, source) == before


async def test_two_merges_in_opposite_directions_leave_one_case(database: Database) -> None:
    one, two = about(database, "one"), about(database, "two")
    begun = threading.Event()

    def first(connection: Connection) -> str:
        """Has one of the two when the other comes, which must not have the other one then."""
        cases.get(connection, one, lock=True)
        begun.set()
        while not database.is_sqlite and not somebody_waits(connection):
            pass
        return merges(one, two)(connection)

    def second(connection: Connection) -> str:
        begun.wait()
        return merges(two, one)(connection)

    async with asyncio.timeout(PATIENCE):
        done = await asyncio.gather(database.write(first), database.write(second), return_exceptions=True)
    assert isinstance(done[0], str), done
    assert isinstance(done[1], NotPossible), done
    assert (shown(database, one).status, shown(database, two).status) == (CaseStatus.MERGED, CaseStatus.NEW)


def joined(database: Database) -> tuple[CaseNumber, ConversationId, ConversationId]:
    """A case with a conversation that belongs to it, and one that does not; what each said filled one field."""
    other, number = about(database, "other", serial="A-1"), about(database, "mine", product="Aria 3000")
    wrong = place_of(database, other)
    database.write_now(merges(other, number))

    def reads(connection: Connection) -> None:
        case, message = cases.get(connection, number), conversations.window(connection, wrong)[0]
        evidence = (Evidence(message_id=message.id, quote="My", start=0, end=2),)
        cases.write(connection, BY_AGENT, case, [field("serial", "A-1", confidence=0.9, evidence=evidence)])
        waiting = field("warranty", value=True, confidence=0.9, evidence=evidence)
        cases.suggest(connection, BY_AGENT, cases.get(connection, number), [waiting])

    database.write_now(reads)
    return number, place_of(database, number), wrong


def test_a_conversation_that_is_split_off_takes_with_it_what_the_agent_read_in_it_alone(database: Database) -> None:
    number, right, wrong = joined(database)
    acts(database, acting.split_off, number, wrong)
    case = shown(database, number)
    assert case.conversations == (right,)
    assert values_of(case) == {"product": "Aria 3000"}
    assert case.suggestions == ()
    assert database.read_now(lambda connection: conversations.get(connection, wrong)).case_number is None
    assert ("unlinked", wrong, None) in told(database, number)
    assert posted(database, wrong)[-1] == f"This conversation does not belong to case {number} any more."
    waiting = select(timers.c.conversation_id)
    assert database.read_now(lambda connection: connection.execute(waiting).scalars().all()) == [right]


def test_what_a_person_decided_stays_when_the_conversation_behind_it_is_split_off(database: Database) -> None:
    number, _, wrong = joined(database)
    case = shown(database, number)
    held = case.values[FieldId("serial")]
    write = [field("serial", "A-1", evidence=held.evidence)]
    database.write_now(lambda connection: cases.write(connection, BY_ANNA, case, write))
    acts(database, acting.split_off, number, wrong)
    assert values_of(shown(database, number))["serial"] == "A-1"


def test_the_last_conversation_of_a_case_is_not_split_off_nor_one_of_another_case(database: Database) -> None:
    number, other = about(database, "one"), about(database, "two")
    with pytest.raises(NotPossible, match="only conversation"):
        acts(database, acting.split_off, number, place_of(database, number))
    with pytest.raises(NotPossible, match="none of case"):
        acts(database, acting.split_off, number, place_of(database, other))


async def test_a_decision_made_on_the_case_before_it_was_merged_is_made_again(database: Database) -> None:
    source, into = about(database, "one"), about(database, "two")
    seen: Case = shown(database, source)
    database.write_now(merges(source, into))
    with pytest.raises(cases.Stale):
        await database.write(partial(cases.get_unchanged, seen=seen))
