"""HTML as text to work with, and as HTML that is safe to show."""

# ruff: noqa: SIM905 - lists of tags read best as words
from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape

import nh3
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from adapters.mail.reading.charsets import clean

# Beyond these the careful programs take seconds, or leave text out (libxml2 at 256 levels): plain stripping it is.
TAGS = 4_000
_ROUGH_CHARACTERS = 2_000_000
_CAREFUL_CHARACTERS = 500_000
_DEPTH = 150
_TABLE_AREA = 10_000_000  # characters that tables may be drawn over: each cell is as wide as its column
_SHOWN_TAGS = 20_000
_SHOWN_CHARACTERS = 1_000_000

_ROUGHLY = "The HTML is too large or too deeply nested; no more than two million characters were read, and roughly."

# What mail programs put around what they quote. Of Gmail and Yahoo only the blockquote within: answers between the
# lines stand inside the outer container as well.
_QUOTES = (
    "//blockquote[@type='cite' or contains(@class,'gmail_quote') or contains(@class,'protonmail_quote')"
    " or contains(@class,'tutanota_quote') or contains(@class,'moz-cite') or ancestor::*[contains(@class,'gmail_quote')"
    " or contains(@class,'yahoo_quoted') or contains(@class,'protonmail_quote') or contains(@class,'moz-')]]"
    " | //*[@id='mail-editor-reference-message-container' or contains(@class,'zmail_extra')"
    " or contains(@class,'yahoo_quoted') and not(.//blockquote)]"
)
_HEADER_BLOCKS = "//*[@id='divRplyFwdMsg' or @id='x_divRplyFwdMsg']"
_SIGNATURES = (
    "//*[contains(@class,'gmail_signature') or contains(@class,'moz-signature') or @id='Signature'"
    " or @id='ms-outlook-mobile-signature' or contains(@class,'protonmail_signature_block')"
    " or contains(@class,'tutanota_signature')][not(ancestor::blockquote)]"
)
# Stand in the text for the ends of a quote while it is converted; private-use characters are removed before.
_OPEN, _CLOSE = "\ue000", "\ue001"
_PRIVATE = re.compile("[\ue000-\uf8ff]")

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]{0,30})")
# An element whose end may be left out, or that has none, doesn't nest.
_FLAT = frozenset(
    "area base br col embed hr img input link meta source track wbr p li dt dd tr td th option thead tbody tfoot".split(
        " "
    )
)
_SHOWING = re.compile(r"\s*(?:display|white-space)\s*:", re.IGNORECASE)
_CONFIG = ParserConfig(css=CSS_PROFILES["strict"], display_links=False, display_images=False)
_PARSER = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)


def text_of(html: str, tags: int = TAGS) -> tuple[str, str | None]:
    """The text, with quotes marked by `> ` as in plain mails; and a sentence when it was read roughly.

    `tags` is how many of them may be read carefully.
    """
    html = _PRIVATE.sub("", html)
    if len(html) > _CAREFUL_CHARACTERS or html.count("<") > tags or _depth(html) > _DEPTH:
        return stripped(html), _ROUGHLY
    try:
        tree = document_fromstring(html.encode("utf-8"), parser=_PARSER)
        _mark(tree)
        _without_lengths(tree)
        if len(html) * (html.count("<") + html.count("\n")) > _TABLE_AREA:
            _flatten_tables(tree)
        text: str = Inscriptis(tree, _CONFIG).get_text()
    except (etree.LxmlError, ValueError, TypeError, AttributeError, IndexError, KeyError, RecursionError):
        return stripped(html), None
    return "\n".join(_quoted(text)).strip("\n"), None


def _depth(html: str) -> int:
    depth = deepest = 0
    for match in _TAG.finditer(html):
        if match[2].lower() not in _FLAT:
            depth = max(depth - 1, 0) if match[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _mark(tree: HtmlElement) -> None:
    for quote in tree.xpath(_QUOTES):
        _enclose(quote, _OPEN, _CLOSE)
    for block in tree.xpath(_HEADER_BLOCKS):
        _enclose(block, "_" * 32, "")
    for signature in tree.xpath(_SIGNATURES):
        if not "".join(signature.itertext()).lstrip().startswith("--"):
            _enclose(signature, "-- ", "")


def _without_lengths(tree: HtmlElement) -> None:
    """Whether something is shown, but no margins: the text would be padded with as many blanks as a stranger likes."""
    for element in tree.xpath("//*[@style]"):
        directives = [each for each in (element.get("style") or "").split(";") if _SHOWING.match(each)]
        element.set("style", ";".join(directives))


def _flatten_tables(tree: HtmlElement) -> None:
    """One cell after the other, instead of side by side."""
    for element in tree.xpath("//table | //tbody | //thead | //tfoot | //tr | //td | //th"):
        element.tag = "span" if element.tag in {"td", "th"} else "div"
        if element.tag == "span":
            element.tail = f" {element.tail or ''}"


def _enclose(element: HtmlElement, first: str, last: str) -> None:
    """Puts a line before and after the content of an element."""
    opening = etree.SubElement(element, "div")
    opening.text, opening.tail = first or None, element.text
    element.text = None
    element.insert(0, opening)
    closing = etree.SubElement(element, "div")
    closing.text = last or None


def _quoted(text: str) -> Iterator[str]:
    depth = 0
    for raw in text.split("\n"):
        line = raw.strip().replace("\xa0", " ") if depth else raw.rstrip().replace("\xa0", " ")
        opened, closed = line.count(_OPEN), line.count(_CLOSE)
        line = line.replace(_OPEN, "").replace(_CLOSE, "").strip("\n")
        inside = max(depth, depth + opened - closed)
        depth = max(depth + opened - closed, 0)
        if (opened or closed) and not line.strip():
            continue
        yield f"{'>' * inside} {line.strip()}".rstrip() if inside else line


# --- without a tree -----------------------------------------------------------------------------------

_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6]|/?blockquote|/?table)\b[^<>]{0,2000}>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[A-Za-z!?][^<>]{0,5000}>")
_MANY_BREAKS = re.compile(r"\n[ \t\n]*\n")


def stripped(html: str) -> str:
    text = _without_blocks(html[:_ROUGH_CHARACTERS])
    text = _ANY_TAG.sub("", _BREAK.sub("\n", text))
    return _MANY_BREAKS.sub("\n\n", clean(unescape(text))).strip("\n")


_BLOCK = re.compile(r"<(script|style|head|title)\b|<!--", re.IGNORECASE)


def _without_blocks(html: str) -> str:
    """Without scripts, styles and comments; each end is looked for once, so that no nesting costs more."""
    kept: list[str] = []
    lowered, position = html.lower() if len(html.lower()) == len(html) else html, 0
    missing: set[str] = set()
    for match in _BLOCK.finditer(html):
        if match.start() < position:
            continue
        end = f"</{match[1].lower()}" if match[1] else "-->"
        found = -1 if end in missing else lowered.find(end, match.end())
        if found < 0:
            missing.add(end)
            continue
        kept.append(html[position : match.start()])
        position = found + len(end)
        position += 1 if match[1] and lowered[position : position + 1] == ">" else 0
    return "".join([*kept, html[position:]])


# --- to show ------------------------------------------------------------------------------------------

_ATTRIBUTES = {
    "*": {"dir", "lang", "title", "align"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "valign", "width"},
    "th": {"colspan", "rowspan", "valign", "width"},
    "table": {"width", "border", "cellpadding", "cellspacing"},
    "font": {"color"},
    "ol": {"start", "type"},
}
_TAGS_SHOWN = set(
    "a abbr b big blockquote br caption center code col colgroup dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i"
    " img ins kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead"
    " tr tt u ul".split()
)
_PICTURE = re.compile(
    r"\s*(?:cid:[^\s\"'<>]{1,250}|data:image/(?:png|jpeg|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*)\Z", re.IGNORECASE
)
_LINK = re.compile(r"\s*(?:https?|mailto|tel):", re.IGNORECASE)


def sanitised(html: str) -> tuple[str, str | None]:
    """HTML that loads nothing and runs nothing; and a sentence when only its text is shown."""
    if len(html) > _SHOWN_CHARACTERS or html.count("<") > _SHOWN_TAGS or _depth(html) > _DEPTH:
        return (
            f"<pre>{escape(stripped(html))}</pre>",
            "The HTML is too large or too deeply nested to be shown; its text is.",
        )
    return nh3.clean(
        html,
        tags=_TAGS_SHOWN,
        clean_content_tags={
            "script",
            "style",
            "head",
            "title",
            "template",
            "svg",
            "math",
            "noscript",
            "iframe",
            "object",
        },
        attributes=_ATTRIBUTES,
        attribute_filter=_harmless,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
    ), None


def _harmless(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src" and tag == "img":
        return value if _PICTURE.match(value) else None
    if attribute == "href":
        return value if _LINK.match(value) else None
    return value
