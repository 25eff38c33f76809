"""The API's frame: who is told what, problems, the document, and what keeps callers from undoing each other."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from pydantic import BaseModel

from bot.access.rights import IDENTIFIED, Scope, Visitor
from bot.access.routes import Asked, Refused, Visit
from bot.api import cursors
from bot.api.calls import Call
from bot.api.etags import check_match
from bot.api.idempotency import once
from bot.api.me import Me
from bot.api.openapi import document
from bot.api.problems import Problems
from store import api_keys, case_reads
from store.api_answers import Answer
from store.engine import Connection
from store.model import AccountRole, CaseNumber
from tests.bot.console.site import Site, open_site
from tests.bot.console.test_matrix import routes_of

BOTH = (Scope.READ_CASES, Scope.READ_INTERNAL_FIELDS)


@pytest.fixture
async def site(sqlite_url: str, tmp_path: Path) -> AsyncGenerator[Site]:
    async with open_site(sqlite_url, tmp_path) as site:
        yield site


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def body(site: Site, path: str, status: int = 200, *, headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = await site.browser().get(path, **(headers or {}))
    assert answer.status == status, answer.text
    kind = "application/json" if status == HTTPStatus.OK else "application/problem+json"
    assert answer.headers["Content-Type"].startswith(kind)
    return cast("dict[str, Any]", json.loads(answer.text))


def hide_priority(settings: dict[str, Any]) -> None:
    next(field for field in settings["fields"] if field["id"] == "priority")["internal"] = True


async def test_a_key_learns_who_it_is(site: Site) -> None:
    me = await body(site, "/api/v1/me", headers=bearer(site.key(Scope.READ_CASES)))
    assert me == {"kind": "key", "name": "Test", "role": None, "scopes": ["cases:read"]}


async def test_a_session_will_do_for_reading(site: Site) -> None:
    browser = await site.logged_in("ann")
    answer = await browser.get("/api/v1/me")
    assert json.loads(answer.text) == {"kind": "account", "name": "Ann", "role": "representative", "scopes": []}


async def test_a_wrong_key_is_not_mended_by_a_session(site: Site) -> None:
    browser = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    assert (await browser.get("/api/v1/me", **bearer("cwk_wrong"))).status == 401
    assert (await browser.get("/api/v1/me", Authorization="Basic YTpi")).status == 401


async def test_a_session_changes_nothing_without_the_token(site: Site) -> None:
    browser = await site.logged_in("ann")
    token = (await browser.get("/console/me")).csrf
    path, note = f"/api/v1/cases/{site.case()}/actions", {"json": {"action": "note", "text": "Called."}}
    assert (await browser.send("POST", path, **note)).status == 403
    assert (await browser.send("POST", path, **note, headers={"X-CSRF-Token": token})).status == 200
    evil = {"X-CSRF-Token": token, "Origin": "https://evil.example"}
    assert (await browser.send("POST", path, **note, headers=evil)).status == 403


async def test_internal_fields_are_for_those_who_may_see_them(sqlite_url: str, tmp_path: Path) -> None:
    async with open_site(sqlite_url, tmp_path, settings=hide_priority) as site:
        await internal_fields_are_hidden(site)


async def internal_fields_are_hidden(site: Site) -> None:
    path = f"/api/v1/cases/{site.case(issue_description='It leaks', priority='High', gone_from_settings='x')}"
    seen = await body(site, path, headers=bearer(site.key(Scope.READ_CASES)))
    assert seen["fields"].keys() == {"issue_description"}
    assert (seen["title"], seen["fields"]["issue_description"]["value"]) == ("Kettle leaks", "It leaks")
    more = await body(site, path, headers=bearer(site.key(*BOTH)))
    assert more["fields"].keys() == {"issue_description", "priority", "gone_from_settings"}
    browser = await site.logged_in("ann")
    assert json.loads((await browser.get(path)).text)["fields"].keys() == more["fields"].keys()


@pytest.mark.parametrize("number", ["1", "999999999999999999", "9999999999999999999", "0", "-1", "x", "1%00", "1/../2"])
async def test_a_case_that_is_not_there_is_a_problem_document(site: Site, number: str) -> None:
    problem = await body(site, f"/api/v1/cases/{number}", 404, headers=bearer(site.key(Scope.READ_CASES)))
    assert problem == {"type": "about:blank", "title": "Not Found", "status": 404}


@pytest.mark.parametrize("kept", [False, True])
async def test_who_read_a_case_is_kept_where_the_settings_say_so(
    sqlite_url: str, tmp_path: Path, *, kept: bool
) -> None:
    def change(settings: dict[str, Any]) -> None:
        settings["keep_case_reads"] = kept

    async with open_site(sqlite_url, tmp_path, settings=change) as site:
        number, headers = site.case(), bearer(site.key(Scope.READ_CASES))
        await body(site, f"/api/v1/cases/{number}", headers=headers)
        await body(site, "/api/v1/cases/1", 404, headers=headers)
        reads = site.database.read_now(partial(case_reads.of_case, number=CaseNumber(number)))
    assert [(each.actor_name, each.way) for each in reads] == ([("Test", "api")] if kept else [])


async def test_the_document_describes_every_call_and_nothing_else(site: Site) -> None:
    described = await body(site, "/api/v1/openapi.json")
    assert described["openapi"] == "3.1.0"
    operations = {f"{method.upper()} {path}" for path, each in described["paths"].items() for method in each}
    routes = {f"{method} {path.removeprefix('/api/v1')}" for method, path, _ in routes_of(site.app) if "/api/" in path}
    assert operations == routes - {"GET /openapi.json", "* /api/{rest}"}
    text = json.dumps(described)
    refs = {part.partition('"')[0] for part in text.split('"$ref": "#/components/schemas/')[1:]}
    assert refs <= described["components"]["schemas"].keys()
    assert {"CaseRead", "Problem", "Me"} <= refs


async def test_the_document_is_one_by_the_specification(site: Site) -> None:
    """What an operation names in its path, it describes; what changes something takes an Idempotency-Key."""
    described = await body(site, "/api/v1/openapi.json")
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            places = [(each["in"], each["name"]) for each in operation["parameters"]]
            assert len(places) == len(set(places)), (method, path)
            assert {name for place, name in places if place == "path"} == set(re.findall(r"{(\w+)}", path))
            changes = method != "get" and path not in {"/settings/check", "/contacts/{id}/erase"}
            assert (("header", "Idempotency-Key") in places) == changes, (method, path)
    ids = [each["operationId"] for operations in described["paths"].values() for each in operations.values()]
    assert len(ids) == len(set(ids))


async def test_an_address_that_takes_another_method_says_which(site: Site) -> None:
    headers = bearer(site.key(Scope.READ_CASES))
    answer = await site.browser().send("DELETE", "/api/v1/cases/1001", headers=headers)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, PATCH")
    assert json.loads(answer.text)["detail"] == "Here it takes GET, PATCH."


class Wish(BaseModel):
    text: str


async def _nothing(_visit: object) -> Any:
    raise AssertionError


def test_a_call_that_takes_a_body_says_so() -> None:
    wish = Call(
        method="POST", path="/w/{id:[0-9]+}", right=IDENTIFIED, handler=_nothing, summary="", answer=Me, body=Wish
    )
    described = document([wish])
    operation = described["paths"]["/w/{id}"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Wish")
    assert described["components"]["schemas"]["Wish"]["required"] == ["text"]


@asynccontextmanager
async def repeatable(site: Site) -> AsyncGenerator[tuple[TestClient[Any, Any], list[int]]]:
    """A call that counts how often it was really done, behind `once`."""
    done: list[int] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        caller = Visitor(key=site.database.read_now(partial(api_keys.find, key=key)))
        in_force = await site.app.settings.recently(site.database)
        visit = Visit(request=request, visitor=caller, in_force=in_force, origin="", csrf="")
        try:
            return await once(site.database, visit, work)
        except Refused as refused:
            return Problems().tell(Asked(request=request), refused)

    def work(_connection: Connection) -> Answer:
        done.append(1)
        return Answer(status=201, body={"number": len(done)})

    key = site.key()
    app = web.Application()
    app.router.add_post("/{rest:.*}", answer)
    async with TestClient(TestServer(app)) as client:
        yield client, done


async def test_a_call_sent_again_is_done_once_and_answered_alike(site: Site) -> None:
    async with repeatable(site) as (client, done):
        headers = {"Idempotency-Key": "8e03978e"}
        answers = [await client.post("/cases", data=b"{}", headers=headers) for _ in range(3)]
        assert [(each.status, await each.json()) for each in answers] == [(201, {"number": 1})] * 3
        assert ["Idempotent-Replayed" in each.headers for each in answers] == [False, True, True]
        assert len(done) == 1
        for path, data in (("/others", b"{}"), ("/cases", b"[]"), ("/cases?x", b"{}")):
            assert (await client.post(path, data=data, headers=headers)).status == 422
        for wrong in ("", "a b", "x" * 256, "ä"):
            assert (await client.post("/cases", headers={"Idempotency-Key": wrong})).status == 400, wrong
        assert (await client.post("/cases")).status == 201
        assert len(done) == 2


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "1e2", "٣", "9" * 5000])
def test_a_page_has_a_size_that_can_be(limit: str) -> None:
    with pytest.raises(Refused) as refused:
        cursors.wanted({"limit": limit})
    assert refused.value.errors == {"limit": "should be a whole number from 1 to 200"}


@pytest.mark.parametrize("after", ["", "x", "é", "bnVsbA", "W10", "eyJhZnRlciI6ICJ4In0", "eyJhZnRlciI6IC0xfQ"])
def test_a_cursor_that_nobody_gave_is_refused_in_a_sentence(after: str) -> None:
    with pytest.raises(Refused, match="`next` of an earlier page"):
        cursors.wanted({"after": after})


@given(st.text())
def test_no_cursor_brings_down_the_call(after: str) -> None:
    with suppress(Refused):
        cursors.wanted({"after": after})


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ([], 428),
        (['"7"'], None),
        (['"6", "7"'], None),
        (['"6"', '"7"'], None),
        (["*"], None),
        (['"6"'], 412),
        (['W/"7"'], 412),
        (["7"], 412),
    ],
)
def test_nobody_overwrites_what_they_have_not_seen(sent: list[str], status: int | None) -> None:
    request = make_mocked_request("PATCH", "/", headers=CIMultiDict([("If-Match", each) for each in sent]))
    if status is None:
        check_match(request, 7)
        return
    with pytest.raises(Refused) as refused:
        check_match(request, 7)
    assert refused.value.status == status
