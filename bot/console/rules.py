"""*Rules for case update with AI assistance*: listed in their order, moved, activated, written, removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from agent.settings import Problem, Settings
from bot.access.routes import Refused, Route, Visit
from bot.console import conditions, entries
from bot.console.conditions import Group, TooDeep
from bot.console.rendering import Pages
from bot.console.reviewing import Json, Reviewing, as_document, latest
from bot.settings import InForce
from store.engine import Database

PATH = "/console/agent/rules"
_DEEP = "Its conditions are nested deeper than a page shows: change the rule in an exported file."


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A rule as its form shows it, and the version that it was opened with; `position` is "" for a new one."""

    rule: Json
    conditions: Group
    base: InForce
    position: str


class Rules:
    """A rule is named by its position in the version that the page was made from."""

    def __init__(self, database: Database, pages: Pages, reviewing: Reviewing) -> None:
        self._database = database
        self._pages = pages
        self._reviewing = reviewing
        self._entries = entries.Ordered(reviewing, "update_rules", PATH)

    def routes(self) -> list[Route]:
        return self._entries.routes(listed=self._list, new=self._new, opened=self._edit, typed=self._typed)

    async def _list(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        return self._pages.show(
            visit,
            "rules.html",
            title="Rules for case update with AI assistance",
            rules=now.settings.update_rules,
            labels={each.id: each.label for each in now.settings.fields},
            based_on=now.version,
        )

    async def _new(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        rule: Json = {"name": "", "active": True, "fields": []}
        return self._form(visit, Draft(rule=rule, conditions=Group(), base=now, position=""))

    async def _edit(self, visit: Visit) -> web.StreamResponse:
        now, position = await self._database.read(latest), int(visit.request.match_info["id"])
        rule = entries.at(now.settings.update_rules, position)
        try:
            shown = conditions.shown(rule.when)
        except TooDeep:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, _DEEP) from None
        document = rule.model_dump(mode="json")
        return self._form(visit, Draft(rule=document, conditions=shown, base=now, position=str(position)))

    def _form(self, visit: Visit, draft: Draft, problems: Sequence[Problem] = ()) -> web.Response:
        of_conditions = [each for each in problems if _part(each.path) == "when"]
        wrong = entries.told((each for each in problems if each not in of_conditions), _part)
        settings = draft.base.settings
        return self._pages.show(
            visit,
            "rule.html",
            title="Rule" if draft.position else "New rule",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            rule=draft.rule,
            fields=settings.fields,
            based_on=draft.base.version,
            position=draft.position,
            errors=wrong,
            **conditions.in_form(draft.conditions, settings.fields, of_conditions),
        )

    async def _typed(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        base = await self._reviewing.base(form)
        fields, button = _by_id(base.settings), str(form.get("do", ""))
        typed, rule = conditions.typed(form, fields), _of_form(form)
        draft = Draft(rule=rule, conditions=typed, base=base, position=str(form.get("position", "")))
        if button != "review":
            conditions.pressed(typed, button, fields)
            return self._form(visit, draft)
        rule["when"] = conditions.expressed(typed, fields)
        document = as_document(base.settings)
        entries.put(document["update_rules"], rule, draft.position)
        if problems := await self._reviewing.problems(document):
            return self._form(visit, draft, problems)
        return await self._reviewing.propose(visit, document, based_on=base.version, back=PATH, form=form)


def _by_id(settings: Settings) -> dict[str, Any]:
    return {each.id: each for each in settings.fields}


def _of_form(form: MultiMapping[Any]) -> Json:
    return {
        "name": str(form.get("name", "")),
        "active": "active" in form,
        "fields": [str(each) for each in form.getall("fields", [])],
    }


def _part(path: str) -> str:
    """The part of the form that a problem's path belongs to."""
    parts = path.split(".")
    return next(
        (name for name in ("when", "fields", "name") if any(each.startswith(name) for each in parts[1:])), "name"
    )
