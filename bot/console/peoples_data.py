"""People's data: who is known, what is held of one, handing it out and erasing it."""

from __future__ import annotations

import asyncio
import tempfile
from functools import partial
from http import HTTPStatus

from aiohttp import web

from bot.access.rights import MANAGE_PEOPLE
from bot.access.routes import Refused, Route, Visit
from bot.console.filters import CHANNEL_LABELS
from bot.console.rendering import Pages, form_of, seen
from bot.forgetting import erase_contact, forget_old, told
from bot.text import one_line
from store import contacts
from store.engine import Database
from store.model import Actor, ActorKind
from store.people import exporting, reach
from store.people.erasing import OnItsWay
from store.people.reach import Person, UnknownContact

PATH = "/console/people"
_ONE = f"{PATH}/{{id:[0-9]{{1,18}}}}"
_SHOWN = 50
_LONGEST = 200  # characters of a search
_CHUNK = 1 << 16


class PeoplesData:
    def __init__(self, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages

    def routes(self) -> list[Route]:
        right = MANAGE_PEOPLE
        return [
            Route(method="GET", path=PATH, right=right, handler=self._list),
            Route(method="POST", path=f"{PATH}/retention", right=right, handler=self._rehearse_retention),
            Route(method="GET", path=_ONE, right=right, handler=self._show),
            Route(method="GET", path=f"{_ONE}/export", right=right, handler=self._export),
            Route(method="POST", path=f"{_ONE}/rehearsal", right=right, handler=self._rehearse),
            Route(method="POST", path=f"{_ONE}/erase", right=right, handler=self._erase),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        return await self._listing(visit)

    async def _listing(self, visit: Visit, counts: dict[str, int] | None = None) -> web.Response:
        text = " ".join(visit.request.query.get("q", "").split())[:_LONGEST]
        before = _number(visit.request.query.get("after"))
        found = await self._database.read(partial(contacts.listed, text=text, before=before, limit=_SHOWN + 1))
        return self._pages.show(
            visit,
            "people.html",
            title="People’s data",
            rows=found[:_SHOWN],
            after=found[_SHOWN - 1].id if len(found) > _SHOWN else None,
            text=text,
            days=visit.in_force.settings.forget_after_days,
            counts=counts,
            channels=CHANNEL_LABELS,
            one_line=one_line,
        )

    async def _rehearse_retention(self, visit: Visit) -> web.StreamResponse:
        days = visit.in_force.settings.forget_after_days
        if days is None:
            raise Refused(HTTPStatus.CONFLICT, "The settings don’t say how long anything is kept.")
        return await self._listing(visit, told(await forget_old(self._database, days, dry_run=True)))

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return self._page(visit, await self._person(visit))

    async def _rehearse(self, visit: Visit) -> web.StreamResponse:
        who = await self._person(visit)
        return self._page(visit, who, counts=await self._erased(visit, who, dry_run=True))

    def _page(
        self, visit: Visit, who: Person, *, counts: dict[str, int] | None = None, wrong: str = ""
    ) -> web.Response:
        return self._pages.show(
            visit,
            "person.html",
            title=who.name,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            who=who,
            counts=counts,
            channels=CHANNEL_LABELS,
            errors={"confirm": wrong},
            one_line=one_line,
        )

    async def _export(self, visit: Visit) -> web.StreamResponse:
        who = await self._person(visit)
        try:
            exported = await self._database.read(partial(exporting.export, contact_id=who.id))
        except UnknownContact:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/zip",
                "Content-Disposition": f'attachment; filename="contact-{who.id}.zip"',
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            }
        )
        with tempfile.TemporaryFile() as file:  # it has no name, and is gone when it is closed
            await asyncio.to_thread(exporting.write_zip, exported, file)
            file.seek(0)
            await response.prepare(visit.request)
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                await response.write(chunk)
        return response

    async def _erase(self, visit: Visit) -> web.StreamResponse:
        who, form = await self._person(visit), await form_of(visit)
        if form.get("confirm", "").strip() != str(who.id):
            return self._page(visit, who, wrong=f"Type the contact’s number, {who.id}, to erase it.")
        await self._erased(visit, who, dry_run=False)
        return seen(PATH, "erased")

    async def _erased(self, visit: Visit, who: Person, *, dry_run: bool) -> dict[str, int]:
        by = Actor(kind=ActorKind.PERSON, id=visit.visitor.id, name=visit.visitor.name)
        try:
            return told(await erase_contact(self._database, who.id, by, dry_run=dry_run))
        except UnknownContact:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        except OnItsWay as error:
            raise Refused(HTTPStatus.CONFLICT, str(error)) from None

    async def _person(self, visit: Visit) -> Person:
        number = int(visit.request.match_info["id"])
        try:
            return await self._database.read(partial(reach.person, contact_id=number))
        except UnknownContact:
            raise Refused(HTTPStatus.NOT_FOUND) from None


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(10**17))):
        raise Refused(HTTPStatus.BAD_REQUEST, "“after” in the address should be what the link to the next page says.")
    return int(text)
