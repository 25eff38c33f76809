"""From a changed form to a new version of the settings: the difference is shown first, and a conflict told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import structlog
from aiohttp import web

from agent.document import Difference, differences
from agent.problems import find_problems
from agent.settings import Problem, Settings
from bot import settings as in_force
from bot.access.requests import safe_next
from bot.access.rights import MANAGE_SETTINGS
from bot.access.routes import Refused, Route, Visit
from bot.console.rendering import Pages, form_of, seen
from bot.settings import InForce
from bot.text import one_line
from store import settings as versions
from store.engine import Connection, Database
from store.settings import SettingsConflict, SettingsVersion

log = structlog.get_logger()

PATH = "/console/agent/save"
_LONGEST = 500  # characters of a comment
_NO_VERSION = "There is no such version of the settings."

Json = dict[str, Any]


def latest(connection: Connection) -> InForce:
    return in_force.read(connection, versions.current_number(connection))


def as_document(settings: Settings) -> Json:
    return settings.model_dump(mode="json")


def merged(base: object, mine: object, theirs: object) -> Any:
    """What I changed as I want it, everything else as it is by now."""
    if mine == base:
        return theirs
    if all(isinstance(each, dict) for each in (base, mine, theirs)):
        old, new, others = cast("tuple[Json, Json, Json]", (base, mine, theirs))
        return {key: merged(old.get(key), new.get(key), others.get(key)) for key in {**others, **new}}
    return mine


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    number: int  # of the version that it would follow
    document: Json
    problems: list[Problem]
    changes: list[Difference]
    others: list[SettingsVersion]  # saved since the form was opened
    their_changes: list[Difference]


def review(connection: Connection, wanted: Mapping[str, Any], based_on: int) -> Review:
    """Raises LookupError where there was no such version."""
    base, now = in_force.read(connection, based_on), latest(connection)
    document: Json = merged(as_document(base.settings), dict(wanted), as_document(now.settings))
    problems = find_problems(document)
    return Review(
        number=now.version,
        document=document,
        problems=problems,
        changes=[] if problems else differences(now.settings, Settings.model_validate(document)),
        others=[] if based_on == now.version else _since(connection, based_on),
        their_changes=differences(base.settings, now.settings),
    )


def _since(connection: Connection, number: int) -> list[SettingsVersion]:
    return [each for each in versions.history(connection) if each.version > number]


class Reviewing:
    def __init__(self, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages

    def routes(self) -> list[Route]:
        return [Route(method="POST", path=PATH, right=MANAGE_SETTINGS, handler=self._save)]

    async def base(self, form: Mapping[str, Any]) -> InForce:
        """The version that a form was opened with: what it changes is told by it."""
        number = number_of(str(form.get("based_on", "")))
        try:
            return await self._database.read(partial(in_force.read, number=number))
        except LookupError:
            raise Refused(HTTPStatus.BAD_REQUEST, _NO_VERSION) from None

    async def propose(
        self, visit: Visit, wanted: Mapping[str, Any], *, based_on: int, back: str, comment: str = ""
    ) -> web.Response:
        """The page that shows what would change; `back` is where to go from there."""
        try:
            found = await self._database.read(partial(review, wanted=wanted, based_on=based_on))
        except LookupError:
            raise Refused(HTTPStatus.BAD_REQUEST, _NO_VERSION) from None
        if not (found.problems or found.changes):
            return seen(back, "same")
        return self._pages.show(
            visit,
            "review.html",
            title="What would change",
            status=_status(found),
            review=found,
            wanted=json.dumps(found.document, ensure_ascii=False),
            back=back,
            comment=comment,
        )

    async def _save(self, visit: Visit) -> web.StreamResponse:
        form = await form_of(visit)
        wanted, based_on = _wanted(form.get("wanted", "")), number_of(form.get("based_on", ""))
        back, comment = safe_next(form.get("back")), one_line(form.get("comment", ""), _LONGEST)
        if problems := find_problems(wanted):
            log.info("settings_refused", by=visit.visitor.id, problems=len(problems))
            return await self.propose(visit, wanted, based_on=based_on, back=back, comment=comment)
        document = as_document(Settings.model_validate(wanted))
        save = partial(versions.save, document=document, author=visit.visitor.name, comment=comment, based_on=based_on)
        try:
            number = await self._database.write(save)
        except SettingsConflict:
            return await self.propose(visit, wanted, based_on=based_on, back=back, comment=comment)
        log.info("settings_saved", version=number, by=visit.visitor.id)
        return seen(back, "saved")


def _status(found: Review) -> HTTPStatus:
    if found.problems:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.CONFLICT if found.others else HTTPStatus.OK


def number_of(text: str) -> int:
    if re.fullmatch("[0-9]{1,9}", text) is None:
        raise Refused(HTTPStatus.BAD_REQUEST, _NO_VERSION)
    return int(text)


def _wanted(text: str) -> Json:
    try:
        wanted = json.loads(text)
    except (ValueError, RecursionError):
        wanted = None
    if not isinstance(wanted, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "The form came without the settings it was about: open it again.")
    return cast("Json", wanted)
