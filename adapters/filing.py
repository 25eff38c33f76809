"""Files that come along with messages: copied into the store, and served to whoever knows their key."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote

import aiohttp
import structlog
from aiohttp import web

from adapters.channel import RetryLater
from adapters.polling import work_off
from store import files
from store.engine import Database
from store.files import File
from store.model import Attachment

log = structlog.get_logger()

_ATTEMPTS = 6
_LEASE = 60.0  # seconds that a copy may take
UNKNOWN = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
# What a browser may show in place; anything else is saved, since a page or a drawing could hold a script.
_SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class Source(Protocol):
    """Where a channel keeps its files."""

    async def content(self, file: File) -> tuple[bytes, str]:
        """A file, and its type where the channel told it only now. Raises RetryLater and ValueError."""
        ...

    def is_own(self, address: str) -> bool:
        """Whether people may be sent to this address for a file of which there is no copy."""
        ...


def new_key() -> str:
    return secrets.token_urlsafe(24)


def content_type(told: str) -> str:
    told = told.partition(";")[0].strip().lower()
    return told if _TYPE.fullmatch(told) else UNKNOWN


def attachment(file: File, size: int = 0) -> Attachment:
    """`size` in bytes, 0 where it isn't told."""
    return Attachment(name=file.name, content_type=file.content_type, size=size, url=f"{_path(file.channel)}{file.key}")


def served(name: str, kind: str, content: bytes, more: Mapping[str, str], *, in_place: bool = True) -> web.Response:
    """A file of somebody's, with nothing in it that a browser would run; `more` headers are the channel's.

    `in_place`: whether a picture may be shown instead of saved.
    """
    place = "inline" if in_place and kind in _SHOWN else "attachment"
    headers = {
        "Content-Disposition": f"{place}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(body=content, content_type=kind, headers={**headers, **more})


async def downloaded(
    session: aiohttp.ClientSession,
    address: str,
    headers: Mapping[str, str],
    *,
    service: str,
    limit: int,
    timeout: aiohttp.ClientTimeout | None = None,  # noqa: ASYNC109 -- aiohttp's own, in place of the session's
) -> tuple[bytes, str]:
    """A file's content and type. Raises ValueError where there is none or more than `limit` bytes, and RetryLater."""
    patience = timeout or session.timeout
    try:
        # A redirect would take the token along to wherever it leads.
        async with session.get(address, headers=headers, allow_redirects=False, timeout=patience) as answer:
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise RetryLater(f"{service} answered {answer.status} for a file.", nothing_posted=True)
            if answer.status != HTTPStatus.OK:
                raise ValueError(f"{service} answered {answer.status}.")
            return await _bounded(answer.content.iter_chunked(1 << 16), limit), answer.content_type
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise RetryLater(f"{service}'s files can't be reached: {error!r}", nothing_posted=True) from error


async def _bounded(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """Raises ValueError for more than `limit` bytes."""
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > limit:
            raise ValueError(f"It has more than {limit} bytes.")
    return bytes(content)


class Filing:
    """Copies what waits, and serves the copies."""

    def __init__(self, database: Database, channel: str, source: Source) -> None:
        self._database = database
        self._channel = channel
        self._source = source

    def routes(self) -> list[web.RouteDef]:
        return [web.get(_path(self._channel) + "{key}", self._serve)]

    async def run(self) -> None:
        await work_off(self._copy_some)

    async def _copy_some(self) -> bool:
        taken = await self._database.write(partial(files.take, channel=self._channel, seconds=_LEASE, most=4))
        for file, attempt in taken:
            await self._copy(file, attempt)
        return bool(taken)

    async def _copy(self, file: File, attempt: int) -> None:
        try:
            content, told = await self._source.content(file)
        except RetryLater as error:
            if attempt < _ATTEMPTS:
                return  # its lease runs out, and it is tried again
            await self._leave(file, str(error))
        except ValueError as error:
            await self._leave(file, str(error))
        else:
            kind = file.content_type if file.content_type != UNKNOWN else content_type(told)
            await self._database.write(partial(files.copied, key=file.key, content=content, content_type=kind))

    async def _leave(self, file: File, reason: str) -> None:
        log.info("file_left_as_link", channel=self._channel, reason=reason)
        await self._database.write(partial(files.left_as_link, key=file.key, reason=reason))

    async def _serve(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        found = await self._database.read(partial(files.find, channel=self._channel, key=key))
        if found is None:
            raise web.HTTPNotFound
        file, content = found
        if content is None:
            if not self._source.is_own(file.link):
                raise web.HTTPNotFound
            raise web.HTTPFound(file.link)
        return served(file.name, file.content_type, content, {"Cache-Control": "private, no-store"})


def _path(channel: str) -> str:
    return f"/{channel}/files/"
