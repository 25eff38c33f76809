"""The pages' style sheet, script and icon."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from bot.access.rights import PUBLIC
from bot.access.routes import Refused, Route, Visit

_FOLDER = Path(__file__).parent / "static"
_FILES = frozenset({"console.css", "console.js", "icon.svg"})


def routes() -> list[Route]:
    return [Route(method="GET", path="/console/static/{name}", right=PUBLIC, handler=_serve)]


async def _serve(visit: Visit) -> web.StreamResponse:
    name = visit.request.match_info["name"]
    if name not in _FILES:
        raise Refused(HTTPStatus.NOT_FOUND)
    return web.FileResponse(_FOLDER / name, headers={"Cache-Control": "no-cache"})
