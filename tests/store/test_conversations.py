"""Conversations: what was said, by whom, what it said before, and how much of it an evaluation reads."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from store import conversations
from store.conversations import OPENING, RECENT, UnknownMessage
from store.engine import Connection, Database
from store.model import (
    Attachment,
    Author,
    Category,
    ContactId,
    ConversationId,
    Inbound,
    Message,
    MessageId,
    Participant,
    Role,
    utcnow,
)
from store.schema import conversations as conversation_rows
from store.schema import participants
from tests.store.examples import CUSTOMER, NOON, conversation, count, say, wrote

BEN = Author(id="ben", name="Ben")


@pytest.fixture
def thread(database: Database) -> ConversationId:
    return database.write_now(conversation)


@pytest.fixture
def long(database: Database, thread: ConversationId) -> ConversationId:
    """Seventy messages, the first of all in the database."""
    told(database, thread, *[str(number) for number in range(70)])
    return thread


def told(
    database: Database, thread: int, *texts: str | Inbound, author: Author = CUSTOMER, role: Role = Role.CUSTOMER
) -> list[bool]:
    def work(connection: Connection) -> list[bool]:
        events = [text if isinstance(text, Inbound) else wrote(text, author=author) for text in texts]
        return [say(connection, thread, each, role) for each in events]

    return database.write_now(work)


def transcript(database: Database, thread: int) -> tuple[Message, ...]:
    return database.read_now(lambda connection: conversations.transcript(connection, thread))


def window(database: Database, thread: int, *cited: MessageId) -> tuple[Message, ...]:
    return database.read_now(lambda connection: conversations.window(connection, thread, cited))


def texts(messages: tuple[Message, ...]) -> list[str]:
    return [each.text for each in messages]


def edit(database: Database, thread: int, of: str, now: str, author: Author = CUSTOMER, *, noise: bool = False) -> None:
    database.write_now(
        lambda connection: conversations.edit(connection, thread, f"event of {of}", author.id, now, noise=noise)
    )


def delete(database: Database, thread: int, of: str, author: Author = CUSTOMER) -> None:
    database.write_now(lambda connection: conversations.delete(connection, thread, f"event of {of}", author.id))


def earlier(database: Database, message: Message) -> list[str]:
    return database.read_now(lambda connection: conversations.revisions(connection, message.id))


# --- messages ---------------------------------------------------------------------------------------


def test_a_message_comes_back_as_it_was_written(database: Database, thread: ConversationId) -> None:
    picture = Attachment(name="Bild – 1.png", content_type="image/png", size=2**33, url="/files/1")
    told(
        database,
        thread,
        wrote("Schau: \u202e🫖\n\tאב", attachments=(picture,), author=replace(CUSTOMER, email="ada@example.org")),
    )

    (message,) = transcript(database, thread)
    assert (message.text, message.external_id) == ("Schau: \u202e🫖\n\tאב", "event of Schau: \u202e🫖\n\tאב")
    assert (message.attachments, message.sent_at) == ((picture,), NOON)
    assert (message.revision, message.deleted, message.noise) == (0, False, False)
    assert message.author == Participant(
        author_id="ada", name="Ada", role=Role.CUSTOMER, contact_id=ContactId(1), email="ada@example.org"
    )


def test_two_events_about_one_message_keep_it_once(database: Database, thread: ConversationId) -> None:
    posted = wrote("Hello", external_id="event 1", message_id="message 1")
    mentioned = replace(posted, external_id="event 2", text="@agent Hello")

    assert told(database, thread, posted, mentioned, posted) == [True, False, False]
    assert texts(transcript(database, thread)) == ["Hello"]


def test_the_same_native_id_in_two_conversations_is_two_messages(database: Database, thread: ConversationId) -> None:
    other = database.write_now(lambda connection: conversation(connection, "other"))

    assert told(database, thread, "Hello") + told(database, other, "Hello") == [True, True]
    assert [len(transcript(database, each)) for each in (thread, other)] == [1, 1]


def test_a_message_moves_the_conversations_clock_and_a_repeated_one_does_not(
    database: Database, thread: ConversationId
) -> None:
    def last_message(connection: Connection) -> object:
        return connection.execute(select(conversation_rows.c.last_message_at)).scalar_one()

    before = utcnow()
    told(database, thread, "Hello")
    moment = database.read_now(last_message)
    told(database, thread, "Hello")

    assert before <= moment <= utcnow()  # pyright: ignore[reportOperatorIssue] # fails unless it is a moment
    assert database.read_now(last_message) == moment


# --- edits and deletions ----------------------------------------------------------------------------


def test_an_edit_replaces_the_words_and_keeps_the_earlier_ones(database: Database, thread: ConversationId) -> None:
    told(database, thread, "the 2000", "and more")
    edit(database, thread, "the 2000", "the 3000")
    edit(database, thread, "the 2000", "the 4000", noise=True)

    first, second = transcript(database, thread)
    assert (first.text, first.revision, first.noise) == ("the 4000", 2, True)
    assert earlier(database, first) == ["the 2000", "the 3000"]
    assert (second.text, second.revision, earlier(database, second)) == ("and more", 0, [])


def test_an_edit_that_changes_no_word_is_none(database: Database, thread: ConversationId) -> None:
    told(database, thread, "the 2000")
    edit(database, thread, "the 2000", "the 2000")

    (message,) = transcript(database, thread)
    assert (message.revision, earlier(database, message)) == (0, [])


def test_nobody_edits_or_deletes_what_another_wrote(database: Database, thread: ConversationId) -> None:
    told(database, thread, "the 2000")
    told(database, thread, "Which one?", author=BEN, role=Role.REPRESENTATIVE)
    before = transcript(database, thread)

    with pytest.raises(UnknownMessage):
        edit(database, thread, "the 2000", "the 3000", BEN)
    with pytest.raises(UnknownMessage):
        delete(database, thread, "Which one?", CUSTOMER)

    assert transcript(database, thread) == before


def test_a_message_of_another_conversation_is_unknown(database: Database, thread: ConversationId) -> None:
    other = database.write_now(lambda connection: conversation(connection, "other"))
    told(database, other, "the 2000")

    with pytest.raises(UnknownMessage):
        edit(database, thread, "the 2000", "the 3000")
    with pytest.raises(UnknownMessage):
        delete(database, thread, "the 2000")


def test_a_deleted_message_stays_as_history_and_is_marked(database: Database, thread: ConversationId) -> None:
    told(database, thread, "the 2000", "and more")
    delete(database, thread, "the 2000")
    delete(database, thread, "the 2000")

    assert [(each.text, each.deleted) for each in transcript(database, thread)] == [
        ("the 2000", True),
        ("and more", False),
    ]
    assert [each.deleted for each in window(database, thread)] == [True, False]


# --- people -----------------------------------------------------------------------------------------


def test_a_person_joins_once_with_the_name_role_and_address_of_today(
    database: Database, thread: ConversationId
) -> None:
    told(database, thread, "Hello")
    told(
        database,
        thread,
        "Again",
        author=Author(id="ada", name="Ada B.", email="ada@example.org"),
        role=Role.REPRESENTATIVE,
    )

    assert count(database, participants) == 1
    assert {each.author for each in transcript(database, thread)} == {
        Participant(
            author_id="ada", name="Ada B.", role=Role.REPRESENTATIVE, contact_id=ContactId(1), email="ada@example.org"
        )
    }


def test_somebody_without_a_name_goes_by_the_native_id(database: Database, thread: ConversationId) -> None:
    told(database, thread, "Hello", author=Author(id="U77"))

    assert transcript(database, thread)[0].author.name == "U77"


def test_the_customer_is_who_among_the_customers_wrote_first(database: Database, thread: ConversationId) -> None:
    def customer(connection: Connection) -> Participant | None:
        return conversations.customer(connection, thread)

    assert database.read_now(customer) is None
    told(database, thread, "Welcome", author=BEN, role=Role.REPRESENTATIVE)
    assert database.read_now(customer) is None
    told(database, thread, "Hello")
    told(database, thread, "Me too", author=Author(id="aaron", name="Aaron"))

    found = database.read_now(customer)
    assert found is not None
    assert (found.author_id, found.name, found.role) == ("ada", "Ada", Role.CUSTOMER)


def test_a_representatives_message_is_an_answer_and_a_customers_is_none(
    database: Database, thread: ConversationId
) -> None:
    def has_answer(connection: Connection) -> bool:
        return conversations.has_answer(connection, thread)

    told(database, thread, "Hello")
    assert not database.read_now(has_answer)
    told(database, thread, "Welcome", author=BEN, role=Role.REPRESENTATIVE)
    assert database.read_now(has_answer)


# --- the conversation itself ------------------------------------------------------------------------


def test_a_conversation_comes_back_as_it_began(database: Database, thread: ConversationId) -> None:
    found = database.read_now(lambda connection: conversations.get(connection, thread))

    assert (found.id, found.channel, found.category, found.account) == (thread, "webchat", Category.CHAT, "main")
    assert (found.key, found.reply_address, found.people) == ("thread", {"url": "https://example.org"}, False)
    assert (found.language, found.ended, found.asked, found.case_number) == (None, False, False, None)


def test_a_message_after_the_end_opens_the_conversation_again(database: Database, thread: ConversationId) -> None:
    def ended(connection: Connection) -> bool:
        return conversations.get(connection, thread).ended

    told(database, thread, "Hello")
    database.write_now(lambda connection: conversations.end(connection, thread))
    assert database.read_now(ended)
    told(database, thread, "Hello")  # the same event once more
    assert database.read_now(ended)
    told(database, thread, "One more thing")
    assert not database.read_now(ended)


def test_the_language_is_kept_from_when_it_is_first_known(database: Database, thread: ConversationId) -> None:
    def known(connection: Connection) -> str | None:
        return conversations.get(connection, thread).language

    other = database.write_now(lambda connection: conversation(connection, "other"))
    for heard, kept in ((None, None), ("de", "de"), ("en", "de"), (None, "de")):
        database.write_now(lambda connection, heard=heard: conversations.set_language(connection, thread, heard))
        assert database.read_now(known) == kept
    assert database.read_now(lambda connection: conversations.get(connection, other)).language is None


def test_that_the_question_was_put_is_remembered(database: Database, thread: ConversationId) -> None:
    database.write_now(lambda connection: conversations.mark_asked(connection, thread))

    assert database.read_now(lambda connection: conversations.get(connection, thread)).asked


# --- the window -------------------------------------------------------------------------------------


def test_a_short_conversation_is_read_whole(database: Database, thread: ConversationId) -> None:
    said = [str(number) for number in range(OPENING + RECENT)]
    told(database, thread, *said)

    assert texts(window(database, thread)) == said
    assert window(database, thread) == transcript(database, thread)


def test_a_long_one_is_read_at_its_ends_and_where_it_is_cited(database: Database, thread: ConversationId) -> None:
    said = [str(number) for number in range(100)]
    told(database, thread, *said)
    every = transcript(database, thread)
    ends = said[:OPENING] + said[-RECENT:]

    assert texts(window(database, thread)) == ends
    cited = (every[50].id, every[30].id, every[99].id, every[0].id, every[30].id)
    assert texts(window(database, thread, *cited)) == sorted({*ends, "30", "50"}, key=int)


def test_a_citation_brings_in_no_other_conversation(database: Database, thread: ConversationId) -> None:
    other = database.write_now(lambda connection: conversation(connection, "other"))
    told(database, other, "a secret of theirs")
    told(database, thread, "Hello")
    secret = transcript(database, other)[0]

    assert texts(window(database, thread, secret.id, MessageId(4711))) == ["Hello"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(cited=st.lists(st.integers(1, 80).map(MessageId), max_size=12))
def test_the_window_is_ordered_without_doubles_and_bounded(
    database: Database, long: ConversationId, cited: list[MessageId]
) -> None:
    ids = [each.id for each in window(database, long, *cited)]

    assert ids == sorted(set(ids))
    assert len(ids) <= OPENING + RECENT + len(set(cited))
    assert {each for each in cited if each <= 70} <= set(ids)


def test_the_last_messages_are_read_back_from_where_a_page_began(database: Database, long: ConversationId) -> None:
    def latest(before: int | None) -> tuple[Message, ...]:
        return database.read_now(lambda connection: conversations.latest(connection, long, before=before, limit=30))

    last = latest(None)
    assert [each.text for each in last] == [str(number) for number in range(40, 70)]
    assert [each.text for each in latest(last[0].id)] == [str(number) for number in range(10, 40)]


def test_messages_are_told_by_their_ids_within_their_own_conversation_alone(
    database: Database, long: ConversationId
) -> None:
    some = [each.id for each in transcript(database, long)[:2]]
    other = database.write_now(lambda connection: conversation(connection, "other"))
    for place, expected in ((long, ["0", "1"]), (other, [])):
        found = database.read_now(lambda connection, place=place: conversations.of_ids(connection, place, some))
        assert [each.text for each in found] == expected


def test_the_files_of_a_message_that_is_gone_are_none(database: Database, thread: ConversationId) -> None:
    file = Attachment(name="a.png", content_type="image/png", size=1, url="/slack/files/key")
    told(database, thread, wrote("See it", attachments=(file,), external_id="e"))
    message = transcript(database, thread)[0].id
    assert database.read_now(lambda connection: conversations.attached(connection, message)) == (thread, (file,))
    database.write_now(lambda connection: conversations.remove(connection, thread, "e"))
    assert database.read_now(lambda connection: conversations.attached(connection, message)) is None
