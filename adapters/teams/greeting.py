"""Who joins is told once who we are: a person in their own chat with us, a group or a team in its own place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import structlog

from adapters.channel import RetryLater, Undeliverable
from adapters.payload import parts, required, text
from adapters.polling import work_off
from adapters.teams.configuration import CHANNEL
from adapters.teams.places import Kind, Place, place_of
from adapters.teams.sending import Sending
from store import teams
from store.engine import Database
from store.model import Json, Outbound
from store.teams import Greeting

log = structlog.get_logger()

_AGAIN = 30.0  # seconds
Words = Callable[[], Awaitable[str | None]]
_BOT = "28:"  # before the ids of apps


def greetings_of(activity: Json) -> list[Greeting]:
    """Raises ValueError."""
    us = required(activity, "recipient", "id")
    added = {required(each, "id"): text(each, "aadObjectId") for each in parts(activity, "membersAdded")}
    if not added:
        return []
    place = _place(activity)
    if place.kind is Kind.PERSONAL:
        return [_greeting(place, required(activity, "from", "id"))]
    if us in added:
        return [_greeting(place, place.key)]
    elsewhere = replace(place, person=None)
    people = {told: known for told, known in added.items() if not told.startswith(_BOT)}
    return [_greeting(elsewhere, told, audience=known or told) for told, known in people.items()]


def _place(activity: Json) -> Place:
    """Of a team, its general channel and no thread."""
    place = place_of(activity)
    return replace(place, key=required(activity, "conversation", "id"))


def _greeting(place: Place, greeted: str, *, audience: str | None = None) -> Greeting:
    address = {**place.reply_address, "audience": audience}
    return Greeting(account=place.tenant, greeted=greeted, address=address)


class Greeter:
    def __init__(self, database: Database, sending: Sending, words: Words) -> None:
        self._database = database
        self._sending = sending
        self._words = words  # None: nobody is greeted

    async def joined(self, activity: Json) -> None:
        """Raises ValueError."""
        greetings = greetings_of(activity)
        if greetings and await self._words() is not None:
            await self._database.write(partial(teams.greet, greetings=greetings))

    async def run(self) -> None:
        await work_off(self._greet_some)

    async def _greet_some(self) -> bool:
        taken = await self._database.write(partial(teams.take, most=4))
        for each in taken:
            await self._greet(each)
        return bool(taken)

    async def _greet(self, greeting: Greeting) -> None:
        words = await self._words()
        if words is None:
            return
        try:
            await self._sending.send(_said(greeting, words))
        except RetryLater as error:
            log.info("teams_greeting_put_off", error=str(error))
            if error.nothing_posted:
                wait = error.after or _AGAIN
                await self._database.write(partial(teams.put_off, greeting=greeting, seconds=wait))
        except Undeliverable as error:
            log.info("teams_not_greeted", why=str(error))


def _said(greeting: Greeting, words: str) -> Outbound:
    return Outbound(
        key=f"greeting:{greeting.greeted}",
        channel=CHANNEL,
        account=greeting.account,
        conversation_key=str(greeting.address["conversation_id"]),
        reply_address=greeting.address,
        text=words,
        audience=greeting.address["audience"],
    )
