"""A program with an API key."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from bot.access.rights import Scope
from tests.bot.console.site import Answer, Browser, Site

API = "/api/v1"


@dataclass(kw_only=True)
class Caller:
    browser: Browser
    headers: dict[str, str] = field(default_factory=dict[str, str])

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Header names with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        more = {} if body is None else {"json": body}
        return await self.browser.send(method, f"{API}{path}", headers={**self.headers, **named}, **more)

    async def gets(self, path: str, status: int = 200) -> Any:
        answer = await self.send("GET", path)
        assert answer.status == status, answer.text
        return json.loads(answer.text)

    async def does(self, method: str, path: str, body: Any, status: int = 200, **headers: str) -> Any:
        answer = await self.send(method, path, body, **headers)
        assert answer.status == status, answer.text
        return json.loads(answer.text)

    async def acts(self, number: int, action: str, status: int = 200, *, match: str = "*", **more: Any) -> Any:
        path = f"/cases/{number}/actions"
        return await self.does("POST", path, {"action": action, **more}, status, If_Match=match)


def program(site: Site, *scopes: Scope) -> Caller:
    """Without scopes: with all of them."""
    key = site.key(*(scopes or Scope))
    return Caller(browser=site.browser(), headers={"Authorization": f"Bearer {key}"})


def etag(answer: Answer) -> str | None:
    return next((value for name, value in answer.headers.items() if name.casefold() == "etag"), None)
