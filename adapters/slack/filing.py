"""Files that come along with messages: copied from Slack's own hosts, or left as a link."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from secrets import token_urlsafe
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web

from adapters.channel import RetryLater, Undeliverable
from adapters.payload import part, parts, text
from adapters.slack.api import Api, ApiRefused
from adapters.slack.workspaces import Workspaces
from store import slack
from store.engine import Database, DatabaseUnavailable
from store.model import Attachment, Json
from store.slack import File

log = structlog.get_logger()

PATH = "/slack/files/"
_HOST = re.compile(r"[a-z0-9.-]+\.(slack|slack-edge|slack-files)\.com(:443)?", re.ASCII)
_ATTEMPTS = 6
_LEASE = 60.0  # seconds that a copy may take
_POLL = 5.0  # seconds
_ASK = "slack-file:"  # before the id of a file, in place of its address
_UNKNOWN = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
# What a browser may show in place; anything else is saved, since a page or a drawing could hold a script.
_SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}


def files_of(account: str, message: Json) -> list[tuple[File, int]]:
    """The files of a message with their sizes, each under a key of its own that nobody can guess."""
    told = [each for each in parts(message, "files") if text(each, "id") and each.get("mode") != "tombstone"]
    return [(_file(account, each), int(each.get("size") or 0)) for each in told]


def _file(account: str, told: Json) -> File:
    content_type = text(told, "mimetype").casefold()
    return File(
        key=token_urlsafe(24),
        account=account,
        name=(text(told, "name") or text(told, "title") or "file")[:200],
        content_type=content_type if _TYPE.fullmatch(content_type) else _UNKNOWN,
        # Of another organisation's file Slack says no more than its id.
        address=_address(told) or f"{_ASK}{text(told, 'id')}",
        link=text(told, "permalink"),
    )


def _address(told: Json) -> str:
    return text(told, "url_private_download") or text(told, "url_private")


def attachment(file: File, size: int) -> Attachment:
    return Attachment(name=file.name, content_type=file.content_type, size=size, url=f"{PATH}{file.key}")


class Filing:
    """Copies what waits, and serves the copies to whoever knows a file's key."""

    def __init__(self, database: Database, api: Api, workspaces: Workspaces, *, api_url: str, limit: int) -> None:
        self._database = database
        self._api = api
        self._workspaces = workspaces
        self._limit = limit
        # Slack's own hosts, and the one that stands for Slack where another was configured.
        self._own = urlsplit(api_url)[:2]
        self.waiting = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH + "{key}", self._serve)]

    async def run(self) -> None:
        while True:
            self.waiting.clear()
            try:
                while await self._copy_some():
                    pass
            except DatabaseUnavailable as error:
                log.warning("database_unavailable", error=str(error))
            await _within(_POLL, self.waiting.wait)

    async def _copy_some(self) -> bool:
        taken = await self._database.write(partial(slack.take_files, seconds=_LEASE, most=4))
        for file, attempt in taken:
            await self._copy(file, attempt)
        return bool(taken)

    async def _copy(self, file: File, attempt: int) -> None:
        try:
            content = await self._content(file)
        except RetryLater as error:
            if attempt < _ATTEMPTS:
                return  # its lease runs out, and it is tried again
            await self._leave(file, str(error))
        except (ApiRefused, Undeliverable, ValueError) as error:
            await self._leave(file, str(error))
        else:
            await self._database.write(partial(slack.copied, key=file.key, content=content))

    async def _content(self, file: File) -> bytes:
        workspace = await self._workspaces.of(file.account)
        address = file.address
        if address.startswith(_ASK):
            asked = {"file": address.removeprefix(_ASK)}
            address = _address(part(await self._api.read(workspace.token, "files.info", asked), "file"))
        if not self._is_slacks(address):
            raise ValueError("Its address is none of Slack's.")
        content = await self._api.download(workspace.token, address, self._limit)
        if file.content_type != "text/html" and content.lstrip()[:15].lower().startswith(b"<!doctype html"):
            raise ValueError("Slack asks to sign in for it: the app lacks the scope files:read.")
        return content

    async def _leave(self, file: File, reason: str) -> None:
        log.info("slack_file_left_as_link", reason=reason)
        await self._database.write(partial(slack.left_as_link, key=file.key, reason=reason))

    def _is_slacks(self, address: str) -> bool:
        parts = urlsplit(address)
        if parts[:2] == self._own:
            return True
        # The host and nothing else: of a name, a password or a backslash before it, browsers make hosts of their own.
        return parts.scheme == "https" and _HOST.fullmatch(parts.netloc) is not None

    async def _serve(self, request: web.Request) -> web.Response:
        found = await self._database.read(partial(slack.file, key=request.match_info["key"]))
        if found is None:
            raise web.HTTPNotFound
        file, content = found
        if content is None:
            if not self._is_slacks(file.link):
                raise web.HTTPNotFound
            raise web.HTTPFound(file.link)
        kind = "inline" if file.content_type in _SHOWN else "attachment"
        headers = {
            "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(file.name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "Referrer-Policy": "no-referrer",
        }
        return web.Response(body=content, content_type=file.content_type, headers=headers)


async def _within(seconds: float, wait: Callable[[], Awaitable[object]]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wait()
    except TimeoutError:
        pass
