"""What a database keeps of words that its tables no longer have.

SQLite overwrites what is removed (`secure_delete`); its full-text indexes mark words as removed and hold them until
their parts are merged, and its journal holds earlier pages until it is cut off. PostgreSQL holds earlier versions of
rows until they are vacuumed, which in a large table it would not do by itself for the sake of a few. Backups, snapshots
and PostgreSQL's archived journals are the operator's.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from store import schema
from store.engine import Database

_INDEXES = ("message_full_text", "case_full_text")
_PAGES = 200  # of an index that are merged in one transaction: others write in between
_TABLES = (
    schema.audit, schema.case_values, schema.case_words, schema.cases, schema.contacts, schema.conversations,
    schema.evaluations, schema.examples, schema.files, schema.inbox, schema.mails, schema.message_revisions,
    schema.messages, schema.outbox, schema.participants, schema.suggestions, schema.webchat_feed, schema.webchat_files,
)  # fmt: skip


def remove(database: Database) -> None:
    """After an erasure is committed. Takes its time; nobody waits for it long."""
    if database.is_sqlite:
        for index in _INDEXES:
            pages = -_PAGES  # the first time: all parts of the index are to become one
            while database.write_now(partial(_merge, index=index, pages=pages)):
                pages = _PAGES
        _outside_transactions(database, "PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        _outside_transactions(database, f"VACUUM {', '.join(table.name for table in _TABLES)}")


def _merge(connection: Connection, *, index: str, pages: int) -> bool:
    """Whether there was something to merge (sqlite.org/fts5.html, "The merge command")."""
    before = _changes(connection)
    connection.execute(text(f"INSERT INTO {index}({index}, rank) VALUES ('merge', :pages)"), {"pages": pages})  # noqa: S608 -- names of our own
    return _changes(connection) - before > 1


def _changes(connection: Connection) -> int:
    return connection.execute(text("SELECT total_changes()")).scalar_one()


def _outside_transactions(database: Database, statement: str) -> None:
    raw: Any = database.engine.raw_connection()
    try:
        raw.rollback()
        if not database.is_sqlite:
            raw.driver_connection.autocommit = True
        raw.cursor().execute(statement)
        if not database.is_sqlite:
            raw.driver_connection.autocommit = False
    finally:
        raw.close()
