"""*Queues*: which cases go where, and whose work they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from agent.settings import Problem, Queue
from bot.access.routes import Refused, Route, Visit
from bot.console import conditions, entries
from bot.console.conditions import Group, TooDeep
from bot.console.field_form import named_after
from bot.console.field_uses import QUEUES as PATH
from bot.console.field_uses import elsewhere
from bot.console.rendering import Pages
from bot.console.reviewing import Json, Reviewing, as_document, latest, number_of
from bot.settings import InForce
from bot.text import one_line
from store.engine import Database

_DEEP = "Its conditions are nested deeper than a page shows: change the queue in an exported file."


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A queue as its form shows it, and the version that it was opened with; `position` is "" for a new one."""

    queue: Json
    conditions: Group
    base: InForce
    position: str


class Queues:
    """A queue is named by its position in the version that the page was made from."""

    def __init__(self, database: Database, pages: Pages, reviewing: Reviewing) -> None:
        self._database = database
        self._pages = pages
        self._reviewing = reviewing
        self._entries = entries.Ordered(reviewing, "queues", PATH)

    def routes(self) -> list[Route]:
        return self._entries.routes(listed=self._list, new=self._new, opened=self._edit, typed=self._typed)

    async def _list(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        return self._pages.show(
            visit,
            "queues.html",
            title="Queues",
            queues=now.settings.queues,
            based_on=now.version,
            one_line=one_line,
        )

    async def _new(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        queue = Queue(id="new", name="-").model_dump(mode="json") | {"id": "", "name": ""}
        return self._form(visit, Draft(queue=queue, conditions=Group(), base=now, position=""))

    async def _edit(self, visit: Visit) -> web.StreamResponse:
        now, position = await self._database.read(latest), int(visit.request.match_info["id"])
        queue = entries.at(now.settings.queues, position)
        try:
            shown = conditions.shown(queue.when)
        except TooDeep:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, _DEEP) from None
        document = queue.model_dump(mode="json")
        return self._form(visit, Draft(queue=document, conditions=shown, base=now, position=str(position)))

    def _form(self, visit: Visit, draft: Draft, problems: Sequence[Problem] = ()) -> web.Response:
        of_conditions = [each for each in problems if _part(each.path) == "when"]
        return self._pages.show(
            visit,
            "queue.html",
            title="Queue" if draft.position else "New queue",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            queue=draft.queue,
            based_on=draft.base.version,
            position=draft.position,
            errors=entries.told((each for each in problems if each not in of_conditions), _part),
            **conditions.in_form(draft.conditions, draft.base.settings.fields, of_conditions),
        )

    async def _typed(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        base, position = await self._reviewing.base(form), str(form.get("position", ""))
        held = entries.at(base.settings.queues, number_of(position)) if position else None
        fields = {each.id: each for each in base.settings.fields}
        draft = Draft(
            queue=_of_form(form, held), conditions=conditions.typed(form, fields), base=base, position=position
        )
        if (button := str(form.get("do", ""))) != "review":
            conditions.pressed(draft.conditions, button, fields)
            return self._form(visit, draft)
        draft.queue["when"] = conditions.expressed(draft.conditions, fields)
        document = as_document(base.settings)
        entries.put(document["queues"], draft.queue, position)
        if problems := await self._reviewing.problems(document):
            return self._form(visit, draft, _here(problems, document))
        return await self._reviewing.propose(visit, document, based_on=base.version, back=PATH, form=form)


def _of_form(form: MultiMapping[Any], held: Queue | None) -> Json:
    """The id stays: cases keep it."""
    name = str(form.get("name", "")).strip()
    members = [line.strip() for line in str(form.get("members", "")).splitlines()]
    return {
        "id": held.id if held else str(form.get("id", "")).strip() or named_after(name),
        "name": name,
        "description": str(form.get("description", "")).replace("\r\n", "\n").strip(),
        "active": "active" in form,
        "members": list(dict.fromkeys(each for each in members if each)),
    }


def _here(problems: Sequence[Problem], document: Json) -> list[Problem]:
    """A rule that names the queue may not do without it: told above, with the rule it is in."""
    return [
        each if each.path.startswith("queues") else Problem("queues.name", elsewhere(each, document))
        for each in problems
    ]


def _part(path: str) -> str:
    """The part of the form that a problem's path belongs to."""
    parts = path.split(".")
    known = ("when", "members", "description", "id", "name")
    return next((name for name in known if any(each.startswith(name) for each in parts[1:])), "name")
