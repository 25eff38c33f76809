"""Into which queue a case goes as it is opened, by whom it is moved, and who sees it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from agent.decision import Trigger
from bot import acting, card, evaluation
from bot.acting import Acting, NotPossible, UnknownQueue
from bot.announce import changes
from bot.card import changed_line
from bot.evaluation import Evaluator, Question
from bot.metrics import Metrics
from bot.opening import open_by_hand, open_filled_in
from bot.settings import CurrentSettings, InForce, ensure_starter
from bot.words import card_text
from store import audit, cases, conversations
from store.cases import FieldWrite, Placing
from store.engine import Connection, Database
from store.model import Case, CaseNumber, ConversationId
from tests.bot.test_evaluation import Unsure
from tests.flow.desk import change_settings
from tests.store.examples import AGENT, ANNA, BY_AGENT, BY_ANNA, conversation, field, open_case, say, wrote

DEFECT = {"field": "case_category", "operator": "equals", "value": "Product defect"}
GERMAN = {"field": "conversation.language", "operator": "equals", "value": "de"}
QUEUES = [
    {"id": "hardware", "name": "Hardware", "when": DEFECT},
    {"id": "german", "name": "German", "when": GERMAN},
    {"id": "rest", "name": "The rest"},
    {"id": "closed", "name": "Closed", "active": False},
]


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    ensure_starter(opened)
    change_settings(opened, lambda document: document.update(queues=QUEUES))
    yield opened
    opened.close()


def in_force(database: Database) -> InForce:
    return database.read_now(CurrentSettings())


def talk(database: Database, text: str = "My kettle leaks") -> ConversationId:
    def work(connection: Connection) -> ConversationId:
        found = conversation(connection)
        say(connection, found, wrote(text))
        return found

    return database.write_now(work)


def why(database: Database, number: CaseNumber) -> list[tuple[Any, ...]]:
    entries = database.read_now(partial(audit.of_case, number=number))
    return [
        (each.change.new, each.change.reason, each.origin.actor.name) for each in entries if each.change.what == "queue"
    ]


async def opened_by_form(database: Database, *writes: FieldWrite, text: str = "My kettle leaks") -> Case:
    evaluator = Evaluator(database, CurrentSettings(), Unsure(), Metrics())
    question = Question(conversation_id=talk(database, text), trigger=Trigger.FORM, manual=True)
    finding = await evaluator.find(question)
    case = await database.write(partial(open_filled_in, finding=finding, writes=list(writes), origin=BY_ANNA, key="1"))
    assert case is not None
    return case


# --- where it goes ----------------------------------------------------------------------------------


async def test_what_a_person_fills_in_counts_for_the_queue_of_the_case_that_it_opens(database: Database) -> None:
    case = await opened_by_form(database, field("case_category", "Product defect"))
    assert case.queue == "hardware"
    assert why(database, case.number) == [("hardware", "The conditions of the queue “Hardware” hold.", "Casewright")]


async def test_the_language_of_the_conversation_counts(database: Database) -> None:
    case = await opened_by_form(
        database, field("priority", "High"), text="Meine Kaffeemaschine tropft seit gestern, und ich weiß nicht warum."
    )
    assert case.queue == "german"


async def test_a_queue_without_conditions_takes_the_rest(database: Database) -> None:
    case = await opened_by_form(database, field("priority", "High"))
    assert why(database, case.number) == [
        ("rest", "The queue “The rest” takes what no queue before it takes.", "Casewright")
    ]


@pytest.mark.parametrize(("spoken", "queue"), [(None, "rest"), ("de", "german")])
def test_a_case_opened_by_hand_is_placed_as_well_with_or_without_a_conversation(
    database: Database, spoken: str | None, queue: str
) -> None:
    def work(connection: Connection) -> Case:
        place = conversation(connection) if spoken else None
        if place is not None:
            conversations.set_language(connection, place, spoken)
        who = Acting(key="by hand", actor=ANNA, in_force=CurrentSettings()(connection))
        return open_by_hand(connection, who, [field("priority", "High")], conversation_id=place)

    assert database.write_now(work).queue == queue


@pytest.mark.parametrize(("fact", "value"), [("channel", "webchat"), ("category", "chat"), ("status", "open")])
@pytest.mark.parametrize("talks", [True, False])
def test_what_is_asked_of_a_conversation_holds_for_none_where_there_is_none(
    database: Database, fact: str, value: str, *, talks: bool
) -> None:
    when = {"field": f"conversation.{fact}", "operator": "equals", "value": value}
    queue = {"id": "talk", "name": "Talk", "when": when}
    change_settings(database, lambda document: document.update(queues=[queue]))

    def work(connection: Connection) -> Case:
        who = Acting(key="by hand", actor=ANNA, in_force=CurrentSettings()(connection))
        place = conversation(connection) if talks else None
        return open_by_hand(connection, who, [field("priority", "High")], conversation_id=place)

    assert database.write_now(work).queue == ("talk" if talks else None)


async def first_fill(database: Database, *writes: FieldWrite, placing: Placing | None = None) -> Case:
    """Of a case that a record-creation rule opened."""
    place = talk(database)

    def work(connection: Connection) -> CaseNumber:
        return cases.create(
            connection, BY_AGENT, title="Leak", conversation_id=place, contact_id=None, writes=writes, placing=placing
        )

    number = database.write_now(work)
    evaluator = Evaluator(database, CurrentSettings(), Unsure(), Metrics())
    finding = await evaluator.find(Question(conversation_id=place, trigger=Trigger.OPENED))
    await database.write(partial(evaluation.apply, finding=finding, key="1"))
    return database.read_now(partial(cases.get, number=number))


async def test_a_mails_case_is_placed_with_its_first_fill_unless_the_rule_named_a_queue(database: Database) -> None:
    case = await first_fill(database, field("case_category", "Product defect"))
    assert case.queue == "hardware"


async def test_a_queue_that_a_rule_named_stays_at_the_first_fill(database: Database) -> None:
    named = Placing(queue="rest", why="The record-creation rule “Every mail” names it.")
    case = await first_fill(database, field("case_category", "Product defect"), placing=named)
    assert why(database, case.number) == [("rest", named.why, AGENT.name)]


async def test_later_evaluations_do_not_move_a_case(database: Database) -> None:
    case = await opened_by_form(database, field("case_category", "Product defect"))
    moved(database, case.number, None)
    evaluator = Evaluator(database, CurrentSettings(), Unsure(), Metrics())
    finding = await evaluator.find(Question(conversation_id=case.conversations[0], trigger=Trigger.COMMAND))
    await database.write(partial(evaluation.apply, finding=finding, key="2"))
    assert database.read_now(partial(cases.get, number=case.number)).queue is None


# --- moved by people --------------------------------------------------------------------------------


def moved(database: Database, number: CaseNumber, queue: str | None) -> str:
    who = Acting(key=f"to {queue}", actor=ANNA, in_force=in_force(database))
    return database.write_now(
        lambda connection: acting.move(connection, who, cases.get(connection, number, lock=True), queue)
    )


def test_a_case_is_moved_and_each_move_can_be_undone(database: Database) -> None:
    number = database.write_now(open_case)
    assert moved(database, number, "hardware") == f"Case {number} is now in the queue “Hardware”."
    assert moved(database, number, "hardware") == f"Case {number} is in the queue “Hardware” already."
    assert moved(database, number, "rest") == f"Case {number} is now in the queue “The rest”."
    entries = [each for each in database.read_now(partial(audit.of_case, number=number)) if each.change.what == "queue"]
    assert [each.change.old for each in entries] == [None, "hardware"]
    who = Acting(key="undo", actor=ANNA, in_force=in_force(database))

    def undo(connection: Connection, entry_id: int) -> None:
        acting.undo(connection, who, cases.get(connection, number, lock=True), entry_id)

    with pytest.raises(NotPossible):  # it is not there any more
        database.write_now(partial(undo, entry_id=entries[0].id))
    database.write_now(partial(undo, entry_id=entries[1].id))
    assert database.read_now(partial(cases.get, number=number)).queue == "hardware"


@pytest.mark.parametrize("queue", ["closed", "nowhere"])
def test_a_case_is_moved_to_no_queue_that_takes_none(database: Database, queue: str) -> None:
    number = database.write_now(open_case)
    with pytest.raises(UnknownQueue, match="hardware, german and rest would"):
        moved(database, number, queue)
    assert why(database, number) == []


# --- who sees it ------------------------------------------------------------------------------------


def test_a_customer_hears_nothing_of_queues(database: Database) -> None:
    number, settings = database.write_now(open_case), in_force(database).settings
    before = database.read_now(partial(cases.get, number=number))
    moved(database, number, "hardware")
    after = database.read_now(partial(cases.get, number=number))
    assert changed_line(changes(settings, before, after), settings) is None
    shown = card.build(after, settings, owner_name=None, changed=None)
    assert "Queue: Hardware" in card_text(shown, internal=True)
    assert "Hardware" not in card_text(shown, internal=False)


def test_a_queue_that_was_removed_is_told_as_none(database: Database) -> None:
    number = database.write_now(open_case)
    moved(database, number, "hardware")
    change_settings(database, lambda document: document.update(queues=[]))
    case = database.read_now(partial(cases.get, number=number))
    shown = card.build(case, in_force(database).settings, owner_name=None, changed=None)
    assert "hardware (no longer a queue)" in card_text(shown, internal=True)
