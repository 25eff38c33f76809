"""Lists of the settings, whose entries have an order.

An entry is named by its position in the version that a page was made from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web

from agent.settings import Problem
from bot.access.rights import MANAGE_SETTINGS
from bot.access.routes import Handler, Refused, Route, Visit
from bot.console.reviewing import Json, Reviewing, as_document, number_of

T = TypeVar("T")

_ORDER = re.compile("[0-9]{1,6}(,[0-9]{1,6})*")


def at(entries: Sequence[T], position: int) -> T:
    if position >= len(entries):
        raise Refused(HTTPStatus.NOT_FOUND)
    return entries[position]


def put(entries: list[Json], entry: Json, position: str) -> None:
    """In the place of the one that a form was opened with; a new one goes to the end."""
    place = number_of(position) if position else len(entries)
    if place > len(entries):
        raise Refused(HTTPStatus.NOT_FOUND)
    entries[place : place + 1] = [entry]


def change(entries: list[Json], position: int, button: str) -> None:
    """What a button beside an entry says."""
    at(entries, position)
    match button:
        case "activate" | "deactivate":
            entries[position]["active"] = button == "activate"
        case "remove":
            del entries[position]
        case "up" if position > 0:
            entries.insert(position - 1, entries.pop(position))
        case "down":
            entries.insert(position + 1, entries.pop(position))
        case _:
            pass  # the first one can't go up


def arranged(entries: Sequence[Json], order: str) -> list[Json]:
    """As they were dragged: `order` holds their positions, "2,0,1"."""
    places = [int(each) for each in order.split(",")] if _ORDER.fullmatch(order) else []
    if sorted(places) != list(range(len(entries))):
        raise Refused(HTTPStatus.BAD_REQUEST, "This is no order of the entries that there are: load the page again.")
    return [entries[each] for each in places]


def told(problems: Iterable[Problem], part: Callable[[str], str]) -> dict[str, str]:
    """All that is wrong, by the part of the form that a problem's path belongs to."""
    wrong: dict[str, list[str]] = {}
    for each in problems:
        wrong.setdefault(part(each.path), []).append(each.sentence)
    return {name: "; ".join(dict.fromkeys(said)) for name, said in wrong.items()}


class Ordered:
    """What a page does to the list `key` of the settings; the page itself is at `path`."""

    def __init__(self, reviewing: Reviewing, key: str, path: str) -> None:
        self._reviewing = reviewing
        self._key = key
        self._path = path

    def routes(
        self, *, listed: Handler, new: Handler, opened: Handler, typed: Handler, changed: Handler | None = None
    ) -> list[Route]:
        """`typed` takes the form that `new` and `opened` show; `changed`, the buttons beside an entry."""
        right, path, one = MANAGE_SETTINGS, self._path, f"{self._path}/{{id:[0-9]{{1,9}}}}"
        return [
            Route(method="GET", path=path, right=right, handler=listed),
            Route(method="GET", path=f"{path}/new", right=right, handler=new),
            Route(method="GET", path=one, right=right, handler=opened),
            Route(method="POST", path=f"{path}/form", right=right, handler=typed),
            Route(method="POST", path=f"{path}/order", right=right, handler=self.arrange),
            Route(method="POST", path=f"{one}/change", right=right, handler=changed or self.change),
        ]

    async def change(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        base = await self._reviewing.base(form)
        document = as_document(base.settings)
        change(document[self._key], int(visit.request.match_info["id"]), str(form.get("do", "")))
        return await self._reviewing.propose(visit, document, based_on=base.version, back=self._path)

    async def arrange(self, visit: Visit) -> web.StreamResponse:
        form = await visit.request.post()
        base = await self._reviewing.base(form)
        document = as_document(base.settings)
        document[self._key] = arranged(document[self._key], str(form.get("order", "")))
        return await self._reviewing.propose(visit, document, based_on=base.version, back=self._path)
