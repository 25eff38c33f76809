"""Microsoft's Bot Connector (REST): posts, edits, and who is in a conversation.

Plain calls and not the SDK's: those block threads, open a connection for each turn and hide what was answered.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import aiohttp

from adapters.channel import RetryLater, Undeliverable
from adapters.payload import part, text
from adapters.teams.configuration import TeamsConfiguration
from adapters.teams.http import Http
from adapters.teams.tokens import Tokens
from store.model import Json

_DEFAULT_WAIT = 30.0  # seconds, where Microsoft names none
# Nobody can be reached there any more, or never will with this: trying again does not help.
_GONE = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE,
         HTTPStatus.REQUEST_ENTITY_TOO_LARGE}  # fmt: skip


class Connector:
    def __init__(self, configuration: TeamsConfiguration, http: Http, tokens: Tokens) -> None:
        self._configuration = configuration
        self._http = http
        self._tokens = tokens

    async def post(self, service_url: str, conversation_id: str, activity: Json) -> str:
        """Returns the activity's id. Raises RetryLater and Undeliverable, as all of these do."""
        answer = await self._call("POST", service_url, ("conversations", conversation_id, "activities"), activity)
        return text(answer, "id")

    async def edit(self, service_url: str, conversation_id: str, activity_id: str, activity: Json) -> None:
        way = ("conversations", conversation_id, "activities", activity_id)
        await self._call("PUT", service_url, way, {**activity, "id": activity_id})

    async def chat_with(self, service_url: str, tenant: str, bot: Json, user_id: str) -> str:
        """The id of our personal chat with somebody."""
        wanted: Json = {
            "bot": bot,
            "members": [{"id": user_id}],
            "isGroup": False,
            "tenantId": tenant,
            "channelData": {"tenant": {"id": tenant}},
        }
        return text(await self._call("POST", service_url, ("conversations",), wanted), "id")

    async def member(self, service_url: str, conversation_id: str, user_id: str) -> Json:
        return await self._call("GET", service_url, ("conversations", conversation_id, "members", user_id), None)

    async def _call(self, method: str, service_url: str, way: tuple[str, ...], body: Json | None) -> Json:
        if not self._configuration.trusts(service_url):
            raise Undeliverable(f"{service_url} is not an address of Teams that is trusted.")
        address = "/".join([f"{service_url.rstrip('/')}/v3", *(quote(each, safe="") for each in way)])
        headers = await self._tokens.header()
        session = self._http.session
        try:
            # A redirect would take the token along to wherever it leads.
            async with session.request(method, address, json=body, headers=headers, allow_redirects=False) as answer:
                said = await _said(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise RetryLater(f"Teams can't be reached: {error!r}", nothing_posted=True) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RetryLater(f"Teams did not answer: {error!r}") from error
        if answer.ok:
            return said
        if answer.status == HTTPStatus.UNAUTHORIZED:
            await self._tokens.forget()
        raise _refusal(answer, said)


async def _said(answer: aiohttp.ClientResponse) -> Json:
    try:
        found: object = await answer.json(content_type=None)
    except ValueError:
        return {}
    return cast("Json", found) if isinstance(found, dict) else {}


def _refusal(answer: aiohttp.ClientResponse, said: Json) -> Exception:
    error = part(said, "error")
    why = f"{answer.status} {text(error, 'code')} {text(error, 'message')}".strip()[:300]
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RetryLater("Teams asks to wait.", after=_seconds(answer.headers.get("Retry-After")))
    if answer.status in _GONE:
        return Undeliverable(f"Teams refused it: {why}.")
    # 412 is a conflict inside Teams, 401 a token that counts no more: nothing was taken. After 5xx it may have been.
    taken = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return RetryLater(f"Teams failed: {why}.", nothing_posted=not taken)


def _seconds(header: Any) -> float:
    try:
        return max(float(header or ""), 1.0)
    except ValueError:
        return _DEFAULT_WAIT
