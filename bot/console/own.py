"""One's own account: where it is logged in, and its password."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from aiohttp import web

from bot.access import cookies, passwords
from bot.access.login import Login, TooManyAttempts
from bot.access.requests import HOME, address_of
from bot.access.rights import OWN
from bot.access.routes import Refused, Route, Visit
from bot.console.rendering import Pages, form_of, go, seen
from store import sessions
from store.engine import Database
from store.sessions import Session

PATH = "/console/me"


class Own:
    def __init__(
        self, database: Database, pages: Pages, login: Login, *, local_passwords: bool, behind_proxy: bool
    ) -> None:
        self._database = database
        self._pages = pages
        self._login = login
        self._local_passwords = local_passwords
        self._behind_proxy = behind_proxy

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", path=HOME, right=OWN, handler=self._home),
            Route(method="GET", path=PATH, right=OWN, handler=self._show),
            Route(method="POST", path=f"{PATH}/password", right=OWN, handler=self._choose_password),
            Route(method="POST", path=f"{PATH}/sessions/end", right=OWN, handler=self._end_all),
            Route(method="POST", path=f"{PATH}/sessions/{{id:[0-9]{{1,18}}}}/end", right=OWN, handler=self._end),
        ]

    async def _home(self, visit: Visit) -> web.StreamResponse:
        return go(self._pages.first(visit) or PATH)

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def _page(
        self, visit: Visit, errors: dict[str, str] | None = None, status: HTTPStatus = HTTPStatus.OK
    ) -> web.Response:
        session = _session(visit)
        return self._pages.show(
            visit,
            "own.html",
            title="Your account",
            status=status,
            sessions=await self._database.read(partial(sessions.of_account, account=session.account)),
            this=session,
            browser=browser_name,
            local_passwords=self._local_passwords,
            least=passwords.LEAST,
            errors=errors or {},
        )

    async def _choose_password(self, visit: Visit) -> web.StreamResponse:
        if not self._local_passwords:
            raise Refused(HTTPStatus.NOT_FOUND)
        form, session = await form_of(visit), _session(visit)
        new = form.get("new", "")
        if wrong := passwords.complaint(new):
            return await self._page(visit, {"new": wrong}, HTTPStatus.UNPROCESSABLE_ENTITY)
        if new != form.get("again"):
            return await self._page(visit, {"again": "This is not the same password."}, HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            token = await self._login.choose_password(
                session,
                form.get("current", ""),
                new,
                address=address_of(visit.request, behind_proxy=self._behind_proxy),
                browser=visit.request.headers.get("User-Agent", ""),
            )
        except TooManyAttempts:
            return await self._page(visit, {"current": "That was too often: wait."}, HTTPStatus.TOO_MANY_REQUESTS)
        if token is None:
            wrong = "This is not your password of now."
            return await self._page(visit, {"current": wrong}, HTTPStatus.UNPROCESSABLE_ENTITY)
        response = seen(PATH, "password")
        cookies.put(response, cookies.SESSION, token, visit.origin)
        return response

    async def _end(self, visit: Visit) -> web.StreamResponse:
        number, mine = int(visit.request.match_info["id"]), _session(visit)
        await self._database.write(partial(sessions.end, session_id=number, account_id=mine.account.id))
        return seen(PATH, "ended")

    async def _end_all(self, visit: Visit) -> web.StreamResponse:
        await self._database.write(partial(sessions.end_all, account_id=_session(visit).account.id))
        response = go("/console/login")
        cookies.drop(response, cookies.SESSION, visit.origin)
        return response


_BROWSERS = ("Firefox", "Edg", "OPR", "Chrome", "Safari")  # each names itself before those that it resembles
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
_CALLED = {"Edg": "Edge", "OPR": "Opera", "Mac OS": "macOS"}


def browser_name(user_agent: str) -> str:
    """What people call it: "Firefox on Windows"; anything else as it calls itself."""
    browser = next((each for each in _BROWSERS if f"{each}/" in user_agent), None)
    if browser is None:
        return user_agent or "A browser that says no name"
    system = next((f" on {_CALLED.get(each, each)}" for each in _SYSTEMS if each in user_agent), "")
    return f"{_CALLED.get(browser, browser)}{system}"


def _session(visit: Visit) -> Session:
    """Of a page that takes the right to one's own account."""
    session = visit.visitor.session
    if session is None:
        raise Refused(HTTPStatus.UNAUTHORIZED)
    return session
