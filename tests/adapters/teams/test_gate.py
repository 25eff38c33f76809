"""Who may tell us something: real tokens, signed with real keys, and what is wrong with each of the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric import rsa

from store.model import Json
from tests.adapters.teams.fake import TENANT, FakeTeams
from tests.adapters.teams.teams import TeamsRemote, teams_remote
from tests.authority import Authority

PAST = int(time.time()) - 3600  # noqa: TID251 -- the other side's clock
FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)


Header = Callable[[FakeTeams], str | None]
WRONG: list[tuple[str, int, Header]] = [
    ("no header", 401, lambda _teams: None),
    ("an empty header", 401, lambda _teams: ""),
    ("another scheme", 401, lambda teams: teams.signed().replace("Bearer", "Basic")),
    ("no token", 401, lambda _teams: "Bearer not.a.token"),
    ("another audience", 401, lambda teams: teams.signed(aud="another-app")),
    ("no audience", 401, lambda teams: teams.signed(aud=None)),
    ("another issuer", 401, lambda teams: teams.signed(iss="https://sts.windows.net/emulator/")),
    ("expired", 401, lambda teams: teams.signed(exp=PAST)),
    ("endless", 401, lambda teams: teams.signed(exp=None)),
    ("not yet valid", 401, lambda teams: teams.signed(nbf=PAST + 2 * 3600)),
    ("another key under the same id", 401, lambda teams: teams.signed(key=FOREIGN)),
    ("algorithm none", 401, lambda teams: teams.signed(algorithm="none")),
    ("HS256", 401, lambda teams: teams.signed(key="a secret of thirty-two characters", algorithm="HS256")),
    ("another serviceUrl", 403, lambda teams: teams.signed(serviceurl="https://evil.example/")),
    ("no serviceUrl in the token", 403, lambda teams: teams.signed(serviceurl=None)),
]


@pytest.mark.parametrize(("status", "header"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
async def test_a_token_that_is_not_for_this_activity_stores_nothing(
    remote: TeamsRemote, status: int, header: Header
) -> None:
    answered, body = await remote.post(remote.message("My kettle leaks"), header(remote.teams))
    assert answered == status
    assert body["error"].endswith(".")
    assert remote.inbox.received == []


@pytest.mark.parametrize(
    ("status", "change"),
    [
        pytest.param(403, {"serviceUrl": ""}, id="no serviceUrl"),
        pytest.param(403, {"channelId": "directline"}, id="another channel"),
        pytest.param(403, {"channelId": None}, id="no channel"),
        pytest.param(403, {"channelData": {"tenant": {"id": "another"}}}, id="another tenant"),
        pytest.param(403, {"conversation": {"id": "a:1", "tenantId": "another"}}, id="two tenants"),
        pytest.param(400, {"type": None}, id="no type"),
    ],
)
async def test_an_activity_that_does_not_say_where_it_is_from_stores_nothing(
    remote: TeamsRemote, status: int, change: Json
) -> None:
    answered, _ = await remote.post({**remote.message("My kettle leaks"), **change}, remote.teams.signed())
    assert answered == status
    assert remote.inbox.received == []


async def test_a_trusted_token_leads_to_no_address_that_is_not_microsofts(remote: TeamsRemote) -> None:
    evil = "https://evil.example/"
    told = {**remote.message("My kettle leaks"), "serviceUrl": evil}
    assert (await remote.post(told, remote.teams.signed(serviceurl=evil)))[0] == 403
    assert remote.inbox.received == []


async def test_a_replayed_request_is_the_same_event(remote: TeamsRemote) -> None:
    header = remote.teams.signed()
    for _ in range(3):
        assert (await remote.post(remote.message("My kettle leaks"), header))[0] == 200
    assert len(remote.inbox.received) == 1


async def test_a_key_that_may_not_sign_for_teams_is_refused(remote: TeamsRemote) -> None:
    remote.teams.endorsements = ["webchat"]
    assert (await remote.post(remote.message("My kettle leaks"), remote.teams.signed()))[0] == 403


async def test_a_new_key_is_asked_for_once_and_then_not_for_a_while(remote: TeamsRemote) -> None:
    assert await remote.deliver(remote.message("My kettle leaks")) == 200
    asked = remote.teams.keys_asked
    remote.teams.key_id = "made up"
    for _ in range(5):
        assert (await remote.post(remote.message("And it hisses"), remote.teams.signed()))[0] == 401
    assert remote.teams.keys_asked == asked  # asked less than a minute ago


async def test_another_tenant_is_let_in_when_it_is_listed(
    sqlite_url: str, authority: Authority, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"tenants": frozenset({TENANT, "partner"}), "tenant_id": None}
    async with teams_remote(sqlite_url, authority, tmp_path / "tls", **settings) as remote:
        told: Json = remote.message("My kettle leaks") | {"channelData": {"tenant": {"id": "partner"}}}
        told["conversation"] = {**told["conversation"], "tenantId": "partner"}
        assert await remote.deliver(told) == 200
        assert [each.account for each in remote.inbox.received] == ["partner"]


async def test_the_playground_is_heard_on_this_machine_alone(
    sqlite_url: str, authority: Authority, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"playground": True, "app_id": "", "secret": None, "tenant_id": None}
    async with teams_remote(sqlite_url, authority, tmp_path / "tls", **settings) as remote:
        here = {**remote.message("My kettle leaks"), "serviceUrl": "http://127.0.0.1:56150/_connector"}
        assert (await remote.post(here, None))[0] == 200
        elsewhere = {**remote.message("And it hisses"), "serviceUrl": "https://smba.trafficmanager.net/emea/"}
        assert (await remote.post(elsewhere, None))[0] == 403
        assert [each.text for each in remote.inbox.received] == ["My kettle leaks"]


async def test_keys_that_can_not_be_had_put_off_what_is_told(
    sqlite_url: str, authority: Authority, tmp_path: Path
) -> None:
    async with teams_remote(sqlite_url, authority, tmp_path / "tls") as remote:
        remote.teams.key = FOREIGN
        remote.teams.keys_fail = True
        assert (await remote.post(remote.message("My kettle leaks"), remote.teams.signed()))[0] == 503
        remote.teams.keys_fail = False
        async with asyncio.timeout(20):
            while await remote.deliver(remote.message("My kettle leaks")) != 200:  # noqa: ASYNC110 -- as Teams does
                await asyncio.sleep(0.05)
        assert [each.text for each in remote.inbox.received] == ["My kettle leaks"]


async def test_bodies_that_are_no_activity_are_the_senders_error(remote: TeamsRemote) -> None:
    wrong = [("", "application/json"), ("[]", "application/json"), ("{", "application/json"), ("{}", "text/plain")]
    deep = "[" * 5000 + "]" * 5000
    async with ClientSession() as session:
        for body, kind in [*wrong, (f'{{"type": "message", "value": {deep}}}', "application/json")]:
            headers = {"Content-Type": kind, "Authorization": remote.teams.signed()}
            async with session.post(f"{remote.url}/api/messages", data=body, headers=headers) as answer:
                assert 400 <= answer.status < 500, body[:40]
    assert remote.inbox.received == []


async def test_nothing_of_a_body_is_read_before_its_sender_is_known(remote: TeamsRemote) -> None:
    """Reading a large one takes a good part of a second, for which everybody else would wait."""
    sent = 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal sent
        while sent < 1 << 19:
            sent += 1 << 10
            yield b" " * (1 << 10)
        await asyncio.Event().wait()

    headers = {"Content-Type": "application/json", "Authorization": remote.teams.signed(key=FOREIGN)}
    async with (
        asyncio.timeout(10),
        ClientSession() as session,
        session.post(f"{remote.url}/api/messages", data=endless(), headers=headers) as answer,
    ):
        assert answer.status == 401


async def test_a_body_that_is_not_packed_as_it_says_is_the_senders_error(remote: TeamsRemote) -> None:
    headers = {"Content-Type": "application/json", "Authorization": remote.teams.signed()}
    async with (
        ClientSession() as session,
        session.post(
            f"{remote.url}/api/messages", data=b"xx", headers={**headers, "Content-Encoding": "deflate"}
        ) as answer,
    ):
        assert answer.status == 400


async def test_of_everybodys_tenants_no_address_is_believed(
    sqlite_url: str, authority: Authority, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"tenants": frozenset({"*"}), "tenant_id": None}
    async with teams_remote(sqlite_url, authority, tmp_path / "tls", **settings) as remote:
        assert await remote.deliver(remote.message("My kettle leaks")) == 200
        assert [each.author.email for each in remote.inbox.received] == [None]


async def test_keys_that_somebody_makes_up_do_not_hold_up_those_who_have_one(remote: TeamsRemote) -> None:
    assert await remote.deliver(remote.message("My kettle leaks")) == 200
    good = remote.teams.signed()
    remote.teams.key_id, remote.teams.keys_fail = "made up", True
    for _ in range(3):
        await remote.post(remote.message("And it hisses"), remote.teams.signed())
    assert (await remote.post(remote.message("And it hisses"), good))[0] == 200
