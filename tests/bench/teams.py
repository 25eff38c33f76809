"""Teams' activities: how many a second are committed, and how long an acknowledgement takes at 50 a second.

Beside a stock CloudAdapter whose handler writes one row. Teams is on loopback, over TLS and with real tokens; in a
second run its endpoints for keys and tokens take two seconds, and the longest that /healthz took to answer is how long
the event loop stood still, at most.
"""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, TCPConnector

from tests.adapters.teams import events
from tests.adapters.teams.events import AAD, ADA, HELP
from tests.adapters.teams.fake import TENANT, FakeTeams, fake_teams
from tests.authority import Authority
from tests.bench.children import casewright, module
from tests.bench.figures import Aim, Figure, Figures, percentile
from tests.bench.load import customers
from tests.bench.looking import longest_answer
from tests.bench.pace import PER_SECOND, by_senders, steadily
from tests.bench.places import Place, prepare
from tests.bench.sizes import Size
from tests.flow.teams_desk import environment

_AT_ONCE = 32
_SLOW = 2.0  # seconds that keys and tokens take in the second run


async def measure(place: Place, size: Size) -> Figures:
    with tempfile.TemporaryDirectory(prefix="casewright-bench-") as folder, place.fresh() as floor_url:
        async with fake_teams(Authority(Path(folder) / "authority"), Path(folder) / "tls") as teams:
            teams.members[ADA] = {"id": ADA, "email": "ada@example.org", "tenantId": TENANT, "userRole": "user"}
            trusting = {"REQUESTS_CA_BUNDLE": str(teams.ca_file)}
            async with module("tests.bench.cloud_adapter_floor", floor_url, teams.url, **trusting) as bare:
                floor_rate, floor_taken = await _measured(bare.base, teams, size)
            with place.fresh() as url:
                prepare(url)
                async with casewright(url, **environment(teams)) as child:
                    rate, taken = await _measured(child.base, teams, size)
            with place.fresh() as url:
                prepare(url)
                teams.slowness = _SLOW
                async with casewright(url, **environment(teams)) as child:
                    still = await _stood_still(child.base, teams)
    return [
        Figure(name="floor", value=floor_rate, unit="activities/s"),
        Figure(name="committed", value=rate, unit="activities/s"),
        Figure(name="committed_to_floor", value=rate / floor_rate, aim=Aim(at_least=2)),
        Figure(name="floor_p50", value=percentile(floor_taken, 50), unit="ms"),
        Figure(name="floor_p99", value=percentile(floor_taken, 99), unit="ms"),
        Figure(name="acknowledged_p50", value=percentile(taken, 50), unit="ms"),
        Figure(name="acknowledged_p99", value=percentile(taken, 99), unit="ms"),
        Figure(name="loop_stood_still", value=still, unit="ms", aim=Aim(at_most=50)),
    ]


async def _measured(base: str, teams: FakeTeams, size: Size) -> tuple[float, list[float]]:
    """Activities a second with many at once, then milliseconds of each at a steady pace: from when it was due."""
    steady = int(size.steady_seconds * PER_SECOND)
    told = _activities(teams, steady + size.messages + 1)
    async with _session() as session:
        await _post(session, base, teams, told[0])  # keys, tokens and people are known from here on
        taken = await steadily(lambda index: _post(session, base, teams, told[1 + index]), steady)
        rest = told[1 + steady :]
        return len(rest) / await by_senders(_AT_ONCE // 2, partial(_post, session, base, teams), rest), taken


async def _stood_still(base: str, teams: FakeTeams) -> float:
    """Milliseconds of the longest answer of /healthz while the first activities want keys, tokens and people."""
    async with _session() as session:
        told = _activities(teams, _AT_ONCE // 2)
        return await longest_answer(base, by_senders(_AT_ONCE // 2, partial(_post, session, base, teams), told))


def _session() -> ClientSession:
    return ClientSession(connector=TCPConnector(limit=_AT_ONCE))


def _activities(teams: FakeTeams, count: int) -> list[bytes]:
    """Posts in a channel, each the first of its thread."""
    texts = [text for customer in customers(200) for text in customer.texts]
    return [json.dumps(_post_of(teams, number, texts[number % len(texts)])).encode() for number in range(count)]


def _post_of(teams: FakeTeams, number: int, text: str) -> dict[str, Any]:
    told = events.said(teams, text, conversation=HELP, id=str(1_700_000_000_000 + number))
    told["conversation"]["id"] = f"{HELP};messageid={told['id']}"
    told["from"] = {"id": ADA, "name": "Ada Example", "aadObjectId": AAD[ADA]}
    return told


async def _post(session: ClientSession, base: str, teams: FakeTeams, body: bytes) -> None:
    headers = {"Authorization": teams.header, "Content-Type": "application/json"}
    async with session.post(f"{base}api/messages", data=body, headers=headers) as answer:
        if answer.status not in {200, 201}:
            raise RuntimeError(f"{answer.status}: {await answer.text()}")
