"""Signed Slack events: how many a second are committed, and how long an acknowledgement takes at 50 a second.

Beside a bare bolt app whose listener writes one row. Slack is on loopback; everybody's name is asked for once, before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiohttp import ClientSession, TCPConnector

from tests.adapters.slack.events import envelope
from tests.adapters.slack.fake import BOT_TOKEN, SIGNING_SECRET, TEAM, FakeSlack
from tests.bench.children import casewright, module
from tests.bench.figures import Aim, Figure, Figures, percentile
from tests.bench.load import customers
from tests.bench.pace import PER_SECOND, by_senders, steadily
from tests.bench.places import Place, opened, prepare
from tests.bench.sizes import Size
from tests.flow.desk import change_settings

_AT_ONCE = 32
_PEOPLE = 40
_CHANNEL = "CHELP"


async def measure(place: Place, size: Size) -> Figures:
    slack = FakeSlack()
    for number in range(_PEOPLE):
        slack.person(f"U{number}", f"Person {number}", email=f"person{number}@example.org")
    slack.channel(_CHANNEL)
    with place.fresh() as floor_url, place.fresh() as url:
        prepare(url)
        with opened(url) as database:
            change_settings(database, lambda settings: settings["channels"]["slack"].update(watched=["*"]))
        async with module("tests.bench.bolt_floor", floor_url) as bare:
            floor_rate, floor_taken = await _measured(bare.base, size)
        async with slack.serving():
            environment = {
                "CASEWRIGHT_SLACK_BOT_TOKEN": BOT_TOKEN,
                "CASEWRIGHT_SLACK_SIGNING_SECRET": SIGNING_SECRET,
                "CASEWRIGHT_SLACK_API_URL": f"{slack.url}/api",
            }
            async with casewright(url, **environment) as child:
                rate, taken = await _measured(child.base, size)
    return [
        Figure(name="floor", value=floor_rate, unit="events/s"),
        Figure(name="committed", value=rate, unit="events/s"),
        Figure(name="committed_to_floor", value=rate / floor_rate, aim=Aim(at_least=2 / 3)),
        Figure(name="floor_p50", value=percentile(floor_taken, 50), unit="ms"),
        Figure(name="floor_p99", value=percentile(floor_taken, 99), unit="ms"),
        Figure(name="acknowledged_p50", value=percentile(taken, 50), unit="ms"),
        Figure(name="acknowledged_p99", value=percentile(taken, 99), unit="ms", aim=Aim(at_most=100)),
    ]


async def _measured(base: str, size: Size) -> tuple[float, list[float]]:
    """Events a second with many at once, then milliseconds of each at a steady pace: from when it was due."""
    steady = int(size.steady_seconds * PER_SECOND)
    told = _events(_PEOPLE + steady + size.messages)
    async with _session() as session:
        await by_senders(_AT_ONCE, partial(_post, session, base), told[:_PEOPLE])  # who they are is known from here on
        taken = await steadily(lambda index: _post(session, base, told[_PEOPLE + index]), steady)
        rest = told[_PEOPLE + steady :]
        return len(rest) / await by_senders(_AT_ONCE, partial(_post, session, base), rest), taken


@asynccontextmanager
async def _session() -> AsyncGenerator[ClientSession]:
    async with ClientSession(connector=TCPConnector(limit=_AT_ONCE)) as session:
        yield session


def _events(count: int) -> list[tuple[bytes, dict[str, str]]]:
    """Signed beforehand, so that the sender costs little."""
    texts = [text for customer in customers(200) for text in customer.texts]
    return [_signed(_message(number, texts[number % len(texts)])) for number in range(count)]


def _message(number: int, text: str) -> dict[str, Any]:
    message = {
        "type": "message",
        "user": f"U{number % _PEOPLE}",
        "text": text,
        "ts": f"{1_600_000_000 + number * 200}.0",
    }
    return envelope({**message, "team": TEAM, "channel": _CHANNEL, "channel_type": "channel"})


def _signed(event: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    body, stamp = json.dumps(event), str(int(time.time()))  # noqa: TID251 -- the other side's clock
    mac = hmac.new(SIGNING_SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac}", "Content-Type": "application/json"}
    return body.encode(), headers


async def _post(session: ClientSession, base: str, signed: tuple[bytes, dict[str, str]]) -> None:
    body, headers = signed
    async with session.post(f"{base}slack/events", data=body, headers=headers) as answer:
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {await answer.text()}")
