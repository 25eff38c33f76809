"""*Agent experience profiles*: which group of representatives may use what, and who belongs where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from agent.settings import OUT_OF_THE_BOX, Channels, ExperienceProfile, Feature, Problem, Settings
from bot.access.rights import MANAGE_SETTINGS
from bot.access.routes import Refused, Route, Visit
from bot.console import entries
from bot.console.filters import CHANNEL_LABELS
from bot.console.rendering import Pages
from bot.console.reviewing import Json, Reviewing, as_document, latest, number_of
from bot.settings import InForce
from store import accounts
from store.engine import Connection, Database
from store.model import AccountRole

PATH = "/console/profiles"
_ONE = f"{PATH}/{{id:[0-9]{{1,9}}}}"
_SHOWN = 200  # accounts
_FEATURES = {Feature.CASES: "Autonomous case creation and update from conversations"}
_EVERYBODY = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Belonging:
    """A representative, and the profiles that count for them."""

    name: str
    where: str  # the console, or a channel
    profiles: tuple[str, ...]


class Profiles:
    """A profile is named by its position in the version that the page was made from."""

    def __init__(self, database: Database, pages: Pages, reviewing: Reviewing) -> None:
        self._database = database
        self._pages = pages
        self._reviewing = reviewing

    def routes(self) -> list[Route]:
        right = MANAGE_SETTINGS
        return [
            Route(method="GET", path=PATH, right=right, handler=self._list),
            Route(method="GET", path=f"{PATH}/new", right=right, handler=self._new),
            Route(method="GET", path=_ONE, right=right, handler=self._edit),
            Route(method="POST", path=f"{PATH}/form", right=right, handler=self._typed),
            Route(method="POST", path=f"{_ONE}/change", right=right, handler=self._change),
        ]

    async def _list(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        return self._pages.show(
            visit,
            "profiles.html",
            title="Agent experience profiles",
            profiles=now.settings.experience_profiles,
            features=feature_labels(),
            out_of_the_box=OUT_OF_THE_BOX,
            people=await self._database.read(partial(belonging, settings=now.settings)),
            based_on=now.version,
        )

    async def _new(self, visit: Visit) -> web.StreamResponse:
        now = await self._database.read(latest)
        profile: Json = {"name": "", "members": [], "features": list(Feature)}
        return self._form(visit, profile, now, "")

    async def _edit(self, visit: Visit) -> web.StreamResponse:
        now, position = await self._database.read(latest), int(visit.request.match_info["id"])
        profile = entries.at(now.settings.experience_profiles, position)
        return self._form(visit, profile.model_dump(mode="json"), now, str(position))

    def _form(
        self, visit: Visit, profile: Json, base: InForce, position: str, problems: Sequence[Problem] = ()
    ) -> web.Response:
        held = base.settings.experience_profiles[int(position)].name if position else ""
        return self._pages.show(
            visit,
            "profile.html",
            title="Profile" if position else "New profile",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            profile=profile,
            fixed=held == OUT_OF_THE_BOX,
            features=feature_labels(),
            based_on=base.version,
            position=position,
            errors=entries.told(problems, _part),
        )

    async def _typed(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        base, position = await self._reviewing.base(form), str(form.get("position", ""))
        held = entries.at(base.settings.experience_profiles, number_of(position)) if position else None
        profile, document = typed(form, held), as_document(base.settings)
        if form.get("do") == "again":
            return self._form(visit, profile, base, position)
        entries.put(document["experience_profiles"], profile, position)
        if problems := await self._reviewing.problems(document):
            return self._form(visit, profile, base, position, problems)
        return await self._reviewing.propose(visit, document, based_on=base.version, back=PATH, form=form)

    async def _change(self, visit: Visit) -> web.StreamResponse:
        form, position = await visit.request.post(), int(visit.request.match_info["id"])
        base = await self._reviewing.base(form)
        if entries.at(base.settings.experience_profiles, position).name == OUT_OF_THE_BOX:
            raise Refused(HTTPStatus.CONFLICT, "This profile is always there. Take members out of it instead.")
        document = as_document(base.settings)
        if form.get("do") == "remove":
            entries.change(document["experience_profiles"], position, "remove")
        return await self._reviewing.propose(visit, document, based_on=base.version, back=PATH)


def feature_labels() -> dict[str, str]:
    return {each: _FEATURES.get(each, each.replace("_", " ").capitalize()) for each in Feature}


def typed(form: MultiMapping[Any], held: ExperienceProfile | None) -> Json:
    """The one out of the box keeps its name and everything enabled: only its members are chosen."""
    members = [line.strip() for line in str(form.get("members", "")).splitlines()]
    fixed = held is not None and held.name == OUT_OF_THE_BOX
    return {
        "name": held.name if held is not None and fixed else str(form.get("name", "")),
        "members": list(dict.fromkeys(each for each in members if each)),
        "features": list(Feature) if fixed else [str(each) for each in form.getall("features", [])],
    }


def _part(path: str) -> str:
    """The input that a problem's path belongs to."""
    return next((name for name in ("members", "features") if f".{name}" in path), "name")


def belonging(connection: Connection, settings: Settings) -> list[Belonging]:
    """Representatives with an account, then those whom the channels' settings list."""
    found = [
        Belonging(name=each.name, where="Console", profiles=_of({*accounts.known_as(connection, each)}, settings))
        for each in accounts.listed(connection)[:_SHOWN]
        if each.enabled and each.role is AccountRole.REPRESENTATIVE
    ]
    for channel in Channels.model_fields:
        found += [
            Belonging(name=each, where=CHANNEL_LABELS[channel], profiles=_of({each}, settings))
            for each in settings.channel(channel).representatives[:_SHOWN]
        ]
    return found


def _of(ids: set[str], settings: Settings) -> tuple[str, ...]:
    return tuple(each.name for each in settings.experience_profiles if not {*ids, _EVERYBODY}.isdisjoint(each.members))
