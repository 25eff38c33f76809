"""Mailboxes."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import BigId, UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("last_arrival", UtcDateTime, nullable=True),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_mailboxes")),
    )
    op.create_table(
        "mail_folders",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("account", "folder", name=op.f("pk_mail_folders")),
    )
    op.create_table(
        "mails",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("signal", sa.String(length=16), nullable=True),
        sa.Column("conversation_key", sa.Text(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'created', 'joined', 'ignored', 'review', 'dismissed')", name=op.f("ck_mails_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint(
            "account", "folder", "uidvalidity", "uid", name=op.f("uq_mails_account_folder_uidvalidity_uid")
        ),
    )
    op.create_index("ix_mails_digest", "mails", ["account", "digest"])
    op.create_index("ix_mails_state", "mails", ["state", "id"])
    op.create_index("ix_mails_arrivals", "mails", ["account", "received_at"])
    op.create_index(
        "ix_mails_unsettled",
        "mails",
        ["account", "folder"],
        sqlite_where=sa.text("settled = 0"),
        postgresql_where=sa.text("NOT settled"),
    )
    op.create_table(
        "mail_sent",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mail_sent")),
    )
    op.create_index("ix_mail_sent_at", "mail_sent", ["account", "at"])
