"""Conversations: participants, messages with their edit history, and the window of a transcript."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Text, bindparam, select, union, update

from store.model import (
    Attachment,
    CaseNumber,
    Category,
    ContactId,
    Conversation,
    ConversationId,
    Inbound,
    Message,
    MessageId,
    Participant,
    Role,
)
from store.schema import (
    case_conversations,
    conversations,
    message_revisions,
    messages,
    participants,
)
from store.sql import insert, locked, now

OPENING = 6
RECENT = 40
ATTACHMENTS = TypeAdapter(tuple[Attachment, ...])


class UnknownMessage(Exception):
    """The conversation has no such message."""


_LARGEST = 2**63 - 1  # that an id can be

_LIVE = select(case_conversations.c.case_number).where(
    case_conversations.c.conversation_id == conversations.c.id, case_conversations.c.live
)
_GET = select(conversations, _LIVE.scalar_subquery().label("case_number")).where(
    conversations.c.id == bindparam("conversation")
)
_FIND = select(conversations.c.id).where(
    conversations.c.channel == bindparam("channel"),
    conversations.c.account == bindparam("account"),
    conversations.c.key == bindparam("key"),
)
_KNOWN = select(participants.c.id).where(
    participants.c.conversation_id == bindparam("conversation"),
    participants.c.author_id == bindparam("author"),
    participants.c.name == bindparam("name"),
    participants.c.role == bindparam("role"),
    participants.c.email.is_not_distinct_from(bindparam("email", type_=Text())),
)
_participant_row = insert(participants)
_JOIN = _participant_row.on_conflict_do_update(
    index_elements=["conversation_id", "author_id"],
    set_={column: _participant_row.excluded[column] for column in ("name", "role", "email")},
).returning(participants.c.id)
_APPEND = insert(messages).on_conflict_do_nothing().returning(messages.c.id)
# A message after the end opens the conversation again.
_TOUCH = (
    update(conversations)
    .where(conversations.c.id == bindparam("conversation"))
    .values(last_message_at=bindparam("moment"), ended_at=None)
)


_author = participants.c
_WORDS = [column for column in messages.c if column.name not in {"conversation_id", "received_at"}]
_TRANSCRIPT = (
    select(*_WORDS, _author.author_id, _author.name, _author.role, _author.contact_id, _author.email)
    .join(participants, _author.id == messages.c.participant_id)
    .where(messages.c.conversation_id == bindparam("conversation"))
    .order_by(messages.c.id)
)
_LATEST = (_TRANSCRIPT.where(messages.c.id < bindparam("before")).order_by(None).order_by(messages.c.id.desc())).limit(
    bindparam("most")
)
_mine = select(messages.c.id).where(messages.c.conversation_id == bindparam("conversation"))
_opening = _mine.order_by(messages.c.id).limit(OPENING).subquery()
_recent = _mine.order_by(messages.c.id.desc()).limit(RECENT).subquery()
_cited = _mine.where(messages.c.id.in_(bindparam("cited", expanding=True)))
# By ids alone: an OR would read the whole conversation.
_WINDOW = _TRANSCRIPT.where(messages.c.id.in_(union(select(_opening.c.id), select(_recent.c.id), _cited)))
_SOME = _TRANSCRIPT.where(messages.c.id.in_(bindparam("ids", expanding=True)))
_CUSTOMER = (
    select(participants)
    .where(_author.conversation_id == bindparam("conversation"), _author.role == Role.CUSTOMER)
    .order_by(_author.id)
    .limit(1)
)
_ANSWER = (
    select(messages.c.id)
    .join(participants, _author.id == messages.c.participant_id)
    .where(messages.c.conversation_id == bindparam("conversation"), _author.role == Role.REPRESENTATIVE)
    .where(messages.c.deleted_at.is_(None))
    .limit(1)
)
_HEARD = (
    select(messages.c.id)
    .join(participants, _author.id == messages.c.participant_id)
    .where(messages.c.conversation_id == bindparam("conversation"), _author.role == Role.CUSTOMER)
    .order_by(messages.c.id.desc())
    .limit(1)
)


def get(connection: Connection, conversation_id: int) -> Conversation:
    return _conversation(connection.execute(_GET, {"conversation": conversation_id}).one())


def hold(connection: Connection, conversation_id: int) -> Conversation | None:
    """Locks the conversation, which then is neither handled nor erased before the transaction ends."""
    mine = select(conversations.c.id).where(conversations.c.id == conversation_id)
    if connection.execute(locked(mine)).first() is None:
        return None
    return get(connection, conversation_id)


def _conversation(row: Row[*tuple[Any, ...]]) -> Conversation:
    return Conversation(
        id=ConversationId(row.id),
        channel=row.channel,
        category=Category(row.category),
        account=row.account,
        key=row.key,
        reply_address=row.reply_address,
        people=row.people,
        language=row.language,
        ended=row.ended_at is not None,
        asked=row.asked,
        case_number=None if row.case_number is None else CaseNumber(row.case_number),
        erased=row.erased_at is not None,
    )


def find(connection: Connection, channel: str, account: str, key: str) -> ConversationId | None:
    """The conversation under a native key."""
    found = connection.execute(_FIND, {"channel": channel, "account": account, "key": key}).scalar_one_or_none()
    return None if found is None else ConversationId(found)


def join(connection: Connection, conversation_id: int, inbound: Inbound, role: Role, contact_id: ContactId) -> int:
    """The author as a participant, with the role and name of today; returns the participant's row id."""
    row: dict[str, Any] = {
        "conversation_id": conversation_id,
        "contact_id": contact_id,
        "author_id": inbound.author.id,
        "name": inbound.author.name or inbound.author.id,
        "role": role,
        "email": inbound.author.email,
    }
    return connection.execute(_JOIN, row).scalar_one()


def known(connection: Connection, conversation_id: int, inbound: Inbound, role: Role) -> int | None:
    """The author's row as a participant, if it says the same of them already."""
    row: dict[str, Any] = {
        "conversation": conversation_id,
        "author": inbound.author.id,
        "name": inbound.author.name or inbound.author.id,
        "role": role,
        "email": inbound.author.email,
    }
    return connection.execute(_KNOWN, row).scalar_one_or_none()


def append(connection: Connection, conversation_id: int, participant_id: int, inbound: Inbound, *, noise: bool) -> bool:
    """Adds a message; False when the same native message stands already (two events can speak of one message)."""
    moment = now(connection)
    row = _row(conversation_id, participant_id, inbound, noise=noise, moment=moment)
    if connection.execute(_APPEND, row).scalar_one_or_none() is None:
        return False
    connection.execute(_TOUCH, {"conversation": conversation_id, "moment": moment})
    return True


def bury(connection: Connection, conversation_id: int, participant_id: int, inbound: Inbound) -> None:
    """A deletion takes the place of its message, which has not come yet and then comes too late."""
    moment = now(connection)
    row = _row(conversation_id, participant_id, inbound, noise=True, moment=moment)
    connection.execute(_APPEND, {**row, "deleted_at": moment})


def _row(
    conversation_id: int, participant_id: int, inbound: Inbound, *, noise: bool, moment: datetime
) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "participant_id": participant_id,
        # An edit whose message we had not heard stands for it: further edits find it, and the message comes too late.
        "external_id": inbound.target or inbound.message_id or inbound.external_id,
        "text": inbound.text,
        "attachments": ATTACHMENTS.dump_python(inbound.attachments, mode="json"),
        "noise": noise,
        "revision": 0,
        "sent_at": inbound.sent_at,
        "received_at": moment,
    }


def edit(
    connection: Connection,
    conversation_id: int,
    external_id: str,
    author_id: str,
    text: str,
    *,
    noise: bool,
) -> None:
    """Replaces a message's words; the earlier ones stay as history.

    Raises UnknownMessage when there is no such message by this author.
    """
    row = _find(connection, conversation_id, external_id, author_id)
    if row.text == text:
        return
    _keep_revision(connection, row)
    changed = update(messages).where(messages.c.id == row.id)
    connection.execute(changed.values(text=text, noise=noise, revision=row.revision + 1))


def delete(connection: Connection, conversation_id: int, external_id: str, author_id: str) -> None:
    """Marks a message as deleted: kept as history, no evidence any more. Raises UnknownMessage."""
    row = _find(connection, conversation_id, external_id, author_id)
    gone = update(messages).where(messages.c.id == row.id, messages.c.deleted_at.is_(None))
    connection.execute(gone.values(deleted_at=now(connection)))


def restore(connection: Connection, conversation_id: int, external_id: str, author_id: str) -> None:
    """Takes a deletion back. Raises UnknownMessage."""
    row = _find(connection, conversation_id, external_id, author_id)
    connection.execute(update(messages).where(messages.c.id == row.id).values(deleted_at=None))


def remove(connection: Connection, conversation_id: int, external_id: str) -> None:
    """As `delete`, whoever wrote it. Raises UnknownMessage."""
    mine = update(messages).where(
        messages.c.conversation_id == conversation_id,
        messages.c.external_id == external_id,
        messages.c.deleted_at.is_(None),
    )
    if not connection.execute(mine.values(deleted_at=now(connection))).rowcount:
        raise UnknownMessage


def _find(connection: Connection, conversation_id: int, external_id: str, author_id: str) -> Row[*tuple[Any, ...]]:
    mine = (
        select(messages.c.id, messages.c.text, messages.c.revision)
        .join(participants, participants.c.id == messages.c.participant_id)
        .where(
            messages.c.conversation_id == conversation_id,
            messages.c.external_id == external_id,
        )
        .where(participants.c.author_id == author_id)
    )
    row = connection.execute(mine).one_or_none()
    if row is None:
        raise UnknownMessage
    return row


def _keep_revision(connection: Connection, row: Row[*tuple[Any, ...]]) -> None:
    connection.execute(
        insert(message_revisions).values(
            message_id=row.id,
            revision=row.revision,
            text=row.text,
            replaced_at=now(connection),
        )
    )


def end(connection: Connection, conversation_id: int) -> None:
    connection.execute(
        update(conversations).where(conversations.c.id == conversation_id).values(ended_at=now(connection))
    )


def set_language(connection: Connection, conversation_id: int, language: str | None) -> None:
    """Keeps the language once it is known."""
    if language is not None:
        mine = update(conversations).where(conversations.c.id == conversation_id, conversations.c.language.is_(None))
        connection.execute(mine.values(language=language))


def mark_asked(connection: Connection, conversation_id: int) -> None:
    connection.execute(update(conversations).where(conversations.c.id == conversation_id).values(asked=True))


def window(connection: Connection, conversation_id: int, cited: Collection[MessageId] = ()) -> tuple[Message, ...]:
    """What an evaluation reads, in order: the opening, the latest messages, and those cited as evidence.

    Bounded, so that the thousandth message costs what the hundredth did. Every message was among the latest when it
    was new; what it said lives on in the values that cite it.
    """
    wanted = {"conversation": conversation_id, "cited": list(cited)}
    return _messages(connection.execute(_WINDOW, wanted).all())


def transcript(connection: Connection, conversation_id: int) -> tuple[Message, ...]:
    """Every message, in order."""
    return _messages(connection.execute(_TRANSCRIPT, {"conversation": conversation_id}).all())


def page(connection: Connection, conversation_id: int, *, after: int | None, limit: int) -> tuple[Message, ...]:
    """Messages in order, from where the page before ended."""
    later = _TRANSCRIPT.where(messages.c.id > bindparam("after")).limit(bindparam("most"))
    wanted = {"conversation": conversation_id, "after": after or 0, "most": limit}
    return _messages(connection.execute(later, wanted).all())


def latest(connection: Connection, conversation_id: int, *, before: int | None, limit: int) -> tuple[Message, ...]:
    """The last messages, in order; `before`: those that came before this one."""
    wanted = {"conversation": conversation_id, "before": _LARGEST if before is None else before, "most": limit}
    return _messages(connection.execute(_LATEST, wanted).all()[::-1])


def of_ids(connection: Connection, conversation_id: int, ids: Collection[MessageId]) -> tuple[Message, ...]:
    """Those of the messages that are part of the conversation."""
    return _messages(connection.execute(_SOME, {"conversation": conversation_id, "ids": list(ids)}).all())


def attached(connection: Connection, message_id: MessageId) -> tuple[ConversationId, tuple[Attachment, ...]] | None:
    """A message's conversation and files; None where there is no such message any more."""
    asked = select(messages.c.conversation_id, messages.c.attachments).where(
        messages.c.id == message_id, messages.c.deleted_at.is_(None)
    )
    row = connection.execute(asked).one_or_none()
    return None if row is None else (ConversationId(row.conversation_id), ATTACHMENTS.validate_python(row.attachments))


def revisions(connection: Connection, message_id: MessageId) -> list[str]:
    """Earlier wordings of a message, oldest first."""
    earlier = select(message_revisions.c.text).where(message_revisions.c.message_id == message_id)
    return list(connection.execute(earlier.order_by(message_revisions.c.revision)).scalars())


def customer(connection: Connection, conversation_id: int) -> Participant | None:
    """The customer of a conversation: who among them wrote first."""
    row = connection.execute(_CUSTOMER, {"conversation": conversation_id}).one_or_none()
    return None if row is None else _participant(row)


def last_heard(connection: Connection, conversation_id: int) -> MessageId | None:
    """The latest message of a customer."""
    found = connection.execute(_HEARD, {"conversation": conversation_id}).scalar_one_or_none()
    return None if found is None else MessageId(found)


def author_of(connection: Connection, conversation_id: int, external_id: str) -> str | None:
    """The native id of who wrote a message."""
    wrote = (
        select(_author.author_id)
        .join(messages, _author.id == messages.c.participant_id)
        .where(messages.c.conversation_id == conversation_id, messages.c.external_id == external_id)
    )
    return connection.execute(wrote).scalar_one_or_none()


def has_answer(connection: Connection, conversation_id: int) -> bool:
    """Whether a representative has written in the conversation."""
    return connection.execute(_ANSWER, {"conversation": conversation_id}).first() is not None


def _participant(row: Row[*tuple[Any, ...]]) -> Participant:
    return Participant(
        author_id=row.author_id,
        name=row.name,
        role=Role(row.role),
        contact_id=None if row.contact_id is None else ContactId(row.contact_id),
        email=row.email,
    )


def _messages(rows: Sequence[Row[*tuple[Any, ...]]]) -> tuple[Message, ...]:
    people: dict[int, Participant] = {}
    for row in rows:
        if row.participant_id not in people:
            people[row.participant_id] = _participant(row)
    return tuple(_message(row, people[row.participant_id]) for row in rows)


def _message(row: Row[*tuple[Any, ...]], author: Participant) -> Message:
    return Message(
        id=MessageId(row.id),
        external_id=row.external_id,
        author=author,
        text=row.text,
        sent_at=row.sent_at,
        attachments=ATTACHMENTS.validate_python(row.attachments) if row.attachments else (),
        revision=row.revision,
        deleted=row.deleted_at is not None,
        noise=row.noise,
    )
