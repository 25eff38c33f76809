"""What the workspace lists and searches: indexes of conversations and posts, and full-text indexes."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import CASE_WORDS, MESSAGE_WORDS, BigId

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index("ix_conversations_last_message_at", "conversations", ["last_message_at", "id"])
    op.create_index("ix_outbox_conversation_id", "outbox", ["conversation_id", "id"])
    op.create_table(
        "case_words",
        sa.Column("case_number", BigId, nullable=False, autoincrement=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_case_words_case_number")),
        sa.PrimaryKeyConstraint("case_number", name=op.f("pk_case_words")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _index_in_sqlite("message_full_text", "messages", "id", "text")
        _index_in_sqlite("case_full_text", "case_words", "case_number", "words")
        words = "(SELECT group_concat(json_extract(value, '$'), ' ') FROM case_values WHERE case_number = cases.number)"
    else:
        op.execute(f"CREATE INDEX message_full_text ON messages USING gin (({MESSAGE_WORDS}))")
        op.execute(f"CREATE INDEX case_full_text ON case_words USING gin (({CASE_WORDS}))")
        words = "(SELECT string_agg(value #>> '{}', ' ') FROM case_values WHERE case_number = cases.number)"
    op.execute(
        "INSERT INTO case_words (case_number, words)"  # noqa: S608 -- names of our own, here and below
        f" SELECT number, title || ' ' || coalesce({words}, '') || ' ' || coalesce(resolution, '') FROM cases"
    )


def _index_in_sqlite(index: str, table: str, key: str, text: str) -> None:
    """An index beside the table, which triggers keep; it holds no text of its own."""
    op.execute(
        f"CREATE VIRTUAL TABLE {index} USING fts5({text}, content='{table}', content_rowid='{key}',"
        ' tokenize="unicode61 remove_diacritics 0")'
    )
    remove = f"INSERT INTO {index}({index}, rowid, {text}) VALUES ('delete', old.{key}, old.{text});"  # noqa: S608
    add = f"INSERT INTO {index}(rowid, {text}) VALUES (new.{key}, new.{text});"  # noqa: S608
    op.execute(f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {add} END")
    op.execute(f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {remove} END")
    op.execute(f"CREATE TRIGGER {index}_update AFTER UPDATE OF {text} ON {table} BEGIN {remove} {add} END")
    op.execute(f"INSERT INTO {index}({index}) VALUES ('rebuild')")  # noqa: S608
