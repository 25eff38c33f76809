"""*Fields*: listed in their order, defined, described, moved, removed with what names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from agent.settings import Problem
from bot.access.rights import MANAGE_SETTINGS
from bot.access.routes import Route, Visit
from bot.console import entries, field_form
from bot.console.field_uses import elsewhere, uses, without
from bot.console.rendering import Pages
from bot.console.reviewing import Json, Reviewing, as_document, latest, number_of
from bot.settings import InForce
from store.engine import Database

PATH = "/console/agent/fields"


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A field as its form shows it, and the version that it was opened with; `position` is "" for a new one."""

    field: Json
    base: InForce
    position: str


class Fields:
    """A field is named by its position in the version that the page was made from."""

    def __init__(self, database: Database, pages: Pages, reviewing: Reviewing) -> None:
        self._database = database
        self._pages = pages
        self._reviewing = reviewing
        self._entries = entries.Ordered(reviewing, "fields", PATH)

    def routes(self) -> list[Route]:
        routes = self._entries.routes(
            listed=self._list, new=self._new, opened=self._edit, typed=self._typed, changed=self._change
        )
        remove = Route(
            method="POST", path=f"{PATH}/{{id:[0-9]{{1,9}}}}/remove", right=MANAGE_SETTINGS, handler=self._remove
        )
        return [*routes, remove]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        return self._pages.show(
            visit,
            "fields.html",
            title="Fields",
            settings_now=now.settings,
            types=field_form.TYPES,
            based_on=now.version,
        )

    async def _new(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        return self._form(visit, Draft(field=field_form.NEW, base=now, position=""))

    async def _edit(self, visit: Visit) -> web.StreamResponse:
        now, position = await self._database.read(latest), int(visit.request.match_info["id"])
        field = entries.at(now.settings.fields, position).model_dump(mode="json")
        return self._form(visit, Draft(field=field, base=now, position=str(position)))

    def _form(
        self, visit: Visit, draft: Draft, problems: Sequence[Problem] = (), others: Sequence[str] = ()
    ) -> web.Response:
        """`others`: what the change would make wrong outside of the form."""
        key = field_form.choices_key(draft.field)
        of_choices = [each for each in problems if field_form.part(each.path) == "choices"]
        return self._pages.show(
            visit,
            "field.html",
            title="Field" if draft.position else "New field",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if problems or others else HTTPStatus.OK,
            field=draft.field,
            choices=draft.field[key] if key else [],
            key=key,
            most=field_form.ROWS,
            types=[(kind.value, label) for kind, label in field_form.TYPES.items()],
            based_on=draft.base.version,
            position=draft.position,
            errors=entries.told((each for each in problems if each not in of_choices), field_form.part),
            faults=field_form.faults(of_choices),
            others=others,
        )

    async def _typed(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        base, position = await self._reviewing.base(form), str(form.get("position", ""))
        document = as_document(base.settings)
        held = entries.at(document["fields"], number_of(position)) if position else field_form.NEW
        draft = Draft(field=field_form.typed(form, held), base=base, position=position)
        if (button := str(form.get("do", ""))) != "review":
            field_form.pressed(draft.field, button)
            return self._form(visit, draft)
        entries.put(document["fields"], draft.field, position)
        if lacking := field_form.lacking(draft.field):
            return self._form(visit, draft, lacking)
        if problems := await self._reviewing.problems(document):
            own = f"fields[{position or len(document['fields']) - 1}]"
            others = [elsewhere(each, document) for each in problems if not each.path.startswith(own)]
            return self._form(visit, draft, [each for each in problems if each.path.startswith(own)], others)
        return await self._reviewing.propose(visit, document, based_on=base.version, back=PATH, form=form)

    async def _change(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        base = await self._reviewing.base(form)
        document, button = as_document(base.settings), str(form.get("do", ""))
        if button in {"up", "down"}:
            entries.change(document["fields"], int(visit.request.match_info["id"]), button)
        return await self._reviewing.propose(visit, document, based_on=base.version, back=PATH)

    async def _remove(self, visit: Visit) -> web.StreamResponse:
        """What else names the field is told first, and taken away along with it when that is wanted."""
        form, position = await visit.request.post(), int(visit.request.match_info["id"])
        base = await self._reviewing.base(form)
        field = entries.at(base.settings.fields, position)
        found = uses(base.settings, field.id)
        if any(each.first for each in found) or (found and "everywhere" not in form):
            return self._pages.show(
                visit,
                "field_uses.html",
                title="Remove a field",
                field=field,
                position=position,
                uses=found,
                based_on=base.version,
            )
        document = without(as_document(base.settings), field.id)
        return await self._reviewing.propose(visit, document, based_on=base.version, back=PATH)
