"""Customers and what they write: plausible, and hardly two alike, since the predictor remembers what it has read."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from aiohttp import ClientSession, TCPConnector

from adapters.webchat.tokens import Grant, Tokens, User
from tests.bench.children import SECRET

TURNS = 4
_CONNECTIONS = 16
_PREFIX = "v3/directline/conversations"
_GREETINGS = ["Hello,", "Hi there,", "Good morning,", "Hi,", "Dear team,", "Good evening,"]
_PRODUCTS = ["Breeze 100", "Breeze 200", "Kettle One", "Toaster Duo", "Espresso 2000", "Espresso 3000", "Sweep Max"]
_FAULTS = [
    "stopped working",
    "makes a loud rattling noise",
    "doesn't switch on any more",
    "leaks water from the bottom",
    "keeps losing its power after {number} minutes",
    "shows error E{number}",
]
_SINCE = ["since yesterday", "since Monday", "for {number} days now", "since I cleaned it", "for {number} months now"]
_TRIED = [
    "I have unplugged it and waited {number} minutes, no change.",
    "I tried another socket, and my neighbour's too.",
    "The manual says nothing about it on page {number}.",
    "It is used about {number} times a week, never more.",
]
_ADDRESSES = ["You can reach me at {mail}.", "My e-mail address is {mail}", "Please write to {mail}, thank you."]
_DETAILS = [
    "The serial number is EH24-{six}, and the order was ORD-{six}0.",
    "I found the order number: ORD-{six}0. I bought it {number} weeks ago.",
    "On the back it says EH24-{six}A, does that help?",
]
_URGENCY = [
    "Could you look at it as soon as possible? We have {number} guests on Saturday. {name}",
    "No rush, we are using the old one for the next {number} days. {name}",
    "It is urgent, our café with {number} tables can't work without it. {name}",
]
_FURTHER = [
    "It happened again {other} minutes ago.",
    "The light blinked {other} times, then nothing.",
    "I have read page {other} of the manual once more, it does not help.",
    "We waited {other} minutes as you said, and it is still the same.",
    "Is there anything else that I can try in the next {other} minutes?",
    "My neighbour has had hers for {other} months without any of this.",
]
_FIRST = ["Ann", "Ben", "Carla", "Dev", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Lars"]
_LAST = ["Abel", "Baker", "Costa", "Dahl", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jansen", "Keller", "Lopez"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """Somebody in a conversation of their own, and what they will write, in order."""

    conversation: str
    user: User
    texts: tuple[str, ...]


def customers(count: int, *, seed: int = 1) -> list[Customer]:
    """The same ones for the same seed."""
    chance = random.Random(seed)
    return [_customer(chance, f"bench-{seed}-{index}") for index in range(count)]


def long_talk(chance: random.Random) -> Iterator[str]:
    """What one customer writes, without an end: a problem, an address, details, urgency, and then on and on."""
    problem = [chance.choice(_GREETINGS), "my", chance.choice(_PRODUCTS), chance.choice(_FAULTS)]
    yield _filled(chance, f"{' '.join(problem)} {chance.choice(_SINCE)}. {chance.choice(_TRIED)}")
    for follow_up in (_ADDRESSES, _DETAILS, _URGENCY):
        yield _filled(chance, chance.choice(follow_up))
    while True:
        yield _filled(chance, f"{chance.choice(_FURTHER)} {chance.choice(_TRIED)}")


def _customer(chance: random.Random, user_id: str) -> Customer:
    return Customer(
        conversation=UUID(int=chance.getrandbits(128)).hex,
        user=User(id=user_id, name=f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"),
        texts=tuple(islice(long_talk(chance), TURNS)),
    )


def _filled(chance: random.Random, text: str) -> str:
    name = f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
    six = f"{chance.randrange(10**6):06}"
    mail = f"{name.replace(' ', '.').lower()}{six}@example.com"
    number, other = chance.sample(range(2, 60), 2)
    return text.format(name=name, six=six, mail=mail, number=number, other=other)


class Chats:
    """Posts over real requests, with each customer's own token."""

    def __init__(self, session: ClientSession, base: str) -> None:
        self._session = session
        self._base = base
        self._tokens = Tokens(SECRET)
        self._known: dict[str, dict[str, str]] = {}

    async def start(self, customers: Iterable[Customer]) -> None:
        await _together([self._start(each) for each in customers])

    async def post_all(self, customers: Sequence[Customer]) -> float:
        """Everybody's first message, then everybody's second, and so on; returns the seconds until all are accepted."""
        started = time.perf_counter()
        for turn in range(TURNS):
            await _together([self.post(each, each.texts[turn]) for each in customers])
        return time.perf_counter() - started

    async def post(self, customer: Customer, text: str) -> None:
        address = f"{self._base}{_PREFIX}/{customer.conversation}/activities"
        body = {"type": "message", "text": text, "from": {"id": customer.user.id}, "locale": "en-US"}
        async with self._session.post(address, json=body, headers=self._headers(customer)) as response:
            if response.status != 200:
                raise RuntimeError(f"A message was answered with {response.status}: {await response.text()}")
            await response.read()

    async def _start(self, customer: Customer) -> None:
        async with self._session.post(f"{self._base}{_PREFIX}", headers=self._headers(customer)) as response:
            response.raise_for_status()
            await response.read()

    def _headers(self, customer: Customer) -> dict[str, str]:
        if customer.conversation not in self._known:
            token = self._tokens.issue(Grant(conversation=customer.conversation, user=customer.user))
            self._known[customer.conversation] = {"Authorization": f"Bearer {token}"}
        return self._known[customer.conversation]


@asynccontextmanager
async def chats(base: str) -> AsyncGenerator[Chats]:
    """Over a bounded number of connections, which are kept open."""
    async with ClientSession(connector=TCPConnector(limit=_CONNECTIONS)) as session:
        yield Chats(session, base)


async def _together(requests: Iterable[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as group:
        for request in requests:
            group.create_task(request)
