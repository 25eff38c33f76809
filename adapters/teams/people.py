"""Who somebody is, as their tenant vouches for it: asked once, and remembered for a while."""

from __future__ import annotations

import asyncio

import structlog

from adapters.channel import RetryLater, Undeliverable
from adapters.payload import part, required, text
from adapters.teams.connector import Connector
from adapters.teams.places import Place
from store.model import Author, Json

log = structlog.get_logger()

_FRESH = 3600.0  # seconds for which what Teams said is believed
_PATIENCE = 1.5  # seconds to wait for an address: Teams waits for our acknowledgement
_MOST = 20_000  # people that are remembered
_GUESTS = {"guest", "anonymous"}  # another organisation, or nobody, vouches for the addresses of these


class People:
    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._emails: dict[tuple[str, str], tuple[float, str | None]] = {}

    async def author(self, place: Place, activity: Json) -> Author:
        """An address that Teams doesn't tell in time is left out: the message counts all the same."""
        sender = part(activity, "from")
        user_id = required(sender, "id")
        email = await self._email(place, user_id)
        return Author(
            id=text(sender, "aadObjectId") or user_id, name=text(sender, "name"), email=email, is_bot=is_bot(activity)
        )

    async def _email(self, place: Place, user_id: str) -> str | None:
        now, known = asyncio.get_running_loop().time(), (place.tenant, user_id)
        at, email = self._emails.get(known, (float("-inf"), None))
        if now - at < _FRESH:
            return email
        try:
            async with asyncio.timeout(_PATIENCE):
                email = _verified(await self._connector.member(place.service_url, place.key, user_id), place.tenant)
        except (RetryLater, Undeliverable, TimeoutError) as error:
            log.info("teams_member_not_told", error=str(error))
            return email
        if len(self._emails) >= _MOST:
            self._emails.clear()
        self._emails[known] = (now, email)
        return email


def is_bot(activity: Json) -> bool:
    """We ourselves, and other apps: what they write is no person's word."""
    sender = part(activity, "from")
    return text(sender, "id").startswith("28:") or sender.get("role") in {"bot", "skill"}


def _verified(member: Json, tenant: str) -> str | None:
    if text(member, "userRole") in _GUESTS or text(member, "tenantId") not in {"", tenant}:
        return None
    return text(member, "email") or None
