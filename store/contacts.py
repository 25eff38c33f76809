"""Contacts: the people behind channel identities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, or_, select, update

from store.model import Author, ContactId
from store.schema import contact_identities, contacts
from store.sql import alone, has, insert, now

# Held until the end, so that nobody is erased in between: who comes then is a new contact.
_IDENTITY = (
    select(contact_identities)
    .where(
        contact_identities.c.channel == bindparam("channel"),
        contact_identities.c.account == bindparam("account"),
        contact_identities.c.external_id == bindparam("author"),
    )
    .with_for_update(read=True, key_share=True)
)
_CREATE = insert(contacts).returning(contacts.c.id)
_BIND = insert(contact_identities)


def identify(connection: Connection, channel: str, account: str, author: Author) -> ContactId:
    """The contact behind a native user; made on first sight.

    An address that the channel has verified leads to the contact that has the same one elsewhere; a name never does.
    """
    who = {"channel": channel, "account": account, "author": author.id}
    known = connection.execute(_IDENTITY, who).one_or_none()
    if known is None:
        # The same new person may be met in two conversations, or on two channels, at once.
        for key in filter(None, (str(tuple(who.values())), _address(author))):
            alone(connection, f"meet {key}")
        known = connection.execute(_IDENTITY, who).one_or_none()
    if known is None:
        contact_id = _by_email(connection, author) or _create(connection, author)
        return _bind(connection, contact_id, channel, account, author)
    if author.email and known.email != _address(author):
        verified = update(contact_identities).where(contact_identities.c.id == known.id)
        connection.execute(verified.values(email=_address(author)))
    return ContactId(known.contact_id)


def is_known(connection: Connection, channel: str, account: str, author_id: str) -> bool:
    who = {"channel": channel, "account": account, "author": author_id}
    return connection.execute(_IDENTITY, who).first() is not None


def _address(author: Author) -> str | None:
    return author.email.casefold() if author.email else None


def _by_email(connection: Connection, author: Author) -> ContactId | None:
    if not author.email:
        return None
    same = select(contact_identities.c.contact_id).where(contact_identities.c.email == _address(author))
    found = connection.execute(same.order_by(contact_identities.c.id).limit(1)).scalar_one_or_none()
    return None if found is None else ContactId(found)


def _create(connection: Connection, author: Author) -> ContactId:
    row = {"name": author.name or author.id, "created_at": now(connection)}
    return ContactId(connection.execute(_CREATE, row).scalar_one())


def _bind(connection: Connection, contact_id: ContactId, channel: str, account: str, author: Author) -> ContactId:
    row: dict[str, Any] = {
        "contact_id": contact_id,
        "channel": channel,
        "account": account,
        "external_id": author.id,
        "email": _address(author),
    }
    connection.execute(_BIND, row)
    return contact_id


# --- looked at --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactIdentity:
    channel: str
    external_id: str
    email: str | None  # verified by the channel


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    id: ContactId
    name: str
    created_at: datetime
    identities: tuple[ContactIdentity, ...]

    @property
    def known_as(self) -> list[tuple[str, str]]:
        """Channel, and the id or address there."""
        return [(each.channel, each.email or each.external_id) for each in self.identities]


_THERE = contacts.c.erased_at.is_(None)


def listed(connection: Connection, text: str = "", *, before: int | None, limit: int) -> list[Contact]:
    """Newest first, from where the page before ended; `text`: part of a name, an address or a channel's id."""
    wanted = select(contacts).where(_THERE).order_by(contacts.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(contacts.c.id < before)
    if text:
        wanted = wanted.where(contacts.c.id.in_(_named(connection, text, before=before, limit=limit)))
    return _read(connection, wanted)


def get(connection: Connection, contact_id: int) -> Contact | None:
    return next(iter(_read(connection, select(contacts).where(_THERE, contacts.c.id == contact_id))), None)


def hold(connection: Connection, contact_id: int) -> bool:
    """Whether there is such a contact, who then is not erased before the transaction ends: erasing locks the same."""
    theirs = select(contact_identities.c.id).where(contact_identities.c.contact_id == contact_id)
    connection.execute(theirs.order_by(contact_identities.c.id).with_for_update()).all()
    return get(connection, contact_id) is not None


def _read(connection: Connection, wanted: Select[Any]) -> list[Contact]:
    rows = connection.execute(wanted).all()
    theirs = select(contact_identities).where(contact_identities.c.contact_id.in_([row.id for row in rows]))
    identities: dict[int, list[ContactIdentity]] = {}
    for row in connection.execute(theirs.order_by(contact_identities.c.id)):
        known = ContactIdentity(channel=row.channel, external_id=row.external_id, email=row.email)
        identities.setdefault(row.contact_id, []).append(known)
    return [
        Contact(
            id=ContactId(row.id),
            name=row.name,
            created_at=row.created_at,
            identities=tuple(identities.get(row.id, ())),
        )
        for row in rows
    ]


def _named(connection: Connection, text: str, *, before: int | None, limit: int) -> set[int]:
    """The newest by their names, and the newest by their ids: each search ends where it has found enough."""
    mine = contact_identities.c
    known_as = or_(has(connection, mine.external_id, text), has(connection, mine.email, text))
    found: set[int] = set()
    for key, fits in ((contacts.c.id, contacts.c.name.icontains(text, autoescape=True)), (mine.contact_id, known_as)):
        query = select(key).where(fits).order_by(key.desc()).limit(limit)
        found |= set(connection.execute(query if before is None else query.where(key < before)).scalars())
    return found
