"""Slack's Web API: one call, and what can come of it in our words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, cast

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.channel import RetryLater
from adapters.filing import downloaded
from adapters.payload import storable
from store.model import Json

CALL_SECONDS = 8  # that a call may take
_DEFAULT_WAIT = 30.0  # seconds, where Slack names none
_TRANSIENT = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}


class ApiRefused(Exception):
    """Slack said no; `error` is its word for why ("channel_not_found")."""

    def __init__(self, method: str, error: str, answer: Json) -> None:
        super().__init__(f"Slack refused {method}: {error}.")
        self.error = error
        self.answer = answer


class Api:
    """Calls with a workspace's token. Opened while the channel runs: its connections are shared."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
            self._session = session
            try:
                yield
            finally:
                self._session = None

    async def write(self, token: str, method: str, arguments: Mapping[str, Any] | None = None) -> Json:
        """A call that changes something, with JSON. Raises ApiRefused and RetryLater."""
        given = {key: value for key, value in (arguments or {}).items() if value is not None}
        return await self._call(token, method, json=given)

    async def read(self, token: str, method: str, arguments: Mapping[str, Any] | None = None) -> Json:
        """A call that asks: those take no JSON. Raises ApiRefused and RetryLater."""
        given = {key: _as_text(value) for key, value in (arguments or {}).items() if value is not None}
        return await self._call(token, method, http_verb="GET", params=given)

    async def identity(self, token: str) -> tuple[Json, frozenset[str]]:
        """Who the token speaks for, and its scopes. Raises ApiRefused and RetryLater."""
        answer = await self._answered(token, "auth.test", json={})
        scopes = str(answer.headers.get("x-oauth-scopes", ""))
        return answer.data, frozenset(each.strip() for each in scopes.split(",") if each.strip())

    async def download(self, token: str, address: str, limit: int) -> bytes:
        """A file's content. Raises ValueError where there is none or more than `limit` bytes, and RetryLater."""
        headers = {"Authorization": f"Bearer {token}"}
        content, _ = await downloaded(self._running(), address, headers, service="Slack", limit=limit)
        return content

    def client(self, token: str) -> AsyncWebClient:
        """For the parts of the SDK that want one: Socket Mode."""
        return AsyncWebClient(token=token, base_url=self._base_url, timeout=CALL_SECONDS, retry_handlers=[])

    async def _call(self, token: str, method: str, **how: Any) -> Json:
        return storable((await self._answered(token, method, **how)).data)

    async def _answered(self, token: str, method: str, **how: Any) -> Any:
        client: Any = AsyncWebClient(  # the SDK leaves what it takes and gives half typed
            token=token, base_url=self._base_url, session=self._running(), timeout=CALL_SECONDS, retry_handlers=[]
        )
        try:
            return await client.api_call(method, **how)
        except SlackApiError as error:
            raise _refusal(method, error) from error
        except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError, ValueError) as error:
            raise RetryLater(f"Slack can't be reached for {method}: {error!r}") from error

    def _running(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RetryLater("The Slack channel is not running.", nothing_posted=True)
        return self._session


def _refusal(method: str, error: SlackApiError) -> Exception:
    response: Any = cast("Any", error).response  # the SDK leaves its type open
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        after = response.headers.get("Retry-After") or response.headers.get("retry-after")
        return RetryLater(f"Slack asks to wait with {method}.", after=_seconds(after))
    answer: object = response.data
    data = cast("Json", answer) if isinstance(answer, dict) else {}
    code = str(data.get("error") or f"status_{response.status_code}")
    if code in _TRANSIENT or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RetryLater(f"Slack failed with {method}: {code}.")
    if code in {"ratelimited", "rate_limited"}:
        return RetryLater(f"Slack asks to wait with {method}.", after=_DEFAULT_WAIT)
    return ApiRefused(method, code, data)


def _seconds(header: str | None) -> float:
    try:
        return max(float(header or ""), 1.0)
    except ValueError:
        return _DEFAULT_WAIT


def _as_text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
