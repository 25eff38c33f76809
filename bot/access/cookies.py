"""The two cookies: of a session, and of somebody who has none yet. Both are random and mean nothing by themselves."""

from __future__ import annotations

import secrets

from aiohttp import web

SESSION = "casewright"
BEFORE = "casewright-before"
"""What the forms and the provider's answer are bound to before there is a session."""


def name(base: str, origin: str) -> str:
    """Under https, a name that browsers take from this host alone, for all of it, and only over https."""
    return f"__Host-{base}" if origin.startswith("https:") else base


def read(request: web.Request, base: str, origin: str) -> str | None:
    return request.cookies.get(name(base, origin)) or None


def put(response: web.StreamResponse, base: str, value: str, origin: str) -> None:
    """Ends with the browser at the latest; the session itself ends on our side."""
    response.set_cookie(
        name(base, origin),
        value,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=origin.startswith("https:"),
    )


def drop(response: web.StreamResponse, base: str, origin: str) -> None:
    response.del_cookie(name(base, origin), path="/", httponly=True, samesite="Lax", secure=origin.startswith("https:"))


def fresh() -> str:
    return secrets.token_urlsafe(32)
