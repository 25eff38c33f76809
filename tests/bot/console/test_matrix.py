"""Every page and every call, and everybody who may come: who gets what.

A route that this table does not name fails the test; so does one that says another right than its row.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot import server
from bot.access.gate import Guarded
from bot.access.rights import PUBLIC, Scope
from bot.access.routes import Route
from bot.app import BODY_LIMIT, Application
from store.model import AccountRole
from tests.bot.console.site import SECRET, Answer, Browser, Site, open_site

# What each visitor gets: "in" is any answer of the page itself.
LOGIN, NOT_FOUND, FORBIDDEN, IN, KEY = "login", 404, 403, "in", 401
VISITORS = ("anonymous", "customer", "representative", "outside", "administrator", "key", "key with scope")

ANYBODY = (IN,) * 7
OWN_PAGE = (LOGIN, LOGIN, IN, IN, IN, LOGIN, LOGIN)
ADMINISTRATORS = (LOGIN, LOGIN, FORBIDDEN, FORBIDDEN, IN, LOGIN, LOGIN)
REPRESENTATIVES = (LOGIN, LOGIN, IN, FORBIDDEN, IN, LOGIN, LOGIN)
OF_A_CASE = (LOGIN, LOGIN, IN, NOT_FOUND, IN, LOGIN, LOGIN)
NOTHING_THERE = (LOGIN, LOGIN, NOT_FOUND, NOT_FOUND, NOT_FOUND, LOGIN, LOGIN)
LISTED = (KEY, KEY, IN, FORBIDDEN, IN, FORBIDDEN, IN)
READ_ONE = (KEY, KEY, IN, NOT_FOUND, IN, FORBIDDEN, IN)
ADMINISTERED = (KEY, KEY, FORBIDDEN, FORBIDDEN, IN, FORBIDDEN, IN)

TABLE: dict[str, tuple[object, ...]] = {
    "GET /console/login": ANYBODY,
    "POST /console/login": ANYBODY,
    "GET /console/login/provider": ANYBODY,
    "GET /console/login/return": ANYBODY,
    "GET /console/link/{token}": ANYBODY,
    "POST /console/link/{token}": ANYBODY,
    "GET /console/static/{name}": ANYBODY,
    "POST /console/logout": OWN_PAGE,
    "GET /console": OWN_PAGE,
    "GET /console/me": OWN_PAGE,
    "POST /console/me/password": OWN_PAGE,
    "POST /console/me/sessions/end": OWN_PAGE,
    "POST /console/me/sessions/{id}/end": OWN_PAGE,
    "GET /console/inbox": REPRESENTATIVES,
    "GET /console/inbox/{id}": OF_A_CASE,
    "GET /console/cases": REPRESENTATIVES,
    "GET /console/cases/new": REPRESENTATIVES,
    "POST /console/cases/new": REPRESENTATIVES,
    "GET /console/cases/{number}": OF_A_CASE,
    "GET /console/cases/{number}/live": OF_A_CASE,
    "POST /console/cases/{number}/field": OF_A_CASE,
    "POST /console/cases/{number}/decide": OF_A_CASE,
    "POST /console/cases/{number}/claim": OF_A_CASE,
    "POST /console/cases/{number}/assign": OF_A_CASE,
    "POST /console/cases/{number}/move": OF_A_CASE,
    "POST /console/cases/{number}/note": OF_A_CASE,
    "POST /console/cases/{number}/resolve": OF_A_CASE,
    "POST /console/cases/{number}/reopen": OF_A_CASE,
    "POST /console/cases/{number}/undo": OF_A_CASE,
    "POST /console/cases/{number}/cancel": OF_A_CASE,
    "POST /console/cases/{number}/split": OF_A_CASE,
    "POST /console/cases/{number}/update": OF_A_CASE,
    "GET /console/cases/{number}/merge": OF_A_CASE,
    "POST /console/cases/{number}/merge": OF_A_CASE,
    "GET /console/messages/{id}/files/{position}": (LOGIN, LOGIN, IN, NOT_FOUND, IN, LOGIN, LOGIN),
    "GET /console/inbox/{id}/case": OF_A_CASE,
    "POST /console/inbox/{id}/case": OF_A_CASE,
    "POST /console/views/{list}": REPRESENTATIVES,
    "POST /console/views/{list}/{id}/remove": REPRESENTATIVES,
    "POST /console/cases/{number}/reply": OF_A_CASE,
    "GET /console/accounts": ADMINISTRATORS,
    "POST /console/accounts": ADMINISTRATORS,
    "GET /console/accounts/{id}": ADMINISTRATORS,
    "POST /console/accounts/{id}": ADMINISTRATORS,
    "POST /console/accounts/{id}/link": ADMINISTRATORS,
    "POST /console/accounts/{id}/logout": ADMINISTRATORS,
    "POST /console/accounts/{id}/disable": ADMINISTRATORS,
    "POST /console/accounts/{id}/enable": ADMINISTRATORS,
    "GET /console/operations": ADMINISTRATORS,
    "GET /console/operations/work": ADMINISTRATORS,
    "POST /console/operations/work/retry": ADMINISTRATORS,
    "POST /console/operations/work/retry-all": ADMINISTRATORS,
    "GET /console/operations/mails": ADMINISTRATORS,
    "GET /console/operations/mails/{id}": ADMINISTRATORS,
    "GET /console/operations/mails/{id}/raw": ADMINISTRATORS,
    "POST /console/operations/mails/{id}/decide": ADMINISTRATORS,
    "GET /console/people": ADMINISTRATORS,
    "POST /console/people/retention": ADMINISTRATORS,
    "GET /console/people/{id}": ADMINISTRATORS,
    "GET /console/people/{id}/export": ADMINISTRATORS,
    "POST /console/people/{id}/rehearsal": ADMINISTRATORS,
    "POST /console/people/{id}/erase": ADMINISTRATORS,
    "GET /console/keys": ADMINISTRATORS,
    "POST /console/keys": ADMINISTRATORS,
    "POST /console/keys/{id}/revoke": ADMINISTRATORS,
    "GET /console/webhooks": ADMINISTRATORS,
    "POST /console/webhooks": ADMINISTRATORS,
    "GET /console/webhooks/{id}": ADMINISTRATORS,
    "POST /console/webhooks/{id}": ADMINISTRATORS,
    "POST /console/webhooks/{id}/secret": ADMINISTRATORS,
    "POST /console/webhooks/{id}/end": ADMINISTRATORS,
    "POST /console/webhooks/{id}/retry": ADMINISTRATORS,
    "GET /console/agent": ADMINISTRATORS,
    "POST /console/agent": ADMINISTRATORS,
    "GET /console/agent/channels": ADMINISTRATORS,
    "POST /console/agent/channels": ADMINISTRATORS,
    "GET /console/agent/prediction": ADMINISTRATORS,
    "POST /console/agent/prediction": ADMINISTRATORS,
    "GET /console/agent/general": ADMINISTRATORS,
    "POST /console/agent/general": ADMINISTRATORS,
    "POST /console/agent/save": ADMINISTRATORS,
    "GET /console/agent/fields": ADMINISTRATORS,
    "GET /console/agent/fields/new": ADMINISTRATORS,
    "GET /console/agent/fields/{id}": ADMINISTRATORS,
    "POST /console/agent/fields/form": ADMINISTRATORS,
    "POST /console/agent/fields/order": ADMINISTRATORS,
    "POST /console/agent/fields/{id}/change": ADMINISTRATORS,
    "POST /console/agent/fields/{id}/remove": ADMINISTRATORS,
    "GET /console/agent/fields/{id}/catalogue": ADMINISTRATORS,
    "GET /console/agent/fields/{id}/catalogue/file": ADMINISTRATORS,
    "POST /console/agent/fields/{id}/catalogue": ADMINISTRATORS,
    "GET /console/agent/rules": ADMINISTRATORS,
    "GET /console/agent/rules/new": ADMINISTRATORS,
    "GET /console/agent/rules/{id}": ADMINISTRATORS,
    "POST /console/agent/rules/form": ADMINISTRATORS,
    "POST /console/agent/rules/{id}/change": ADMINISTRATORS,
    "POST /console/agent/rules/order": ADMINISTRATORS,
    "POST /console/agent/review": ADMINISTRATORS,
    "GET /console/agent/record-creation": ADMINISTRATORS,
    "GET /console/agent/record-creation/new": ADMINISTRATORS,
    "GET /console/agent/record-creation/{id}": ADMINISTRATORS,
    "POST /console/agent/record-creation/form": ADMINISTRATORS,
    "POST /console/agent/record-creation/order": ADMINISTRATORS,
    "POST /console/agent/record-creation/{id}/change": ADMINISTRATORS,
    "GET /console/agent/queues": ADMINISTRATORS,
    "GET /console/agent/queues/new": ADMINISTRATORS,
    "GET /console/agent/queues/{id}": ADMINISTRATORS,
    "POST /console/agent/queues/form": ADMINISTRATORS,
    "POST /console/agent/queues/order": ADMINISTRATORS,
    "POST /console/agent/queues/{id}/change": ADMINISTRATORS,
    "GET /console/profiles": ADMINISTRATORS,
    "GET /console/profiles/new": ADMINISTRATORS,
    "GET /console/profiles/{id}": ADMINISTRATORS,
    "POST /console/profiles/form": ADMINISTRATORS,
    "POST /console/profiles/{id}/change": ADMINISTRATORS,
    "GET /console/agent/try": ADMINISTRATORS,
    "POST /console/agent/try": ADMINISTRATORS,
    "GET /console/agent/versions": ADMINISTRATORS,
    "GET /console/agent/versions/difference": ADMINISTRATORS,
    "GET /console/agent/versions/{id}/export": ADMINISTRATORS,
    "POST /console/agent/versions/{id}/back": ADMINISTRATORS,
    "* /console/{rest}": NOTHING_THERE,
    "GET /api/v1/me": (KEY, KEY, IN, IN, IN, IN, IN),
    "GET /api/v1/contacts/{id}/export": (KEY, KEY, FORBIDDEN, FORBIDDEN, IN, FORBIDDEN, IN),
    "POST /api/v1/contacts/{id}/erase": (KEY, KEY, FORBIDDEN, FORBIDDEN, IN, FORBIDDEN, IN),
    "GET /api/v1/openapi.json": ANYBODY,
    "GET /api/v1/cases": LISTED,
    "POST /api/v1/cases": LISTED,
    "GET /api/v1/cases/{number}": READ_ONE,
    "PATCH /api/v1/cases/{number}": READ_ONE,
    "POST /api/v1/cases/{number}/actions": READ_ONE,
    "GET /api/v1/conversations": LISTED,
    "GET /api/v1/conversations/{id}": READ_ONE,
    "GET /api/v1/conversations/{id}/messages": READ_ONE,
    "POST /api/v1/conversations/{id}/evaluate": READ_ONE,
    "GET /api/v1/evaluations": LISTED,
    "GET /api/v1/evaluations/{id}": READ_ONE,
    "GET /api/v1/contacts": LISTED,
    "GET /api/v1/contacts/{id}": READ_ONE,
    "GET /api/v1/audit": LISTED,
    "GET /api/v1/settings": ADMINISTERED,
    "POST /api/v1/settings/check": ADMINISTERED,
    "GET /api/v1/settings/versions": ADMINISTERED,
    "POST /api/v1/settings/versions": ADMINISTERED,
    "GET /api/v1/settings/versions/{version}": ADMINISTERED,
    "GET /api/v1/settings/versions/{version}/changes": ADMINISTERED,
    "GET /api/v1/webhooks": ADMINISTERED,
    "POST /api/v1/webhooks": ADMINISTERED,
    "GET /api/v1/webhooks/{id}": ADMINISTERED,
    "PATCH /api/v1/webhooks/{id}": ADMINISTERED,
    "POST /api/v1/webhooks/{id}/secret": ADMINISTERED,
    "POST /api/v1/webhooks/{id}/end": ADMINISTERED,
    "GET /api/v1/webhooks/deliveries": ADMINISTERED,
    "POST /api/v1/webhooks/deliveries/{id}/retry": ADMINISTERED,
    "* /api/{rest}": (KEY, KEY, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND),
}


def outsiders(document: dict[str, Any]) -> None:
    document["experience_profiles"] = [{"name": "Team", "members": ["robin"], "features": ["case_creation_and_update"]}]


def routes_of(app: Application) -> list[tuple[str, str, Guarded | None]]:
    """Method, path with bare names, and what guards it, of everything that the whole server answers."""
    built = server.build(app.database, app.channels, app.metrics, body_limit=BODY_LIMIT, guarded=app.guarded())
    found: list[tuple[str, str, Guarded | None]] = []
    for route in built.router.routes():
        guard = getattr(route.handler, "__self__", None)
        path = route.resource.canonical if route.resource else ""
        if route.method != "HEAD":  # comes with GET, by the same handler
            found.append((route.method, path, guard if isinstance(guard, Guarded) else None))
    return found


async def test_who_may_is_said_of_every_page_and_call(site: Site) -> None:
    ours = {f"{method} {path}" for method, path, _ in routes_of(site.app) if path.startswith(("/console", "/api"))}
    assert ours == set(TABLE)


async def test_nothing_of_the_console_and_the_api_gets_past_the_gate(site: Site) -> None:
    unguarded = [f"{method} {path}" for method, path, guard in routes_of(site.app) if guard is None]
    assert [each for each in unguarded if "/console" in each or "/api" in each] == []


async def _nobody(_visit: object) -> web.Response:
    raise AssertionError


async def test_a_route_without_a_right_can_be_made_by_nobody(site: Site) -> None:
    make: Any = Route
    with pytest.raises(TypeError):
        make(method="GET", path="/console/secret", handler=_nobody)
    gate = next(guard for _, _, guard in routes_of(site.app) if guard is not None)
    forged = make(method="GET", path="/console/secret", handler=_nobody, right=None)
    with pytest.raises(TypeError, match="declares no right"):
        gate.gate.guard([forged], gate.face)
    assert PUBLIC.public


async def everybody(site: Site) -> dict[str, tuple[Browser, dict[str, str]]]:
    """Each with the headers that it sends."""
    anybody = site.browser()
    customer = site.browser()
    answer = await customer.send(
        "POST",
        "/v3/directline/tokens/generate",
        json={"user": {"id": "ann", "name": "Ann"}},
        headers={"Authorization": f"Bearer {SECRET}"},
    )
    token = answer.text.split('"token": "')[1].partition('"')[0]
    customer.put_cookie(token)
    return {
        "anonymous": (anybody, {}),
        "customer": (customer, {"Authorization": f"Bearer {token}"}),
        "representative": (await site.logged_in("robin"), {}),
        "outside": (await site.logged_in("olaf"), {}),
        "administrator": (await site.logged_in("ada", AccountRole.ADMINISTRATOR), {}),
        "key": (site.browser(), {"Authorization": f"Bearer {site.key()}"}),
        "key with scope": (site.browser(), {"Authorization": f"Bearer {site.key(*Scope)}"}),
    }


def outcome(answer: Answer) -> object:
    """How the gate answered; what the page itself makes of what was sent, a refusal too, is "in"."""
    to_login = answer.location.startswith("/console/login") and "casewright" not in answer.cookies  # else: logged out
    if answer.status == HTTPStatus.SEE_OTHER and to_login:
        return LOGIN
    if answer.status == HTTPStatus.FORBIDDEN or "WWW-Authenticate" in answer.headers:
        return answer.status
    return IN


CHANGING = [named for named in TABLE if not named.startswith(("GET ", "* "))]


async def test_everybody_reads_what_they_may_and_nothing_else(sqlite_url: str, tmp_path: Path) -> None:
    async with open_site(sqlite_url, tmp_path, settings=outsiders) as site:
        people, named_parts = await everybody(site), parts(site)
        for named in TABLE.keys() - CHANGING:
            await asked(named, people, named_parts)


@pytest.mark.parametrize("named", CHANGING)
async def test_everybody_changes_what_they_may_and_nothing_else(sqlite_url: str, tmp_path: Path, named: str) -> None:
    async with open_site(sqlite_url, tmp_path, settings=outsiders) as site:
        await asked(named, await everybody(site), parts(site))


def parts(site: Site) -> dict[str, object]:
    """What addresses name."""
    number, other = site.case(issue_description="It leaks"), site.account("other", password=None)
    return {"id": other.id, "number": number, "version": 1, "name": "console.css", "list": "cases",
            "token": "x" * 43, "rest": "nowhere/at-all", "position": 0}  # fmt: skip


async def asked(named: str, people: dict[str, tuple[Browser, dict[str, str]]], named_parts: dict[str, object]) -> None:
    method, _, pattern = named.partition(" ")
    path = pattern.format(**named_parts)
    for (who, (browser, headers)), expected in zip(people.items(), TABLE[named], strict=True):
        form: dict[str, Any] = {} if method in {"GET", "*"} else {"data": {"csrf": await token(browser)}}
        answer = await browser.send("GET" if method == "*" else method, path, headers=headers, **form)
        got = answer.status if expected == NOT_FOUND else outcome(answer)
        assert got == expected, (named, who, answer.status, answer.text[:300])
        assert answer.status < HTTPStatus.INTERNAL_SERVER_ERROR, (named, who, answer.text)


async def token(browser: Browser) -> str:
    own = await browser.get("/console/me")
    return own.csrf if own.status == HTTPStatus.OK else (await browser.get("/console/login")).csrf
