"""What people wrote in Teams as plain text, and what came along.

Clients send a message twice: as HTML among the attachments, which says what is quoted and what is a mention, and as
text (learn.microsoft.com, "Messages in bot conversations").
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml.etree import LxmlError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from adapters.payload import part, parts, text
from store.model import Json

_CONTROL = re.compile("[\0\ud800-\udfff]")  # neither a database nor UTF-8 takes them
_SPACES = re.compile("[ \u00a0]+")
_MOST = 200_000  # characters of HTML that are read
_LONG = 4_000  # characters from which reading takes so long that the event loop must not wait for it
_REPLIES = "//blockquote[contains(@itemtype, 'schema.skype.com/Reply')]"
_MENTIONS = "//at | //span[contains(@itemtype, 'schema.skype.com/Mention')]"
_EMOJI = "//img[contains(@itemtype, 'schema.skype.com/Emoji')] | //emoji"
_CSS = CSS_PROFILES["strict"]


async def read(activity: Json) -> str:
    """As `plain`, and never at the event loop's expense."""
    if len(text(activity, "text")) + len(_html(activity)) <= _LONG:
        return plain(activity)
    return await asyncio.to_thread(plain, activity)


def plain(activity: Json) -> str:
    """Without our own name, and without what is quoted of an earlier message: that one was heard already."""
    us = text(part(activity, "recipient"), "id")
    mentions = [each for each in parts(activity, "entities") if each.get("type") == "mention"]
    html = _html(activity)
    said = of_html(html, mentions, us) if html and len(html) <= _MOST else None
    if said is None:
        said = _of_text(text(activity, "text"), mentions, us)
    return "\n".join(_SPACES.sub(" ", line).strip() for line in without_controls(said).splitlines()).strip()


def without_controls(said: str) -> str:
    return _CONTROL.sub("", said)


def of_html(html: str, mentions: Sequence[Json], us: str) -> str | None:
    """None where it can't be read to its end, as for elements within elements hundreds of times."""
    parser: Any = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        tree = document_fromstring(f"<div>{without_controls(html)}</div>".encode(), parser)
        if parser.error_log.filter_from_fatals():
            return None
        for quote in tree.xpath(_REPLIES):
            quote.drop_tree()
        for emoji in tree.xpath(_EMOJI):
            _put(emoji, emoji.get("alt") or "")
        for number, mention in enumerate(tree.xpath(_MENTIONS)):
            _put(mention, _called(_nth(mentions, mention.get("itemid") or mention.get("id"), number), mention, us))
        return Inscriptis(tree, ParserConfig(css=_CSS)).get_text().strip()
    except (LxmlError, ValueError, RecursionError):
        return None


def _put(element: HtmlElement, words: str) -> None:
    """Words in the place of an element."""
    element.tail = words + (element.tail or "")
    element.drop_tree()


def _nth(mentions: Sequence[Json], told: str | None, number: int) -> Json:
    index = int(told) if told and told.isascii() and told.isdecimal() and len(told) < 5 else number  # noqa: PLR2004
    return mentions[index] if index < len(mentions) else {}


def _called(mention: Json, element: HtmlElement, us: str) -> str:
    someone = part(mention, "mentioned")
    if us and text(someone, "id") == us:
        return ""
    return f"@{text(someone, 'name') or ''.join(element.itertext()).strip()}"


def _of_text(said: str, mentions: Sequence[Json], us: str) -> str:
    for each in mentions:
        written, someone = text(each, "text"), part(each, "mentioned")
        if written:
            said = said.replace(written, "" if text(someone, "id") == us else f"@{text(someone, 'name')}")
    return said


def _html(activity: Json) -> str:
    found = (text(each, "content") for each in parts(activity, "attachments") if each.get("contentType") == "text/html")
    return next(found, "")
