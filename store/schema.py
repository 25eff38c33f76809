"""The tables. Invariants stand here as constraints; each index and constraint says in one line what it is for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment; SQLite, which knows no time zones, keeps it as UTC without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Document: TypeEngine[Any] = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# SQLite numbers rows by itself only in a column declared INTEGER.
BigId: TypeEngine[int] = BigInteger().with_variant(Integer, "sqlite")


def _vector(text: str) -> str:
    """What PostgreSQL's full-text indexes hold. Words alone: an address or "HE25-44" is found by its parts.

    A vector has at most a megabyte, and whatever exceeds that could not be stored at all.
    """
    signs = "@./-_+~&=?#<>"
    return f"to_tsvector('simple'::regconfig, translate(left({text}, 100000), '{signs}', '{' ' * len(signs)}'))"


MESSAGE_WORDS = _vector("text")
CASE_WORDS = _vector("words")


def _id() -> Column[int]:
    return Column("id", BigId, Identity(), primary_key=True)


def _conversation(**options: Any) -> Column[int]:
    return Column("conversation_id", BigId, ForeignKey("conversations.id"), **options)


def _case(**options: Any) -> Column[int]:
    return Column("case_number", BigId, ForeignKey("cases.number"), **options)


# --- people and what they say -----------------------------------------------------------------------

contacts = Table(
    "contacts",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("erased_at", UtcDateTime),  # the number alone is left, so that it never becomes somebody else's
)

contact_identities = Table(
    "contact_identities",
    metadata,
    _id(),
    Column("contact_id", BigId, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("channel", String(32), nullable=False),
    Column("account", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("email", Text),
    # One native user is one contact.
    UniqueConstraint("channel", "account", "external_id"),
    # A verified address leads to the same contact on every channel.
    Index("ix_contact_identities_email", "email"),
)

conversations = Table(
    "conversations",
    metadata,
    _id(),
    Column("channel", String(32), nullable=False),
    Column("category", String(16), nullable=False),
    Column("account", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("reply_address", Document, nullable=False),
    Column("people", Boolean, nullable=False),
    Column("language", String(16)),
    Column("asked", Boolean, nullable=False, default=False),
    Column("ended_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_message_at", UtcDateTime),
    # The unit of work: who holds the conversation, until when, and the fencing token that grows with every claim.
    Column("ready_at", UtcDateTime),
    Column("lease_owner", BigId),
    Column("lease_token", BigId, nullable=False, default=0),
    Column("lease_until", UtcDateTime),
    Column("erased_at", UtcDateTime),  # nothing is left of what was said
    UniqueConstraint("channel", "account", "key"),
    # The inbox: where somebody wrote last comes first.
    Index("ix_conversations_last_message_at", "last_message_at", "id"),
    # Finds the next conversation with work, however many are idle.
    Index(
        "ix_conversations_ready",
        "ready_at",
        sqlite_where=text("ready_at IS NOT NULL"),
        postgresql_where=text("ready_at IS NOT NULL"),
    ),
    # Finds the leases of a worker to renew, and of a dead one to free.
    Index(
        "ix_conversations_lease",
        "lease_owner",
        sqlite_where=text("lease_owner IS NOT NULL"),
        postgresql_where=text("lease_owner IS NOT NULL"),
    ),
)

participants = Table(
    "participants",
    metadata,
    _id(),
    _conversation(nullable=False),
    Column("contact_id", BigId, ForeignKey("contacts.id"), index=True),
    Column("author_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("email", Text),
    # One person takes part in a conversation once.
    UniqueConstraint("conversation_id", "author_id"),
)

messages = Table(
    "messages",
    metadata,
    _id(),
    _conversation(nullable=False),
    Column("participant_id", BigId, ForeignKey("participants.id"), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("attachments", Document, nullable=False),
    Column("noise", Boolean, nullable=False),
    Column("revision", Integer, nullable=False, default=0),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    # The same native message is kept once, whichever events speak of it.
    UniqueConstraint("conversation_id", "external_id"),
    # Reads a window of a transcript without touching the rest.
    Index("ix_messages_transcript", "conversation_id", "id"),
)

message_revisions = Table(
    "message_revisions",
    metadata,
    Column("message_id", BigId, ForeignKey("messages.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("replaced_at", UtcDateTime, nullable=False),
)

# --- cases ------------------------------------------------------------------------------------------

cases = Table(
    "cases",
    metadata,
    # A committed number is never reused, whatever is deleted: AUTOINCREMENT in SQLite, an identity in PostgreSQL.
    Column("number", BigId, Identity(start=1001), primary_key=True),
    Column("title", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("owner_kind", String(16)),
    Column("owner_id", Text),
    Column("owner_name", Text),
    Column("contact_id", BigId, ForeignKey("contacts.id"), index=True),
    Column("resolution", Text),
    Column("queue", String(64)),  # its id in the settings, which may have been removed there since
    # Where a merged case went. No foreign key: SQLite would have to copy the table for one.
    Column("merged_into", BigId),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # Grows with every change: a decision made on an older revision is made again.
    Column("revision", Integer, nullable=False, default=0),
    Column("erased_at", UtcDateTime),  # nothing is left of what it said
    # Lists open cases, newest first.
    Index("ix_cases_status", "status", "number"),
    Index("ix_cases_owner", "owner_id", "status"),
    # Lists the cases of a queue, newest first.
    Index("ix_cases_queue", "queue", "status", "number"),
    sqlite_autoincrement=True,
)

case_values = Table(
    "case_values",
    metadata,
    Column("case_number", BigId, ForeignKey("cases.number"), primary_key=True),
    Column("field", String(64), primary_key=True),
    # NULL: a person cleared the field, which the agent respects like any other human edit.
    Column("value", Document),
    Column("writer_kind", String(16), nullable=False),
    Column("writer_id", Text, nullable=False),
    Column("writer_name", Text, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("confidence", Float),
    Column("evidence", Document, nullable=False),
)

case_words = Table(
    "case_words",
    metadata,
    # Title, values and resolution in one text, for the full-text search; `store.search` keeps it.
    Column("case_number", BigId, ForeignKey("cases.number"), primary_key=True, autoincrement=False),
    Column("words", Text, nullable=False),
)

case_conversations = Table(
    "case_conversations",
    metadata,
    Column("case_number", BigId, ForeignKey("cases.number"), primary_key=True),
    Column("conversation_id", BigId, ForeignKey("conversations.id"), primary_key=True),
    Column("live", Boolean, nullable=False),
    Column("linked_at", UtcDateTime, nullable=False),
    # Finds the cases of a conversation, also those that are live no more.
    Index("ix_case_conversations_conversation_id", "conversation_id"),
    # One live case per conversation; earlier ones stay linked.
    Index(
        "uq_case_conversations_live",
        "conversation_id",
        unique=True,
        sqlite_where=text("live = 1"),
        postgresql_where=text("live"),
    ),
)

suggestions = Table(
    "suggestions",
    metadata,
    _id(),
    _case(nullable=False, index=True),
    Column("field", String(64), nullable=False),
    Column("value", Document),
    Column("confidence", Float, nullable=False),
    Column("evidence", Document, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    CheckConstraint("status IN ('open', 'accepted', 'rejected', 'superseded')", name="status"),
    # One open suggestion a field.
    Index(
        "uq_suggestions_open",
        "case_number",
        "field",
        unique=True,
        sqlite_where=text("status = 'open'"),
        postgresql_where=text("status = 'open'"),
    ),
)

examples = Table(
    "examples",
    metadata,
    # What a person decided of a field, with the words that they decided it on; theirs to erase.
    _id(),
    _case(nullable=False),
    Column("contact_id", BigId, ForeignKey("contacts.id")),
    Column("field", String(64), nullable=False),
    Column("words", Text, nullable=False),  # the customer's
    Column("value", Document),  # NULL: none is right, as far as is known
    Column("wrong", Document),  # what the agent had made of them
    Column("settings_version", Integer),
    Column("learnt_at", UtcDateTime, nullable=False),
    Column("gist", LargeBinary),  # of the words, by which others are compared with them; NULL: not made yet
    Column("gist_by", String(80)),  # what made it; another's is made anew
    # The latest decision of a case on a field counts.
    UniqueConstraint("case_number", "field"),
    # Finds a field's examples, newest first.
    Index("ix_examples_field", "field", "id"),
    # Whether one came or went is asked at each evaluation; the index answers it without their words.
    Index("ix_examples_latest", "gist_by", "id", "learnt_at"),
)

evaluations = Table(
    "evaluations",
    metadata,
    _id(),
    _conversation(nullable=False),
    _case(),
    Column("trigger", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("detail", Document, nullable=False),  # resolved, missing, refused, rules, passes
    Column("predictor", Text, nullable=False),
    Column("settings_version", Integer, nullable=False),
    Column("milliseconds", Float, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_evaluations_conversation", "conversation_id", "id"),
    Index("ix_evaluations_case", "case_number", "id"),
)

agent_figures = Table(
    "agent_figures",
    metadata,
    # What the agent did and people made of it, counted by day: a page can't look at every change of a month.
    Column("day", String(10), primary_key=True),  # UTC, "2026-11-26"
    Column("channel", String(32), primary_key=True),
    Column("field", String(64), primary_key=True),  # "": of no field
    Column("what", String(16), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

figures_counted = Table(
    "figures_counted",
    metadata,
    # Up to which entry of the audit, and which evaluation, they are counted.
    Column("source", String(16), primary_key=True),
    Column("last_id", BigInteger, nullable=False),
)

predictions_spent = Table(
    "predictions_spent",
    metadata,
    Column("scope", Text, primary_key=True),  # "day 2026-11-20" or "conversation 17"
    Column("tokens", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    # Append-only: triggers refuse DELETE, and any UPDATE but an erasure: `old`, `new`, `evidence` or `reason` to NULL.
    _id(),
    Column("at", UtcDateTime, nullable=False),
    _case(),
    _conversation(),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Column("field", String(64)),
    Column("old", Document),
    Column("new", Document),
    Column("confidence", Float),
    Column("evidence", Document),
    Column("rule", Text),
    Column("reason", Text),
    Column("settings_version", Integer),
    Column("predictor", Text),
    Index("ix_audit_case", "case_number", "id"),
)

settings_versions = Table(
    "settings_versions",
    metadata,
    # Consecutive, chosen by us: the unique key is what detects two administrators saving at once.
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Document, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# --- work -------------------------------------------------------------------------------------------

workers = Table(
    "workers",
    metadata,
    _id(),  # the lease owner's number, and the key of its liveness lock
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    _id(),
    _conversation(nullable=False),
    Column("channel", String(32), nullable=False),
    Column("account", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("payload", Document, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Column("error", Text),
    Column("error_id", String(32)),
    CheckConstraint("status IN ('ready', 'done', 'dead')", name="status"),
    # A redelivered event is the same event.
    UniqueConstraint("channel", "account", "external_id"),
    # The head of a conversation's line.
    Index(
        "ix_inbox_ready",
        "conversation_id",
        "id",
        sqlite_where=text("status = 'ready'"),
        postgresql_where=text("status = 'ready'"),
    ),
    # Lists dead work.
    Index(
        "ix_inbox_dead",
        "id",
        sqlite_where=text("status = 'dead'"),
        postgresql_where=text("status = 'dead'"),
    ),
    # Retention of what is done. Not by status first: SQLite would prefer it to the line above, and sort the backlog.
    Index("ix_inbox_age", "received_at", "status"),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _conversation(nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", String(16), nullable=False),  # text, card
    Column("payload", Document, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("uncertain", Boolean, nullable=False, default=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("lease_owner", BigId),  # the worker that is sending it
    Column("lease_until", UtcDateTime),
    Column("native_id", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Column("error", Text),
    Column("error_id", String(32)),
    CheckConstraint("status IN ('queued', 'sending', 'delivered', 'dead')", name="status"),
    # The same decision posts once.
    UniqueConstraint("key"),
    # The head of a conversation's line of posts.
    Index(
        "ix_outbox_waiting",
        "conversation_id",
        "id",
        sqlite_where=text("status IN ('queued', 'sending')"),
        postgresql_where=text("status IN ('queued', 'sending')"),
    ),
    # What was posted into a thread, for people who look at it.
    Index("ix_outbox_conversation_id", "conversation_id", "id"),
    # Finds what a dead worker was sending.
    Index(
        "ix_outbox_lease",
        "lease_owner",
        sqlite_where=text("lease_owner IS NOT NULL"),
        postgresql_where=text("lease_owner IS NOT NULL"),
    ),
    Index(
        "ix_outbox_due",
        "due_at",
        sqlite_where=text("status IN ('queued', 'sending')"),
        postgresql_where=text("status IN ('queued', 'sending')"),
    ),
    Index(
        "ix_outbox_dead",
        "id",
        sqlite_where=text("status = 'dead'"),
        postgresql_where=text("status = 'dead'"),
    ),
)

posted_cards = Table(
    "posted_cards",
    metadata,
    # Where a case's card stands in a conversation, so that it is edited in place.
    Column("conversation_id", BigId, ForeignKey("conversations.id"), primary_key=True),
    Column("case_number", BigId, ForeignKey("cases.number"), primary_key=True),
    Column("native_id", Text, nullable=False),
)

timers = Table(
    "timers",
    metadata,
    Column("conversation_id", BigId, ForeignKey("conversations.id"), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("latest_at", UtcDateTime, nullable=False),  # a debounce never waits longer than this
    Index("ix_timers_due_at", "due_at"),
)

# --- web chat ---------------------------------------------------------------------------------------

webchat_feed = Table(
    "webchat_feed",
    metadata,
    # What a web chat client reads by watermark; the web chat is its own remote service.
    Column("conversation_key", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("post_key", Text, nullable=False),
    Column("activity_id", Text, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("audience", Text),
    Column("activity", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # A retried post is the same post.
    UniqueConstraint("conversation_key", "post_key"),
)

webchat_files = Table(
    "webchat_files",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("conversation_key", String(64), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# --- mail -------------------------------------------------------------------------------------------

mailboxes = Table(
    "mailboxes",
    metadata,
    # Which process attends to a mailbox, and how it is doing: of several, one at a time.
    Column("account", Text, primary_key=True),
    Column("holder", Text),
    Column("lease_until", UtcDateTime),
    Column("state", String(16), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("last_arrival", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
)

mail_folders = Table(
    "mail_folders",
    metadata,
    # Where we are in a folder: everything up to `last_uid` is stored, in the same transaction.
    Column("account", Text, primary_key=True),
    Column("folder", Text, primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
)

mails = Table(
    "mails",
    metadata,
    _id(),
    Column("account", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    # The same mail, whichever folder or UID it has: the external id of its inbox event.
    Column("digest", String(64), nullable=False),
    Column("sender", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    # What joined it to its conversation: message_id, token, person; NULL: nothing did.
    Column("signal", String(16)),
    Column("conversation_key", Text),
    Column("raw", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    # Marked as seen or moved in the mailbox, where the settings want that.
    Column("settled", Boolean, nullable=False),
    CheckConstraint("state IN ('waiting', 'created', 'joined', 'ignored', 'review', 'dismissed')", name="state"),
    # A place in a mailbox is read once.
    UniqueConstraint("account", "folder", "uidvalidity", "uid"),
    Index("ix_mails_digest", "account", "digest"),
    Index("ix_mails_state", "state", "id"),
    # Tells when the last one came.
    Index("ix_mails_arrivals", "account", "received_at"),
    # Finds what belongs to a conversation.
    Index("ix_mails_conversation", "account", "conversation_key"),
    # Finds what is to be marked or moved.
    Index(
        "ix_mails_unsettled",
        "account",
        "folder",
        sqlite_where=text("settled = 0"),
        postgresql_where=text("NOT settled"),
    ),
)

mail_sent = Table(
    "mail_sent",
    metadata,
    # What the agent wrote by itself, to bound how much that is.
    Column("key", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_mail_sent_at", "account", "at"),
)

# --- slack ------------------------------------------------------------------------------------------

slack_messages = Table(
    "slack_messages",
    metadata,
    # Messages that stand in no thread, and the conversation each is part of.
    Column("account", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("ts", Text, primary_key=True),
    Column("author", Text, nullable=False),
    Column("conversation_key", Text, nullable=False),
    Index("ix_slack_messages_conversation", "account", "channel", "conversation_key"),
)

files = Table(
    "files",
    metadata,
    # Files that came along with messages: copied, so that they outlive the channel's own; `key` can't be guessed.
    Column("key", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("address", Text, nullable=False),  # that the copy is made from, with our token
    Column("link", Text, nullable=False),  # for people, where there is no copy
    Column("state", String(16), CheckConstraint("state IN ('waiting', 'kept', 'link')", name="state"), nullable=False),
    Column("reason", Text),  # why there is no copy
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("content", LargeBinary),
    Index(
        "ix_files_waiting",
        "channel",
        "due_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

teams_greetings = Table(
    "teams_greetings",
    metadata,
    # Whom, or which chat, we said once who we are.
    Column("account", Text, primary_key=True),
    Column("greeted", Text, primary_key=True),
    Column("address", Document, nullable=False),
    Column("due_at", UtcDateTime),  # while it waits to be said
    Index(
        "ix_teams_greetings_waiting",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

# The three that slack_sdk's SQLAlchemy stores read and write. Its own lengths are left out: tokens outgrow them.
slack_installations = Table(
    "slack_installations",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("client_id", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("enterprise_id", Text),
    Column("enterprise_name", Text),
    Column("enterprise_url", Text),
    Column("team_id", Text),
    Column("team_name", Text),
    Column("bot_token", Text),
    Column("bot_id", Text),
    Column("bot_user_id", Text),
    Column("bot_scopes", Text),
    Column("bot_refresh_token", Text),
    Column("bot_token_expires_at", DateTime),
    Column("user_id", Text, nullable=False),
    Column("user_token", Text),
    Column("user_scopes", Text),
    Column("user_refresh_token", Text),
    Column("user_token_expires_at", DateTime),
    Column("incoming_webhook_url", Text),
    Column("incoming_webhook_channel", Text),
    Column("incoming_webhook_channel_id", Text),
    Column("incoming_webhook_configuration_url", Text),
    Column("is_enterprise_install", Boolean, nullable=False),
    Column("token_type", Text),
    Column("installed_at", DateTime, nullable=False),
    Index("slack_installations_idx", "client_id", "enterprise_id", "team_id", "user_id", "installed_at"),
)

slack_bots = Table(
    "slack_bots",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("client_id", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("enterprise_id", Text),
    Column("enterprise_name", Text),
    Column("team_id", Text),
    Column("team_name", Text),
    Column("bot_token", Text),
    Column("bot_id", Text),
    Column("bot_user_id", Text),
    Column("bot_scopes", Text),
    Column("bot_refresh_token", Text),
    Column("bot_token_expires_at", DateTime),
    Column("is_enterprise_install", Boolean, nullable=False),
    Column("installed_at", DateTime, nullable=False),
    Index("slack_bots_idx", "client_id", "enterprise_id", "team_id", "installed_at"),
)

slack_oauth_states = Table(
    "slack_oauth_states",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("state", Text, nullable=False),
    Column("expire_at", DateTime, nullable=False),
)

# --- people at the console and the API --------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    _id(),
    Column("login", Text, nullable=False),  # in lower case: an e-mail address, or a name to log in by
    Column("name", Text, nullable=False),
    Column("email", Text),  # verified, by the provider or by the administrator who wrote it
    Column("role", String(16), nullable=False),
    Column("password_hash", Text),
    # Who they are to the OpenID provider: a login may pass to somebody else there, this never does.
    Column("issuer", Text),
    Column("subject", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    CheckConstraint("role IN ('administrator', 'representative')", name="role"),
    UniqueConstraint("login"),
    UniqueConstraint("issuer", "subject"),
)


def _account(**options: Any) -> Column[int]:
    return Column("account_id", BigId, ForeignKey("accounts.id"), **options)


saved_views = Table(
    "saved_views",
    metadata,
    _id(),
    _account(nullable=False),
    # "cases" or "inbox".
    Column("list", String(16), nullable=False),
    Column("name", Text, nullable=False),
    # As the list's address has it.
    Column("query", Text, nullable=False),
    UniqueConstraint("account_id", "list", "name"),
)

account_identities = Table(
    "account_identities",
    metadata,
    # Who an account is on the channels; one native user is one account.
    Column("channel", String(32), primary_key=True),
    Column("external_id", Text, primary_key=True),
    _account(nullable=False, index=True),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    # Of the token that the browser holds: who reads the database can't be anybody by it.
    Column("digest", String(64), nullable=False),
    _account(nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("browser", Text, nullable=False),
    # Came by a one-time link: may choose a password without knowing the one before.
    Column("by_link", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    UniqueConstraint("digest"),
    # Retention.
    Index("ix_sessions_expires_at", "expires_at"),
)

login_links = Table(
    "login_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    _account(nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    _id(),
    # What is counted: "login ann", "address 192.0.2.1".
    Column("key", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_login_attempts_key", "key", "at"),
    # Retention.
    Index("ix_login_attempts_at", "at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    Column("digest", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("hint", String(16), nullable=False),  # how it begins, to tell it from others
    Column("scopes", Document, nullable=False),
    # Who made it: a key ends with its maker's account.
    _account(nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("digest"),
)

case_reads = Table(
    "case_reads",
    metadata,
    # Who read which case, where the settings want that to be kept.
    _id(),
    Column("at", UtcDateTime, nullable=False),
    _case(nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("way", String(16), nullable=False),  # console, api
    Index("ix_case_reads_case", "case_number", "id"),
)

api_answers = Table(
    "api_answers",
    metadata,
    # What was answered to a call with an Idempotency-Key, so that a retry gets the same and does nothing.
    Column("caller", String(64), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Document),
    Column("at", UtcDateTime, nullable=False),
    # Retention.
    Index("ix_api_answers_at", "at"),
)

# --- programs that want to be told ------------------------------------------------------------------

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    _id(),
    Column("url", Text, nullable=False),
    Column("events", Document, nullable=False),  # ["case.created", ...]
    Column("internal", Boolean, nullable=False),  # whether it is told of internal fields, and notes
    # As it is: signing takes the secret itself. It is told once, when it is made.
    Column("secret", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_because", Text),
    Column("old_secret", Text),  # until then, it signs beside the new one
    Column("old_secret_until", UtcDateTime),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    _id(),
    Column("endpoint_id", BigId, ForeignKey("webhook_endpoints.id"), nullable=False),
    Column("message_id", String(64), nullable=False),  # the same at each attempt: receivers know repetitions by it
    Column("event", String(32), nullable=False),
    _case(nullable=False, index=True),
    Column("entries", Document, nullable=False),  # of the audit: nothing that somebody wrote is kept here
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcDateTime, nullable=False),
    Column("lease_owner", BigId),  # the worker that is sending it
    Column("lease_until", UtcDateTime),
    Column("answered", Integer),  # the HTTP status of the latest answer
    Column("created_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Column("error", Text),
    CheckConstraint("status IN ('queued', 'sending', 'delivered', 'skipped', 'dead')", name="status"),
    UniqueConstraint("message_id"),
    # What waits, by endpoint: one that is slow holds up no other.
    Index(
        "ix_webhook_deliveries_waiting",
        "endpoint_id",
        "id",
        sqlite_where=text("status IN ('queued', 'sending')"),
        postgresql_where=text("status IN ('queued', 'sending')"),
    ),
    # The log of an endpoint.
    Index("ix_webhook_deliveries_endpoint", "endpoint_id", "id"),
    # Retention.
    Index("ix_webhook_deliveries_age", "done_at"),
)
