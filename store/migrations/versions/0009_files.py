"""Files of every channel in one table, and whom we greeted in Teams."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import Document, UtcDateTime

revision = "0009"
down_revision = "0008"

_SAME = "key, account, name, content_type, address, link, state, reason, attempts, due_at, content"


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'kept', 'link')", name=op.f("ck_files_state")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_files")),
    )
    op.create_index(
        "ix_files_waiting",
        "files",
        ["channel", "due_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.execute(f"INSERT INTO files (channel, {_SAME}) SELECT 'slack', {_SAME} FROM slack_files")  # noqa: S608
    op.drop_table("slack_files")
    op.create_table(
        "teams_greetings",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("greeted", sa.Text(), nullable=False),
        sa.Column("address", Document, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("account", "greeted", name=op.f("pk_teams_greetings")),
    )
    op.create_index(
        "ix_teams_greetings_waiting",
        "teams_greetings",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
