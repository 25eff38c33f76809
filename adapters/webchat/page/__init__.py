"""The page at `/`: static files, nothing from outside, nothing inline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web

_FOLDER = Path(__file__).parent
_FILES = ("chat.css", "chat.js", "conversation.js", "pane.js", "message.js", "composer.js", "icon.svg")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def routes(*, demo: bool) -> Sequence[web.AbstractRouteDef]:
    """The chat in demo mode; otherwise a page that says how to get a token."""
    shown = web.get("/", _served("chat.html" if demo else "closed.html"))
    return [shown, *(web.get(f"/chat/{name}", _served(name)) for name in _FILES)]


def _served(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(_FOLDER / name, headers=_HEADERS)

    return answer
