"""Files that came along with messages: told at their message, saved by who may read cases, never shown in place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from aiohttp import web

from adapters.filing import content_type, served
from adapters.mail.configuration import Limits, Mailbox
from bot.access.rights import READ_CASES
from bot.access.routes import Refused, Route, Visit
from store import conversations, files, mail, webchat
from store.engine import Connection, Database
from store.model import Attachment, Conversation, Message, MessageId

PATH = "/console/messages"
_STATES = {"waiting": "is being copied", "link": "no copy was made"}
_CHANNELS = {"slack", "teams"}  # whose files are copied


@dataclass(frozen=True, kw_only=True, slots=True)
class FileShown:
    """`path`: where it is downloaded from; without one, `state` says why."""

    name: str
    size: int  # 0 where it isn't told
    path: str = ""
    state: str = ""


def shown(connection: Connection, talk: Conversation, said: Iterable[Message]) -> Mapping[MessageId, list[FileShown]]:
    """The files of messages, by message."""
    return {
        each.id: [_shown(connection, talk, each, at, file) for at, file in enumerate(each.attachments)]
        for each in said
        if each.attachments and not each.deleted
    }


def _shown(connection: Connection, talk: Conversation, message: Message, position: int, file: Attachment) -> FileShown:
    state = _state(connection, talk, file)
    here = f"{PATH}/{message.id}/files/{position}"
    return FileShown(name=file.name, size=file.size, path="" if state else here, state=state)


def _state(connection: Connection, talk: Conversation, file: Attachment) -> str:
    """Empty where there is a copy."""
    if talk.channel in _CHANNELS:
        return _STATES.get(files.state_of(connection, _key(file)) or "link", "")
    return "" if file.url.startswith(("/", "mail:")) else "it lies elsewhere"


def _key(file: Attachment) -> str:
    return file.url.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    file: Attachment
    position: int
    talk: Conversation
    content: bytes | None  # of a mail: all of it


class Attachments:
    def __init__(self, database: Database, mailboxes: Mapping[str, Mailbox]) -> None:
        self._database = database
        self._mailboxes = mailboxes

    def routes(self) -> list[Route]:
        path = f"{PATH}/{{id:[0-9]{{1,18}}}}/files/{{position:[0-9]{{1,4}}}}"
        return [Route(method="GET", path=path, right=READ_CASES, handler=self._serve, hidden=True)]

    async def _serve(self, visit: Visit) -> web.StreamResponse:
        number, position = (int(visit.request.match_info[name]) for name in ("id", "position"))
        found = await self._database.read(partial(_find, message_id=MessageId(number), position=position))
        content = None if found is None else await self._content(found)
        if found is None or content is None:
            raise Refused(HTTPStatus.NOT_FOUND)
        saved = {"Cache-Control": "private, no-store"}
        return served(found.file.name, content_type(found.file.content_type), content, saved, in_place=False)

    async def _content(self, found: _Found) -> bytes | None:
        if found.talk.channel != "email" or found.content is None:
            return found.content
        from adapters.mail.reading.reader import read  # noqa: PLC0415 -- reading mail takes libraries, and these time

        mailbox = self._mailboxes.get(found.talk.account)
        reading = partial(
            read,
            own_addresses=mailbox.own_addresses if mailbox else frozenset(),
            authserv_id=mailbox.authserv_id if mailbox else None,
            limits=mailbox.limits if mailbox else Limits(),
        )
        parts = (await asyncio.to_thread(reading, found.content)).attachments
        return parts[found.position].content if found.position < len(parts) else None


def _find(connection: Connection, *, message_id: MessageId, position: int) -> _Found | None:
    attached = conversations.attached(connection, message_id)
    if attached is None or position >= len(attached[1]):
        return None
    talk, file = conversations.get(connection, attached[0]), attached[1][position]
    return _Found(file=file, position=position, talk=talk, content=_kept(connection, talk, file))


def _kept(connection: Connection, talk: Conversation, file: Attachment) -> bytes | None:
    if talk.channel in _CHANNELS:
        copied = files.find(connection, channel=talk.channel, key=_key(file))
        return None if copied is None else copied[1]
    if talk.channel == "email":
        event = file.url.removeprefix("mail:").rpartition("/")[0]
        return mail.raw_of(connection, talk.account, event)
    kept = webchat.file(connection, talk.key, _key(file))
    return None if kept is None else kept.content
