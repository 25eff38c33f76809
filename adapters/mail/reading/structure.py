"""A mail taken apart into its parts, in time that grows with its size and no faster.

The standard library's own parser compares each line with every enclosing boundary and recurses with the nesting,
so a mail of a megabyte can hold it for seconds. It reads the header fields; the splitting is done here.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from adapters.mail.reading.headers import Headers, lenient_base64, split_headers

DEPTH = 20
PARTS = 1000


@dataclass(frozen=True, kw_only=True)
class Part:
    headers: Headers
    body: bytes  # as it is transferred
    children: tuple[Part, ...] = ()

    @property
    def content_type(self) -> str:
        return self.headers.content_type

    @property
    def content(self) -> bytes:
        """The body with its transfer encoding undone; as it is when that can't be done."""
        encoding = self.headers.raw("content-transfer-encoding").lower().strip(" ;\"'")
        if encoding == "base64":
            return lenient_base64(self.body) or self.body
        if encoding == "quoted-printable":
            return quopri.decodestring(self.body)
        return self.body

    def walk(self) -> Iterator[Part]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass
class _Budget:
    parts: int = PARTS
    remarks: list[str] = field(default_factory=list[str])


def take_apart(raw: bytes) -> tuple[Part, list[str]]:
    """The tree of parts, and sentences about what wasn't followed."""
    budget = _Budget()
    return _part(raw, 0, budget), list(dict.fromkeys(budget.remarks))


def _part(raw: bytes, depth: int, budget: _Budget) -> Part:
    headers, body = split_headers(raw)
    whole = Part(headers=headers, body=body)
    boundary = headers.parameter("boundary").encode("utf-8", errors="replace").rstrip()
    if not whole.content_type.startswith("multipart/") or not boundary:
        return whole
    if depth >= DEPTH:
        budget.remarks.append(f"The parts are nested deeper than {DEPTH} times; the inner ones weren't opened.")
        return whole
    children: list[Part] = []
    for piece in _pieces(body, boundary):
        if budget.parts <= 0:
            budget.remarks.append(f"The mail has more than {PARTS} parts; the others weren't opened.")
            break
        budget.parts -= 1
        children.append(_part(piece, depth + 1, budget))
    return Part(headers=headers, body=body, children=tuple(children))


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What stands between the boundaries; the last piece may lack its end. No boundary at all: no pieces."""
    line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
    start: int | None = None
    for match in line.finditer(body):
        if start is not None:
            yield _without_last_break(body[start : match.start()])
        start = match.end()
        if match[1]:
            return
    if start is not None:
        yield body[start:]


def _without_last_break(piece: bytes) -> bytes:
    """The line break before a boundary belongs to the boundary (RFC 2046, 5.1.1)."""
    return piece.removesuffix(b"\n").removesuffix(b"\r")
