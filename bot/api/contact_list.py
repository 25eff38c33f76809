"""Contacts: the people behind channel identities."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel

from bot.access.rights import READ_CONTACTS
from bot.access.routes import Refused, Visit
from bot.api import cursors
from bot.api.calls import NUMBER, Call, answered, numbered
from store import contacts
from store.contacts import Contact
from store.engine import Database


class IdentityRead(BaseModel):
    """Who somebody is on a channel; `email`: verified by it."""

    channel: str
    external_id: str
    email: str | None


class ContactRead(BaseModel):
    id: int
    name: str
    created_at: datetime
    identities: list[IdentityRead]


class ContactPage(BaseModel):
    """Newest first; `next` is null on the last page."""

    items: list[ContactRead]
    next: str | None


class Contacts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def calls(self) -> list[Call]:
        return [
            Call(
                method="GET",
                path="/contacts",
                right=READ_CONTACTS,
                handler=self._list,
                summary="Contacts, newest first",
                answer=ContactPage,
                parameters=cursors.PARAMETERS,
            ),
            Call(
                method="GET",
                path=f"/contacts/{{id:{NUMBER}}}",
                right=READ_CONTACTS,
                handler=self._show,
                summary="A contact",
                answer=ContactRead,
                parameters=(numbered("id", "The contact's id."),),
                hidden=True,
            ),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        page = cursors.wanted(visit.request.query)
        before = page.after[0] if page.after else None
        found = await self._database.read(partial(contacts.listed, before=before, limit=page.limit + 1))
        rows, following = cursors.cut(found, page, lambda each: (each.id,))
        return answered(ContactPage(items=[_described(each) for each in rows], next=following))

    async def _show(self, visit: Visit) -> web.StreamResponse:
        wanted = int(visit.request.match_info["id"])
        found = await self._database.read(partial(contacts.get, contact_id=wanted))
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND)
        return answered(_described(found))


def _described(contact: Contact) -> ContactRead:
    return ContactRead(
        id=contact.id,
        name=contact.name,
        created_at=contact.created_at,
        identities=[
            IdentityRead(channel=each.channel, external_id=each.external_id, email=each.email)
            for each in contact.identities
        ],
    )
