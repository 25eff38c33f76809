"""The *Case Management Agent* page: what the agent may do, where, and by which fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from agent.settings import Asking, Level, Problem, Settings
from bot.access.rights import MANAGE_SETTINGS
from bot.access.routes import Route, Visit
from bot.console import inputs
from bot.console.rendering import Pages
from bot.console.reviewing import Json, Reviewing, as_document, latest
from store.engine import Database
from store.model import Category

PATH = "/console/agent"
LEVELS = {
    Level.FULL: "The agent does it",
    Level.CONFIRM: "It proposes, a representative accepts",
    Level.SHADOW: "It only records what it would do",
    Level.OFF: "Off",
}
WITHOUT_RULES = {"default_fields": "Update the default fields", "nothing": "Update nothing"}
REPRESENTATIVES = {
    "teams": "Entra object ids of people or groups, one a line.",
    "slack": "Ids of people or user groups, such as U024BE7LH, one a line.",
    "email": "Addresses, or @domains, one a line.",
    "webchat": "User ids as your site gives them, one a line.",
    "voice": "Ids as the calls have them, one a line.",
}
ASKING = {Asking.ONCE: "Once, if no colleague takes part", Asking.OFF: "Never"}


class AgentPage:
    def __init__(self, database: Database, pages: Pages, reviewing: Reviewing) -> None:
        self._database = database
        self._pages = pages
        self._reviewing = reviewing

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", path=PATH, right=MANAGE_SETTINGS, handler=self._look),
            Route(method="POST", path=PATH, right=MANAGE_SETTINGS, handler=self._check),
        ]

    async def _look(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        return self._page(visit, as_document(now.settings), now.settings, now.version)

    def _page(
        self, visit: Visit, document: Json, settings: Settings, based_on: int, problems: Iterable[Problem] = ()
    ) -> web.Response:
        """`document`: what the form shows, as it was typed."""
        wrong = {_input(each.path): each.sentence for each in problems}
        return self._pages.show(
            visit,
            "agent.html",
            title="Case Management Agent",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            document=document,
            fields=settings.fields,
            categories=list(Category),
            levels=list(LEVELS.items()),
            without_rules=list(WITHOUT_RULES.items()),
            asking=list(ASKING.items()),
            requirements=_requirements(settings),
            based_on=based_on,
            errors=wrong,
        )

    async def _check(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        base = await self._reviewing.base(form)
        document = typed(form, as_document(base.settings))
        if form.get("do") == "again":
            return self._page(visit, document, base.settings, base.version)
        if problems := await self._reviewing.problems(document):
            return self._page(visit, document, base.settings, base.version, problems)
        return await self._reviewing.propose(visit, document, based_on=base.version, back=PATH, form=form)


def typed(form: MultiMapping[Any], document: Json) -> Json:
    """The document with what the form says put in."""
    return {
        **document,
        "categories": _chosen(form, "categories", [each.value for each in Category]),
        "default_fields": _chosen(form, "default_fields", document["default_fields"]),
        "creation": {
            "require": _require(str(form.get("creation.require", ""))),
            "optional": _chosen(form, "creation.optional", document["creation"]["optional"]),
        },
        "update_without_rules": str(form.get("update_without_rules", "")),
        "override_human_edits": "override_human_edits" in form,
        "automation": {key: str(form.get(f"automation.{key}", "")) for key in document["automation"]},
        "evaluation": {key: inputs.number(str(form.get(f"evaluation.{key}", ""))) for key in document["evaluation"]},
        "ask_for_missing": str(form.get("ask_for_missing", "")),
    }


def _chosen(form: MultiMapping[Any], name: str, order: list[str]) -> list[str]:
    """What was checked: in the order it had, new ones behind."""
    checked = [str(each) for each in form.getall(name, [])]
    return sorted(checked, key=lambda each: order.index(each) if each in order else len(order))


def _require(text: str) -> str | int:
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else text


def _requirements(settings: Settings) -> list[tuple[str, str]]:
    numbers = [(str(number), f"At least {number} of them") for number in range(1, len(settings.fields) + 1)]
    return [("all", "All of them"), ("any", "Any of them"), *numbers]


def _input(path: str) -> str:
    """The name of the input that a problem's path belongs to."""
    return re.sub(r"\[[0-9]+\]$", "", path)
