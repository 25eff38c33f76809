"""People's data: what is held of a contact, handed out and erased."""

from __future__ import annotations

import base64
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from bot.access.rights import MANAGE_PEOPLE
from bot.access.routes import Refused, Visit
from bot.api import body
from bot.api.calls import NUMBER, Body, Call, Parameter, answered
from bot.forgetting import erase_contact, told
from store.engine import Database
from store.model import Actor, ActorKind
from store.people import exporting
from store.people.erasing import OnItsWay
from store.people.reach import UnknownContact

_ID = Parameter(
    name="id",
    place="path",
    schema={"type": "integer", "minimum": 1, "maximum": 10**18 - 1},
    description="The contact's number.",
)


class ContactFile(BaseModel):
    """`content` is base64."""

    place: str
    name: str
    content_type: str
    content: str


class ContactExport(BaseModel):
    """Everything that is held of a contact: `document` as in the zip file that the console gives."""

    document: dict[str, Any]
    files: list[ContactFile]


class Erase(Body):
    dry_run: bool = False  # change nothing, and tell exactly what would be erased


class Erasure(BaseModel):
    dry_run: bool
    counts: dict[str, int]


class People:
    def __init__(self, database: Database) -> None:
        self._database = database

    def calls(self) -> list[Call]:
        return [
            Call(
                method="GET",
                path=f"/contacts/{{id:{NUMBER}}}/export",
                right=MANAGE_PEOPLE,
                handler=self._export,
                summary="Everything that is held of a contact",
                answer=ContactExport,
                parameters=(_ID,),
            ),
            Call(
                method="POST",
                path=f"/contacts/{{id:{NUMBER}}}/erase",
                right=MANAGE_PEOPLE,
                handler=self._erase,
                summary="Erase a contact for good, or tell what would be erased",
                body=Erase,
                answer=Erasure,
                parameters=(_ID,),
            ),
        ]

    async def _export(self, visit: Visit) -> web.StreamResponse:
        try:
            exported = await self._database.read(partial(exporting.export, contact_id=_number(visit)))
        except UnknownContact:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        files = [
            ContactFile(
                place=each.place,
                name=each.name,
                content_type=each.content_type,
                content=base64.b64encode(each.content).decode(),
            )
            for each in exported.files
        ]
        return answered(ContactExport(document=exported.document, files=files))

    async def _erase(self, visit: Visit) -> web.StreamResponse:
        """Sent again, there is no such contact any more: it needs no idempotency key."""
        asked = await body.read(visit.request, Erase)
        by = Actor(kind=ActorKind.PERSON, id=visit.visitor.id, name=visit.visitor.name)
        try:
            counts = await erase_contact(self._database, _number(visit), by, dry_run=asked.dry_run)
        except UnknownContact:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        except OnItsWay as error:
            raise Refused(HTTPStatus.CONFLICT, str(error)) from None
        return answered(Erasure(dry_run=asked.dry_run, counts=told(counts)))


def _number(visit: Visit) -> int:
    return int(visit.request.match_info["id"])
