"""Merging one case into another: both are shown first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import web

from agent.settings import CaseField, Settings
from bot import acting, words
from bot.access import reads
from bot.access.rights import WORK_ON_CASES
from bot.access.routes import Refused, Route, Visit
from bot.acting import Acting, NotPossible
from bot.console.case_page import ONE, Conflict, number_of, since, told_changes
from bot.console.lists import CASES
from bot.console.rendering import Pages, seen
from bot.console.sent import Form, acting_as, digits, form_sent, number_in, one
from bot.text import one_line
from store import audit, cases
from store.cases import UnknownCase
from store.engine import Connection, Database
from store.model import Case, CaseNumber, FieldId

log = structlog.get_logger()


class Merging:
    def __init__(self, database: Database, pages: Pages, posts: Callable[[], None]) -> None:
        """`posts` is called when there is something to send."""
        self._database = database
        self._pages = pages
        self._posts = posts

    def routes(self) -> list[Route]:
        path = f"{ONE}/merge"
        return [
            Route(method="GET", path=path, right=WORK_ON_CASES, handler=self._show, hidden=True),
            Route(method="POST", path=path, right=WORK_ON_CASES, handler=self._merge, hidden=True),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit, number_in(visit.request.query.get("into", "").strip().removeprefix("#")))

    async def _merge(self, visit: Visit) -> web.StreamResponse:
        form, number, who = await form_sent(visit), number_of(visit), acting_as(visit)
        into = CaseNumber(digits(form, "into"))
        try:
            await self._database.write(partial(_merged, number=number, into=into, acting_=who, form=form))
        except UnknownCase as error:
            if error.number == number:
                raise Refused(HTTPStatus.NOT_FOUND) from None
            return await self._page(visit, into)
        except Conflict as conflict:
            return await self._page(visit, into, told_changes(conflict.entries, visit), HTTPStatus.CONFLICT)
        except NotPossible:
            return await self._page(visit, into)
        self._posts()
        log.info("case_merged", case=number, into=into, by=visit.visitor.id)
        return seen(f"{CASES}/{into}", "merge")

    async def _page(
        self, visit: Visit, into: int, problem: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> web.StreamResponse:
        """Asks for the other case, where it can't be this one."""
        number = number_of(visit)
        source, other, last = await self._database.read(partial(_read, number=number, into=into))
        if source is None:
            raise Refused(HTTPStatus.NOT_FOUND)
        for case in (source, other):
            await reads.keep(self._database, visit, case and case.number, "console")
        problems = [words.unknown_case(into)] if other is None else acting.unmergeable(source, other)
        if problems:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        settings = visit.in_force.settings
        return self._pages.show(
            visit,
            "merge.html",
            title=f"Merge case {number}",
            status=status,
            problem=" ".join(problems) or problem,
            possible=not problems,
            base=f"{CASES}/{number}",
            source=source,
            into=other,
            typed=into or "",
            seen=last,
            fields=settings.fields,
            shown=partial(_shown, settings=settings),
            label=words.status_of,
            one_line=one_line,
        )


def _merged(connection: Connection, *, number: CaseNumber, into: CaseNumber, acting_: Acting, form: Form) -> None:
    """Raises UnknownCase, Conflict, NotPossible; nothing is done then."""
    source, other = acting.both(connection, number, into)
    read = (one(form, "revision"), one(form, "into_revision"))
    if read != (str(source.revision), str(other.revision)) and not acting.unmergeable(source, other):
        after = digits(form, "seen")
        raise Conflict([*since(connection, number, after), *since(connection, into, after)])
    acting.merge(connection, acting_, source, other, [FieldId(each) for each in form.get("take", [])])


def _read(connection: Connection, *, number: CaseNumber, into: int) -> tuple[Case | None, Case | None, int]:
    """Both cases, and the latest entry of the audit about either."""
    found = [_known(connection, number), _known(connection, into)]
    entries = [each for case in found if case for each in audit.latest_of_case(connection, case.number, limit=1)]
    return found[0], found[1], max((each.id for each in entries), default=0)


def _known(connection: Connection, number: int) -> Case | None:
    try:
        return cases.get(connection, number)
    except UnknownCase:
        return None


def _shown(case: Case, field: CaseField, *, settings: Settings) -> str:
    held = case.values.get(FieldId(field.id))
    return words.shown(field, held.value if held else None, settings, 400)
