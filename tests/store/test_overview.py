"""What people leaf through: conversations for a picker, where a case is talked about, whose cases they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import update

from store import cases, conversations, overview
from store.engine import Connection, Database
from store.model import Author, CaseNumber, ConversationId, Role, utcnow
from store.schema import conversations as rows
from tests.store.examples import BY_AGENT, contact, conversation, open_case, say, wrote

ANNA = Author(id="U1", name="Anna")


def talk(database: Database, key: str, *texts: str, role: Role = Role.CUSTOMER, **more: Any) -> ConversationId:
    """A conversation with these messages; the one that is begun last has the latest."""

    def begin(connection: Connection) -> ConversationId:
        found = conversation(connection, key)
        for text in texts:
            say(connection, found, wrote(text, conversation_key=key, **more), role)
        return found

    return database.write_now(begin)


def picked(database: Database, prefix: str = "", *, limit: int = 50) -> Sequence[overview.Candidate]:
    ask = partial(
        overview.open_conversations,
        channel="webchat",
        account="main",
        key_prefix=prefix,
        since=utcnow() - timedelta(days=30),
        limit=limit,
    )
    return database.read_now(ask)


def keys(found: Sequence[overview.Candidate]) -> list[str]:
    return [each.key for each in found]


def end(database: Database, found: ConversationId, at: datetime) -> None:
    database.write_now(
        lambda connection: connection.execute(update(rows).where(rows.c.id == found).values(ended_at=at))
    )


def test_a_picker_has_the_latest_first_up_to_the_limit(database: Database) -> None:
    for key in "abc":
        talk(database, key, f"Hello from {key}")
    assert keys(picked(database)) == ["c", "b", "a"]
    assert keys(picked(database, limit=2)) == ["c", "b"]


def test_a_prefix_is_taken_as_it_stands(database: Database) -> None:
    for key in ("C1:1", "c1:2", "C10:3", "C%:4", "C_:5"):
        talk(database, key, f"Hello from {key}")
    assert keys(picked(database, "C1:")) == ["C1:1"]
    assert keys(picked(database, "C%")) == ["C%:4"]
    assert keys(picked(database, "C_")) == ["C_:5"]


def test_a_picker_has_only_what_a_customer_wrote_in(database: Database) -> None:
    talk(database, "silent")
    talk(database, "among us", "Lunch?", role=Role.REPRESENTATIVE, author=ANNA)
    withdrawn = talk(database, "withdrawn", "Never mind")
    database.write_now(lambda connection: conversations.remove(connection, withdrawn, "event of Never mind"))
    talk(database, "a customer's", "It leaks")
    assert keys(picked(database)) == ["a customer's"]


def test_what_ended_long_ago_is_not_offered(database: Database) -> None:
    old, recent = talk(database, "old", "It leaks"), talk(database, "recent", "It hums")
    end(database, old, utcnow() - timedelta(days=31))
    end(database, recent, utcnow() - timedelta(days=29))
    assert keys(picked(database)) == ["recent"]


def test_a_line_of_a_picker_says_who_wrote_what_and_the_live_case(database: Database) -> None:
    def begin(connection: Connection) -> CaseNumber:
        found = conversation(connection)
        participant = conversations.join(connection, found, wrote(), Role.CUSTOMER, contact(connection))
        for text, noise in (("Hi!", True), ("It leaks", False), ("It hums", False)):
            conversations.append(connection, found, participant, wrote(text), noise=noise)
        return open_case(connection, conversation_id=found)

    number = database.write_now(begin)
    [line] = picked(database)
    assert (line.customer, line.opening, line.case_number) == ("Ada", "It leaks", number)


def test_other_channels_and_accounts_are_left_out(database: Database) -> None:
    found = talk(database, "thread", "It leaks")
    number = database.write_now(lambda connection: open_case(connection, conversation_id=found))
    elsewhere = update(rows).where(rows.c.id == found)
    database.write_now(lambda connection: connection.execute(elsewhere.values(account="another")))
    assert picked(database) == []
    assert where(database, number) is None


def where(database: Database, number: CaseNumber) -> str | None:
    return database.read_now(lambda connection: overview.conversation_key(connection, "webchat", "main", number))


def test_a_case_is_talked_about_where_it_was_linked_last(database: Database) -> None:
    later, earlier = talk(database, "later", "It leaks"), talk(database, "earlier", "It leaks")
    number = database.write_now(lambda connection: open_case(connection, conversation_id=earlier))
    assert where(database, number) == "earlier"
    database.write_now(lambda connection: cases.link(connection, BY_AGENT, number, later))
    assert where(database, number) == "later"


def test_somebodys_cases_are_those_of_the_contact_behind_them(database: Database) -> None:
    def begin(connection: Connection) -> list[CaseNumber]:
        mine, other = contact(connection), contact(connection, Author(id="bob"))
        return [
            cases.create(
                connection,
                BY_AGENT,
                title="Leak",
                conversation_id=conversation(connection, str(number)),
                contact_id=who,
                writes=(),
            )
            for number, who in enumerate((mine, other, mine, None))
        ]

    numbers = database.write_now(begin)
    ask = partial(overview.cases_of, channel="webchat", account="main", author_id="ada")
    assert [each.number for each in database.read_now(partial(ask, limit=20))] == [numbers[2], numbers[0]]
    assert [each.number for each in database.read_now(partial(ask, limit=1))] == [numbers[2]]
