"""The agent's figures, and what was erased: contacts, conversations and cases, room for the audit to forget words one by one, and indexes to find both."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for table in ("cases", "contacts", "conversations"):
        op.add_column(table, sa.Column("erased_at", UtcDateTime, nullable=True))
    op.create_index("ix_case_conversations_conversation_id", "case_conversations", ["conversation_id"])
    op.create_index("ix_mails_conversation", "mails", ["account", "conversation_key"])
    op.create_table(
        "agent_figures",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "channel", "field", "what", name=op.f("pk_agent_figures")),
    )
    op.create_table(
        "figures_counted",
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_figures_counted")),
    )
    _let_the_audit_forget()


def _let_the_audit_forget() -> None:
    """Still refuses any UPDATE but an erasure: of old, new, evidence and reason, each stays as it is or becomes NULL."""
    kept = "at case_number conversation_id actor_kind actor_id actor_name what field confidence rule"
    kept += " settings_version predictor id"
    same = [f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in kept.split()]
    gone = [
        f"(NEW.{column} IS NULL OR NEW.{column} IS NOT DISTINCT FROM OLD.{column})"
        for column in ("old", "new", "evidence", "reason")
    ]
    erasure = " AND ".join(same + gone)
    if op.get_bind().dialect.name == "sqlite":
        erasure = erasure.replace("IS NOT DISTINCT FROM", "IS")
        fail = "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        op.execute("DROP TRIGGER audit_update")
        op.execute(f"CREATE TRIGGER audit_update BEFORE UPDATE ON audit WHEN NOT ({erasure}) {fail}")
        return
    op.execute("DROP TRIGGER audit_update ON audit")
    op.execute(
        f"CREATE TRIGGER audit_update BEFORE UPDATE ON audit FOR EACH ROW WHEN (NOT ({erasure}))"
        " EXECUTE FUNCTION audit_is_append_only()"
    )
