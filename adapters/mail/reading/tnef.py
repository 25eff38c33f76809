"""The files in a winmail.dat, which Outlook makes of a mail in its own format (MS-OXTNEF).

The records are walked here. tnefparse copies the rest of the data for each record and believes counts of four
thousand million, so that a few bytes from a stranger could hold it for hours.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from adapters.mail.reading.charsets import decode_short
from adapters.mail.reading.files import safe_name
from adapters.mail.reading.mail import FilePart

_SIGNATURE = struct.pack("<I", 0x223E9F78)
_RECORD = struct.Struct("<BHHI")  # level, name, type, length; data and a checksum of two bytes follow
_RECORDS = 2_000

_NEXT_FILE, _TITLE, _DATA, _PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
# PidTagAttachLongFilename as one string, in Unicode and in the sender's code page; its length follows.
_LONG_NAMES = ((b"\x1f\x00\x07\x37\x01\x00\x00\x00", "utf-16-le"), (b"\x1e\x00\x07\x37\x01\x00\x00\x00", "cp1252"))


def is_tnef(content: bytes) -> bool:
    return content.startswith(_SIGNATURE)


def unpack(content: bytes) -> list[FilePart]:
    """Its files; none when it holds none, or is broken before the first."""
    files: list[FilePart] = []
    name, data = "", b""
    for kind, value in [*_records(content), (_NEXT_FILE, b"")]:
        if kind == _NEXT_FILE:
            if data:
                files.append(_file(name or f"file-{len(files) + 1}.bin", data))
            name, data = "", b""
        elif kind == _TITLE:
            name = name or decode_short(value.split(b"\0")[0], "cp1252")
        elif kind == _PROPERTIES:
            name = _long_name(value) or name
        elif kind == _DATA:
            data = value
    return files


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    offset = len(_SIGNATURE) + 2
    for _ in range(_RECORDS):
        if offset + _RECORD.size > len(content):
            return
        _, name, _, length = _RECORD.unpack_from(content, offset)
        offset += _RECORD.size
        yield name, content[offset : offset + length]
        offset += length + 2


def _long_name(properties: bytes) -> str:
    for mark, charset in _LONG_NAMES:
        start = properties.find(mark)
        if start >= 0 and start + len(mark) + 4 <= len(properties):
            (length,) = struct.unpack_from("<I", properties, start + len(mark))
            start += len(mark) + 4
            return decode_short(properties[start : start + min(length, 1000)], charset).strip("\0")
    return ""


def _file(name: str, data: bytes) -> FilePart:
    return FilePart(
        name=safe_name(name), content_type="application/octet-stream", content=data, content_id=None, inline=False
    )
