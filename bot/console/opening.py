"""Opening a case without a conversation: somebody called, or walked in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import web

from bot import forms
from bot.access.rights import WORK_ON_CASES
from bot.access.routes import Route, Visit
from bot.console import case_form
from bot.console.lists import CASES
from bot.console.rendering import Pages, seen
from bot.console.sent import Form, acting_as, form_sent
from bot.opening import open_by_hand
from store.cases import FieldWrite
from store.engine import Database

log = structlog.get_logger()

_PATH = f"{CASES}/new"


class Opening:
    def __init__(self, database: Database, pages: Pages, posts: Callable[[], None]) -> None:
        """`posts` is called when there is something to send."""
        self._database = database
        self._pages = pages
        self._posts = posts

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", path=_PATH, right=WORK_ON_CASES, handler=self._show),
            Route(method="POST", path=_PATH, right=WORK_ON_CASES, handler=self._open),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return self._page(visit)

    async def _open(self, visit: Visit) -> web.StreamResponse:
        form, settings = await form_sent(visit), visit.in_force.settings
        answers, problem = case_form.read(form, (each.id for each in settings.fields), settings)
        if problem:
            return self._page(visit, problem, form=form, wrong=answers.problems)
        writes = [FieldWrite(field=name, value=value) for name, value in answers.values.items() if value is not None]
        case = await self._database.write(partial(open_by_hand, acting=acting_as(visit), writes=writes))
        self._posts()
        log.info("case_opened", case=case.number, by=visit.visitor.id)
        return seen(f"{CASES}/{case.number}", "create")

    def _page(
        self, visit: Visit, problem: str = "", *, form: Form | None = None, wrong: Mapping[str, str] | None = None
    ) -> web.Response:
        shown = forms.empty(visit.in_force.settings)
        return self._pages.show(
            visit,
            "new_case.html",
            title="New case",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
            problem=problem,
            action=_PATH,
            name=case_form.NAME,
            fields=shown,
            typed=case_form.typed(form, (each.id for each in shown)),
            errors=wrong or {},
        )
