"""Where a contact's words have landed: conversations, cases, messages, files."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select

from store.conversations import ATTACHMENTS
from store.mail import CHANNEL as EMAIL
from store.mail import UNVERIFIED
from store.model import ContactId, Role
from store.schema import (
    case_conversations,
    cases,
    contact_identities,
    contacts,
    conversations,
    inbox,
    messages,
    participants,
)
from store.sql import locked

AUTHOR = inbox.c.payload["author"]["id"].as_string()


class UnknownContact(Exception):
    """There is no contact with this number, or no longer."""

    def __init__(self, contact_id: int) -> None:
        super().__init__(f"There is no contact {contact_id}.")
        self.contact_id = contact_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    channel: str
    account: str
    external_id: str
    email: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    id: ContactId
    name: str
    created_at: datetime
    identities: tuple[Identity, ...]

    @property
    def addresses(self) -> frozenset[str]:
        """Of mail, whether or not a server vouched for them."""
        by_mail = (each.external_id for each in self.identities if each.channel == EMAIL)
        verified = (each.email for each in self.identities if each.email)
        return frozenset({*(each.removeprefix(UNVERIFIED) for each in by_mail), *verified})

    @property
    def ids(self) -> frozenset[str]:
        """As channels name them."""
        return frozenset(each.external_id for each in self.identities)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """`alone`: conversations in which no other customer has a part; `own`: cases of theirs; `others`: of others."""

    person: Person
    alone: tuple[int, ...]
    shared: tuple[int, ...]
    own: tuple[int, ...]
    others: tuple[int, ...]
    events: tuple[int, ...]  # that they caused, as they came

    @property
    def conversations(self) -> tuple[int, ...]:
        return (*self.alone, *self.shared)


def person(connection: Connection, contact_id: int) -> Person:
    """Raises UnknownContact."""
    mine = select(contacts).where(contacts.c.id == contact_id, contacts.c.erased_at.is_(None))
    row = connection.execute(mine).one_or_none()
    if row is None:
        raise UnknownContact(contact_id)
    theirs = select(contact_identities).where(contact_identities.c.contact_id == contact_id)
    identities = connection.execute(theirs.order_by(contact_identities.c.id))
    return Person(
        id=ContactId(row.id),
        name=row.name,
        created_at=row.created_at,
        identities=tuple(
            Identity(channel=each.channel, account=each.account, external_id=each.external_id, email=each.email)
            for each in identities
        ),
    )


def reach(connection: Connection, contact_id: int) -> Reach:
    """Raises UnknownContact."""
    who = person(connection, contact_id)
    caused = select(inbox.c.id, inbox.c.conversation_id).where(_caused_by(who)).order_by(inbox.c.id)
    events = connection.execute(caused).all()
    taken_part = select(participants.c.conversation_id).where(participants.c.contact_id == who.id)
    theirs = {*connection.execute(taken_part).scalars(), *(event.conversation_id for event in events)}
    shared = _with_others(connection, who, theirs)
    linked = _cases(connection, theirs)
    own = {number for number, owner in linked.items() if owner == contact_id}
    # Nobody's, and said where nobody else was heard.
    own |= _cases(connection, theirs - shared).keys() & {number for number, owner in linked.items() if owner is None}
    own |= set(connection.execute(select(cases.c.number).where(cases.c.contact_id == contact_id)).scalars())
    return Reach(
        person=who,
        alone=tuple(sorted(theirs - shared)),
        shared=tuple(sorted(shared)),
        own=tuple(sorted(own)),
        others=tuple(sorted(linked.keys() - own)),
        events=tuple(event.id for event in events),
    )


def held(connection: Connection, contact_id: int) -> Reach:
    """As `reach`, with everything locked: whoever handles an event of theirs starts anew, or has been waited for.

    Conversations, then cases, then identities, as in the final transaction of an event. Raises UnknownContact.
    """
    found = reach(connection, contact_id)
    while True:
        lock(connection, found.conversations, (*found.own, *found.others))
        identities = select(contact_identities.c.id).where(contact_identities.c.contact_id == contact_id)
        connection.execute(identities.order_by(contact_identities.c.id).with_for_update()).all()
        # SQLite's writers are alone, and a look takes them a while.
        again = found if connection.dialect.name == "sqlite" else reach(connection, contact_id)
        if again == found:
            return found
        found = again


def lock(connection: Connection, conversation_ids: Collection[int], numbers: Collection[int]) -> None:
    talks = select(conversations.c.id).where(conversations.c.id.in_(conversation_ids)).order_by(conversations.c.id)
    connection.execute(locked(talks)).all()
    connection.execute(locked(select(cases.c.number).where(cases.c.number.in_(numbers)).order_by(cases.c.number))).all()


def message_ids(connection: Connection, found: Reach) -> frozenset[int]:
    return frozenset(connection.execute(select(messages.c.id).where(messages_of(found))).scalars())


def messages_of(found: Reach) -> ColumnElement[bool]:
    theirs = select(participants.c.id).where(participants.c.contact_id == found.person.id)
    return and_(messages.c.conversation_id.in_(found.conversations), messages.c.participant_id.in_(theirs))


def _caused_by(who: Person) -> ColumnElement[bool]:
    """Wherever the events led: a look at each that is kept, so once and for all."""
    by = [
        and_(inbox.c.channel == each.channel, inbox.c.account == each.account, each.external_id == AUTHOR)
        for each in who.identities
    ]
    return or_(*by) if by else inbox.c.id.is_(None)


def files_in(documents: Iterable[Any]) -> frozenset[str]:
    """The last part of each address: the key of a file of ours, where it is one."""
    found = (ATTACHMENTS.validate_python(each or ()) for each in documents)
    return frozenset(each.url.rpartition("/")[2] for attachments in found for each in attachments)


def _with_others(connection: Connection, who: Person, ids: set[int]) -> set[int]:
    """Where another customer has written, or has an event that waits; and where they themselves said nothing yet."""
    here = select(participants).where(participants.c.conversation_id.in_(ids))
    people = connection.execute(here).all()
    spoke = {each.conversation_id for each in people if each.contact_id == who.id}
    others = {each.conversation_id for each in people if _is_other(each, who)}
    known = {(each.conversation_id, each.author_id) for each in people if each.role == Role.REPRESENTATIVE}
    waiting = select(inbox.c.conversation_id, AUTHOR.label("author")).where(
        inbox.c.conversation_id.in_(ids), inbox.c.status != "done", inbox.c.channel != "clock"
    )
    strangers = {
        each.conversation_id
        for each in connection.execute(waiting)
        if each.author not in who.ids and (each.conversation_id, each.author) not in known
    }
    return (ids - spoke) | others | strangers


def _is_other(row: Row[Any], who: Person) -> bool:
    """Those who were erased have no contact any more."""
    return row.role == Role.CUSTOMER and row.contact_id is not None and row.contact_id != who.id


def _cases(connection: Connection, ids: Collection[int]) -> dict[int, int | None]:
    """Those linked to conversations, each with its contact."""
    linked = select(cases.c.number, cases.c.contact_id).join(case_conversations)
    rows = connection.execute(linked.where(case_conversations.c.conversation_id.in_(ids)))
    return {row.number: row.contact_id for row in rows}
