"""What SQLite and PostgreSQL have in common, and the few places where they differ.

Statements are built once, as constants with bound parameters: building one costs SQLAlchemy several times what running
it does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, bindparam, case, func, literal_column, select

# PostgreSQL's INSERT compiles for SQLite as well: ON CONFLICT, `excluded` and RETURNING are spelled the same there.
from sqlalchemy.dialects.postgresql import Insert, insert

from store.model import utcnow

__all__ = ["Insert", "alone", "has", "insert", "literally", "locked", "now", "words_of"]

_CLOCK = select(func.clock_timestamp())
_ALONE = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("what"), 0)))


def literally(column: ColumnElement[str], *values: str) -> ColumnElement[bool]:
    """`column = 'ready'` or `column IN ('queued', 'sending')`, spelled out as in the partial index that it is to use.

    SQLite takes such an index only where it sees the very same condition.
    """
    if len(values) == 1:
        return column == bindparam(None, values[0], literal_execute=True)
    return column.in_(bindparam(None, values, expanding=True, literal_execute=True))


def locked(query: Select[Any], *, skip: bool = False) -> Select[Any]:
    """Holds the rows until the transaction ends, without blocking foreign keys that point at them.

    SQLite leaves the clause out: its write transactions are alone anyway.
    """
    return query.with_for_update(key_share=True, skip_locked=skip)


def alone(connection: Connection, what: str) -> None:
    """Waits until no other transaction does `what`, where there is no row yet to lock. SQLite's writers are alone."""
    if connection.dialect.name != "sqlite":
        connection.execute(_ALONE, {"what": f"casewright {what}"})


def words_of(connection: Connection, document: ColumnElement[Any]) -> ColumnElement[str]:
    """What people read in a JSON document: a string without its quotes and escapes, or a list; of any other, NULL."""
    if connection.dialect.name == "sqlite":
        return case((func.json_type(document).in_(["text", "array"]), func.json_extract(document, "$")))
    text = document.op("#>>", return_type=Text())(literal_column("'{}'"))
    return case((func.jsonb_typeof(document).in_(["string", "array"]), text))


def has(connection: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Whether a text is part of a name that programs made: on SQLite, case is ignored in ASCII's letters alone.

    `icontains` knows all letters there, by a function of ours that is called for each row.
    """
    pattern = f"%{text.replace('/', '//').replace('%', '/%').replace('_', '/_')}%"
    return (column.like if connection.dialect.name == "sqlite" else column.ilike)(pattern, escape="/")


def now(connection: Connection) -> datetime:
    """The database's clock: leases and due times of all workers are compared by one clock.

    It stands still within a transaction: on PostgreSQL, asking it costs as much as any other statement.
    """
    if connection.dialect.name == "sqlite":
        return utcnow()  # one machine, one clock
    transaction, known = connection.get_transaction(), connection.info.get("now")
    if known is None or known[0] is not transaction:
        known = connection.info["now"] = (transaction, connection.execute(_CLOCK).scalar_one())
    return known[1]
