"""Who somebody is, as Slack vouches for it: asked once, and remembered for a while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.channel import RetryLater
from adapters.payload import part, parts, text
from adapters.slack.api import Api, ApiRefused
from adapters.slack.workspaces import Workspace
from store.model import Author, Json

log = structlog.get_logger()

_FRESH = 600.0  # seconds for which what Slack said is believed; its events tell of changes earlier
_AGAIN = 5.0  # seconds until it is asked again for what it did not say
_PATIENCE = 1.5  # seconds to wait for a name: a message must be acknowledged within three
_MOST = 20_000  # people that are remembered


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    name: str
    email: str | None
    is_bot: bool


class People:
    def __init__(self, api: Api, *, again: float = _AGAIN) -> None:
        self._api = api
        self._again = again
        self._people: dict[tuple[str, str], tuple[float, Person | None]] = {}
        self._groups: dict[tuple[str, str], tuple[float, dict[str, frozenset[str]]]] = {}
        self._asking = asyncio.Lock()

    async def author(self, workspace: Workspace, user_id: str) -> Author:
        """A name or groups that Slack doesn't tell in time are left out: the message counts all the same."""
        person, groups = await asyncio.gather(self._person(workspace, user_id), self._groups_of(workspace))
        mine = tuple(sorted(group for group, members in groups.items() if user_id in members))
        return Author(
            id=user_id,
            name=person.name if person else "",
            email=person.email if person else None,
            is_bot=person.is_bot if person else False,
            groups=mine,
        )

    async def names(self, workspace: Workspace, user_ids: frozenset[str]) -> dict[str, str]:
        found = await asyncio.gather(*(self._person(workspace, each) for each in user_ids))
        return {user_id: person.name for user_id, person in zip(user_ids, found, strict=True) if person is not None}

    async def members(self, workspace: Workspace, group: str) -> frozenset[str]:
        return (await self._groups_of(workspace)).get(group, frozenset())

    def changed(self, user: Json) -> None:
        """Slack told of a new name or address."""
        for known in [key for key in self._people if key[1] == user.get("id")]:
            del self._people[known]

    def groups_changed(self) -> None:
        self._groups.clear()

    async def _person(self, workspace: Workspace, user_id: str) -> Person | None:
        key, moment = (workspace.token, user_id), asyncio.get_running_loop().time()
        known = self._people.get(key)
        if known is not None and known[0] > moment:
            return known[1]
        answer = await self._asked(workspace, "users.info", {"user": user_id})
        person = _person(part(answer, "user"), workspace) if answer is not None else known[1] if known else None
        if len(self._people) >= _MOST:
            self._people.clear()
        self._people[key] = (moment + (self._again if answer is None else _FRESH), person)
        return person

    async def _groups_of(self, workspace: Workspace) -> dict[str, frozenset[str]]:
        async with self._asking:
            return await self._fresh_groups(workspace)

    async def _fresh_groups(self, workspace: Workspace) -> dict[str, frozenset[str]]:
        moment = asyncio.get_running_loop().time()
        place = (workspace.token, workspace.team_id)
        known = self._groups.get(place)
        if known is not None and known[0] > moment:
            return known[1]
        asked = {"include_users": True, "team_id": workspace.team_id}
        answer = await self._asked(workspace, "usergroups.list", asked)
        groups = _groups(answer) if answer is not None else known[1] if known else {}
        self._groups[place] = (moment + (self._again if answer is None else _FRESH), groups)
        return groups

    async def _asked(self, workspace: Workspace, method: str, arguments: dict[str, Any]) -> Json | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._api.read(workspace.token, method, arguments)
        except (ApiRefused, RetryLater, TimeoutError) as error:
            log.info("slack_did_not_say", method=method, error=str(error))
            return None


def _person(user: Json, workspace: Workspace) -> Person:
    profile = part(user, "profile")
    name = text(profile, "real_name") or text(user, "real_name") or text(profile, "display_name") or text(user, "name")
    # Another organisation vouches for the addresses of its own people; we have not chosen to believe it.
    email = text(profile, "email") if _is_ours(user, workspace) else None
    return Person(name=name, email=email or None, is_bot=bool(user.get("is_bot")))


def _is_ours(user: Json, workspace: Workspace) -> bool:
    enterprise = part(user, "enterprise_user")
    same = workspace.team_id in {user.get("team_id"), *(enterprise.get("teams") or ())}
    return same or (workspace.enterprise_id is not None and enterprise.get("enterprise_id") == workspace.enterprise_id)


def _groups(answer: Json) -> dict[str, frozenset[str]]:
    return {str(each["id"]): frozenset(map(str, each.get("users") or ())) for each in parts(answer, "usergroups")}
