"""Evaluations: what each look at a conversation found, also when no case came of it."""

from dataclasses import replace

from store import evaluations
from store.engine import Database
from store.evaluations import Evaluation
from store.model import ConversationId, MessageId, utcnow
from tests.store.examples import conversation, opened

NO_CASE = Evaluation(
    conversation_id=ConversationId(1),
    case_number=None,
    trigger="message",
    outcome="waiting",
    why="no case because Contact did not resolve",
    detail={"resolved": ["issue_description"], "missing": {"contact": "Nobody said who it is."}, "cited": [3, 5]},
    predictor="embedded 1",
    settings_version=4,
    milliseconds=12.5,
)


def keep(database: Database, *found: Evaluation) -> None:
    for each in found:
        database.write_now(lambda connection, each=each: evaluations.keep(connection, each))


def kept(database: Database, thread: ConversationId, limit: int = 50) -> list[Evaluation]:
    return database.read_now(lambda connection: evaluations.of_conversation(connection, thread, limit=limit))


def cited(database: Database, thread: ConversationId) -> set[MessageId]:
    return set(database.read_now(lambda connection: evaluations.last_cited(connection, thread)))


def test_an_evaluation_comes_back_with_the_moment_it_was_kept(database: Database) -> None:
    thread = database.write_now(conversation)
    before = utcnow()
    keep(database, NO_CASE)

    (found,) = kept(database, thread)
    assert replace(found, id=None, created_at=None) == NO_CASE
    assert database.read_now(lambda connection: evaluations.get(connection, found.id or 0)) == found
    assert found.created_at is not None
    assert before <= found.created_at <= utcnow()


def test_evaluations_are_read_newest_first_up_to_the_limit_and_of_one_conversation(database: Database) -> None:
    case = opened(database)
    (thread,) = case.conversations
    other = database.write_now(lambda connection: conversation(connection, "other"))
    created = replace(NO_CASE, outcome="created", case_number=case.number, conversation_id=thread)
    keep(database, NO_CASE, created, replace(NO_CASE, conversation_id=other, why="theirs"))

    assert [each.outcome for each in kept(database, thread)] == ["created", "waiting"]
    assert kept(database, thread)[0].case_number == case.number
    assert [each.outcome for each in kept(database, thread, limit=1)] == ["created"]
    assert [each.why for each in kept(database, other)] == ["theirs"]


def test_the_messages_that_the_latest_evaluation_cited_are_known(database: Database) -> None:
    thread = database.write_now(conversation)
    other = database.write_now(lambda connection: conversation(connection, "other"))
    assert cited(database, thread) == set()

    keep(database, NO_CASE)
    assert cited(database, thread) == {3, 5}
    keep(database, replace(NO_CASE, detail={"cited": [8]}), replace(NO_CASE, conversation_id=other))
    assert cited(database, thread) == {8}
    keep(database, replace(NO_CASE, detail={}))
    assert cited(database, thread) == set()
