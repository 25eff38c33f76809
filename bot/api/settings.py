"""The settings: read, a draft checked, a new version saved on top of the one that was read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

import structlog
from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from agent.document import Difference, differences
from agent.problems import find_problems
from agent.settings import Settings
from bot import settings as in_force
from bot.access.rights import MANAGE_SETTINGS, READ_SETTINGS
from bot.access.routes import Refused, Visit
from bot.api import body, cursors, etags, idempotency
from bot.api.calls import Body, Call, answered, numbered
from bot.api.etags import check_match, etag
from bot.api.numbers import number_in
from bot.text import one_line
from store import settings as versions
from store.api_answers import Answer
from store.engine import Connection, Database
from store.settings import SettingsConflict, SettingsDocument, SettingsVersion

log = structlog.get_logger()

_VERSION = "[0-9]{1,9}"
_LONGEST = 500  # characters of a comment
_ONE = f"/settings/versions/{{version:{_VERSION}}}"
_OF_A_VERSION = numbered("version", "The version's number.")


class SettingsRead(BaseModel):
    """`version`: of its ETag."""

    version: int
    author: str
    comment: str
    created_at: datetime
    document: dict[str, Any]


class VersionListed(BaseModel):
    version: int
    author: str
    comment: str
    created_at: datetime


class VersionPage(BaseModel):
    """Newest first; `next` is null on the last page."""

    items: list[VersionListed]
    next: str | None


class DifferenceRead(BaseModel):
    """`old` null: added; `new` null: removed."""

    path: str
    old: Any
    new: Any


class Differences(BaseModel):
    items: list[DifferenceRead]


class ProblemRead(BaseModel):
    """What is wrong at a place of the document, and what would be right."""

    path: str
    sentence: str


class DraftChecked(BaseModel):
    """`changes`: against the version in force."""

    valid: bool
    problems: list[ProblemRead]
    changes: list[DifferenceRead]


class SettingsDraft(Body):
    document: dict[str, Any]


class SettingsGiven(Body):
    """The whole document, as it is to be."""

    document: dict[str, Any]
    comment: Annotated[str, Field(max_length=_LONGEST)] = ""


class SettingsCalls:
    def __init__(self, database: Database) -> None:
        self._database = database

    def calls(self) -> list[Call]:
        return [
            Call(
                method="GET",
                path="/settings",
                right=READ_SETTINGS,
                handler=self._show,
                summary="The settings in force",
                answer=SettingsRead,
            ),
            Call(
                method="POST",
                path="/settings/check",
                right=READ_SETTINGS,
                handler=self._check,
                summary="Check a draft, and see what it would change; nothing is saved",
                answer=DraftChecked,
                body=SettingsDraft,
            ),
            Call(
                method="GET",
                path="/settings/versions",
                right=READ_SETTINGS,
                handler=self._list,
                summary="Every version, newest first",
                answer=VersionPage,
                parameters=cursors.PARAMETERS,
            ),
            Call(
                method="POST",
                path="/settings/versions",
                right=MANAGE_SETTINGS,
                handler=self._save,
                summary="Put a document in force as the next version",
                answer=VersionListed,
                status=HTTPStatus.CREATED,
                body=SettingsGiven,
                parameters=(etags.PARAMETER, idempotency.PARAMETER),
            ),
            Call(
                method="GET",
                path=_ONE,
                right=READ_SETTINGS,
                handler=self._show_version,
                summary="A version as it was saved",
                answer=SettingsRead,
                parameters=(_OF_A_VERSION,),
            ),
            Call(
                method="GET",
                path=f"{_ONE}/changes",
                right=READ_SETTINGS,
                handler=self._compare,
                summary="What a version changed",
                answer=Differences,
                parameters=(
                    _OF_A_VERSION,
                    numbered("since", "Compare with this version; by itself, with the one before.", place="query"),
                ),
            ),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:  # noqa: ARG002 -- the same for all who may
        kept, now = await self._database.read(_in_force)
        return answered(_described(kept, now.model_dump(mode="json")), ETag=etag(kept.version))

    async def _check(self, visit: Visit) -> web.StreamResponse:
        given = await body.read(visit.request, SettingsDraft)
        problems = await asyncio.to_thread(find_problems, given.document)
        changes: Sequence[Difference] = ()
        if not problems:
            _, now = await self._database.read(_in_force)
            changes = differences(now, Settings.model_validate(given.document))
        checked = DraftChecked(
            valid=not problems,
            problems=[ProblemRead(path=each.path, sentence=each.sentence) for each in problems],
            changes=_listed(changes),
        )
        return answered(checked)

    async def _list(self, visit: Visit) -> web.StreamResponse:
        page = cursors.wanted(visit.request.query)
        before = page.after[0] if page.after else None
        found = await self._database.read(partial(versions.history, before=before, limit=page.limit + 1))
        rows, following = cursors.cut(found, page, lambda each: (each.version,))
        return answered(VersionPage(items=[_line(each) for each in rows], next=following))

    async def _save(self, visit: Visit) -> web.StreamResponse:
        given = await body.read(visit.request, SettingsGiven)
        if problems := await asyncio.to_thread(find_problems, given.document):
            wrong = {f"document.{each.path}".rstrip("."): each.sentence for each in problems}
            detail = "The settings are not right, and nothing was saved."
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=wrong)
        document = Settings.model_validate(given.document).model_dump(mode="json")
        comment = one_line(given.comment, _LONGEST)
        response = await idempotency.once(
            self._database, visit, partial(_saved, visit=visit, document=document, comment=comment)
        )
        log.info("settings_saved", by=visit.visitor.id)
        return response

    async def _show_version(self, visit: Visit) -> web.StreamResponse:
        kept = await self._database.read(partial(_version, number=_number(visit)))
        return answered(_described(kept, kept.document))

    async def _compare(self, visit: Visit) -> web.StreamResponse:
        number = _number(visit)
        since = number_in(visit.request.query, "since")
        found = await self._database.read(
            partial(_changes, number=number, since=number - 1 if since is None else since)
        )
        return answered(Differences(items=_listed(found)))


def _number(visit: Visit) -> int:
    return int(visit.request.match_info["version"])


def _in_force(connection: Connection) -> tuple[SettingsVersion, Settings]:
    now = in_force.readable(connection, versions.current_number(connection))
    return _version(connection, now.version), now.settings


def _version(connection: Connection, number: int) -> SettingsDocument:
    """Raises Refused."""
    kept = versions.get(connection, number)
    if kept is None:
        raise Refused(HTTPStatus.NOT_FOUND, f"There is no version {number} of the settings.")
    return kept


def _changes(connection: Connection, *, number: int, since: int) -> Sequence[Difference]:
    """Raises Refused."""
    pair: list[Settings] = []
    for each in (since, number):
        _version(connection, each)
        try:
            pair.append(in_force.read(connection, each).settings)
        except (LookupError, ValidationError):
            detail = f"Version {each} does not fit this version of Casewright."
            raise Refused(HTTPStatus.CONFLICT, detail) from None
    return differences(*pair)


def _saved(connection: Connection, *, visit: Visit, document: Mapping[str, Any], comment: str) -> Answer:
    """Raises Refused."""
    latest = versions.current_number(connection)
    check_match(visit.request, latest)
    try:
        saved = versions.save(connection, dict(document), author=visit.visitor.name, comment=comment, based_on=latest)
    except SettingsConflict:
        raise Refused(
            HTTPStatus.PRECONDITION_FAILED, "Somebody saved the settings just now: read them again."
        ) from None
    kept = _version(connection, saved)
    return Answer(status=HTTPStatus.CREATED, body=_line(kept).model_dump(mode="json"))


def _described(kept: SettingsVersion, document: Mapping[str, Any]) -> SettingsRead:
    return SettingsRead(**_line(kept).model_dump(), document=dict(document))


def _line(kept: SettingsVersion) -> VersionListed:
    return VersionListed(
        version=kept.version,
        author=kept.author,
        comment=kept.comment,
        created_at=kept.created_at,
    )


def _listed(found: Sequence[Difference]) -> list[DifferenceRead]:
    return [DifferenceRead(path=each.path, old=each.old, new=each.new) for each in found]
