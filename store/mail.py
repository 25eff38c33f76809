"""Mails as they came, where we are in each folder, and how much the agent has written by itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, or_, select, update

from store.model import ConversationId, Json
from store.schema import (
    case_conversations,
    conversations,
    inbox,
    mail_folders,
    mail_sent,
    mailboxes,
    mails,
    participants,
)
from store.sql import alone, insert, literally, now

CHANNEL = "email"
UNVERIFIED = "unverified:"
"""Before the address of an author for whom no server vouches: never a representative, nobody's contact elsewhere."""
_SPLIT = "/split"
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def is_listed(author: str, listed: Collection[str]) -> bool:
    """Whether a list in lower case names the address of an author, or exactly its domain: `example.org`, or with an @.

    Never that of one for whom no server vouches.
    """
    domain = author.rpartition("@")[2]
    return not author.startswith(UNVERIFIED) and any(each in listed for each in (author, domain, f"@{domain}"))


class MailState(StrEnum):
    """Where every mail ends."""

    WAITING = "waiting"  # stored, and about to be handled
    CREATED = "created"  # began a conversation that has a case
    JOINED = "joined"  # belongs to a conversation that was there
    IGNORED = "ignored"  # kept and shown, nothing follows; `reason` says why
    REVIEW = "review"  # a person decides; `reason` says why
    DISMISSED = "dismissed"  # a person decided that nothing follows
    FAILED = "failed"  # its event was given up, and can be tried again; never stored, seen from the inbox


class Signal(StrEnum):
    """What joined a mail to its conversation."""

    MESSAGE_ID = "message_id"
    TOKEN = "token"  # noqa: S105 - in the subject, not a secret of ours
    PERSON = "person"  # somebody decided it in the review


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderPosition:
    uidvalidity: int
    last_uid: int
    started_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptMail:
    """A mail as it came, and what was made of it."""

    account: str
    folder: str
    uidvalidity: int
    uid: int
    digest: str
    sender: str
    subject: str
    state: MailState
    raw: bytes
    size: int  # bytes on the server, more than `raw` has where that was cut
    received_at: datetime
    reason: str | None = None
    signal: Signal | None = None
    conversation_key: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MailEntry:
    """A mail in a list."""

    id: int
    account: str
    sender: str
    subject: str
    state: MailState
    reason: str | None
    signal: Signal | None
    conversation_id: ConversationId | None
    case_number: int | None
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """A mail conversation, as far as it decides who may join it."""

    key: str
    reply_address: Json
    people: frozenset[str]  # addresses that wrote in it, and a server vouched for them
    unverified: frozenset[str]  # that wrote in it, and nobody did


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """How a mailbox is doing, as the process says that attends to it."""

    state: str
    sentence: str
    last_arrival: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MailboxReport:
    account: str
    condition: Condition
    holder: str | None
    attended: bool  # by a process that renewed its lease in time
    seen_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SentLimits:
    per_hour: int  # to one address
    per_day: int  # from one mailbox


_POSITION = select(mail_folders).where(
    mail_folders.c.account == bindparam("in_account"), mail_folders.c.folder == bindparam("in_folder")
)
_folder = insert(mail_folders)
_ADVANCE = _folder.on_conflict_do_update(
    index_elements=["account", "folder"],
    set_={"uidvalidity": _folder.excluded.uidvalidity, "last_uid": _folder.excluded.last_uid},
)
_KEEP = insert(mails).on_conflict_do_nothing()
_SETTLED = update(mails).where(
    mails.c.account == bindparam("in_account"),
    mails.c.digest == bindparam("of_digest"),
    literally(mails.c.state, MailState.WAITING),
)


def position(connection: Connection, account: str, folder: str) -> FolderPosition | None:
    row = connection.execute(_POSITION, {"in_account": account, "in_folder": folder}).one_or_none()
    if row is None:
        return None
    return FolderPosition(uidvalidity=row.uidvalidity, last_uid=row.last_uid, started_at=row.started_at)


def advance(connection: Connection, account: str, folder: str, *, uidvalidity: int, last_uid: int) -> None:
    """Moves on in a folder, or starts there."""
    row = {"account": account, "folder": folder, "uidvalidity": uidvalidity, "last_uid": last_uid}
    connection.execute(_ADVANCE, {**row, "started_at": now(connection)})


def keep(connection: Connection, mail: KeptMail) -> None:
    """Stores a mail; the same place of a mailbox is stored once."""
    row: dict[str, Any] = {
        "account": mail.account,
        "folder": mail.folder,
        "uidvalidity": mail.uidvalidity,
        "uid": mail.uid,
        "digest": mail.digest,
        "sender": mail.sender,
        "subject": mail.subject,
        "state": mail.state,
        "reason": mail.reason,
        "signal": mail.signal,
        "conversation_key": mail.conversation_key,
        "raw": mail.raw,
        "size": mail.size,
        "received_at": mail.received_at,
        "settled": False,
    }
    connection.execute(_KEEP, row)


def settle(connection: Connection, account: str, event: str, state: MailState, reason: str | None = None) -> None:
    """What became of a mail that waited; `event` is the external id of its event."""
    mine = {"in_account": account, "of_digest": event.removesuffix(_SPLIT)}
    connection.execute(_SETTLED.values(state=state, reason=reason), mine)


def was_let_out(connection: Connection, account: str, event: str) -> bool:
    """Whether a person let the mail of this event out of the review."""
    digest = event.removesuffix(_SPLIT)
    mine = select(mails.c.id).where(mails.c.account == account, mails.c.digest == digest)
    return connection.execute(mine.where(mails.c.signal == Signal.PERSON).limit(1)).first() is not None


def known_digests(connection: Connection, account: str, digests: Collection[str]) -> frozenset[str]:
    """Which of these mails had been stored before, at whatever place."""
    same = select(mails.c.digest).where(mails.c.account == account, mails.c.digest.in_(digests))
    return frozenset(connection.execute(same).scalars())


def raw_of(connection: Connection, account: str, event: str) -> bytes | None:
    """The mail of an event, as it came."""
    digest = event.removesuffix(_SPLIT)
    mine = select(mails.c.raw).where(mails.c.account == account, mails.c.digest == digest)
    return connection.execute(mine.order_by(mails.c.id).limit(1)).scalar_one_or_none()


def threads(connection: Connection, account: str, keys: Collection[str]) -> dict[str, Thread]:
    """The conversations of a mailbox that have these keys."""
    if not keys:
        return {}
    mine = and_(conversations.c.channel == CHANNEL, conversations.c.account == account, conversations.c.key.in_(keys))
    found = connection.execute(select(conversations.c.key, conversations.c.reply_address).where(mine)).all()
    wrote = select(conversations.c.key, participants.c.author_id).join(participants).where(mine)
    authors: dict[str, set[str]] = {}
    for row in connection.execute(wrote):
        authors.setdefault(row.key, set()).add(row.author_id)
    return {row.key: _thread(row.key, row.reply_address, authors.get(row.key, set())) for row in found}


def _thread(key: str, reply_address: Json, authors: Collection[str]) -> Thread:
    unverified = {author for author in authors if author.startswith(UNVERIFIED)}
    return Thread(
        key=key,
        reply_address=reply_address,
        people=frozenset(authors) - unverified,
        unverified=frozenset(author.removeprefix(UNVERIFIED) for author in unverified),
    )


# --- who attends to a mailbox -----------------------------------------------------------------------

_mailbox = insert(mailboxes)
_told = {name: _mailbox.excluded[name] for name in ("state", "sentence", "seen_at")}
_ATTEND = _mailbox.on_conflict_do_update(
    index_elements=["account"],
    set_={
        **_told,
        "holder": _mailbox.excluded.holder,
        "lease_until": _mailbox.excluded.lease_until,
        # Each process knows only of what came to itself.
        "last_arrival": func.coalesce(_mailbox.excluded.last_arrival, mailboxes.c.last_arrival),
    },
    where=or_(
        mailboxes.c.holder == _mailbox.excluded.holder,
        mailboxes.c.lease_until.is_(None),
        mailboxes.c.lease_until < _mailbox.excluded.seen_at,
    ),
).returning(mailboxes.c.account)


def attend(connection: Connection, account: str, *, holder: str, condition: Condition, seconds: float) -> bool:
    """Takes or prolongs the right to attend to a mailbox, and says how it is doing; False: another process has it."""
    moment = now(connection)
    row: dict[str, Any] = {
        "account": account,
        "holder": holder,
        "lease_until": moment + timedelta(seconds=seconds),
        "state": condition.state,
        "sentence": condition.sentence,
        "last_arrival": condition.last_arrival,
        "seen_at": moment,
    }
    return connection.execute(_ATTEND, row).first() is not None


def let_go(connection: Connection, account: str, *, holder: str) -> None:
    mine = update(mailboxes).where(mailboxes.c.account == account, mailboxes.c.holder == holder)
    connection.execute(mine.values(holder=None, lease_until=None))


def mailbox_reports(connection: Connection) -> list[MailboxReport]:
    moment = now(connection)
    return [_report(row, moment) for row in connection.execute(select(mailboxes).order_by(mailboxes.c.account))]


def quiet_since(connection: Connection, account: str) -> datetime | None:
    """When the last mail came, or since when we have been waiting for the first."""
    last = select(mails.c.received_at).where(mails.c.account == account).order_by(mails.c.received_at.desc()).limit(1)
    began = select(func.min(mail_folders.c.started_at)).where(mail_folders.c.account == account)
    return connection.execute(last).scalar_one_or_none() or connection.execute(began).scalar_one()


def arrivals(connection: Connection, account: str, *, since: datetime, limit: int = 20_000) -> list[datetime]:
    """When mails came, in order; of more than `limit`, the latest."""
    when = select(mails.c.received_at).where(mails.c.account == account, mails.c.received_at >= since)
    latest = connection.execute(when.order_by(mails.c.received_at.desc()).limit(limit)).scalars()
    return list(latest)[::-1]


def _report(row: Row[Any], moment: datetime) -> MailboxReport:
    return MailboxReport(
        account=row.account,
        condition=Condition(state=row.state, sentence=row.sentence, last_arrival=row.last_arrival),
        holder=row.holder,
        attended=row.lease_until is not None and row.lease_until > moment,
        seen_at=row.seen_at,
    )


# --- what the mailbox is told -----------------------------------------------------------------------


def unsettled(
    connection: Connection, account: str, folder: str, uidvalidity: int, *, limit: int = 500
) -> Sequence[int]:
    """UIDs of mails whose handling is over, and that were not yet marked or moved."""
    over = (
        select(mails.c.uid)
        .where(mails.c.account == account, mails.c.folder == folder, mails.c.settled.is_(False))
        .where(mails.c.uidvalidity == uidvalidity, mails.c.state.not_in([MailState.WAITING, MailState.REVIEW]))
    )
    return connection.execute(over.order_by(mails.c.uid).limit(limit)).scalars().all()


def mark_settled(connection: Connection, account: str, folder: str, uidvalidity: int, uids: Sequence[int]) -> None:
    mine = and_(mails.c.account == account, mails.c.folder == folder, mails.c.uidvalidity == uidvalidity)
    connection.execute(update(mails).where(mine, mails.c.uid.in_(uids)).values(settled=True))


# --- limits -----------------------------------------------------------------------------------------


def may_send(connection: Connection, account: str, address: str, *, key: str, limits: SentLimits) -> str | None:
    """Counts a mail that the agent is about to send by itself; returns why not, when it would be too many.

    A retry, which has the same key, counts once.
    """
    alone(connection, f"send from {account}")
    moment = now(connection)
    sent = select(func.count()).where(mail_sent.c.account == account, mail_sent.c.key != key)
    to_one = sent.where(mail_sent.c.address == address, mail_sent.c.at > moment - _HOUR)
    if connection.execute(to_one).scalar_one() >= limits.per_hour:
        return f"{address} has had {limits.per_hour} automatic mails within an hour: two machines may be talking."
    if connection.execute(sent.where(mail_sent.c.at > moment - _DAY)).scalar_one() >= limits.per_day:
        return f"The mailbox has sent its {limits.per_day} automatic mails of a day."
    row = {"key": key, "account": account, "address": address, "at": moment}
    connection.execute(insert(mail_sent).on_conflict_do_nothing(), row)
    return None


def sweep_sent(connection: Connection) -> None:
    connection.execute(mail_sent.delete().where(mail_sent.c.at < now(connection) - 2 * _DAY))


# --- what people see --------------------------------------------------------------------------------

_dead = and_(
    inbox.c.channel == CHANNEL,
    inbox.c.account == mails.c.account,
    inbox.c.external_id.in_([mails.c.digest, mails.c.digest + _SPLIT]),
    literally(inbox.c.status, "dead"),
)
_its_conversation = and_(
    conversations.c.channel == CHANNEL,
    conversations.c.account == mails.c.account,
    conversations.c.key == mails.c.conversation_key,
)
_LISTED: Select[*tuple[Any, ...]] = (
    select(
        mails.c.id,
        mails.c.account,
        mails.c.sender,
        mails.c.subject,
        mails.c.state,
        mails.c.reason,
        mails.c.signal,
        mails.c.received_at,
        conversations.c.id.label("conversation_id"),
        case_conversations.c.case_number,
        inbox.c.error,
    )
    .outerjoin(conversations, _its_conversation)
    .outerjoin(
        case_conversations,
        and_(case_conversations.c.conversation_id == conversations.c.id, case_conversations.c.live),
    )
    .outerjoin(inbox, _dead)
    .order_by(mails.c.id.desc())
)


def page(connection: Connection, *, state: MailState | None, before: int | None, limit: int) -> list[MailEntry]:
    """Newest first, by the state that is stored: of those whose event was given up, the entry says so."""
    chosen = select(mails.c.id).order_by(mails.c.id.desc()).limit(limit)
    if state is not None:
        chosen = chosen.where(mails.c.state == state)
    if before is not None:
        chosen = chosen.where(mails.c.id < before)
    ids = connection.execute(chosen).scalars().all()
    return [_entry(row) for row in connection.execute(_LISTED.where(mails.c.id.in_(ids)))]


def listed(connection: Connection, *, states: Collection[MailState], limit: int = 100) -> list[MailEntry]:
    """Newest first; no states: all of them."""
    query = _LISTED
    if states:
        stored = [state for state in states if state is not MailState.FAILED]
        failed = inbox.c.id.is_not(None)
        wanted = mails.c.state.in_(stored) & ~failed
        query = query.where(wanted | failed if MailState.FAILED in states else wanted)
    return [_entry(row) for row in connection.execute(query.limit(limit))]


def get(connection: Connection, mail_id: int) -> tuple[MailEntry, KeptMail] | None:
    entry = connection.execute(_LISTED.where(mails.c.id == mail_id)).one_or_none()
    row = connection.execute(select(mails).where(mails.c.id == mail_id)).one_or_none()
    return None if entry is None or row is None else (_entry(entry), _kept(row))


def decide(connection: Connection, mail_id: int, state: MailState, *, conversation_key: str | None = None) -> None:
    """What a person decided about a mail in review."""
    values: dict[str, Any] = {"state": state}
    if conversation_key is not None:
        values |= {"signal": Signal.PERSON, "conversation_key": conversation_key}
    connection.execute(update(mails).where(mails.c.id == mail_id).values(**values))


def move(connection: Connection, mail_id: int, conversation_key: str) -> None:
    """To a new conversation, where it waits to be handled again."""
    values: dict[str, Any] = {"state": MailState.WAITING, "signal": None, "conversation_key": conversation_key}
    connection.execute(update(mails).where(mails.c.id == mail_id).values(**values))


def split_id(digest: str) -> str:
    """The external id of a mail's second event, after it was split off."""
    return f"{digest}{_SPLIT}"


def _entry(row: Row[*tuple[Any, ...]]) -> MailEntry:
    return MailEntry(
        id=row.id,
        account=row.account,
        sender=row.sender,
        subject=row.subject,
        state=MailState.FAILED if row.error else MailState(row.state),
        reason=row.error or row.reason,
        signal=None if row.signal is None else Signal(row.signal),
        conversation_id=None if row.conversation_id is None else ConversationId(row.conversation_id),
        case_number=row.case_number,
        received_at=row.received_at,
    )


def _kept(row: Row[Any]) -> KeptMail:
    return KeptMail(
        account=row.account,
        folder=row.folder,
        uidvalidity=row.uidvalidity,
        uid=row.uid,
        digest=row.digest,
        sender=row.sender,
        subject=row.subject,
        state=MailState(row.state),
        raw=row.raw,
        size=row.size,
        received_at=row.received_at,
        reason=row.reason,
        signal=None if row.signal is None else Signal(row.signal),
        conversation_key=row.conversation_key,
    )
