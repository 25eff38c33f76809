"""Rows by the hundred thousand, made by the database itself: what a store holds after years."""

from __future__ import annotations

import typing
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Select, Table, Text, cast, literal, select, text, update
from sqlalchemy.types import TypeEngine

from store.engine import Database
from store.model import utcnow
from store.schema import (
    audit,
    case_conversations,
    case_values,
    case_words,
    cases,
    contact_identities,
    contacts,
    conversations,
    evaluations,
    inbox,
    messages,
    outbox,
    participants,
    posted_cards,
    webchat_feed,
)

_BEFORE_THE_FIRST_CASE = 1000
_IDS_OF_TALK = 10_000_000
_SAID = ("My Kettle One leaks water from the bottom since I cleaned it.", "You can reach me at ann.abel@example.com.")
_VALUES = {"issue_description": _SAID[0], "contact": "ann.abel@example.com", "case_category": "Product defect"}
_AGENT = {"kind": "agent", "id": "agent", "name": "Casewright"}


def store_cases(database: Database, count: int) -> None:
    """As many cases, each with its contact, its conversation of two messages, and what else was kept on the way."""
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            # The rows refer to each other as they should; to check each one takes most of the time.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        _Filling(connection, count).everything()
        if not database.is_sqlite:
            _number_on(connection)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))  # as autovacuum has, by the time that so much has come
            connection.execute(text("CHECKPOINT"))


def store_talk(database: Database, count: int, each: int, *, mine: str) -> None:
    """On top of these: more messages in each conversation, to so many; nine of ten cases resolved; a few for somebody.

    Half of them are in a large queue, hardware or billing, in which all are resolved, a few in a small one, press.

    Each conversation holds a word of its own ("r4711"), and one that a thousandth of them share ("lot77").
    """
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        filling = _Filling(connection, count)
        for nth in range(len(_SAID), each):
            filling.talk(nth, each)
        connection.execute(update(cases).where(cases.c.number % 10 != 0).values(status="resolved"))
        some = (cases.c.number % 200 == 0, cases.c.number % 30 == 0)
        for fits, owner in zip(some, (mine, "somebody"), strict=True):
            owned = {"status": "in_progress", "owner_kind": "person", "owner_id": owner, "owner_name": owner}
            connection.execute(update(cases).where(fits, cases.c.owner_id.is_(None)).values(**owned))
        for nth, queue in enumerate(("hardware", "billing")):
            connection.execute(update(cases).where(cases.c.number % 4 == nth).values(queue=queue))
        connection.execute(update(cases).where(cases.c.number % 5000 == 7).values(queue="press"))
        connection.execute(update(cases).where(cases.c.queue == "billing").values(status="resolved"))
        connection.execute(update(conversations).where(conversations.c.id % 5000 == 7).values(channel="slack"))
        if not database.is_sqlite:
            _number_on(connection)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


class _Filling:
    """Numbers from 1 to `count`, and tables that are filled from them."""

    def __init__(self, connection: Connection, count: int) -> None:
        self._connection = connection
        start = select(literal(1).label("i")).cte("numbers", recursive=True)
        self._numbers: CTE = start.union_all(select(start.c.i + 1).where(start.c.i < count))
        self._i: ColumnElement[int] = self._numbers.c.i
        self._moment = utcnow()

    def everything(self) -> None:
        self._people()
        for nth, said in enumerate(_SAID):
            self._message(nth, said)
        self._case()
        self._post()

    def _people(self) -> None:
        i, moment = self._i, self._moment
        self._fill(contacts, id=i, name="Ann Abel", created_at=moment)
        self._fill(
            contact_identities, id=i, contact_id=i, channel="webchat", account="default", external_id=self._named("u")
        )
        self._fill(
            conversations,
            id=i,
            channel="webchat",
            category="chat",
            account="default",
            key=self._named("c"),
            reply_address={},
            people=False,
            asked=False,
            created_at=moment,
            last_message_at=moment,
            lease_token=3,
        )
        self._fill(
            participants,
            id=i,
            conversation_id=i,
            contact_id=i,
            author_id=self._named("u"),
            name="Ann Abel",
            role="customer",
        )

    def _message(self, nth: int, said: str) -> None:
        moment, row = self._moment, self._i * len(_SAID) + nth
        self._fill(
            messages,
            id=row,
            conversation_id=self._i,
            participant_id=self._i,
            external_id=self._named(f"m{nth}-"),
            text=said,
            attachments=[],
            noise=False,
            revision=0,
            sent_at=moment,
            received_at=moment,
        )
        self._fill(
            inbox,
            id=row,
            conversation_id=self._i,
            channel="webchat",
            account="default",
            external_id=self._named(f"m{nth}-"),
            kind="message",
            payload={"text": said},
            status="done",
            attempts=1,
            due_at=moment,
            received_at=moment,
            done_at=moment,
        )
        self._entry(nth + 1, said)

    def talk(self, nth: int, each: int) -> None:
        """Ids go on after those of the first messages."""
        i, moment = self._i, self._moment
        said = literal("It came with lot") + cast(i % 1000, Text) + literal(" as number r") + cast(i, Text)
        self._fill(
            messages,
            id=_IDS_OF_TALK + i * each + nth,
            conversation_id=i,
            participant_id=i,
            external_id=self._named(f"t{nth}-"),
            text=said if nth == len(_SAID) else literal(f"And then the kettle hummed, for the {nth}. time."),
            attachments=[],
            noise=False,
            revision=0,
            sent_at=moment,
            received_at=moment,
        )

    def _case(self) -> None:
        i, moment = self._i, self._moment
        number = i + _BEFORE_THE_FIRST_CASE
        self._fill(
            cases,
            number=number,
            title="Kettle One leaks water",
            status="new",
            contact_id=i,
            created_at=moment,
            updated_at=moment,
            revision=0,
        )
        self._fill(case_words, case_number=number, words="Kettle One leaks water. " + " ".join(_VALUES.values()))
        self._fill(case_conversations, case_number=number, conversation_id=i, live=True, linked_at=moment)
        for nth, (field, value) in enumerate(_VALUES.items()):
            self._value(nth, number, field, value)
        self._fill(
            evaluations,
            id=i,
            conversation_id=i,
            case_number=number,
            trigger="message",
            outcome="created",
            why="The required fields resolved.",
            detail={"cited": []},
            predictor="embedded 1",
            settings_version=1,
            milliseconds=10.0,
            created_at=moment,
        )

    def _value(self, nth: int, number: ColumnElement[int], field: str, value: str) -> None:
        writer = {f"writer_{key}": each for key, each in _AGENT.items()}
        actor = {f"actor_{key}": each for key, each in _AGENT.items()}
        common: dict[str, Any] = {"case_number": number, "field": field, "confidence": 0.9, "evidence": []}
        self._fill(case_values, value=value, written_at=self._moment, **common, **writer)
        at = {"id": self._i * len(_VALUES) + nth, "at": self._moment, "conversation_id": self._i}
        self._fill(audit, what="field", new=value, **at, **common, **actor)

    def _post(self) -> None:
        i, moment = self._i, self._moment
        self._fill(
            outbox,
            id=i,
            conversation_id=i,
            key=self._named("p"),
            kind="card",
            payload={},
            status="delivered",
            attempts=1,
            uncertain=False,
            due_at=moment,
            created_at=moment,
            done_at=moment,
        )
        number = i + _BEFORE_THE_FIRST_CASE
        self._fill(posted_cards, conversation_id=i, case_number=number, native_id=self._named("p"))
        self._entry(len(_SAID) + 1, "A case was opened.")

    def _entry(self, seq: int, said: str) -> None:
        self._fill(
            webchat_feed,
            conversation_key=self._named("c"),
            seq=seq,
            post_key=str(seq),
            activity_id=self._named(f"a{seq}-"),
            author_id="somebody",
            activity={"type": "message", "text": said},
            created_at=self._moment,
        )

    def _fill(self, table: Table, **columns: Any) -> None:
        made = [_expression(table.c[name].type, value) for name, value in columns.items()]
        rows: Select[Any] = select(*made).select_from(self._numbers)
        self._connection.execute(table.insert().from_select(list(columns), rows))

    def _named(self, prefix: str) -> ColumnElement[str]:
        return literal(f"stored-{prefix}") + cast(self._i, Text)


def _expression(kind: TypeEngine[Any], value: Any) -> ColumnElement[Any]:
    return typing.cast("ColumnElement[Any]", value) if isinstance(value, ColumnElement) else literal(value, kind)


def _number_on(connection: Connection) -> None:
    """PostgreSQL's sequences have not seen the numbers that were given."""
    for table in (
        contacts,
        contact_identities,
        conversations,
        participants,
        messages,
        inbox,
        evaluations,
        audit,
        outbox,
    ):
        _number_on_after(connection, table, "id")
    _number_on_after(connection, cases, "number")


def _number_on_after(connection: Connection, table: Table, column: str) -> None:
    connection.execute(
        text(f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) FROM {table}")  # noqa: S608 -- names of our own
    )
