"""Who the caller is, and what the key may do."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel

from bot.access.rights import IDENTIFIED
from bot.access.routes import Visit
from bot.api.calls import Call, answered


class Me(BaseModel):
    kind: Literal["account", "key"]
    name: str
    role: str | None  # of an account
    scopes: list[str]  # of a key


def calls() -> list[Call]:
    return [
        Call(
            method="GET",
            path="/me",
            right=IDENTIFIED,
            handler=_show,
            summary="Who you are to Casewright, and what your key may do",
            answer=Me,
        )
    ]


async def _show(visit: Visit) -> web.StreamResponse:
    account, key = visit.visitor.account, visit.visitor.key
    return answered(
        Me(
            kind="key" if key else "account",
            name=visit.visitor.name,
            role=account.role if account else None,
            scopes=sorted(key.scopes) if key else [],
        )
    )
