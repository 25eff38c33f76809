"""Who somebody is, as their tenant vouches for it: asked once, and remembered for a while."""

from __future__ import annotations

import asyncio

import structlog

from adapters.channel import RetryLater, Undeliverable
from adapters.payload import part, required, text
from adapters.teams.configuration import TeamsConfiguration
from adapters.teams.connector import Connector
from adapters.teams.places import Place, person_of
from store.model import Author, Json

log = structlog.get_logger()

_FRESH = 3600.0  # seconds for which what Teams said is believed
_AGAIN = 60.0  # seconds until somebody is asked for again of whom Teams said nothing
_PATIENCE = 1.5  # seconds to wait for an address: Teams waits for our acknowledgement
_MOST = 20_000  # people that are remembered
_GUESTS = {"guest", "anonymous"}  # another organisation, or nobody, vouches for the addresses of these


class People:
    def __init__(self, connector: Connector, configuration: TeamsConfiguration) -> None:
        self._connector = connector
        self._configuration = configuration
        self._emails: dict[tuple[str, str], tuple[float, str | None]] = {}

    async def author(self, place: Place, activity: Json) -> Author:
        """An address that Teams doesn't tell in time is left out: the message counts all the same."""
        sender = part(activity, "from")
        email = await self._email(place, required(sender, "id"))
        return Author(id=person_of(activity), name=text(sender, "name"), email=email, is_bot=is_bot(activity))

    async def _email(self, place: Place, user_id: str) -> str | None:
        now, known = asyncio.get_running_loop().time(), (place.tenant, user_id)
        at, email = self._emails.get(known, (float("-inf"), None))
        if now - at < _FRESH or not self._configuration.believes(place.tenant):
            return email
        try:
            async with asyncio.timeout(_PATIENCE):
                member = await self._connector.member(place.service_url, place.key, user_id)
            email = self._verified(member, place.tenant)
        except (RetryLater, Undeliverable, TimeoutError) as error:
            log.info("teams_member_not_told", error=str(error))
            now -= _FRESH - _AGAIN
        if len(self._emails) >= _MOST:
            self._emails.clear()
        self._emails[known] = (now, email)
        return email

    def _verified(self, member: Json, tenant: str) -> str | None:
        theirs = text(member, "tenantId") == tenant or self._configuration.playground
        return text(member, "email") or None if theirs and text(member, "userRole") not in _GUESTS else None


def is_bot(activity: Json) -> bool:
    """We ourselves, and other apps: what they write is no person's word."""
    sender = part(activity, "from")
    return text(sender, "id").startswith("28:") or sender.get("role") in {"bot", "skill"}
