"""Where Slack's messages belong: which conversation each one that may be answered in a thread is part of."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from store.schema import conversations, inbox, slack_bots, slack_messages
from store.sql import insert

CHANNEL = "slack"
_mine = (
    slack_messages.c.account == bindparam("account"),
    slack_messages.c.channel == bindparam("channel"),
)
_KEEP = insert(slack_messages).on_conflict_do_nothing()
_KEY_OF = select(slack_messages.c.conversation_key).where(*_mine, slack_messages.c.ts == bindparam("ts"))
_RECENT = (
    select(slack_messages.c.conversation_key)
    .where(*_mine, slack_messages.c.ts.between(bindparam("first"), bindparam("last")))
    .order_by(slack_messages.c.ts.desc())
    .limit(1)
)
_RECENT_OF_ONE = _RECENT.where(slack_messages.c.author == bindparam("author"))
_FIRST_OF = (
    select(slack_messages.c.ts)
    .where(*_mine, slack_messages.c.conversation_key == bindparam("key"))
    .order_by(slack_messages.c.ts)
    .limit(1)
)


_HEARD_AS = (
    select(conversations.c.key)
    .join(inbox, inbox.c.conversation_id == conversations.c.id)
    .where(inbox.c.channel == CHANNEL, inbox.c.account == bindparam("account"))
    .where(inbox.c.external_id == bindparam("external_id"))
)
_INSTALLED_IN = select(slack_bots.c.enterprise_id).where(slack_bots.c.team_id == bindparam("account")).distinct()
_enterprise = conversations.c.reply_address["enterprise"].as_string()
_HEARD_IN = (
    select(_enterprise)
    .where(conversations.c.channel == CHANNEL, conversations.c.account == bindparam("account"))
    .where(_enterprise.is_not(None))
    .limit(1)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A message that stands in a channel itself, in no thread; `ts` is Slack's id and time of it."""

    account: str
    channel: str
    ts: str  # "1700000000.000100": as text in the order of time
    author: str
    conversation_key: str


def keep(connection: Connection, placed: Placed) -> None:
    """A message stays where it was put first."""
    row = {
        "account": placed.account,
        "channel": placed.channel,
        "ts": placed.ts,
        "author": placed.author,
        "conversation_key": placed.conversation_key,
    }
    connection.execute(_KEEP, row)


def key_of(connection: Connection, account: str, channel: str, ts: str) -> str | None:
    """The conversation of a message."""
    where = {"account": account, "channel": channel, "ts": ts}
    return connection.execute(_KEY_OF, where).scalar_one_or_none()


def recent(
    connection: Connection, account: str, channel: str, *, first: str, last: str, author: str | None = None
) -> str | None:
    """The conversation of the latest message between the two times, by one author or by anybody."""
    where = {"account": account, "channel": channel, "first": first, "last": last}
    if author is None:
        return connection.execute(_RECENT, where).scalar_one_or_none()
    return connection.execute(_RECENT_OF_ONE, {**where, "author": author}).scalar_one_or_none()


def heard_in(connection: Connection, account: str, external_id: str) -> str | None:
    """The conversation into which an event was taken."""
    return connection.execute(_HEARD_AS, {"account": account, "external_id": external_id}).scalar_one_or_none()


def first_of(connection: Connection, account: str, channel: str, conversation_key: str) -> str | None:
    """The first message in a channel that belongs to a conversation."""
    where = {"account": account, "channel": channel, "key": conversation_key}
    return connection.execute(_FIRST_OF, where).scalar_one_or_none()


def enterprises_of(connection: Connection, account: str) -> list[str | None]:
    """The organisations of an Enterprise Grid that a workspace may belong to; None where it was installed in none."""
    installed = connection.execute(_INSTALLED_IN, {"account": account}).scalars().all()
    heard = connection.execute(_HEARD_IN, {"account": account}).scalars().all()
    return list(dict.fromkeys([*installed, *heard]))
