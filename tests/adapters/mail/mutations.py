"""Real mails and delivery reports, and what breaks them: networks, old programs, and attackers."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

_CHARSETS = (b"utf-8", b"iso-8859-1", b"gb2312", b"utf-16", b"utf-7", b"shift_jis", b"x-no-such", b"idna", b"hex", b"")

Mutation = Callable[[bytes, random.Random], bytes]


def originals(data_dir: Path) -> list[bytes]:
    reports = [path.read_bytes() for path in sorted((data_dir / "mail" / "bounces").glob("*.txt"))]
    replies = sorted((data_dir / "mail" / "replies").glob("*.txt"))
    head = b"From: A <a@b.example>\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\nContent-Type: text/plain; charset=utf-8\n\n"
    return [*reports, *(head + path.read_bytes() for path in replies if ".expected" not in path.name)]


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """Broken in one to three ways; never empty."""
    for mutation in chance.choices(_MUTATIONS, k=chance.randint(1, 3)):
        raw = mutation(raw, chance) or b"\n"
    return raw


def _without_a_line(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.split(b"\n")
    del lines[chance.randrange(len(lines))]
    return b"\n".join(lines)


def _without_a_header(raw: bytes, chance: random.Random) -> bytes:
    names = re.findall(rb"^([A-Za-z-]{2,40}):", raw.split(b"\n\n")[0], re.MULTILINE)
    if not names:
        return raw
    return re.sub(rb"^" + chance.choice(names) + rb":.*\n(?:[ \t].*\n)*", b"", raw, count=1, flags=re.MULTILINE)


def _with_flipped_bytes(raw: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(chance.randint(1, 40)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _with_broken_boundaries(raw: bytes, chance: random.Random) -> bytes:
    return re.sub(
        rb"boundary=", chance.choice([b"boundary", b'boundary="', b"boundary=x", b""]), raw, flags=re.IGNORECASE
    )


def _with_another_charset(raw: bytes, chance: random.Random) -> bytes:
    other = b"charset=" + chance.choice(_CHARSETS)
    changed, count = re.subn(rb"charset=\"?[\w-]*\"?", other, raw, flags=re.IGNORECASE)
    return changed if count else b"Content-Type: text/plain; " + other + b"\n" + raw


def _cut_short(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


def _with_a_piece_twice(raw: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(raw))
    return raw[:start] + raw[start : start + 400] * 2 + raw[start:]


_MUTATIONS: tuple[Mutation, ...] = (
    _without_a_line,
    _without_a_header,
    _with_flipped_bytes,
    _with_broken_boundaries,
    _with_another_charset,
    _cut_short,
    _with_a_piece_twice,
)
