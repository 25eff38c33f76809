"""Logging in by an OpenID provider: whom it vouches for, and what is not taken for its word."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey, RSAKey

from store import accounts
from store.accounts import Account
from store.model import AccountRole
from tests.bot.console.provider import CLIENT, CLIENT_SECRET, Provider, open_provider
from tests.bot.console.site import Answer, Browser, Site, open_site


@pytest.fixture
async def provider() -> AsyncGenerator[Provider]:
    async with open_provider() as provider:
        yield provider


@pytest.fixture
async def site(sqlite_url: str, tmp_path: Path, provider: Provider) -> AsyncGenerator[Site]:
    environment: Any = {
        "CASEWRIGHT_OPENID_ISSUER": provider.issuer,
        "CASEWRIGHT_OPENID_CLIENT_ID": CLIENT,
        "CASEWRIGHT_OPENID_CLIENT_SECRET": CLIENT_SECRET,
        "CASEWRIGHT_OPENID_ADMINISTRATORS": "admins, boss@example.org",
        "CASEWRIGHT_OPENID_REPRESENTATIVES": "desk, @example.org",
    }
    async with open_site(sqlite_url, tmp_path, **environment) as site:
        yield site


async def sent_back(browser: Browser, after: str = "/console/me") -> str:
    """The path and query with which the provider sends the browser back."""
    away = await browser.get(f"/console/login/provider?next={after}")
    assert away.status == 303, away.text
    async with browser.session.get(away.location, allow_redirects=False) as there:
        back = urlsplit(there.headers["Location"])
    return f"{back.path}?{back.query}"


async def log_in(browser: Browser, after: str = "/console/me") -> Answer:
    return await browser.get(await sent_back(browser, after))


def known(site: Site) -> list[Account]:
    return site.database.read_now(accounts.listed)


async def test_a_member_of_the_group_gets_in_as_a_representative(site: Site, provider: Provider) -> None:
    browser = site.browser()
    answer = await log_in(browser, "/console/me?done=password")
    assert answer.location == "/console/me?done=password"
    assert (await browser.get("/console/me")).status == 200
    [account] = known(site)
    assert (account.name, account.role, account.subject) == ("Ann Lee", AccountRole.REPRESENTATIVE, "s-1")
    [asked] = provider.asked
    assert asked["code_challenge_method"] == "S256"
    assert {asked["nonce"], asked["state"], asked["code_challenge"]}.isdisjoint({""})


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"groups": ["admins", "desk"]}, AccountRole.ADMINISTRATOR),
        ({"groups": "admins"}, AccountRole.ADMINISTRATOR),
        ({"groups": [], "email": "Boss@Example.org", "email_verified": True}, AccountRole.ADMINISTRATOR),
        ({"groups": [], "email": "ann@example.org", "email_verified": True}, AccountRole.REPRESENTATIVE),
        ({"groups": [], "email": "boss@example.org", "email_verified": False}, None),
        ({"groups": [], "email": "boss@example.org"}, None),
        ({"groups": [], "email": "boss@example.org@evil.example", "email_verified": True}, None),
        ({"groups": [], "email": "ann@sub.example.org", "email_verified": True}, None),
        ({"groups": ["others"], "name": "admins", "preferred_username": "boss@example.org"}, None),
        ({"groups": {"admins": True}}, None),
    ],
)
async def test_groups_and_verified_addresses_say_the_role_and_nothing_else_does(
    site: Site, provider: Provider, claims: dict[str, Any], role: AccountRole | None
) -> None:
    provider.claims |= claims
    answer = await log_in(site.browser())
    assert answer.status == (303 if role else 403)
    assert [each.role for each in known(site)] == ([role] if role else [])


async def test_who_leaves_the_group_is_no_administrator_any_more(site: Site, provider: Provider) -> None:
    provider.claims["groups"] = ["admins"]
    browser = site.browser()
    await log_in(browser)
    assert (await browser.get("/console/accounts")).status == 200
    provider.claims["groups"] = ["desk"]
    await log_in(site.browser())
    assert (await browser.get("/console/accounts")).status == 403


async def test_a_verified_address_tells_who_they_are_on_the_channels(site: Site, provider: Provider) -> None:
    provider.claims |= {"email": "Ann@example.org", "email_verified": True, "preferred_username": "robin"}
    await log_in(site.browser())
    ids = site.database.read_now(lambda connection: accounts.known_as(connection, known(site)[0]))
    assert ids == {"s-1", "ann@example.org"}


async def test_a_disabled_account_is_not_let_in_by_the_provider(site: Site, provider: Provider) -> None:
    await log_in(site.browser())
    provider.claims |= {"sub": "s-2", "groups": ["admins"]}
    await log_in(site.browser())
    first = next(each for each in known(site) if each.subject == "s-1")
    site.database.write_now(partial(accounts.disable, account_id=first.id))
    provider.claims |= {"sub": "s-1"}
    assert (await log_in(site.browser())).status == 403


async def test_nobody_becomes_a_local_account_that_has_their_address(site: Site, provider: Provider) -> None:
    site.account("ann@example.org", AccountRole.ADMINISTRATOR, password=None)
    provider.claims |= {"email": "ann@example.org", "email_verified": True}
    assert (await log_in(site.browser())).status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": "another-client", "azp": CLIENT},
        {"aud": ["another-client", CLIENT], "azp": "another-client"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"iat": 32503680000},
    ],
)
async def test_an_id_token_that_is_not_for_this_login_lets_nobody_in(
    site: Site, provider: Provider, wrong: dict[str, Any]
) -> None:
    provider.claims |= wrong
    assert (await log_in(site.browser())).status == 502
    assert known(site) == []


async def test_an_id_token_that_the_provider_has_not_signed_lets_nobody_in(site: Site, provider: Provider) -> None:
    provider.signing_key = RSAKey.generate_key(2048, {"kid": "1"})
    assert (await log_in(site.browser())).status == 502
    # What both know is no signature of the provider's.
    provider.signing_key = OctKey.import_key(CLIENT_SECRET)
    provider.header = {"alg": "HS256"}
    assert (await log_in(site.browser())).status == 502
    assert known(site) == []


async def test_an_answer_belongs_to_the_browser_that_asked(site: Site) -> None:
    """Else somebody could log another person in as themselves, or use a code that they have got hold of."""
    mine, theirs = site.browser(), site.browser()
    back = await sent_back(mine)
    await sent_back(theirs)
    assert (await theirs.get(back)).status == 502
    assert (await site.browser().get(back)).status == 404
    assert (await mine.get(back)).status == 303
    assert (await mine.get(back)).status == 404  # it is used up


async def test_the_page_to_go_on_to_can_not_be_put_into_the_answer(site: Site) -> None:
    browser = site.browser()
    back = await sent_back(browser)
    state = parse_qs(urlsplit(back).query)["state"][0]
    forged = back.replace(state.partition(".")[2], "aHR0cHM6Ly9ldmlsLmV4YW1wbGU")
    assert (await browser.get(forged)).status == 502
    assert (await log_in(site.browser(), "https://evil.example")).location == "/console"


async def test_with_a_provider_there_are_no_passwords(site: Site) -> None:
    site.account("ann")
    browser = site.browser()
    page = await browser.get("/console/login")
    assert 'type="password"' not in page.text
    form = {"csrf": "", "login": "ann", "password": "x"}
    assert (await browser.send("POST", "/console/login", data=form)).status == 403
    await log_in(browser)
    assert "password" not in (await browser.get("/console/me")).text.lower()


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "file:///etc/passwd"}, {"jwks_uri": ""}],
)
async def test_a_discovery_document_that_is_wrong_is_not_followed(
    site: Site, provider: Provider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    answer = await site.browser().get("/console/login/provider")
    assert answer.status == 502
    assert "That did not work" in answer.text


async def test_a_provider_that_is_away_is_told_in_a_sentence(site: Site, provider: Provider) -> None:
    provider.metadata = {"token_endpoint": f"{provider.issuer}/nowhere"}
    assert (await log_in(site.browser())).status == 502
