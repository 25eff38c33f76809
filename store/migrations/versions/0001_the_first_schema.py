"""The first schema."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import BigId, Document, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_table(
        "conversations",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reply_address", Document, nullable=False),
        sa.Column("people", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("last_message_at", UtcDateTime, nullable=True),
        sa.Column("ready_at", UtcDateTime, nullable=True),
        sa.Column("lease_owner", BigId, nullable=True),
        sa.Column("lease_token", BigId, nullable=False),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("channel", "account", "key", name=op.f("uq_conversations_channel_account_key")),
    )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_conversations_lease",
            ["lease_owner"],
            unique=False,
            sqlite_where=sa.text("lease_owner IS NOT NULL"),
            postgresql_where=sa.text("lease_owner IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_conversations_ready",
            ["ready_at"],
            unique=False,
            sqlite_where=sa.text("ready_at IS NOT NULL"),
            postgresql_where=sa.text("ready_at IS NOT NULL"),
        )

    op.create_table(
        "settings_versions",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_settings_versions")),
    )
    op.create_table(
        "webchat_feed",
        sa.Column("conversation_key", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("post_key", sa.Text(), nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("activity", Document, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("conversation_key", "seq", name=op.f("pk_webchat_feed")),
        sa.UniqueConstraint("conversation_key", "post_key", name=op.f("uq_webchat_feed_conversation_key_post_key")),
    )
    op.create_table(
        "webchat_files",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("conversation_key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webchat_files")),
    )
    with op.batch_alter_table("webchat_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webchat_files_conversation_key"), ["conversation_key"], unique=False)

    op.create_table(
        "workers",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "cases",
        sa.Column("number", BigId, sa.Identity(always=False, start=1001), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("owner_kind", sa.String(length=16), nullable=True),
        sa.Column("owner_id", sa.Text(), nullable=True),
        sa.Column("owner_name", sa.Text(), nullable=True),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_cases_contact_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_cases")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cases_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index("ix_cases_owner", ["owner_id", "status"], unique=False)
        batch_op.create_index("ix_cases_status", ["status", "number"], unique=False)

    op.create_table(
        "contact_identities",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_contact_identities_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_identities")),
        sa.UniqueConstraint(
            "channel", "account", "external_id", name=op.f("uq_contact_identities_channel_account_external_id")
        ),
    )
    with op.batch_alter_table("contact_identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_identities_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index("ix_contact_identities_email", ["email"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", BigId, nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("payload", Document, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("done_at", UtcDateTime, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint("status IN ('ready', 'done', 'dead')", name=op.f("ck_inbox_status")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_inbox_conversation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("channel", "account", "external_id", name=op.f("uq_inbox_channel_account_external_id")),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index("ix_inbox_age", ["received_at", "status"], unique=False)
        batch_op.create_index(
            "ix_inbox_dead",
            ["id"],
            unique=False,
            sqlite_where=sa.text("status = 'dead'"),
            postgresql_where=sa.text("status = 'dead'"),
        )
        batch_op.create_index(
            "ix_inbox_ready",
            ["conversation_id", "id"],
            unique=False,
            sqlite_where=sa.text("status = 'ready'"),
            postgresql_where=sa.text("status = 'ready'"),
        )

    op.create_table(
        "outbox",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", BigId, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("payload", Document, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.Column("native_id", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("done_at", UtcDateTime, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint("status IN ('queued', 'sending', 'delivered', 'dead')", name=op.f("ck_outbox_status")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_outbox_conversation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_dead",
            ["id"],
            unique=False,
            sqlite_where=sa.text("status = 'dead'"),
            postgresql_where=sa.text("status = 'dead'"),
        )
        batch_op.create_index(
            "ix_outbox_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("status IN ('queued', 'sending')"),
            postgresql_where=sa.text("status IN ('queued', 'sending')"),
        )
        batch_op.create_index(
            "ix_outbox_waiting",
            ["conversation_id", "id"],
            unique=False,
            sqlite_where=sa.text("status IN ('queued', 'sending')"),
            postgresql_where=sa.text("status IN ('queued', 'sending')"),
        )

    op.create_table(
        "participants",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_participants_contact_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_participants_conversation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participants")),
        sa.UniqueConstraint("conversation_id", "author_id", name=op.f("uq_participants_conversation_id_author_id")),
    )
    with op.batch_alter_table("participants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_participants_contact_id"), ["contact_id"], unique=False)

    op.create_table(
        "timers",
        sa.Column("conversation_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("latest_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_timers_conversation_id")),
        sa.PrimaryKeyConstraint("conversation_id", "kind", name=op.f("pk_timers")),
    )
    with op.batch_alter_table("timers", schema=None) as batch_op:
        batch_op.create_index("ix_timers_due_at", ["due_at"], unique=False)

    op.create_table(
        "audit",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("case_number", BigId, nullable=True),
        sa.Column("conversation_id", BigId, nullable=True),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=True),
        sa.Column("old", Document, nullable=True),
        sa.Column("new", Document, nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("evidence", Document, nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("settings_version", sa.Integer(), nullable=True),
        sa.Column("predictor", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_audit_case_number")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_audit_conversation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_case", ["case_number", "id"], unique=False)

    op.create_table(
        "case_conversations",
        sa.Column("case_number", BigId, nullable=False),
        sa.Column("conversation_id", BigId, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("linked_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_case_conversations_case_number")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_case_conversations_conversation_id")
        ),
        sa.PrimaryKeyConstraint("case_number", "conversation_id", name=op.f("pk_case_conversations")),
    )
    with op.batch_alter_table("case_conversations", schema=None) as batch_op:
        batch_op.create_index(
            "uq_case_conversations_live",
            ["conversation_id"],
            unique=True,
            sqlite_where=sa.text("live = 1"),
            postgresql_where=sa.text("live"),
        )

    op.create_table(
        "case_values",
        sa.Column("case_number", BigId, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("value", Document, nullable=True),
        sa.Column("writer_kind", sa.String(length=16), nullable=False),
        sa.Column("writer_id", sa.Text(), nullable=False),
        sa.Column("writer_name", sa.Text(), nullable=False),
        sa.Column("written_at", UtcDateTime, nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("evidence", Document, nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_case_values_case_number")),
        sa.PrimaryKeyConstraint("case_number", "field", name=op.f("pk_case_values")),
    )
    op.create_table(
        "evaluations",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", BigId, nullable=False),
        sa.Column("case_number", BigId, nullable=True),
        sa.Column("trigger", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("detail", Document, nullable=False),
        sa.Column("predictor", sa.Text(), nullable=False),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Float(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_evaluations_case_number")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_evaluations_conversation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
    )
    with op.batch_alter_table("evaluations", schema=None) as batch_op:
        batch_op.create_index("ix_evaluations_case", ["case_number", "id"], unique=False)
        batch_op.create_index("ix_evaluations_conversation", ["conversation_id", "id"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", BigId, nullable=False),
        sa.Column("participant_id", BigId, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("attachments", Document, nullable=False),
        sa.Column("noise", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("deleted_at", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id")),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("fk_messages_participant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("conversation_id", "external_id", name=op.f("uq_messages_conversation_id_external_id")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_transcript", ["conversation_id", "id"], unique=False)

    op.create_table(
        "posted_cards",
        sa.Column("conversation_id", BigId, nullable=False),
        sa.Column("case_number", BigId, nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_posted_cards_case_number")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_posted_cards_conversation_id")
        ),
        sa.PrimaryKeyConstraint("conversation_id", "case_number", name=op.f("pk_posted_cards")),
    )
    op.create_table(
        "suggestions",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("case_number", BigId, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("value", Document, nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("evidence", Document, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("decided_at", UtcDateTime, nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'accepted', 'rejected', 'superseded')", name=op.f("ck_suggestions_status")
        ),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_suggestions_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
    )
    with op.batch_alter_table("suggestions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suggestions_case_number"), ["case_number"], unique=False)
        batch_op.create_index(
            "uq_suggestions_open",
            ["case_number", "field"],
            unique=True,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )

    op.create_table(
        "message_revisions",
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("replaced_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_revisions_message_id")),
        sa.PrimaryKeyConstraint("message_id", "revision", name=op.f("pk_message_revisions")),
    )
    _start_case_numbers()
    _protect_audit()


def _start_case_numbers() -> None:
    if op.get_bind().dialect.name == "sqlite":  # which has no identity that starts elsewhere
        op.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('cases', 1000)")


def _protect_audit() -> None:
    """Refuses to remove or replace, and any UPDATE but an erasure, which sets old, new and evidence to NULL."""
    kept = "at case_number conversation_id actor_kind actor_id actor_name what field confidence rule reason"
    kept += " settings_version predictor id"
    same = [f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in kept.split()]
    gone = ["NEW.old IS NULL", "NEW.new IS NULL", "NEW.evidence IS NULL"]
    erasure = " AND ".join(same + gone)
    if op.get_bind().dialect.name == "sqlite":
        erasure = erasure.replace("IS NOT DISTINCT FROM", "IS")
        fail = "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        op.execute(f"CREATE TRIGGER audit_update BEFORE UPDATE ON audit WHEN NOT ({erasure}) {fail}")
        op.execute(f"CREATE TRIGGER audit_delete BEFORE DELETE ON audit {fail}")
        # INSERT OR REPLACE deletes without a word to the trigger above.
        known = "EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)"
        op.execute(f"CREATE TRIGGER audit_replace BEFORE INSERT ON audit WHEN {known} {fail}")
        return
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
    )
    run = "FOR EACH ROW {when} EXECUTE FUNCTION audit_is_append_only()"
    op.execute(f"CREATE TRIGGER audit_update BEFORE UPDATE ON audit {run.format(when=f'WHEN (NOT ({erasure}))')}")
    op.execute(f"CREATE TRIGGER audit_delete BEFORE DELETE ON audit {run.format(when='')}")
    op.execute(
        "CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )
