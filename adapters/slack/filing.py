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
from adapters.payload import parts, text
from adapters.slack.api import Api, ApiRefused
from adapters.slack.workspaces import Workspaces
from store import slack
from store.engine import Database, DatabaseUnavailable
from store.model import Attachment, Json
from store.slack import File

log = structlog.get_logger()

PATH = "/slack/files/"
_HOSTS = (".slack.com", ".slack-edge.com", ".slack-files.com")
_ATTEMPTS = 6
_LEASE = 60.0  # seconds that a copy may take
_POLL = 5.0  # seconds
_UNKNOWN = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
# What a browser may show in place; anything else is saved, since a page or a drawing could hold a script.
_SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}


def files_of(account: str, message: Json) -> list[tuple[File, int]]:
    """The files of a message with their sizes, each under a key of its own that nobody can guess."""
    told = [each for each in parts(message, "files") if text(each, "id")]
    return [(_file(account, each), int(each.get("size") or 0)) for each in told]


def _file(account: str, told: Json) -> File:
    content_type = text(told, "mimetype").casefold()
    return File(
        key=token_urlsafe(24),
        account=account,
        name=(text(told, "name") or text(told, "title") or "file")[:200],
        content_type=content_type if _TYPE.fullmatch(content_type) else _UNKNOWN,
        address=text(told, "url_private_download") or text(told, "url_private"),
        link=text(told, "permalink"),
    )


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
        self._own = urlsplit(api_url).netloc
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
        if not self._is_slacks(file.address):
            raise ValueError("Its address is none of Slack's.")
        workspace = await self._workspaces.of(file.account)
        content = await self._api.download(workspace.token, file.address, self._limit)
        if file.content_type != "text/html" and content.lstrip()[:15].lower().startswith(b"<!doctype html"):
            raise ValueError("Slack asks to sign in for it: the app lacks the scope files:read.")
        return content

    async def _leave(self, file: File, reason: str) -> None:
        log.info("slack_file_left_as_link", reason=reason)
        await self._database.write(partial(slack.left_as_link, key=file.key, reason=reason))

    def _is_slacks(self, address: str) -> bool:
        parts = urlsplit(address)
        if parts.netloc == self._own:
            return True
        host = parts.hostname or ""
        return parts.scheme == "https" and parts.port in {None, 443} and host.endswith(_HOSTS)

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
