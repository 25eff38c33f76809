"""Pages out of templates, and how the console tells of a refusal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

import aiohttp_jinja2
from aiohttp import web
from jinja2 import FileSystemLoader, StrictUndefined

from bot.access.requests import HOME, safe_next
from bot.access.rights import MANAGE_SETTINGS, Right
from bot.access.routes import Asked, Refused, Visit
from bot.console import navigation

_TEMPLATES = Path(__file__).parent / "templates"
_HEADINGS = {
    HTTPStatus.BAD_REQUEST: "That is not right",
    HTTPStatus.UNAUTHORIZED: "You are logged out",
    HTTPStatus.FORBIDDEN: "You may not do this",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.CONFLICT: "Not as things are now",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not at the moment",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That was too much at once",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many attempts",
}
_LOGGED_OUT = "You had been logged out before this was sent, so nothing was done."
_SECRET = {"password", "current", "new", "again"}
_DETAILS = {
    HTTPStatus.NOT_FOUND: "The page does not exist, or it is not for you to see.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "A form takes at most 1 MB and 1,000 inputs. Nothing was saved.",
}


def prepare(app: web.Application) -> None:
    """Gives an application the templates."""
    aiohttp_jinja2.setup(
        app,
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        default_helpers=False,
    )


def seen(path: str, notice: str) -> web.Response:
    """Goes on to a page, which tells in one of its own sentences what was done."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{path}?{urlencode({'done': notice})}"})


def go(path: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})


async def form_of(visit: Visit) -> Mapping[str, str]:
    """What a form sent, its texts alone."""
    sent = await visit.request.post()
    return {name: value for name, value in sent.items() if isinstance(value, str)}


class Pages:
    """Implements `bot.access.routes.Face`."""

    def __init__(self) -> None:
        self.rights: Mapping[str, Right] = {}  # of the pages that exist, by path

    @property
    def takes_keys(self) -> bool:
        return False

    def show(
        self, visit: Visit, template: str, *, title: str, status: HTTPStatus = HTTPStatus.OK, **context: Any
    ) -> web.Response:
        shared = {
            "title": title,
            "path": visit.request.path,
            "csrf": visit.csrf,
            "account": visit.visitor.account,
            "navigation": navigation.shown(visit, self.rights),
            "company": visit.in_force.settings.company,
            "moment": _Moment(visit.in_force.settings.timezone),
            "done": visit.request.query.get("done", ""),
            "in_force": visit.in_force,
            "told_of_settings": visit.may(MANAGE_SETTINGS),
        }
        context["errors"] = defaultdict(str, context.get("errors", {}))  # a field without one has an empty one
        return _rendered(visit.request, template, {**shared, **context}, status)

    def first(self, visit: Visit) -> str | None:
        """The first page of the navigation that this visitor has."""
        return next((each.path for group in navigation.shown(visit, self.rights) for each in group.entries), None)

    def tell(self, asked: Asked, refused: Refused) -> web.StreamResponse:
        written, login = _written(asked.form), _login(asked)
        out = refused.status is HTTPStatus.UNAUTHORIZED
        if out and not written:
            return go(login)
        words: dict[str, Any] = {
            "title": _HEADINGS.get(refused.status, refused.status.phrase),
            "detail": _LOGGED_OUT if out else refused.detail or _DETAILS.get(refused.status, ""),
            "written": written,
        }
        if asked.visit is None:  # not even the database can be asked who this is
            response = _rendered(asked.request, "error_alone.html", words, refused.status)
        else:
            response = self.show(asked.visit, "error.html", status=refused.status, login=login if out else "", **words)
        response.headers.update(refused.headers)
        return response


class _Moment:
    """A time as people of the company read it."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)

    def __call__(self, at: datetime) -> str:
        local = at.astimezone(self._zone)
        return f"{local.day} {local:%b %Y, %H:%M}"


def _login(asked: Asked) -> str:
    """After the login they go on to the page they wanted, or back to the one whose form they sent."""
    request = asked.request
    wanted = safe_next(request.path_qs if request.method == "GET" else _sender(asked))
    return "/console/login" if wanted == HOME else f"/console/login?next={quote(wanted, safe='/')}"


def _sender(asked: Asked) -> str | None:
    """The page whose form was sent, where it was one of ours."""
    sender = urlsplit(asked.request.headers.get("Referer", "")) if asked.form else None
    return sender and f"{sender.path}?{sender.query}".removesuffix("?")


def _written(form: Mapping[str, str]) -> list[str]:
    """The texts of a form, for whoever wrote them not to lose them. None of one that holds a password."""
    if _SECRET & form.keys():
        return []
    return [value for value in form.values() if len(value.split()) > 1]


def _rendered(request: web.Request, template: str, context: Mapping[str, Any], status: HTTPStatus) -> web.Response:
    return aiohttp_jinja2.render_template(template, request, context, status=status)
