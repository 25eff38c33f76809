"""Direct Line 3.0: the addresses under /v3/directline and what each of them answers.

Statuses, bodies and the WebSocket's frames are those of Microsoft's "API reference - Direct Line API 3.0", as far as
the public clients botframework-directlinejs and botframework-webchat rely on them.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import cast

from aiohttp import WSCloseCode, web

from adapters.webchat.chat import Chat
from adapters.webchat.http import (
    Refused,
    bad_request,
    directline,
    nothing_here,
    preflight,
    read_json,
)
from adapters.webchat.hub import Listener
from adapters.webchat.incoming import CONVERSATION, activity_in, grant_in, user_in
from adapters.webchat.limits import RateLimit
from adapters.webchat.outgoing import FileUrl
from adapters.webchat.tokens import LIFETIME, STREAM, Grant, Tokens, User
from adapters.webchat.uploads import Upload, read_upload, served
from store import webchat as feed
from store.engine import DatabaseUnavailable
from store.model import Attachment, Json

PREFIX = "/v3/directline"
_CONVERSATION = f"{PREFIX}/conversations/{{conversation:{CONVERSATION}}}"
_KEEP_ALIVE = 15.0  # seconds between empty frames
_HEARTBEAT = 30.0  # seconds between pings; a client that answers none is gone
_NUMBER = re.compile(r"[0-9]{1,9}")
_MOST_SAID = 4096  # bytes of a frame that a client sends, which means nothing but that it is there


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks, as the token or the secret proves it. The secret's holder (`user` is None) speaks for anybody."""

    user: User | None
    conversation: str | None


class DirectLine:
    def __init__(
        self,
        chat: Chat,
        tokens: Tokens,
        *,
        public_url: str | None,
        attachment_limit: int,
        posts_per_minute: int,
    ) -> None:
        self._chat = chat
        self._tokens = tokens
        self._public_url = public_url
        self._attachment_limit = attachment_limit
        self._rate = RateLimit(posts_per_minute)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [
            web.options(PREFIX + "/{tail:.*}", directline(preflight)),
            web.post(f"{PREFIX}/tokens/generate", directline(self._generate)),
            web.post(f"{PREFIX}/tokens/refresh", directline(self._refresh)),
            web.post(f"{PREFIX}/conversations", directline(self._start)),
            web.get(_CONVERSATION, directline(self._reconnect)),
            web.post(f"{_CONVERSATION}/activities", directline(self._post)),
            web.get(f"{_CONVERSATION}/activities", directline(self._activities)),
            web.post(f"{_CONVERSATION}/upload", directline(self._upload)),
            web.get(f"{_CONVERSATION}/files/{{file}}", directline(self._file)),
            web.get(f"{_CONVERSATION}/stream", directline(self._stream)),
            web.route("*", PREFIX + "/{tail:.*}", directline(nothing_here)),
        ]

    # --- tokens -------------------------------------------------------------------------------------

    async def _generate(self, request: web.Request) -> web.Response:
        if self._caller(request).user is not None:
            raise Refused(HTTPStatus.FORBIDDEN, "Only the secret's holder makes tokens; refresh yours instead.")
        return web.json_response(self._token(grant_in(await read_json(request))))

    async def _refresh(self, request: web.Request) -> web.Response:
        return web.json_response(self._token(self._token_holder(request)))

    async def _start(self, request: web.Request) -> web.Response:
        """201 with a new conversation, 200 when the token's had been started before."""
        caller = self._caller(request)
        body = await read_json(request)
        grant = _grant(caller) or grant_in(body)
        new = await self._chat.start(grant.conversation)
        status = HTTPStatus.CREATED if new else HTTPStatus.OK
        return web.json_response(self._token(grant) | self._stream_url(request, grant), status=status)

    async def _reconnect(self, request: web.Request) -> web.Response:
        """A fresh token and stream; the secret's holder, who named the user at the start, gets anybody's view."""
        caller = self._caller(request)
        conversation = request.match_info["conversation"]
        watermark = _watermark(request)
        await self._chat.check(conversation)
        grant = _grant(caller) or Grant(conversation=conversation, user=user_in({}))
        return web.json_response(self._token(grant) | self._stream_url(request, grant, watermark))

    # --- activities ---------------------------------------------------------------------------------

    async def _post(self, request: web.Request) -> web.Response:
        caller = self._writer(request)
        raw = await read_json(request)
        user = caller.user or _named(raw)
        activity_id = await self._chat.post(request.match_info["conversation"], user, activity_in(raw), raw=raw)
        return web.json_response({"id": activity_id})

    async def _activities(self, request: web.Request) -> web.Response:
        caller = self._caller(request)
        viewer = await self._chat.viewer(caller.user)
        file_url = partial(self._file_url, self._base(request))
        conversation = request.match_info["conversation"]
        page = await self._chat.page(conversation, viewer, after=_watermark(request), file_url=file_url)
        return web.json_response(page.activity_set())

    async def _upload(self, request: web.Request) -> web.Response:
        caller = self._writer(request)
        conversation = request.match_info["conversation"]
        upload = await read_upload(request, self._attachment_limit)
        if not upload.files:
            raise bad_request('The body has no "file" part.')
        user = caller.user or _named({"from": {"id": request.query.get("userId")}} | upload.activity)
        # Where its files are is ours to say; what the client calls them stands with each file.
        raw: Json = {"type": "message", **upload.activity, "attachments": []}
        activity_id = await self._chat.post(
            conversation,
            user,
            activity_in(raw),
            raw=raw,
            attachments=_attachments(conversation, upload),
            files=upload.files,
        )
        return web.json_response({"id": activity_id})

    async def _file(self, request: web.Request) -> web.Response:
        file_id, conversation = request.match_info["file"], request.match_info["conversation"]
        self._tokens.check_for_file(request.query.get("t", ""), file_id)
        found = await self._chat.database.read(partial(feed.file, conversation_key=conversation, file_id=file_id))
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, "There is no such file.")
        return served(found)

    # --- the WebSocket ------------------------------------------------------------------------------

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        grant = self._tokens.read(request.query.get("t", ""), STREAM)
        conversation = request.match_info["conversation"]
        _check_conversation(grant.conversation, conversation)
        await self._chat.check(conversation)
        listener = Listener(grant.user.id, _watermark(request))
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=_MOST_SAID, timeout=1)
        await socket.prepare(request)
        with self._chat.hub.listening(conversation, listener):
            file_url = partial(self._file_url, self._base(request))
            writing = asyncio.create_task(self._write(socket, listener, grant, file_url), name="webchat stream")
            try:
                async for _ in socket:
                    pass  # a client says that it is there, with empty frames
            finally:
                writing.cancel()
                with suppress(asyncio.CancelledError):
                    await writing
        return socket

    async def _write(self, socket: web.WebSocketResponse, listener: Listener, grant: Grant, file_url: FileUrl) -> None:
        """Sends what comes until the client leaves, we stop, or its identity is to be proved again."""
        code = WSCloseCode.INTERNAL_ERROR
        try:
            async with asyncio.timeout(LIFETIME.total_seconds()):
                while not listener.closing:
                    await self._write_page(socket, listener, grant, file_url)
            code = WSCloseCode.GOING_AWAY
        except TimeoutError:
            code = WSCloseCode.OK
        except DatabaseUnavailable:
            code = WSCloseCode.TRY_AGAIN_LATER
        except ConnectionError:
            pass  # the client left while we were writing
        finally:
            await socket.close(code=code)

    async def _write_page(self, socket: web.WebSocketResponse, listener: Listener, grant: Grant, url: FileUrl) -> None:
        viewer = await self._chat.viewer(grant.user)
        page = await self._chat.page(grant.conversation, viewer, after=listener.after, file_url=url)
        listener.after = page.after
        if page.activities:
            await socket.send_json(page.activity_set())
        for activity in listener.take_live():
            await socket.send_json({"activities": [activity]})
        if not page.more and not await listener.wait(_KEEP_ALIVE):
            await socket.send_str("")

    # --- who asks -----------------------------------------------------------------------------------

    def _caller(self, request: web.Request) -> Caller:
        """Raises Refused, InvalidToken or ExpiredToken; Refused also for another conversation than the token's."""
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        bearer = bearer.strip()
        if scheme.lower() != "bearer" or not bearer:
            raise Refused(HTTPStatus.UNAUTHORIZED, "The request should have the header Authorization: Bearer TOKEN.")
        if self._tokens.is_secret(bearer):
            return Caller(user=None, conversation=None)
        grant = self._tokens.read(bearer)
        _check_conversation(grant.conversation, request.match_info.get("conversation"))
        return Caller(user=grant.user, conversation=grant.conversation)

    def _token_holder(self, request: web.Request) -> Grant:
        grant = _grant(self._caller(request))
        if grant is None:
            raise Refused(HTTPStatus.FORBIDDEN, "The secret does not expire: only a token can be refreshed.")
        return grant

    def _writer(self, request: web.Request) -> Caller:
        """The secret's holder is trusted to know how much is good for us; everybody else is limited."""
        caller = self._caller(request)
        if caller.user and (seconds := self._rate.wait(f"{caller.conversation} {caller.user.id}")):
            message = f"Too many posts at once; try again in {math.ceil(seconds)} s."
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, message, retry_after=seconds)
        return caller

    # --- answers ------------------------------------------------------------------------------------

    def _token(self, grant: Grant) -> Json:
        return {
            "conversationId": grant.conversation,
            "token": self._tokens.issue(grant),
            "expires_in": int(LIFETIME.total_seconds()),
        }

    def _stream_url(self, request: web.Request, grant: Grant, watermark: int = 0) -> Json:
        base = self._base(request).replace("http", "ws", 1)
        token = self._tokens.issue(grant, STREAM)
        path = f"{PREFIX}/conversations/{grant.conversation}/stream"
        return {"streamUrl": f"{base}{path}?watermark={watermark}&t={token}"}

    def _base(self, request: web.Request) -> str:
        return self._public_url or f"{request.scheme}://{request.host}"

    def _file_url(self, base: str, kept: str) -> str:
        if not kept.startswith(f"{PREFIX}/"):
            return kept
        return f"{base}{kept}?t={self._tokens.issue_for_file(kept.rpartition('/')[2])}"


def _grant(caller: Caller) -> Grant | None:
    """None for the secret, which is for every conversation and every user."""
    if caller.user is None or caller.conversation is None:
        return None
    return Grant(conversation=caller.conversation, user=caller.user)


def _check_conversation(granted: str, asked: str | None) -> None:
    if asked is not None and asked != granted:
        raise Refused(HTTPStatus.FORBIDDEN, "The token is for another conversation.")


def _named(body: Json) -> User:
    """Whom the secret's holder speaks for. Raises Refused."""
    sender = body.get("from")
    if not isinstance(sender, dict) or cast("Json", sender).get("id") is None:
        raise bad_request("from.id: should say who writes, since the secret is everybody's.")
    return user_in({"from": sender})


def _watermark(request: web.Request) -> int:
    """Clients that have read nothing say "" or "-"."""
    given = request.query.get("watermark", "")
    if given in {"", "-"}:
        return 0
    if not _NUMBER.fullmatch(given):
        raise bad_request("watermark: should be one that we gave out.")
    return int(given)


def _attachments(conversation: str, upload: Upload) -> list[Attachment]:
    return [
        Attachment(
            name=each.name,
            content_type=each.content_type,
            size=len(each.content),
            url=f"{PREFIX}/conversations/{conversation}/files/{each.id}",
        )
        for each in upload.files
    ]
