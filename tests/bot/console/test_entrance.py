"""Getting in, and what strangers and other sites try."""

from __future__ import annotations

import hmac
from collections.abc import AsyncGenerator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update
from yarl import URL

from bot.access.login import ATTEMPTS_PER_ADDRESS, ATTEMPTS_PER_LOGIN
from bot.cli.console import login_link
from store import accounts, sessions
from store.model import AccountRole, utcnow
from store.schema import login_attempts
from store.schema import sessions as session_rows
from tests.bot.console.site import PASSWORD, Site, open_site

SECURE = "https://cases.example.org"


@pytest.fixture
async def behind_tls(sqlite_url: str, tmp_path: Path) -> AsyncGenerator[Site]:
    async with open_site(sqlite_url, tmp_path, CASEWRIGHT_PUBLIC_URL=SECURE) as site:
        yield site


async def test_a_login_and_a_password_open_a_session(site: Site) -> None:
    site.account("Ann@Example.org")
    browser = site.browser()
    answer = await browser.log_in("  ann@EXAMPLE.org ")
    assert (answer.status, answer.location) == (303, "/console")
    assert (await browser.get("/console/me")).status == 200


@pytest.mark.parametrize(("login", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("ann", ""), ("", "")])
async def test_what_is_wrong_is_not_told(site: Site, login: str, password: str) -> None:
    site.account("ann")
    answer = await site.browser().log_in(login, password)
    assert answer.status == 401
    assert "The login or the password is wrong." in answer.text


async def test_a_disabled_account_gets_in_by_nothing(site: Site) -> None:
    account = site.account("ann")
    browser = site.browser()
    await browser.log_in("ann")
    link = site.database.write_now(partial(sessions.make_link, account_id=account.id))
    site.database.write_now(partial(accounts.disable, account_id=account.id))
    assert (await browser.get("/console/me")).location.startswith("/console/login")
    assert (await site.browser().log_in("ann")).status == 401
    assert (await site.browser().get(f"/console/link/{link}")).status == 404


async def test_a_link_logs_in_once_and_looking_at_it_does_not_use_it_up(site: Site) -> None:
    path = login_link(site.database, "")
    for _ in range(2):
        assert (await site.browser().get(path)).status == 200
    browser = site.browser()
    answer = await browser.post(path, page=path)
    assert answer.location == "/console/me"
    assert (await browser.get("/console/accounts")).status == 200
    second = site.browser()
    assert (await second.post(path)).status == 404
    assert (await second.get("/console/accounts")).status == 303


async def test_who_forgot_their_password_gets_in_by_a_link_and_chooses_another(site: Site) -> None:
    account, browser = site.account("ann"), site.browser()
    token = site.database.write_now(partial(sessions.make_link, account_id=account.id))
    await browser.post(f"/console/link/{token}", page=f"/console/link/{token}")
    assert "Password of now" not in (await browser.get("/console/me")).text
    chosen = {"new": "another good password", "again": "another good password"}
    assert (await browser.post("/console/me/password", chosen, page="/console/me")).location.endswith("done=password")
    assert (await site.browser().log_in("ann", "another good password")).status == 303
    assert "Password of now" in (await browser.get("/console/me")).text  # from now on it is known


async def test_a_link_is_void_after_its_time(site: Site) -> None:
    account = site.account("ann")
    token = site.database.write_now(partial(sessions.make_link, account_id=account.id, lifetime=timedelta(0)))
    assert (await site.browser().post(f"/console/link/{token}")).status == 404


async def test_the_cookie_is_for_us_alone(site: Site, behind_tls: Site) -> None:
    site.account("ann")
    plain = (await site.browser().log_in("ann")).cookies["casewright"]
    assert (plain["httponly"], plain["samesite"], plain["path"], plain["domain"]) == (True, "Lax", "/", "")
    assert not plain["secure"]
    page = await behind_tls.browser().get("/console/login")
    before = page.cookies["__Host-casewright-before"]
    assert (before["secure"], before["httponly"], before["path"], before["domain"]) == (True, True, "/", "")
    assert page.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_every_page_comes_with_a_strict_policy(site: Site) -> None:
    for path in ("/console/login", "/console", "/console/static/console.css", "/console/nowhere", "/api/v1/me"):
        answer = await site.browser().get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (await site.browser().get("/console/login")).headers["Cache-Control"] == "no-store"


async def test_a_session_that_somebody_prepared_is_not_taken_up(site: Site) -> None:
    site.account("ann")
    browser = site.browser()
    browser.put_cookie("prepared-by-somebody")
    answer = await browser.log_in("ann")
    assert answer.cookies["casewright"].value != "prepared-by-somebody"
    other = site.browser()
    other.put_cookie("prepared-by-somebody")
    assert (await other.get("/console/me")).status == 303


async def test_a_new_password_ends_every_other_session(site: Site) -> None:
    site.account("ann")
    first, second = site.browser(), site.browser()
    await first.log_in("ann")
    await second.log_in("ann")
    old = second.cookie()
    new = "another horse, another battery"
    form = {"current": PASSWORD, "new": new, "again": new}
    assert (await second.post("/console/me/password", form, page="/console/me")).status == 303
    assert (await first.get("/console/me")).status == 303
    assert (await second.get("/console/me")).status == 200
    assert second.cookie() != old
    assert (await site.browser().log_in("ann")).status == 401
    assert (await site.browser().log_in("ann", new)).status == 303


@pytest.mark.parametrize(
    "form",
    [
        {"current": "wrong", "new": "a long new password", "again": "a long new password"},
        {"current": PASSWORD, "new": "short", "again": "short"},
        {"current": PASSWORD, "new": "aaaaaaaaaaaaaaaa", "again": "aaaaaaaaaaaaaaaa"},
        {"current": PASSWORD, "new": "x1y2z3" * 60, "again": "x1y2z3" * 60},
        {"current": PASSWORD, "new": "a long new password", "again": "another long password"},
    ],
)
async def test_a_password_that_can_not_be_is_refused_with_a_reason(site: Site, form: dict[str, str]) -> None:
    site.account("ann")
    browser = site.browser()
    await browser.log_in("ann")
    answer = await browser.post("/console/me/password", form, page="/console/me")
    assert answer.status == 422
    assert 'aria-invalid="true"' in answer.text
    assert (await site.browser().log_in("ann")).status == 303


async def test_logging_out_ends_the_session_and_not_only_the_cookie(site: Site) -> None:
    browser = await site.logged_in("ann")
    token = browser.cookie() or ""
    await browser.post("/console/logout", page="/console/me")
    other = site.browser()
    other.put_cookie(token)
    assert (await other.get("/console/me")).status == 303


async def test_one_session_or_all_of_them_can_be_ended_and_nobody_elses(site: Site) -> None:
    site.account("ann")
    ann, again, bob = site.browser(), site.browser(), await site.logged_in("bob")
    await ann.log_in("ann")
    await again.log_in("ann")
    theirs = site.database.read_now(lambda connection: [row.id for row in connection.execute(session_rows.select())])
    bobs = theirs[0]
    await ann.post(f"/console/me/sessions/{bobs}/end", page="/console/me")
    assert (await bob.get("/console/me")).status == 200
    await ann.post(f"/console/me/sessions/{theirs[2]}/end", page="/console/me")
    assert (await again.get("/console/me")).status == 303
    await ann.post("/console/me/sessions/end", page="/console/me")
    assert (await ann.get("/console/me")).status == 303


@pytest.mark.parametrize("column", ["expires_at", "seen_at"])
async def test_a_session_runs_out_by_time_and_by_being_left_alone(site: Site, column: str) -> None:
    browser = await site.logged_in("ann")
    past = {"expires_at": utcnow(), "seen_at": utcnow() - sessions.IDLE}[column]
    site.database.write_now(lambda connection: connection.execute(update(session_rows).values({column: past})))
    assert (await browser.get("/console/me")).status == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_a_form_of_another_site_does_nothing_even_with_the_right_token(
    site: Site, headers: dict[str, str]
) -> None:
    browser = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    form = {
        "csrf": (await browser.get("/console/accounts")).csrf,
        "name": "Eve",
        "login": "eve",
        "role": "administrator",
    }
    assert (await browser.send("POST", "/console/accounts", data=form, headers=headers)).status == 403
    assert (await browser.send("POST", "/console/accounts", data=form)).status == 200


async def test_a_form_without_its_token_does_nothing(site: Site) -> None:
    browser, other = await site.logged_in("ada", AccountRole.ADMINISTRATOR), await site.logged_in("bob")
    form = {"name": "Eve", "login": "eve", "role": "administrator"}
    theirs = (await other.get("/console/me")).csrf
    anybodys = (await site.browser().get("/console/login")).csrf
    for token in ("", "0" * 64, theirs, anybodys, "é"):
        answer = await browser.send("POST", "/console/accounts", data={**form, "csrf": token})
        assert answer.status == 403, token
    assert (await browser.send("POST", "/console/accounts", json=form)).status == 403
    assert (
        await site.browser().send("POST", "/console/login", data={"login": "ada", "password": PASSWORD})
    ).status == 403


async def test_tokens_are_compared_in_constant_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return real(one, other)

    monkeypatch.setattr("hmac.compare_digest", compare)
    await site.browser().send("POST", "/console/login", data={"csrf": "guessed"})
    assert b"guessed" in compared


@pytest.mark.parametrize(
    "after",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/console/../evil",
        "/console//evil.example",
        "/console\r\nSet-Cookie: a=b",
        "/consolevil",
        "javascript:alert(1)",
        "/console/%0d%0aX: y",
        "/console@evil.example",
    ],
)
async def test_the_login_sends_nobody_elsewhere(site: Site, after: str) -> None:
    site.account("ann")
    browser = site.browser()
    answer = await browser.log_in("ann", next=after)
    assert answer.location == "/console"
    assert (await browser.send("GET", "/console/login", params={"next": after})).location == "/console"


async def test_the_login_goes_on_to_the_page_that_was_wanted(site: Site) -> None:
    site.account("ann")
    browser = site.browser()
    asked = await browser.get("/console/accounts/7?done=saved")
    assert asked.location == "/console/login?next=/console/accounts/7%3Fdone%3Dsaved"
    page = await browser.get(asked.location)
    assert 'name="next" value="/console/accounts/7?done=saved"' in page.text
    assert (await browser.log_in("ann", next="/console/accounts/7?done=saved")).location.endswith("7?done=saved")


@pytest.mark.parametrize(
    "path",
    [
        "/console/static/../templates/base.html",
        "/console/static/..%2ftemplates%2fbase.html",
        "/console/static/%2e%2e/console.py",
        "/console/static/console.css%00.html",
        "//console/accounts",
        "/console/ACCOUNTS",
        "/console/accounts/",
        "/console/accounts;.css",
        "/console/me/../accounts",
        "/console/static/..;/accounts",
    ],
)
async def test_no_spelling_of_a_path_gets_past_the_gate(site: Site, path: str) -> None:
    browser = site.browser()
    url = URL(f"{browser.base}{path}", encoded=True)
    async with browser.session.get(url, allow_redirects=False) as response:
        assert response.status in {303, 400, 404}
        assert "accounts" not in (await response.text()).lower()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Original-URL": "/console/login"},
        {"X-Rewrite-URL": "/console/login"},
        {"X-HTTP-Method-Override": "GET"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-User": "ada"},
        {"Authorization": "Bearer null"},
        {"Cookie": "casewright=; casewright=null"},
    ],
)
async def test_no_header_makes_anybody_somebody_else(site: Site, headers: dict[str, str]) -> None:
    site.account("ada", AccountRole.ADMINISTRATOR, password=None)
    answer = await site.browser().get("/console/accounts", **headers)
    assert (answer.status, answer.location) == (303, "/console/login?next=/console/accounts")


async def test_an_account_can_be_tried_only_so_often_whatever_the_process_remembers(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with open_site(sqlite_url, tmp_path) as site:
        site.account("ann")
        for _ in range(ATTEMPTS_PER_LOGIN):
            assert (await site.browser().log_in("ann", "wrong")).status == 401
    async with open_site(sqlite_url, tmp_path) as site:
        answer = await site.browser().log_in("ANN")
        assert answer.status == 429
        assert "quarter of an hour" in answer.text
        past = utcnow() - sessions.WINDOW
        site.database.write_now(lambda connection: connection.execute(update(login_attempts).values(at=past)))
        assert (await site.browser().log_in("ann")).status == 303


async def test_an_address_can_try_only_so_often_whichever_account(site: Site) -> None:
    limits = {"address 127.0.0.1": ATTEMPTS_PER_ADDRESS}
    for _ in range(ATTEMPTS_PER_ADDRESS):
        assert site.database.write_now(partial(sessions.attempt, limits=limits))
    assert (await site.browser().log_in("ann")).status == 429
    forged = {"headers": {"X-Forwarded-For": "192.0.2.99"}}
    browser = site.browser()
    form = {"csrf": (await browser.get("/console/login")).csrf, "login": "ann", "password": "x"}
    assert (await browser.send("POST", "/console/login", data=form, **forged)).status == 429


async def test_what_somebody_calls_themselves_stays_text(site: Site) -> None:
    hostile = "<script>alert(1)</script>{{7*7}}"
    site.account("eve", password=None)
    site.database.write_now(
        lambda connection: accounts.change(
            connection, 1, name=hostile, email=None, role=AccountRole.REPRESENTATIVE, identities=[]
        )
    )
    browser = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    for path in ("/console/accounts", "/console/accounts/1"):
        page = await browser.get(path)
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page.text


async def test_a_text_that_no_database_keeps_is_refused(site: Site) -> None:
    browser = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    assert (await browser.get("/console/cases?text=a%00b")).status == 400
    answer = await browser.post("/console/accounts", {"name": "A\0b", "login": "ab"}, page="/console/accounts")
    assert (answer.status, "NUL" in answer.text) == (400, True)


async def test_an_error_of_ours_tells_its_number_and_nothing_more(site: Site) -> None:
    browser = await site.logged_in("ada", AccountRole.ADMINISTRATOR)
    site.database.write_now(lambda connection: connection.exec_driver_sql("ALTER TABLE api_keys RENAME TO gone"))
    answer = await browser.get("/console/keys")
    assert answer.status == 500
    assert "reference" in answer.text
    assert "api_keys" not in answer.text


async def test_what_is_written_without_a_session_is_given_back_but_no_password_and_to_no_other_site(site: Site) -> None:
    stranger, path = site.browser(), "/console/cases/1001/note"
    form, referer = {"text": "Some <b>words"}, {"Referer": f"{site.base}console/cases/1001"}
    answer = await stranger.send("POST", path, data=form, headers=referer)
    assert (answer.status, "Some &lt;b&gt;words" in answer.text) == (401, True)
    assert 'href="/console/login?next=/console/cases/1001"' in answer.text
    for other in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await stranger.send("POST", path, data=form, headers={**referer, **other})
        assert (answer.location, "words" in answer.text) == ("/console/login", False)
    chosen = {"current": "Some words", "new": "Other words", "again": "Other words"}
    answer = await stranger.send("POST", "/console/me/password", data=chosen)
    assert (answer.location, "words" in answer.text) == ("/console/login", False)
