"""Erases words and names, and keeps numbers and the fact of each change.

What people wrote goes with everything that was made of it: what is kept beside the transcript (mails as they came, the
web chat's feed, events, posts, files), values and their evidence, notes, examples. Each function counts what it
changed, so that a dry run is the same run, undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    and_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from store import audit, search
from store.audit import Origin
from store.mail import CHANNEL as EMAIL
from store.model import Actor, CaseNumber, Change, Json
from store.people.reach import Person, Reach, files_in, held, message_ids, messages_of
from store.schema import (
    api_answers,
    case_values,
    cases,
    contact_identities,
    contacts,
    conversations,
    evaluations,
    examples,
    files,
    inbox,
    mail_sent,
    mails,
    message_revisions,
    messages,
    outbox,
    participants,
    posted_cards,
    slack_messages,
    suggestions,
    teams_greetings,
    timers,
    webchat_feed,
    webchat_files,
)
from store.schema import audit as entries
from store.slack import CHANNEL as SLACK
from store.sql import now

ERASED = "Erased"
"""What stands in place of a name or a title."""
_WEB_CHAT, _TEAMS = "webchat", "teams"
# Said in our own words, whatever the customer said.
_OURS = ("status", "linked", "unlinked", "owner", "queue")


class Kind(StrEnum):
    """What is counted."""

    CONTACTS = "contacts"
    CONVERSATIONS = "conversations"  # of which nothing is left but what others wrote
    MESSAGES = "messages"
    MAILS = "mails"
    FILES = "files"
    EVENTS = "events"  # as they came from a channel
    POSTS = "posts"
    CASES = "cases"
    VALUES = "values"
    SUGGESTIONS = "suggestions"
    HISTORY = "history"  # entries of the audit
    EVALUATIONS = "evaluations"
    EXAMPLES = "examples"


Counts = Counter[Kind]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Words:
    """What tells whether something in a case of somebody else is theirs."""

    said: tuple[str, ...]  # each message in one line
    cited: frozenset[int]  # their messages
    names: frozenset[str]

    def name_them(self, text: str) -> bool:
        return any(name in text.casefold() for name in self.names)

    def hold(self, title: str) -> bool:
        return any(title.removesuffix("…") in text for text in self.said)


class OnItsWay(Exception):
    """A post is being sent into a conversation of theirs, and would arrive after the erasing: try again in a moment."""


def erase(connection: Connection, contact_id: int, by: Actor, *, dry_run: bool = False) -> Counts:
    """Erases a contact: who writes again is a new one. A dry run does the same, and undoes it.

    Raises UnknownContact and OnItsWay.
    """
    with connection.begin_nested() as attempt:
        counts = _erase(connection, contact_id, by)
        if dry_run:
            attempt.rollback()
    return counts


def _erase(connection: Connection, contact_id: int, by: Actor) -> Counts:
    found = held(connection, contact_id)
    _hold_posts(connection, found)
    counts: Counts = Counter()
    words = _words_of(connection, found)
    erase_events(connection, _events_of(found), counts)
    _messages(connection, messages_of(found), counts)
    _feed_and_posts_among_others(connection, found, counts)
    _mails_of(connection, found, counts)
    _sent_and_answered(connection, found.person)
    erase_evaluations(connection, found.conversations, counts)
    erase_cases(connection, found.own, by, counts)
    for number in found.others:
        _traces(connection, number, words, counts)
        audit.record(connection, CaseNumber(number), Origin(actor=by), [Change(what="erased")])
    _examples(connection, examples.c.contact_id == contact_id, counts)
    for row in _rows(connection, found.shared):
        _leave(connection, row, found)
    erase_conversations(connection, found.alone, counts)
    forget_contacts(connection, [contact_id], counts)
    audit.record(connection, None, Origin(actor=by), [Change(what="erased", new=f"contact {contact_id}")])
    return counts


def erase_conversations(connection: Connection, ids: Sequence[int], counts: Counts) -> None:
    """All but the messages, which have authors: their events, posts, mails, feed and files. A new key ends each.

    What comes next in the same thread is a conversation of its own, and whoever holds a lease has lost it.
    """
    rows = _rows(connection, ids)
    counts[Kind.POSTS] += connection.execute(delete(outbox).where(outbox.c.conversation_id.in_(ids))).rowcount
    for table in (timers, posted_cards):
        connection.execute(delete(table).where(table.c.conversation_id.in_(ids)))
    chats = [row.key for row in rows if row.channel == _WEB_CHAT]
    _feed(connection, webchat_feed.c.conversation_key.in_(chats))
    gone = delete(webchat_files).where(webchat_files.c.conversation_key.in_(chats))
    counts[Kind.FILES] += connection.execute(gone).rowcount
    for row in rows:
        if row.channel == EMAIL:
            mine = and_(mails.c.account == row.account, mails.c.conversation_key == row.key)
            erase_mails(connection, mine, counts, conversation_key=_new_key(row.id))
        if row.channel == SLACK:
            placed = (slack_messages.c.account == row.account, slack_messages.c.conversation_key == row.key)
            channel = slack_messages.c.channel == row.reply_address.get("channel")
            connection.execute(delete(slack_messages).where(*placed, channel))
        if row.channel == _TEAMS:
            mine = (teams_greetings.c.account == row.account, teams_greetings.c.greeted == row.key)
            connection.execute(delete(teams_greetings).where(*mine))
    no_case = and_(entries.c.case_number.is_(None), entries.c.conversation_id.in_(ids))
    _entries(connection, no_case, counts)
    _customers(connection, participants.c.conversation_id.in_(ids) & (participants.c.role == "customer"))
    # Last: the key belongs to a unique index, and changing it waits for everybody who refers to the row.
    for row in rows:
        ended = update(conversations).where(conversations.c.id == row.id)
        moment = now(connection)
        connection.execute(
            ended.values(
                key=_new_key(row.id),
                reply_address={},
                erased_at=moment,
                ended_at=func.coalesce(conversations.c.ended_at, moment),
                ready_at=None,
                **_FREED,
            )
        )
    counts[Kind.CONVERSATIONS] += len(rows)


def erase_cases(connection: Connection, numbers: Sequence[int], by: Actor, counts: Counts) -> None:
    """What they say, and on whose words; number, status, owner and every change's fact, time and author stay."""
    values = update(case_values).where(case_values.c.case_number.in_(numbers), case_values.c.value.is_not(None))
    counts[Kind.VALUES] += connection.execute(values.values(value=None, evidence=[])).rowcount
    _suggestions(connection, suggestions.c.case_number.in_(numbers), counts)
    _entries(connection, entries.c.case_number.in_(numbers), counts)
    _examples(connection, examples.c.case_number.in_(numbers), counts)
    empty = update(cases).where(cases.c.number.in_(numbers))
    connection.execute(
        empty.values(
            title=ERASED,
            resolution=None,
            contact_id=None,
            erased_at=now(connection),
            revision=cases.c.revision + 1,
        )
    )
    for number in numbers:
        search.keep(connection, number)
        audit.record(connection, CaseNumber(number), Origin(actor=by), [Change(what="erased")])
    counts[Kind.CASES] += len(numbers)


def erase_messages(connection: Connection, ids: Collection[int], counts: Counts) -> None:
    """Everybody's in these conversations."""
    _messages(connection, messages.c.conversation_id.in_(ids), counts)


def forget_contacts(connection: Connection, ids: Sequence[int], counts: Counts) -> None:
    """For good: a number is left that leads to nobody."""
    _customers(connection, participants.c.contact_id.in_(ids))
    for table in (cases, examples):
        connection.execute(update(table).where(table.c.contact_id.in_(ids)).values(contact_id=None))
    theirs = contact_identities.c.contact_id.in_(ids)
    known_as = select(contact_identities.c.account, contact_identities.c.external_id).where(theirs)
    for column in (slack_messages.c.author, teams_greetings.c.greeted):
        named = tuple_(column.table.c.account, column)
        connection.execute(delete(column.table).where(named.in_(known_as)))
    connection.execute(delete(contact_identities).where(theirs))
    gone = update(contacts).where(contacts.c.id.in_(ids)).values(name=ERASED, erased_at=now(connection))
    counts[Kind.CONTACTS] += connection.execute(gone).rowcount


# --- conversations ----------------------------------------------------------------------------------

_FREED: dict[str, Any] = {
    "lease_owner": None,
    "lease_until": None,
    "lease_token": conversations.c.lease_token + 1,
}


def _new_key(conversation_id: int) -> str:
    return f"erased:{conversation_id}"


def _rows(connection: Connection, ids: Collection[int]) -> Sequence[Row[Any]]:
    return connection.execute(
        select(conversations).where(conversations.c.id.in_(ids)).order_by(conversations.c.id)
    ).all()


def _customers(connection: Connection, condition: ColumnElement[bool]) -> None:
    gone = update(participants).where(condition)
    nobody = literal("erased:") + participants.c.id.cast(Text)
    connection.execute(gone.values(name=ERASED, email=None, contact_id=None, author_id=nobody))


def _messages(connection: Connection, condition: ColumnElement[bool], counts: Counts) -> None:
    attached = connection.execute(select(messages.c.attachments).where(condition)).scalars()
    _files(connection, files_in(attached), counts)
    ids = select(messages.c.id).where(condition)
    connection.execute(update(message_revisions).where(message_revisions.c.message_id.in_(ids)).values(text=""))
    empty: dict[str, Any] = {
        "text": "",
        "attachments": [],
        "deleted_at": func.coalesce(messages.c.deleted_at, now(connection)),
    }
    counts[Kind.MESSAGES] += connection.execute(update(messages).where(condition).values(empty)).rowcount


def _files(connection: Connection, keys: Iterable[str], counts: Counts) -> None:
    wanted = sorted(keys)
    for column in (files.c.key, webchat_files.c.id):
        counts[Kind.FILES] += connection.execute(delete(column.table).where(column.in_(wanted))).rowcount


def _events_of(found: Reach) -> ColumnElement[bool]:
    """All that were caused by them, and of conversations that end with them, all."""
    reports = and_(inbox.c.conversation_id.in_(found.shared), inbox.c.kind == "undelivered")
    return or_(inbox.c.id.in_(found.events), inbox.c.conversation_id.in_(found.alone), reports)


def erase_events(connection: Connection, condition: ColumnElement[bool], counts: Counts) -> None:
    """They count as handled, and are known when they come again."""
    found = select(inbox.c.id, inbox.c.payload["attachments"].label("attachments")).where(condition)
    events = connection.execute(found).all()
    _files(connection, files_in(each.attachments for each in events), counts)
    empty = update(inbox).where(inbox.c.id.in_([each.id for each in events]))
    done: dict[str, Any] = {
        "payload": {},
        "status": "done",
        "error": None,
        "error_id": None,
        "done_at": func.coalesce(inbox.c.done_at, now(connection)),
    }
    counts[Kind.EVENTS] += connection.execute(empty.values(done)).rowcount


def _hold_posts(connection: Connection, found: Reach) -> None:
    """So that nobody begins to send one. Raises OnItsWay."""
    waiting = select(outbox.c.status, outbox.c.lease_until).where(
        outbox.c.conversation_id.in_(found.conversations), outbox.c.status.in_(["queued", "sending"])
    )
    moment = now(connection)
    for post in connection.execute(waiting.order_by(outbox.c.id).with_for_update()):
        if post.status == "sending" and post.lease_until is not None and post.lease_until > moment:
            raise OnItsWay("A post into one of their conversations is being sent just now: try again in a minute.")


def _feed(connection: Connection, condition: ColumnElement[bool]) -> None:
    """Entries keep their numbers, so that no client misses what comes; the first one is no entry."""
    silent: dict[str, Any] = {"activity": {"type": "event"}, "author_id": "", "audience": None}
    connection.execute(update(webchat_feed).where(condition, webchat_feed.c.seq > 0).values(silent))


def _feed_and_posts_among_others(connection: Connection, found: Reach, counts: Counts) -> None:
    """Where others go on: what they wrote, what was for them alone, and what the agent posted. Answers stay."""
    ids = found.person.ids
    chats = [row.key for row in _rows(connection, found.shared) if row.channel == _WEB_CHAT]
    theirs = or_(
        webchat_feed.c.author_id.in_(ids),
        webchat_feed.c.audience.in_(ids),
        webchat_feed.c.post_key.startswith("out|", autoescape=True),
    )
    _feed(connection, webchat_feed.c.conversation_key.in_(chats) & theirs)
    answers = and_(outbox.c.status.in_(["queued", "sending"]), outbox.c.payload["relay"].as_string().is_not(None))
    posts = outbox.c.conversation_id.in_(found.shared) & ~func.coalesce(answers, literal(value=False))
    counts[Kind.POSTS] += connection.execute(delete(outbox).where(posts)).rowcount


def _leave(connection: Connection, row: Row[Any], found: Reach) -> None:
    """A conversation that goes on without them: nothing is sent to them, and its lease starts anew."""
    address = cast("Json", _without(row.reply_address, found.person.addresses | found.person.ids))
    first = select(participants.c.contact_id).where(participants.c.conversation_id == row.id)
    opener = connection.execute(first.order_by(participants.c.id).limit(1)).scalar_one_or_none()
    if opener == found.person.id and "subject" in address:
        address["subject"] = ""
    stays = update(conversations).where(conversations.c.id == row.id)
    connection.execute(stays.values(reply_address=address, **_FREED))


def _without(document: object, words: Collection[str]) -> object:
    """A document without the strings that are one of these."""
    if isinstance(document, dict):
        return {name: _without(each, words) for name, each in cast("Json", document).items()}
    if isinstance(document, list):
        return [_without(each, words) for each in cast("list[object]", document) if each not in words]
    return document


# --- mail, and what channels keep -------------------------------------------------------------------


def erase_mails(connection: Connection, condition: ColumnElement[bool], counts: Counts, **more: Any) -> None:
    """Its digest stays: the same mail is known, should it come again."""
    empty = update(mails).where(condition)
    values = {"sender": "", "subject": "", "raw": b"", "reason": None, **more}
    counts[Kind.MAILS] += connection.execute(empty.values(values)).rowcount


def _mails_of(connection: Connection, found: Reach, counts: Counts) -> None:
    """Those that they sent, whatever became of each. One that waits for a review waits no longer."""
    ended = [row.key for row in _rows(connection, found.alone) if row.channel == EMAIL]
    key = func.coalesce(mails.c.conversation_key, "")
    theirs = and_(mails.c.sender.in_(found.person.addresses), key.not_in(ended))  # those are counted with these
    state = case((mails.c.state == "review", "dismissed"), else_=mails.c.state)
    erase_mails(connection, theirs, counts, state=state)


def _sent_and_answered(connection: Connection, who: Person) -> None:
    connection.execute(delete(mail_sent).where(mail_sent.c.address.in_(who.addresses)))
    # Whatever was answered: a call that is repeated is not done again, and told so.
    gone: dict[str, Any] = {"status": 410, "body": {"title": "Gone", "detail": "It was done; the answer is erased."}}
    connection.execute(update(api_answers).values(gone))


# --- cases, and what was made of words --------------------------------------------------------------


def erase_evaluations(connection: Connection, ids: Collection[int], counts: Counts) -> None:
    rows = connection.execute(
        select(evaluations.c.id, evaluations.c.detail).where(evaluations.c.conversation_id.in_(ids))
    ).all()
    for row in rows:
        plain = update(evaluations).where(evaluations.c.id == row.id)
        connection.execute(plain.values(detail=_facts(row.detail)))
    counts[Kind.EVALUATIONS] += len(rows)


def _facts(detail: Json) -> Json:
    """Which fields resolved and how surely; nothing of what they were found to be."""
    facts = {name: detail[name] for name in ("passes", "fields", "unchanged", "missing", "llm") if name in detail}
    written, refused = detail.get("written", {}), detail.get("refused", {})
    return {
        **facts,
        "written": {name: {"value": None, "confidence": each["confidence"]} for name, each in written.items()},
        "suggested": dict.fromkeys(detail.get("suggested", {})),
        "refused": {
            name: {"reason": "", "value": None, "confidence": each["confidence"]} for name, each in refused.items()
        },
        "cited": [],
    }


def _suggestions(connection: Connection, condition: ColumnElement[bool], counts: Counts) -> None:
    empty = update(suggestions).where(condition)
    values: dict[str, Any] = {
        "value": None,
        "evidence": [],
        "status": case((suggestions.c.status == "open", "superseded"), else_=suggestions.c.status),
        "decided_at": func.coalesce(suggestions.c.decided_at, now(connection)),
    }
    counts[Kind.SUGGESTIONS] += connection.execute(empty.values(values)).rowcount


def _entries(connection: Connection, condition: ColumnElement[bool], counts: Counts) -> None:
    """Statuses, owners, queues and links stay; whatever else is told in somebody's words goes."""
    words = update(entries).where(condition, entries.c.what.not_in(_OURS))
    ours = update(entries).where(condition, entries.c.what.in_(_OURS))
    counts[Kind.HISTORY] += connection.execute(words.values(old=None, new=None, evidence=None, reason=None)).rowcount
    counts[Kind.HISTORY] += connection.execute(ours.values(evidence=None, reason=None)).rowcount


def _examples(connection: Connection, condition: ColumnElement[bool], counts: Counts) -> None:
    counts[Kind.EXAMPLES] += connection.execute(delete(examples).where(condition)).rowcount


def _words_of(connection: Connection, found: Reach) -> _Words:
    said = connection.execute(select(messages.c.text).where(messages_of(found))).scalars()
    return _Words(
        said=tuple(" ".join(text.split()) for text in said),
        cited=message_ids(connection, found),
        names=frozenset(each.casefold() for each in found.person.addresses),
    )


def _traces(connection: Connection, number: int, words: _Words, counts: Counts) -> None:
    """In a case of somebody else: values, suggestions and entries that rest on their words, or name them."""
    values = _resting_on(connection, case_values.c.field, case_values, number, words.cited)
    emptied = update(case_values).where(case_values.c.case_number == number, case_values.c.field.in_(values))
    counts[Kind.VALUES] += connection.execute(emptied.values(value=None, evidence=[])).rowcount
    proposed = _resting_on(connection, suggestions.c.id, suggestions, number, words.cited)
    _suggestions(connection, suggestions.c.id.in_(proposed), counts)
    told = _resting_on(connection, entries.c.id, entries, number, words.cited)
    reasons = select(entries.c.id, entries.c.reason).where(entries.c.case_number == number)
    told += [each.id for each in connection.execute(reasons) if words.name_them(each.reason or "")]
    title: str = connection.execute(select(cases.c.title).where(cases.c.number == number)).scalar_one()
    if words.hold(title):
        opened = select(entries.c.id).where(entries.c.case_number == number, entries.c.what == "created")
        told += connection.execute(opened).scalars()
        title = ERASED
    _entries(connection, entries.c.id.in_(told), counts)
    touched = update(cases).where(cases.c.number == number)
    connection.execute(touched.values(revision=cases.c.revision + 1, title=title))
    search.keep(connection, number)


def _resting_on(connection: Connection, key: Any, table: Any, number: int, cited: frozenset[int]) -> list[Any]:
    """The rows of a case whose evidence stands in one of these messages."""
    rows = connection.execute(select(key.label("key"), table.c.evidence).where(table.c.case_number == number))
    return [row.key for row in rows if any(each["message_id"] in cited for each in row.evidence or ())]
