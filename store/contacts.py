"""Contacts: the people behind channel identities."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from store.model import Author, ContactId
from store.schema import contact_identities, contacts
from store.sql import alone, insert, now

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
