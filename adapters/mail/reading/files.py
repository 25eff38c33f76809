"""The files of a mail: their names made safe, their number and size kept within limits."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from collections.abc import Iterable

from adapters.mail.configuration import Limits
from adapters.mail.reading.charsets import clean
from adapters.mail.reading.headers import split_headers
from adapters.mail.reading.mail import FilePart
from adapters.mail.reading.structure import Part

_LENGTH = 120  # characters of a name; many file systems take 255 bytes
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\/\u200b-\u200f\u202a-\u202e\u2066-\u2069]')
# Names that Windows takes for devices, whatever follows them.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def file_of(part: Part, number: int) -> FilePart:
    message = part.content_type == "message/rfc822"
    content_id = part.headers.text("content-id").strip("<> ")
    disposition = part.headers.disposition
    return FilePart(
        name=_eml_name(part.content) if message else name_of(part, number),
        content_type=part.content_type,
        content=part.content,
        content_id=content_id or None,
        inline=disposition == "inline" or (bool(content_id) and disposition != "attachment"),
    )


def name_of(part: Part, number: int) -> str:
    given = part.headers.parameter("filename", "content-disposition") or part.headers.parameter("name")
    if given:
        return safe_name(given)
    extension = mimetypes.guess_extension(part.content_type) or ".bin"
    return f"part-{number}{extension}"


def _eml_name(content: bytes) -> str:
    subject = split_headers(content)[0].text("subject")
    return safe_name(f"{subject[:80] or 'message'}.eml")


def safe_name(name: str) -> str:
    """The last part of a path, without what a file system, a shell listing or a reader could be fooled by."""
    last = re.split(r"[\\/]", clean(name).rstrip("/\\"))[-1]
    plain = unicodedata.normalize("NFC", _UNSAFE.sub("_", " ".join(last.split()))).strip(" .")
    if len(plain) > _LENGTH:
        stem, dot, extension = plain.rpartition(".")
        keep = extension[:20] if dot and len(extension) <= 20 else ""  # noqa: PLR2004 - longer is no extension
        plain = f"{(stem or plain)[: _LENGTH - len(keep) - 1]}.{keep}" if keep else plain[:_LENGTH]
    return f"_{plain}" if _DEVICE.match(plain) or not plain else plain


def within(files: Iterable[FilePart], limits: Limits) -> tuple[tuple[FilePart, ...], list[str]]:
    """Those that may be kept, and a sentence for each of the others."""
    kept: list[FilePart] = []
    left: list[str] = []
    for file in files:
        if len(file.content) > limits.attachment_bytes:
            left.append(f"The file {file.name} has {len(file.content)} bytes, more than {limits.attachment_bytes}.")
        elif len(kept) >= limits.attachments:
            left.append(f"The file {file.name} is one more than the {limits.attachments} that are kept of a mail.")
        else:
            kept.append(file)
    return tuple(kept), left if len(left) <= limits.attachments else [*left[:20], f"{len(left)} files weren't kept."]
