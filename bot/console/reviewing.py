"""From a changed form to a new version of the settings: the difference is shown first, and a conflict told."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import structlog
from aiohttp import web
from multidict import MultiMapping
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from agent.document import Difference, by_name, differences
from agent.problems import find_problems
from agent.settings import Problem, Queue, Settings
from bot import settings as in_force
from bot.access.requests import safe_next
from bot.access.rights import MANAGE_SETTINGS
from bot.access.routes import Refused, Route, Visit
from bot.console.rendering import Pages, form_of, seen
from bot.settings import InForce, Unreadable
from bot.text import one_line
from store import settings as versions
from store import workspace
from store.engine import Connection, Database
from store.settings import SettingsConflict, SettingsVersion

log = structlog.get_logger()

PATH = "/console/agent/save"
REVIEW = "/console/agent/review"
MOST_BYTES = 900_000  # of settings that a page can carry: a request holds 1 MiB
_LONGEST = 500  # characters of a comment
_NO_VERSION = "There is no such version of the settings."
_TOO_LONG = (
    f"These settings are longer than a page can carry ({MOST_BYTES // 1000} KB): export them, change the file, and"
    " import it with “casewright settings import”."
)
_OF_THE_PAGE = {"csrf", "do"}  # inputs that are no part of what was typed

Json = dict[str, Any]


def latest(connection: Connection) -> InForce:
    """What is in force."""
    return in_force.readable(connection, versions.current_number(connection))


def as_document(settings: Settings) -> Json:
    return settings.model_dump(mode="json")


_ABSENT = object()


def merged(base: object, mine: object, theirs: object) -> Any:
    """What I changed as I want it, everything else as it is by now. Entries of lists are matched by what names them."""
    if mine == base:
        return theirs
    three = (base, mine, theirs)
    if all(isinstance(each, dict) for each in three):
        return _merged_entries(*cast("tuple[Json, Json, Json]", three))
    named = [by_name(each) for each in three]
    if all(each is not None for each in named):
        return list(_merged_entries(*cast("tuple[Json, Json, Json]", named)).values())
    return mine


def _merged_entries(base: Json, mine: Json, theirs: Json) -> Json:
    """In my order where I moved something, else in theirs."""
    order = {**theirs, **mine} if _names(mine, base) == _names(base, mine) else {**mine, **theirs}
    found = {key: merged(base.get(key, _ABSENT), mine.get(key, _ABSENT), theirs.get(key, _ABSENT)) for key in order}
    return {key: value for key, value in found.items() if value is not _ABSENT}


def _names(one: Json, other: Json) -> list[str]:
    return [key for key in one if key in other]


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """A form as it was sent: what was typed can be given back, and changed further."""

    action: str
    pairs: list[tuple[str, str]]

    @classmethod
    def of(cls, visit: Visit, form: MultiMapping[Any]) -> Typed:
        pairs = [(name, each) for name, each in form.items() if isinstance(each, str) and name not in _OF_THE_PAGE]
        return cls(action=visit.request.path, pairs=pairs)

    @property
    def text(self) -> str:
        return json.dumps([self.action, self.pairs], ensure_ascii=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Settings that are wanted, on their way from a form to a new version; `back`: where to go from there."""

    document: Json
    based_on: int
    back: str
    comment: str = ""
    typed: Typed | None = None

    @property
    def text(self) -> str:
        """As a page carries it. Raises Refused where it is too long for that."""
        settings = Settings.model_validate(self.document)
        text = json.dumps(settings.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)
        if len(text.encode()) > MOST_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LONG)
        return text


def draft_of(form: Mapping[str, str]) -> Draft:
    """What a page carried."""
    wanted = _loaded(form.get("wanted", ""))
    if not isinstance(wanted, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "The form came without the settings it was about: open it again.")
    document = cast("Json", wanted)
    return Draft(
        document=document if find_problems(document) else as_document(Settings.model_validate(document)),
        based_on=number_of(form.get("based_on", "")),
        back=safe_next(form.get("back")),
        comment=one_line(form.get("comment", ""), _LONGEST),
        typed=_typed(_loaded(form.get("typed", ""))),
    )


def _loaded(text: str) -> object:
    """None for what is no JSON, or holds half a pair of UTF-16, which no page could show again."""
    try:
        return from_json(text)
    except ValueError:
        return None


_PAIRS: TypeAdapter[tuple[str, list[tuple[str, str]]]] = TypeAdapter(tuple[str, list[tuple[str, str]]])


def _typed(carried: object) -> Typed | None:
    try:
        action, pairs = _PAIRS.validate_python(carried)
    except ValidationError:
        return None
    return Typed(action=safe_next(action), pairs=pairs)


@dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """A queue that would be none any more, and how many cases are in it."""

    queue: Queue
    cases: int
    open: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    number: int  # of the version that it would follow
    in_force: int
    document: Json
    problems: list[Problem]
    changes: list[Difference]
    removed: list[Removed]
    others: list[SettingsVersion]  # saved since the form was opened
    their_changes: list[Difference]


def review(connection: Connection, wanted: Mapping[str, Any], based_on: int) -> Review:
    """Raises LookupError where there was no such version."""
    base, now = in_force.readable(connection, based_on), latest(connection)
    document: Json = merged(as_document(base.settings), dict(wanted), as_document(now.settings))
    problems = find_problems(document)
    mine = now.settings if problems else Settings.model_validate(document)
    return Review(
        number=now.version if now.newest is None else now.newest,
        in_force=now.version,
        document=document,
        problems=problems,
        changes=differences(now.settings, mine),
        removed=list(_removed(connection, now.settings, mine)),
        others=[] if based_on in {now.version, now.newest} else _since(connection, based_on),
        their_changes=differences(base.settings, now.settings),
    )


def _removed(connection: Connection, before: Settings, after: Settings) -> Iterator[Removed]:
    for queue in before.queues:
        if after.queue(queue.id) is None:
            held = workspace.cases_in(connection, queue.id)
            still = sum(count for status, count in held.items() if status.is_open)
            yield Removed(queue=queue, cases=sum(held.values()), open=still)


def _since(connection: Connection, number: int) -> list[SettingsVersion]:
    latest_first = versions.history(connection, limit=versions.current_number(connection) - number)
    return [each for each in latest_first if each.version > number]


class Reviewing:
    def __init__(self, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages

    def routes(self) -> list[Route]:
        right = MANAGE_SETTINGS
        return [
            Route(method="POST", path=PATH, right=right, handler=self._save),
            Route(method="POST", path=REVIEW, right=right, handler=self._again),
        ]

    async def base(self, form: Mapping[str, Any]) -> InForce:
        """The version that a form was opened with: what it changes is told by it."""
        number = number_of(str(form.get("based_on", "")))
        try:
            return await self._database.read(partial(in_force.read, number=number))
        except LookupError as error:
            raise _refused(error) from None

    async def problems(self, document: Json) -> list[Problem]:
        """A long catalogue takes a while to check: others are served meanwhile."""
        return await asyncio.to_thread(find_problems, document)

    async def propose(
        self,
        visit: Visit,
        wanted: Json,
        *,
        based_on: int,
        back: str,
        comment: str = "",
        form: MultiMapping[Any] | None = None,
    ) -> web.Response:
        """The page that shows what would change; `form` is what can be given back, to be changed further."""
        typed = Typed.of(visit, form) if form is not None else None
        return await self._review(
            visit, Draft(document=wanted, based_on=based_on, back=back, comment=comment, typed=typed)
        )

    async def _review(self, visit: Visit, draft: Draft) -> web.Response:
        try:
            found = await self._database.read(partial(review, wanted=draft.document, based_on=draft.based_on))
        except LookupError as error:
            raise _refused(error) from None
        if not (found.problems or found.changes) and found.number == found.in_force:
            return seen(draft.back, "same")
        carried = replace(draft, document=found.document, based_on=found.number)
        return self._pages.show(
            visit,
            "review.html",
            title="What would change",
            status=_status(found),
            review=found,
            draft=carried,
            wanted="" if found.problems else await asyncio.to_thread(lambda: carried.text),
        )

    async def _again(self, visit: Visit) -> web.StreamResponse:
        """From where a draft was tried, back to what it would change."""
        return await self._review(visit, await asyncio.to_thread(draft_of, await form_of(visit)))

    async def _save(self, visit: Visit) -> web.StreamResponse:
        draft = await asyncio.to_thread(draft_of, await form_of(visit))
        if problems := await self.problems(draft.document):
            log.info("settings_refused", by=visit.visitor.id, problems=len(problems))
            return await self._review(visit, draft)
        save = partial(
            versions.save,
            document=draft.document,
            author=visit.visitor.name,
            comment=draft.comment,
            based_on=draft.based_on,
        )
        try:
            number = await self._database.write(save)
        except SettingsConflict:
            return await self._review(visit, draft)
        log.info("settings_saved", version=number, by=visit.visitor.id)
        return seen(draft.back, "saved")


def _refused(error: LookupError) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, str(error) if isinstance(error, Unreadable) else _NO_VERSION)


def _status(found: Review) -> HTTPStatus:
    if found.problems:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.CONFLICT if found.others else HTTPStatus.OK


def number_of(text: str) -> int:
    if re.fullmatch("[0-9]{1,9}", text) is None:
        raise Refused(HTTPStatus.BAD_REQUEST, _NO_VERSION)
    return int(text)
