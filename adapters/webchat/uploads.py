"""Files that come along with a message, and how they are served again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError
from aiohttp.multipart import MultipartReader

from adapters import filing
from adapters.webchat.http import (
    BODY_LIMIT,
    Refused,
    bad_request,
    clean_text,
    json_object,
    read_body,
    too_big,
)
from store.model import Json
from store.webchat import File

_MOST_FILES = 10
_FILES = "The files of one message"  # what people call that which is too big
_ACTIVITY = "application/vnd.microsoft.activity"


@dataclass(kw_only=True, slots=True)
class Upload:
    """An activity, empty when none was sent, and the files."""

    activity: Json = field(default_factory=dict[str, object])
    files: list[File] = field(default_factory=list[File])


async def read_upload(request: web.Request, limit: int) -> Upload:
    """From a multipart body with the parts "activity" and "file", or a body that is one file. Raises Refused."""
    if (request.content_length or 0) > limit + BODY_LIMIT:  # the activity and the parts' heads come on top
        raise too_big(limit, _FILES)
    if not request.content_type.startswith("multipart/"):
        content = await read_body(request, limit, what=_FILES)
        return Upload(files=[_file(_name_in(request.headers), filing.content_type(request.content_type), content)])
    try:
        return await _read_parts(await request.multipart(), limit)
    except (HttpProcessingError, ValueError, RuntimeError, LookupError) as error:  # all that the parser may raise
        raise bad_request("The body is not well-formed multipart/form-data.") from error


def served(file: File) -> web.Response:
    ours = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "private, max-age=86400"}
    return filing.served(file.name, file.content_type, file.content, ours)


async def _read_parts(reader: MultipartReader, limit: int) -> Upload:
    upload = Upload()
    left = limit
    async for part in reader:
        if not isinstance(part, BodyPartReader):
            raise bad_request("A part of the body has parts of its own.")
        content = await _read_part(part, left, limit)
        left -= len(content)
        content_type = filing.content_type(part.headers.get("Content-Type", ""))
        if content_type == _ACTIVITY or part.name == "activity":
            upload.activity = json_object(content)
        elif len(upload.files) == _MOST_FILES:
            message = f"At most {_MOST_FILES} files go with one message."
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        else:
            upload.files.append(_file(part.filename, content_type, content))
    return upload


async def _read_part(part: BodyPartReader, left: int, limit: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > left:
            raise too_big(limit, _FILES)
    return bytes(content)


def _file(name: str | None, content_type: str, content: bytes) -> File:
    return File(
        id=filing.new_key(),
        name=_safe_name(name or ""),
        content_type=content_type,
        content=content,
    )


def _safe_name(name: str) -> str:
    """The last part of a path, on one line, fit for a file system."""
    last = re.split(r"[/\\]", clean_text(name))[-1]
    return re.sub(r"[\s\x00-\x1f\"<>|:*?]+", " ", last).strip(" .")[:120] or "file"


def _name_in(headers: Mapping[str, str]) -> str:
    found = re.search(r'filename="?([^";]*)', headers.get("Content-Disposition", ""), re.IGNORECASE)
    return found[1] if found else ""
