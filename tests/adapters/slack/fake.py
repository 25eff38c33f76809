"""A small Slack on loopback: Web API, Socket Mode, OAuth and files, as far as a helpdesk app meets them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

from store.model import Json
from tests.adapters.slack.block_kit import assert_message, assert_view

TEAM = "T1"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-tests", "xapp-tests", "a signing secret of the tests"
BOT_USER, BOT_ID = "UCASEWRIGHT", "BCASEWRIGHT"


class Refused(Exception):
    """The API says no, with Slack's own word for why."""


@dataclass
class Call:
    method: str
    token: str
    arguments: Json


@dataclass
class Failure:
    """What the next calls of a method meet. `after_all`: it was done, and only the answer was lost."""

    method: str
    times: int
    error: str | None = None
    status: int = 200
    retry_after: int | None = None
    after_all: bool = False
    channel: str | None = None


@dataclass
class Answer:
    status: int
    body: str

    @property
    def json(self) -> Json:
        return json.loads(self.body)


@dataclass
class FakeSlack:
    """`messages` by channel, oldest first; `views` are the open modals and homes by id or user."""

    tokens: dict[str, str] = field(default_factory=lambda: {BOT_TOKEN: TEAM, APP_TOKEN: ""})
    people: dict[str, Json] = field(default_factory=dict[str, Json])
    members: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    groups: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    messages: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    ephemerals: list[Json] = field(default_factory=list[Json])
    views: dict[str, Json] = field(default_factory=dict[str, Json])
    homes: dict[str, Json] = field(default_factory=dict[str, Json])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    calls: list[Call] = field(default_factory=list[Call])
    failures: list[Failure] = field(default_factory=list[Failure])
    scopes: list[str] = field(default_factory=list[str])
    codes: dict[str, Json] = field(default_factory=dict[str, Json])
    triggers: set[str] = field(default_factory=set[str])
    enterprise: str | None = None
    shared_files: dict[str, Json] = field(default_factory=dict[str, Json])  # by id: what files.info says
    answering: asyncio.Event = field(default_factory=asyncio.Event)  # cleared: it takes calls and says nothing
    url: str = ""

    def __post_init__(self) -> None:
        self.answering.set()
        self._counter = count(1)
        self.clock = 1_700_000_000
        self.sockets: list[tuple[web.WebSocketResponse, asyncio.Transport | None]] = []
        self.unacknowledged: dict[str, Json] = {}
        self.acknowledged: dict[str, asyncio.Future[Json]] = {}
        self.person(BOT_USER, "Casewright", is_bot=True)

    # --- what there is --------------------------------------------------------------------------------

    def person(self, user: str, name: str, *, email: str | None = None, team: str = TEAM, **more: Any) -> None:
        profile = {"real_name": name, **({"email": email} if email else {})}
        self.people[user] = {"id": user, "team_id": team, "name": name.casefold(), "profile": profile, **more}

    def channel(self, channel: str, *members: str) -> None:
        self.members[channel] = {BOT_USER, *members}
        self.messages.setdefault(channel, [])

    def ts(self) -> str:
        return f"{self.clock + next(self._counter) * 10}.000100"

    def trigger(self) -> str:
        trigger = f"trigger.{next(self._counter)}"
        self.triggers.add(trigger)
        return trigger

    def thread(self, channel: str, thread_ts: str | None) -> list[str]:
        """What everybody reads there, oldest first."""
        said = self.messages.get(channel, [])
        mine = [each for each in said if thread_ts is None or thread_ts in {each["ts"], each.get("thread_ts")}]
        return [each["text"] for each in mine]

    def of(self, method: str) -> list[Json]:
        return [call.arguments for call in self.calls if call.method == method]

    def fail(self, method: str, *, times: int = 1, **how: Any) -> None:
        self.failures.append(Failure(method, times, **how))

    # --- Web API --------------------------------------------------------------------------------------

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[FakeSlack]:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/socket", self._socket)
        app.router.add_get("/files/{name}", self._file)
        app.router.add_get("/oauth/v2/authorize", self._authorize)
        async with TestServer(app) as server:
            self.url = str(server.make_url("/")).rstrip("/")
            yield self
            self.drop_sockets()

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        arguments: Json = dict(request.query)
        if request.content_type == "application/json":
            arguments |= await request.json()
        else:
            arguments |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(arguments.pop("token", ""))
        self.calls.append(Call(method, token, arguments))
        await self.answering.wait()
        failure = self._failure(method, arguments)
        if failure is not None and not failure.after_all:
            return _failed(request, failure)
        answer = self._answer(method, token, arguments)
        if failure is not None:
            return _failed(request, failure)
        return web.json_response(answer, headers={"x-oauth-scopes": ",".join(self.scopes)})

    def _failure(self, method: str, arguments: Json) -> Failure | None:
        for each in self.failures:
            if each.method == method and each.times > 0 and each.channel in {None, arguments.get("channel")}:
                each.times -= 1
                return each
        return None

    def _answer(self, method: str, token: str, arguments: Json) -> Json:
        if token not in self.tokens and method not in {"oauth.v2.access", "api.test"}:
            return {"ok": False, "error": "invalid_auth"}
        handle = _METHODS.get(method)
        if handle is None:
            return {"ok": False, "error": "unknown_method"}
        try:
            return {"ok": True, **handle(self, token, arguments)}
        except Refused as error:
            return {"ok": False, "error": str(error)}

    # --- files and OAuth ------------------------------------------------------------------------------

    async def _file(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return web.Response(text="<!DOCTYPE html><html>Sign in</html>", content_type="text/html")  # as Slack does
        content = self.files.get(request.match_info["name"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    async def _authorize(self, request: web.Request) -> web.Response:
        back = request.query.get("redirect_uri", "")
        raise web.HTTPFound(f"{back}?{urlencode({'code': 'a-code', 'state': request.query['state']})}")

    # --- Socket Mode ----------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        mine = (socket, request.transport)
        self.sockets.append(mine)
        for envelope in list(self.unacknowledged.values()):  # what a lost socket left open
            await socket.send_json({**envelope, "retry_attempt": 1, "retry_reason": "timeout"})
        async for message in socket:
            if message.type is WSMsgType.TEXT and message.data.startswith("{"):
                told: Json = json.loads(message.data)
                self.unacknowledged.pop(told["envelope_id"], None)
                waiting = self.acknowledged.get(told["envelope_id"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(told.get("payload") or {})
        if mine in self.sockets:
            self.sockets.remove(mine)
        return socket

    async def push(self, payload: Json, *, kind: str = "events_api", patience: float = 20.0) -> Json:
        """Sends an envelope and waits for its acknowledgement, over whichever connection it comes."""
        envelope_id = f"envelope-{next(self._counter)}"
        self.acknowledged[envelope_id] = asyncio.get_running_loop().create_future()
        envelope = {"type": kind, "envelope_id": envelope_id, "payload": payload, "accepts_response_payload": True}
        self.unacknowledged[envelope_id] = envelope
        for socket, _ in self.sockets[-1:]:
            with suppress(ConnectionError):  # it is redelivered over the next
                await socket.send_json(envelope)
        return await asyncio.wait_for(self.acknowledged[envelope_id], patience)

    def drop_sockets(self) -> None:
        """As a network does that goes away: no goodbye."""
        for _, transport in self.sockets:
            if transport is not None:
                transport.abort()
        self.sockets.clear()

    # --- HTTP deliveries ------------------------------------------------------------------------------

    async def deliver(
        self, url: str, payload: Json, *, secret: str = SIGNING_SECRET, age: float = 0.0, body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """Signed as Slack signs; `age` seconds old."""
        content, kind = body, "application/json"
        if content is None and "command" in payload:
            content, kind = urlencode(payload), "application/x-www-form-urlencoded"
        elif content is None and payload.get("type") not in {"event_callback", "url_verification"}:
            content, kind = urlencode({"payload": json.dumps(payload)}), "application/x-www-form-urlencoded"
        content = json.dumps(payload) if content is None else content
        stamp = str(int(time.time() - age))  # noqa: TID251 -- the other side's clock
        mac = hmac.new(secret.encode(), f"v0:{stamp}:{content}".encode(), hashlib.sha256).hexdigest()
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac}", "Content-Type": kind}
        async with (
            ClientSession() as session,
            session.post(url, data=content.encode(), headers={**signed, **(headers or {})}) as answer,
        ):
            return Answer(answer.status, await answer.text())


Method = Callable[[FakeSlack, str, Json], Json]


def _fits(check: Callable[[Any], None], told: Any) -> None:
    try:
        check(told)
    except AssertionError as error:
        raise Refused(f"invalid_blocks {error}") from error


def _auth_test(slack: FakeSlack, token: str, _: Json) -> Json:
    told = {"team_id": slack.tokens[token], "team": "Hearth", "user_id": BOT_USER, "bot_id": BOT_ID}
    return {**told, "team_id": slack.enterprise, "enterprise_id": slack.enterprise} if slack.enterprise else told


def _post(slack: FakeSlack, _: str, asked: Json) -> Json:
    channel = str(asked["channel"])
    if channel not in slack.messages:
        raise Refused("channel_not_found")
    ts = slack.ts()
    _fits(assert_message, asked.get("blocks") or [])
    message = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, "ts": ts, **asked}
    message["text"] = str(asked["text"]).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    slack.messages[channel].append(message)
    return {"channel": channel, "ts": ts, "message": message}


def _whisper(slack: FakeSlack, _: str, asked: Json) -> Json:
    if asked["channel"] not in slack.messages:
        raise Refused("channel_not_found")
    if asked["user"] not in slack.members[asked["channel"]]:
        raise Refused("user_not_in_channel")
    _fits(assert_message, asked.get("blocks") or [])
    slack.ephemerals.append(asked)
    return {"message_ts": slack.ts()}


def _update(slack: FakeSlack, _: str, asked: Json) -> Json:
    _fits(assert_message, asked.get("blocks") or [])
    for message in slack.messages.get(str(asked["channel"]), []):
        if message["ts"] == asked["ts"]:
            message |= {"text": asked["text"], "blocks": asked.get("blocks")}
            return {"channel": asked["channel"], "ts": asked["ts"]}
    raise Refused("message_not_found")


def _replies(slack: FakeSlack, _: str, asked: Json) -> Json:
    said = slack.messages.get(str(asked["channel"]))
    if said is None:
        raise Refused("channel_not_found")
    mine = [each for each in said if asked["ts"] in {each["ts"], each.get("thread_ts")}]
    if not mine:
        raise Refused("thread_not_found")
    return {"messages": mine, "has_more": False}


def _history(slack: FakeSlack, _: str, asked: Json) -> Json:
    return {"messages": list(reversed(slack.messages.get(str(asked["channel"]), [])))}


def _user(slack: FakeSlack, _: str, asked: Json) -> Json:
    if asked["user"] not in slack.people:
        raise Refused("user_not_found")
    return {"user": slack.people[asked["user"]]}


def _groups(slack: FakeSlack, _: str, __: Json) -> Json:
    return {"usergroups": [{"id": group, "users": users} for group, users in slack.groups.items()]}


def _direct(slack: FakeSlack, _: str, asked: Json) -> Json:
    channel = f"D{asked['users']}"
    slack.channel(channel, str(asked["users"]))
    return {"channel": {"id": channel}}


def _open_view(slack: FakeSlack, _: str, asked: Json) -> Json:
    if asked["trigger_id"] not in slack.triggers:
        raise Refused("expired_trigger_id")
    slack.triggers.discard(asked["trigger_id"])
    _fits(assert_view, asked["view"])
    view = {**asked["view"], "id": f"V{len(slack.views) + 1}", "hash": "1"}
    slack.views[view["id"]] = view
    return {"view": view}


def _update_view(slack: FakeSlack, _: str, asked: Json) -> Json:
    if asked["view_id"] not in slack.views:
        raise Refused("not_found")
    _fits(assert_view, asked["view"])
    before = slack.views[asked["view_id"]]
    slack.views[asked["view_id"]] = {**asked["view"], "id": before["id"], "hash": str(int(before["hash"]) + 1)}
    return {"view": slack.views[asked["view_id"]]}


def _publish(slack: FakeSlack, _: str, asked: Json) -> Json:
    _fits(assert_view, asked["view"])
    slack.homes[asked["user_id"]] = {**asked["view"], "id": f"H{asked['user_id']}"}
    return {"view": slack.homes[asked["user_id"]]}


def _file_info(slack: FakeSlack, _: str, asked: Json) -> Json:
    if asked["file"] not in slack.shared_files:
        raise Refused("file_not_found")
    return {"file": slack.shared_files[asked["file"]]}


def _connections(slack: FakeSlack, token: str, _: Json) -> Json:
    if not token.startswith("xapp-"):
        raise Refused("not_allowed_token_type")
    return {"url": f"{slack.url.replace('http', 'ws')}/socket"}


def _access(slack: FakeSlack, _: str, asked: Json) -> Json:
    installed = slack.codes.get(str(asked.get("code")))
    if installed is None:
        raise Refused("invalid_code")
    slack.tokens[installed["access_token"]] = installed["team"]["id"]
    return installed


def _nothing(_: FakeSlack, __: str, ___: Json) -> Json:
    return {}


_METHODS: dict[str, Method] = {
    "api.test": _nothing,
    "apps.connections.open": _connections,
    "assistant.threads.setSuggestedPrompts": _nothing,
    "auth.test": _auth_test,
    "chat.postEphemeral": _whisper,
    "chat.postMessage": _post,
    "chat.update": _update,
    "conversations.history": _history,
    "conversations.open": _direct,
    "conversations.replies": _replies,
    "files.info": _file_info,
    "oauth.v2.access": _access,
    "usergroups.list": _groups,
    "users.info": _user,
    "views.open": _open_view,
    "views.publish": _publish,
    "views.update": _update_view,
}


def _failed(request: web.Request, failure: Failure) -> web.Response:
    if failure.status == 0:  # the line goes dead
        assert request.transport is not None
        request.transport.abort()
        return web.Response()
    headers = {"Retry-After": str(failure.retry_after)} if failure.retry_after is not None else {}
    body = {"ok": False, "error": failure.error or "internal_error"}
    return web.json_response(body, status=failure.status, headers=headers)
