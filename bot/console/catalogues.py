"""The catalogue of a field, or its options: looked through, downloaded, and changed by a CSV file seen beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.web_request import FileField
from multidict import MultiMapping

from agent.problems import find_problems
from agent.settings import CaseField, Problem
from bot.access.rights import MANAGE_SETTINGS
from bot.access.routes import Refused, Route, Visit
from bot.console import catalogue_file, entries
from bot.console.catalogue_file import Comparison, NoText, Table
from bot.console.field_form import choices_key
from bot.console.field_uses import elsewhere
from bot.console.rendering import Pages
from bot.console.reviewing import Json, Reviewing, as_document, latest
from bot.settings import InForce
from store.engine import Database

FIELDS = "/console/agent/fields"
_ONE = f"{FIELDS}/{{id:[0-9]{{1,9}}}}/catalogue"
_SHOWN = 100
_FIRST = 10  # entries of a preview
_TOLD = 50  # problems
_WAYS = [
    ("add", "Are added or changed, the rest stays"),
    ("replace", "Replace all that are there"),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """What was sent, as far as it can be used. Without `table` nothing was."""

    text: str = ""
    way: str = "add"
    charset: str = ""  # of a file
    table: Table | None = None
    comparison: Comparison | None = None
    document: Json | None = None
    problems: Sequence[Problem] = ()


class Catalogues:
    def __init__(self, database: Database, pages: Pages, reviewing: Reviewing) -> None:
        self._database = database
        self._pages = pages
        self._reviewing = reviewing

    def routes(self) -> list[Route]:
        right = MANAGE_SETTINGS
        return [
            Route(method="GET", path=_ONE, right=right, handler=self._look),
            Route(method="GET", path=f"{_ONE}/file", right=right, handler=self._download),
            Route(method="POST", path=_ONE, right=right, handler=self._take),
        ]

    async def _look(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        _, field = _field(visit, now)
        return self._page(visit, field, now, Upload())

    def _page(self, visit: Visit, field: CaseField, base: InForce, upload: Upload) -> web.Response:
        query = visit.request.query
        wanted, page = query.get("q", "").strip().casefold(), query.get("page", "0")
        found = [each for each in field.choices if wanted in f"{each.value}\n{each.parent or ''}".casefold()]
        first = int(page) * _SHOWN if page.isascii() and page.isdigit() and len(page) < 6 else 0  # noqa: PLR2004
        more = urlencode({"q": wanted, "page": first // _SHOWN + 1})
        return self._pages.show(
            visit,
            "catalogue.html",
            title=field.label,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if upload.problems else HTTPStatus.OK,
            field=field,
            here=visit.request.path,
            asked=query.get("q", ""),
            found=found[first : first + _SHOWN],
            count=len(found),
            more=more if len(found) > first + _SHOWN else None,
            based_on=base.version,
            upload=upload,
            ways=_WAYS,
            told=_TOLD,
            first=_FIRST,
            limits=catalogue_file,
        )

    async def _download(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        _, field = _field(visit, now)
        return web.Response(
            text=catalogue_file.written([each.model_dump(mode="json") for each in field.choices]),
            content_type="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{field.id}.csv"'},
        )

    async def _take(self, visit: Visit) -> web.StreamResponse:
        """Seen first; what is wrong is told with its lines, and the text given back to be mended."""
        form = await visit.request.post()
        base = await self._reviewing.base(form)
        position, field = _field(visit, base)
        upload = await asyncio.to_thread(_read, form, base, position)
        if form.get("do") == "review" and upload.document is not None:
            return await self._reviewing.propose(
                visit, upload.document, based_on=base.version, back=f"{FIELDS}/{position}/catalogue"
            )
        return self._page(visit, field, base, upload)


def _field(visit: Visit, base: InForce) -> tuple[int, CaseField]:
    position = int(visit.request.match_info["id"])
    field = entries.at(base.settings.fields, position)
    if choices_key(field.model_dump(mode="json")) is None:
        raise Refused(HTTPStatus.NOT_FOUND)
    return position, field


def _read(form: MultiMapping[Any], base: InForce, position: int) -> Upload:
    """A file has precedence over what was pasted."""
    way = "replace" if form.get("way") == "replace" else "add"
    sent = form.get("file")
    try:
        content = sent.file.read(catalogue_file.MOST_BYTES + 1) if isinstance(sent, FileField) else b""
        text, charset = catalogue_file.decoded(content) if content else (str(form.get("text", "")), "")
    except NoText as error:
        return Upload(way=way, problems=[Problem("", str(error))])
    if len(text.encode()) > catalogue_file.MOST_BYTES:
        size = f"it is longer than {catalogue_file.MOST_BYTES // 1000} KB: split it, and add one part after the other"
        return Upload(way=way, problems=[Problem("", size)])
    if not text.strip():
        return Upload(way=way, problems=[Problem("", "choose a file, or paste lines")])
    table = catalogue_file.read(text)
    if table.problems:
        return Upload(text=text, way=way, charset=charset, problems=table.problems)
    document = as_document(base.settings)
    field = document["fields"][position]
    key = choices_key(field) or ""
    comparison = catalogue_file.compared(field[key], table.entries, replace=way == "replace")
    field[key] = comparison.entries
    if problems := find_problems(document):
        told = catalogue_file.by_line(problems, comparison.entries, table)
        there = [Problem("", elsewhere(each, document)) if "update_rules" in each.path else each for each in told]
        return Upload(text=text, way=way, charset=charset, problems=there)
    return Upload(text=text, way=way, charset=charset, table=table, comparison=comparison, document=document)
