"""Which parts of a mail are its body, and which are files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from adapters.mail.reading import invitations, markup
from adapters.mail.reading.charsets import decode
from adapters.mail.reading.structure import Part

_BODY_BYTES = 3_000_000
_TEXTS = 20  # parts that are read as text; more of them are files
_CALENDARS = 5  # that are read
_LONG_ENOUGH = 0.2  # of the HTML's words: a plain part with fewer is a stand-in
_STAND_IN = re.compile(r"html|browser|javascript|view (?:this|it)", re.IGNORECASE)
_FEW_WORDS = 60


@dataclass
class Body:
    """What the walk through the parts collects."""

    texts: list[str] = field(default_factory=list[str])
    pages: list[str] = field(default_factory=list[str])  # HTML, as it came
    events: list[str] = field(default_factory=list[str])
    files: list[Part] = field(default_factory=list[Part])
    remarks: list[str] = field(default_factory=list[str])
    alternative: bool = False  # whether the parts say the same
    tags: int = markup.TAGS  # that may still be read carefully
    leaves: int = 0
    calendars: int = 0
    bytes_left: int = _BODY_BYTES


def body_of(top: Part) -> Body:
    body = Body()
    _collect(top, body)
    return body


def _collect(part: Part, body: Body) -> None:
    if part.children:
        if part.content_type == "multipart/alternative":
            _alternative(part, body)
        else:
            _several(part, body)
    elif part.headers.disposition == "attachment" or _is_named_file(part):
        _file(part, body)
    else:
        _leaf(part, body)


def _several(part: Part, body: Body) -> None:
    """In a mixed mail text and HTML parts follow each other; each is read after the other."""
    for child in part.children:
        _collect(child, body)


def _alternative(part: Part, body: Body) -> None:
    """One thing in several forms: the plain one for reading when it is good, the HTML to be shown."""
    forms = Body(
        alternative=True,
        tags=body.tags,
        leaves=body.leaves,
        calendars=body.calendars,
        bytes_left=body.bytes_left,
    )
    # The plain form first: the HTML needn't be converted when the plain one is good.
    for child in sorted(part.children, key=lambda each: each.content_type != "text/plain"):
        _collect(child, forms)
    body.tags, body.leaves, body.calendars, body.bytes_left = (
        forms.tags,
        forms.leaves,
        forms.calendars,
        forms.bytes_left,
    )
    body.files += forms.files
    body.events += forms.events
    body.remarks += forms.remarks
    body.pages += forms.pages
    from_html = [text for text in forms.texts if isinstance(text, _FromHtml)]
    plain = [text for text in forms.texts if not isinstance(text, _FromHtml)]
    body.texts += plain if _is_good("\n".join(plain), "\n".join(from_html)) else from_html


class _FromHtml(str):
    """Text that was made of HTML."""

    __slots__ = ()


def _is_good(plain: str, from_html: str) -> bool:
    words, others = len(plain.split()), len(from_html.split())
    if not others:
        return True
    if not words or (words < _FEW_WORDS < others and _STAND_IN.search(plain)):
        return False
    return words >= others * _LONG_ENOUGH and not re.match(r"\s*<(?:!doctype|html|div|p)\b", plain, re.IGNORECASE)


def _is_named_file(part: Part) -> bool:
    named = part.headers.parameter("filename", "content-disposition") or part.headers.parameter("name")
    return bool(named) and part.content_type != "text/calendar"


def _leaf(part: Part, body: Body) -> None:
    kind = part.content_type
    body.leaves += 1
    if body.leaves > _TEXTS:
        body.remarks.append(f"Of the text parts, {_TEXTS} were read; the others are among the files.")
        _file(part, body)
    elif kind == "text/html":
        _html(part, body)
    elif kind == "text/calendar":
        _file(part, body)
    elif kind.startswith("multipart/") or kind in {"text/plain", "text/enriched", "text/markdown", "text/x-markdown"}:
        body.texts.append(_plain(part, body))
    elif kind not in {"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"}:
        _file(part, body)


def _file(part: Part, body: Body) -> None:
    body.files.append(part)
    if part.content_type in {"text/calendar", "application/ics"} and body.calendars < _CALENDARS:
        body.calendars += 1
        told = invitations.sentence(part.content, part.headers.parameter("charset") or None)
        if told and told not in body.events:
            body.events.append(told)


def _decoded(part: Part, body: Body) -> str:
    content = part.content
    if len(content) > body.bytes_left:
        body.remarks.append(f"The text is longer than {_BODY_BYTES} bytes; the rest of it wasn't read.")
    content = content[: body.bytes_left]
    body.bytes_left -= len(content)
    text, remark = decode(content, part.headers.parameter("charset") or None)
    if remark:
        body.remarks.append(remark)
    return text


def _html(part: Part, body: Body) -> None:
    page = _decoded(part, body)
    body.pages.append(page)
    plain = "\n".join(body.texts)
    if body.alternative and _is_good(plain, markup.stripped(page)):
        return
    text, remark = markup.text_of(page, body.tags)
    body.tags -= min(page.count("<"), body.tags)
    if remark:
        body.remarks.append(remark)
    body.texts.append(_FromHtml(text))


def _plain(part: Part, body: Body) -> str:
    text = _decoded(part, body)
    if part.headers.parameter("format").lower() == "flowed":
        return unflowed(text, delsp=part.headers.parameter("delsp").lower() == "yes")
    return text


def unflowed(text: str, *, delsp: bool) -> str:
    """format=flowed (RFC 3676): lines that end in a space go on in the next of the same quote depth."""
    joined: list[list[str]] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        signature = content == "-- "
        if open_depth == depth and not signature:
            joined[-1].append(content)
        else:
            joined.append([">" * depth + (" " if depth else "") + content])
        flows = content.endswith(" ") and not signature
        open_depth = depth if flows else None
        if flows and delsp:
            joined[-1][-1] = joined[-1][-1][:-1]
    return "\n".join("".join(pieces) for pieces in joined)
