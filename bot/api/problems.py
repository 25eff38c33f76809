"""Refusals as problem documents (RFC 9457)."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from bot.access.routes import Asked, Refused

CONTENT_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong; `errors` names places in the request and what would be right there."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: dict[str, str] = {}


class Problems:
    """Implements `bot.access.routes.Face`."""

    @property
    def takes_keys(self) -> bool:
        return True

    def tell(self, asked: Asked, refused: Refused) -> web.StreamResponse:  # noqa: ARG002 -- the face's signature
        problem: dict[str, Any] = {
            "type": "about:blank",
            "title": refused.status.phrase,
            "status": refused.status,
            **({"detail": refused.detail} if refused.detail else {}),
            **({"errors": dict(refused.errors)} if refused.errors else {}),
        }
        body = json.dumps(problem, ensure_ascii=False).encode()
        return web.Response(body=body, status=refused.status, content_type=CONTENT_TYPE, headers=refused.headers)
