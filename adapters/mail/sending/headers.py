"""Header fields that nothing can break out of, whatever their text holds.

The standard library folds its own header objects in ways that hurt mails: it encodes ids longer than a line, so that
threads break; it parts names with blanks between encoded words; and it takes a "=?" that somebody wrote for an encoded
word, so that a file's name could begin a header of its own. So the fields that hold other people's text bring their
wire form along.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from email.header import Header
from email.message import EmailMessage
from email.policy import Policy
from email.utils import quote
from textwrap import wrap
from typing import Self
from urllib.parse import quote as quoted

from adapters.mail.reference import ascii_domain

_LINE = 76  # characters; RFC 5322 allows 78
_LONGEST_ID = 900  # characters: one does not fold, and a line has 998
_IDS = 20  # in References, beside the first
_ID = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_SIMPLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()+-]{0,60}")
_UTF8 = "utf-8''"
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


class Field(str):
    """A header's value; as a string it reads as people do, `lines` are what goes over the wire."""

    __slots__ = ("lines", "name")
    name: str
    lines: tuple[str, ...]

    def __new__(cls, name: str, value: str, lines: Iterable[str]) -> Self:
        field = super().__new__(cls, value)
        field.name = name
        field.lines = tuple(lines)
        return field

    def fold(self, *, policy: Policy) -> str:
        """What the standard library asks its own header objects for."""
        return f"{self.name}: {(policy.linesep + ' ').join(self.lines)}{policy.linesep}"


def words(name: str, text: str) -> Field:
    """`text` is on one line. Its last word stays plain where it is: our token, for whoever searches raw mails."""
    head, _, last = text.rpartition(" ")
    if _is_plain(text):
        lines = _plain(name, text)
    elif head and _is_plain(last):
        lines = [*_encoded(name, head), last]
    else:
        lines = _encoded(name, text)
    return Field(name, text, lines)


def mailbox(name: str, display_name: str, address: str) -> Field:
    if not display_name:
        return Field(name, address, [address])
    quoted = f'"{quote(display_name)}"'
    shown = [quoted] if _is_plain(display_name) else _encoded(name, display_name)
    return Field(name, f"{quoted} <{address}>", [*shown, f"<{address}>"])


def addresses(name: str, found: Sequence[str]) -> Field:
    """Of `sendable` addresses."""
    return Field(name, ", ".join(found), [*(f"{each}," for each in found[:-1]), *found[-1:]])


def ids(name: str, found: Iterable[str]) -> Field | None:
    """Of ids without their brackets, those that can be written; the first (the thread's) and the latest of many."""
    sound = [f"<{each}>" for each in dict.fromkeys(found) if _is_id(each)]
    kept = sound if len(sound) <= _IDS else [sound[0], *sound[-_IDS:]]
    return Field(name, " ".join(kept), kept) if kept else None


def attachment(file_name: str) -> Field:
    """Content-Disposition; `file_name` is on one line."""
    if _SIMPLE_NAME.fullmatch(file_name):
        shown = [f'filename="{file_name}"']
    else:  # RFC 2231
        pieces = wrap(" ".join(quoted(each, safe="") for each in file_name), _LINE, break_long_words=False)
        encoded = [piece.replace(" ", "") for piece in pieces]
        shown = [f"filename*{number}*={'' if number else _UTF8}{each};" for number, each in enumerate(encoded)]
        shown[-1] = shown[-1].rstrip(";")
    return Field("Content-Disposition", "attachment", ["attachment;", *shown])


def recipients(message: EmailMessage) -> list[str]:
    """Everybody whom the mail is for, in ASCII but for local parts that need more."""
    return [*listed(message, "To"), *listed(message, "Cc")]


def listed(message: EmailMessage, name: str) -> list[str]:
    """The addresses in a field that `addresses` made: they hold neither commas nor blanks."""
    return [each for value in message.get_all(name, []) for each in str(value).split(", ")]


def sendable(address: str) -> str | None:
    """The address as it may stand in a header and in an SMTP command; None when it can't.

    Dots may stand anywhere in the local part: there are such mailboxes, whatever the RFC says.
    """
    local, _, domain = unicodedata.normalize("NFC", address).rpartition("@")
    try:
        domain = ascii_domain(domain)
    except ValueError:
        return None
    labels = domain.split(".")
    if len(domain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004 - RFC 1035
        return None
    return f"{local}@{domain}" if _is_local_part(local) else None


def _is_id(text: str) -> bool:
    return len(text) <= _LONGEST_ID and "=?" not in text and bool(_ID.fullmatch(text))


def _is_local_part(local: str) -> bool:
    ascii_only = "".join(character if character.isascii() else "x" for character in local)
    beyond = (character for character in local if not character.isascii())
    return (
        len(local.encode(errors="replace")) <= 64  # noqa: PLR2004 - RFC 5321
        and "=?" not in local
        and bool(_ATOM.fullmatch(ascii_only))
        and all(unicodedata.category(character)[0] in "LMN" for character in beyond)
    )


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text and max(map(len, text.split()), default=0) < _LONGEST_ID


def _plain(name: str, text: str) -> list[str]:
    return wrap(text, _LINE - len(name), break_long_words=False, break_on_hyphens=False) or [""]


def _encoded(name: str, text: str) -> list[str]:
    """RFC 2047, at most 75 characters a word and no letter torn apart."""
    return [line.strip() for line in Header(text, "utf-8", maxlinelen=_LINE, header_name=name).encode().splitlines()]
