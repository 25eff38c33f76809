"""The header fields of a mail or part, each read by itself, so that a broken one costs nothing but itself."""

from __future__ import annotations

import base64
import binascii
import contextlib
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import AddressHeader, HeaderRegistry
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime, unquote
from functools import cached_property

from adapters.mail.reading.charsets import clean, decode, decode_short
from adapters.mail.reading.mail import Address

_FIELDS = 1000  # of one mail; the rest isn't looked at
_LENGTH = 32_000  # characters of one field
_PARAMETERS = 30  # of a content field: the standard library copies the rest for each
_SAME = 3  # fields of one name that are read
_BLOCK = 300_000  # bytes of a header; what is beyond isn't looked at
_MODERN_LENGTH = 1_500  # the standard library's modern parser takes time that grows with the square of it
_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_WORD = re.compile(r"=\?([^?\s]{0,60})\?([bBqQ])\?(.{0,1000}?)(?:\?=|$)", re.DOTALL)
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_SPACE = re.compile(r"\s+")
_ID = re.compile(r"<\s*([^<>\s]{1,998})\s*>")
_ADDRESS = re.compile(r"[^@\s<>()\[\],;:\"]{1,100}@[^@\s<>()\[\],;:\"]{1,255}")
_SHOWN = frozenset({"subject", "from", "to", "cc"})  # worth a guess when they hold plain 8-bit characters
_REGISTRY = HeaderRegistry()
# What the standard library's header parsers are known to raise on malformed values.
_UNREADABLE = (MessageError, ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)


@dataclass(frozen=True)
class Headers:
    """Fields in their order: name in lower case, value unfolded and in characters, not yet decoded."""

    fields: tuple[tuple[str, str], ...]
    _addresses: dict[str, tuple[Address, ...]] = field(default_factory=dict[str, tuple[Address, ...]], compare=False)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def raw(self, name: str) -> str:
        return next((value for key, value in self.fields if key == name), "")

    def text(self, name: str) -> str:
        """Decoded, on one line; empty when there is none."""
        return decoded(self.raw(name))

    def ids(self, name: str) -> tuple[str, ...]:
        value = " ".join(self.all(name))
        found = _ID.findall(value) or [word for word in value.split() if "@" in word]
        return tuple(dict.fromkeys(clean(each) for each in found))

    def addresses(self, name: str) -> tuple[Address, ...]:
        if name not in self._addresses:
            values = self.all(name)[:_SAME]
            self._addresses[name] = tuple(address for value in values for address in _addresses(value))
        return self._addresses[name]

    @cached_property
    def sender(self) -> Address | None:
        return next(iter(self.addresses("from")), None)

    @cached_property
    def sender_is_certain(self) -> bool:
        """Whether every program would show the same single author: only then can a domain vouch for them."""
        values = self.all("from")
        if len(values) != 1 or len(self.addresses("from")) != 1:
            return False
        loose = {address.casefold() for _, address in _loosely(values[0]) if address}
        written = {each.casefold() for each in _ADDRESS.findall(values[0])}
        sender = self.addresses("from")[0].address
        return loose == {sender} and bool(_ADDRESS.fullmatch(sender)) and sender in written

    @cached_property
    def date(self) -> datetime | None:
        try:
            sent = parsedate_to_datetime(self.raw("date")[:200])
            return sent.replace(tzinfo=sent.tzinfo or UTC).astimezone(UTC)
        except (*_UNREADABLE, OverflowError):
            return None

    @cached_property
    def content(self) -> Message:
        """The fields about the content, for the standard library to read their parameters."""
        message = Message()
        for name in ("content-type", "content-disposition", "content-transfer-encoding"):
            if value := self.raw(name):
                message[name] = ";".join(value[:2000].split(";")[:_PARAMETERS])
        return message

    def parameter(self, name: str, header: str = "content-type") -> str:
        with contextlib.suppress(*_UNREADABLE):
            value = self.content.get_param(name, header=header)
            return decoded(_collapsed(value)) if value is not None else ""
        return ""

    @property
    def content_type(self) -> str:
        return clean(self.content.get_content_type())[:100]

    @property
    def disposition(self) -> str:
        return (self.content.get_content_disposition() or "").strip()


def split_headers(raw: bytes) -> tuple[Headers, bytes]:
    """The header fields, and the body behind them."""
    start, end = _blank_line(raw)
    block = raw[: min(start, _BLOCK)]
    fields, unread = _fields(block)
    # A line that is no field ends the header even without the blank line (as in the standard library).
    return Headers(tuple(fields)), (raw[len(block) - len(unread) :] if unread else raw[end:])


def is_too_long(raw: bytes) -> bool:
    """Whether a part of the header isn't looked at."""
    return _blank_line(raw)[0] > _BLOCK


def _blank_line(raw: bytes) -> tuple[int, int]:
    """Where it starts, and where what follows it does; the end of everything when there is none."""
    if raw.startswith((b"\n", b"\r\n")):
        return 0, raw.index(b"\n") + 1
    found = [(at, at + len(mark)) for mark in (b"\n\n", b"\n\r\n") if (at := raw.find(mark)) >= 0]
    start, end = min(found, default=(len(raw), len(raw)))
    return start + 1 if found else start, end


def _fields(block: bytes) -> tuple[list[tuple[str, str]], bytes]:
    fields: list[tuple[bytes, list[bytes]]] = []
    position = 0
    for line in block.splitlines(keepends=True):
        if line[:1] in {b" ", b"\t"} and fields:
            fields[-1][1].append(line)
        elif match := _NAME.match(line):
            fields.append((match[1], [line[match.end() :]]))
        elif line.strip() and not (position == 0 and line.startswith((b"From ", b">From "))):
            return _in_characters(fields), block[position:]
        position += len(line)
    return _in_characters(fields), b""


def _collapsed(value: str | tuple[str | None, str | None, str]) -> str:
    """Of RFC 2231, also where the charset is missing or lies; its octets come as characters of Latin-1."""
    if isinstance(value, str):
        return unquote(value)
    charset, _, text = value
    try:
        return decode_short(text.encode("latin-1"), charset)
    except UnicodeEncodeError:
        return text


def _in_characters(fields: list[tuple[bytes, list[bytes]]]) -> list[tuple[str, str]]:
    values: list[tuple[str, str]] = []
    seen: set[str] = set()
    for raw_name, lines in fields[:_FIELDS]:
        name, data = raw_name.decode("ascii").lower(), b"".join(lines)[:_LENGTH]
        guessed = name in _SHOWN and name not in seen
        value = decode(data, None)[0] if guessed else decode_short(data, None)
        values.append((name, _SPACE.sub(" ", value).strip()))
        seen.add(name)
    return values


def decoded(value: str) -> str:
    """A value with its encoded words (RFC 2047) read, also where they are broken."""
    if "=?" in value:
        value = "".join(_words(_BETWEEN_WORDS.sub(r"\1", value)))
    return _SPACE.sub(" ", clean(value)).strip()


def _words(value: str) -> Iterator[str]:
    pending: list[bytes] = []  # neighbours of one charset: a character may be cut in two between them
    charset, done = "", 0
    for match in _WORD.finditer(value):
        if pending and (match.start() > done or match[1].lower() != charset):
            yield decode_short(b"".join(pending), charset)
            pending = []
        yield value[done : match.start()]
        charset, done = match[1].lower(), match.end()
        pending.append(_word(match[2], match[3]))
    if pending:
        yield decode_short(b"".join(pending), charset)
    yield value[done:]


def _word(encoding: str, content: str) -> bytes:
    data = content.encode("utf-8", errors="replace")
    if encoding in "qQ":
        return quopri.decodestring(data.replace(b"_", b" "), header=False)
    return lenient_base64(data)


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))


def lenient_base64(data: bytes) -> bytes:
    """What can be read of it: other characters, and what is missing at the end, are passed over."""
    data = data.translate(None, _NOT_BASE64)
    data = data[: len(data) - 1] if len(data) % 4 == 1 else data
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return b""


def _addresses(value: str) -> Iterator[Address]:
    pairs = _strictly(value) or _loosely(value)
    for name, address in pairs:
        if address := clean(address).strip():
            yield Address(name=decoded(name), address=address.casefold())


def _strictly(value: str) -> list[tuple[str, str]]:
    if len(value) > _MODERN_LENGTH:
        return []
    with contextlib.suppress(*_UNREADABLE):
        header = _REGISTRY("to", value)
        assert isinstance(header, AddressHeader)  # noqa: S101 - narrows: the registry's type is wider
        return [(each.display_name, each.addr_spec) for each in header.addresses if each.domain]
    return []


def _loosely(value: str) -> list[tuple[str, str]]:
    with contextlib.suppress(*_UNREADABLE):
        return [(name, address) for name, address in getaddresses([value[:_LENGTH]]) if "@" in address]
    return []
