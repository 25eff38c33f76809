"""Getting in and out: password, one-time link, the provider, logging out."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.access import cookies
from bot.access.claims import Person
from bot.access.login import Login, TooManyAttempts
from bot.access.openid import OpenIdProvider, ProviderFailed
from bot.access.requests import HOME, address_of, safe_next
from bot.access.rights import OWN, PUBLIC
from bot.access.routes import Refused, Route, Visit
from bot.console.rendering import Pages, form_of, go
from store import accounts, sessions
from store.accounts import Account, LoginTaken
from store.engine import Connection, Database

log = structlog.get_logger()

_WRONG = "The login or the password is wrong."
_OFTEN = "That was too often. Wait a quarter of an hour and try again."


class Entrance:
    def __init__(
        self, database: Database, pages: Pages, login: Login, provider: OpenIdProvider | None, *, behind_proxy: bool
    ) -> None:
        self._database = database
        self._pages = pages
        self._login = login
        self._provider = provider
        self._behind_proxy = behind_proxy

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", path="/console/login", right=PUBLIC, handler=self._ask),
            Route(method="POST", path="/console/login", right=PUBLIC, handler=self._by_password),
            Route(method="GET", path="/console/login/provider", right=PUBLIC, handler=self._to_provider),
            Route(method="GET", path="/console/login/return", right=PUBLIC, handler=self._from_provider),
            Route(method="GET", path="/console/link/{token}", right=PUBLIC, handler=self._look_at_link),
            Route(method="POST", path="/console/link/{token}", right=PUBLIC, handler=self._by_link),
            Route(method="POST", path="/console/logout", right=OWN, handler=self._leave),
        ]

    async def _ask(self, visit: Visit) -> web.StreamResponse:
        after = safe_next(visit.request.query.get("next"))
        return go(after) if visit.visitor.known else self._page(visit, after)

    def _page(
        self, visit: Visit, after: str, problem: str = "", status: HTTPStatus = HTTPStatus.OK, login: str = ""
    ) -> web.Response:
        return self._pages.show(
            visit,
            "login.html",
            title="Log in",
            status=status,
            after=after,
            login=login,
            problem=problem,
            provider=self._provider is not None,
        )

    async def _by_password(self, visit: Visit) -> web.StreamResponse:
        if self._provider is not None:
            raise Refused(HTTPStatus.NOT_FOUND)
        form = await form_of(visit)
        after, login = safe_next(form.get("next")), form.get("login", "")
        try:
            token = await self._login.by_password(login, form.get("password", ""), **self._from(visit))
        except TooManyAttempts:
            return self._page(visit, after, _OFTEN, HTTPStatus.TOO_MANY_REQUESTS, login)
        if token is None:
            return self._page(visit, after, _WRONG, HTTPStatus.UNAUTHORIZED, login)
        return _entered(visit, token, after)

    async def _look_at_link(self, visit: Visit) -> web.StreamResponse:
        token = visit.request.match_info["token"]
        invited = await self._database.read(partial(sessions.look_at_link, token=token))
        status = HTTPStatus.OK if invited else HTTPStatus.NOT_FOUND
        return self._pages.show(visit, "link.html", title="One-time link", status=status, invited=invited)

    async def _by_link(self, visit: Visit) -> web.StreamResponse:
        try:
            token = await self._login.by_link(visit.request.match_info["token"], **self._from(visit))
        except TooManyAttempts:
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, _OFTEN) from None
        if token is None:
            return self._pages.show(
                visit, "link.html", title="One-time link", status=HTTPStatus.NOT_FOUND, invited=None
            )
        return _entered(visit, token, HOME if self._provider else "/console/me")

    async def _to_provider(self, visit: Visit) -> web.StreamResponse:
        """Each attempt is bound to a cookie of its own."""
        if self._provider is None:
            raise Refused(HTTPStatus.NOT_FOUND)
        before, after = cookies.fresh(), safe_next(visit.request.query.get("next"))
        try:
            address = await self._provider.address(before, after, _return_address(visit))
        except ProviderFailed as error:
            return self._failed(visit, error)
        response = go(address)
        cookies.put(response, cookies.BEFORE, before, visit.origin)
        return response

    async def _from_provider(self, visit: Visit) -> web.StreamResponse:
        before = cookies.read(visit.request, cookies.BEFORE, visit.origin)
        if self._provider is None or before is None:
            raise Refused(HTTPStatus.NOT_FOUND)
        try:
            person, after = await self._provider.returned(before, visit.request.query, _return_address(visit))
        except ProviderFailed as error:
            return self._failed(visit, error)
        account = await self._known(person)
        if account is None:
            problem = "You are known there, but not allowed in here. An administrator of Casewright can change that."
            return self._page(visit, HOME, problem, HTTPStatus.FORBIDDEN)
        return _entered(visit, await self._login.vouched(account, **self._from(visit)), after)

    async def _known(self, person: Person) -> Account | None:
        """Their account, made at the first time; None for those whom no group or address lets in."""
        role = person.role
        if role is None:
            return None

        def meet(connection: Connection) -> Account:
            return accounts.vouched(
                connection,
                issuer=person.issuer,
                subject=person.subject,
                login=person.login,
                name=person.name,
                email=person.email,
                role=role,
            )

        try:
            account = await self._database.write(meet)
        except LoginTaken:
            log.warning("login_taken", mend="Another account has this person's address as its login: rename that one.")
            return None
        return account if account.enabled else None

    def _failed(self, visit: Visit, error: ProviderFailed) -> web.Response:
        log.warning("provider_failed", error=str(error))
        return self._page(visit, HOME, "That did not work. Try again.", HTTPStatus.BAD_GATEWAY)

    async def _leave(self, visit: Visit) -> web.StreamResponse:
        session = visit.visitor.session
        if session is not None:
            await self._database.write(partial(sessions.end, session_id=session.id, account_id=session.account.id))
        response = go("/console/login")
        cookies.drop(response, cookies.SESSION, visit.origin)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    def _from(self, visit: Visit) -> dict[str, str]:
        return {
            "address": address_of(visit.request, behind_proxy=self._behind_proxy),
            "browser": visit.request.headers.get("User-Agent", ""),
        }


def _entered(visit: Visit, token: str, after: str) -> web.Response:
    """A session that nobody could have prepared: its token is made now, and what was there before is void."""
    response = go(after)
    cookies.put(response, cookies.SESSION, token, visit.origin)
    cookies.drop(response, cookies.BEFORE, visit.origin)
    return response


def _return_address(visit: Visit) -> str:
    return f"{visit.origin}/console/login/return"
