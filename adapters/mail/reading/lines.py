"""What each line of a plain text is: written, quoted, an introduction to a quote, part of a signature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.mail.reading import phrases


class Kind(StrEnum):
    BLANK = "blank"
    TEXT = "text"
    QUOTED = "quoted"
    ATTRIBUTION = "attribution"  # "On ..., somebody wrote:"
    HEADER = "header"  # From, Sent, To, Subject of an embedded mail
    ORIGINAL = "original"  # "--- Original message ---"
    FORWARDED = "forwarded"
    DELIMITER = "delimiter"  # of a signature
    DEVICE = "device"  # "Sent from my ..."


@dataclass(frozen=True, kw_only=True)
class Line:
    kind: Kind
    group: int  # the number of the first line of what belongs together


_LONGEST = 500  # characters of a line that is anything but text
_WINDOW = 4  # lines that an attribution may be wrapped over
_CONTINUED = 2  # lines that a value in a header block may be wrapped over
_HEADER_LINES = 3
_BLOCK_LINES = 40  # of the longest header block; without a limit, each line of a long one would look at all others


def _alternatives(words: str | Sequence[str]) -> str:
    each = words.split() if isinstance(words, str) else words
    return "|".join(re.escape(word) for word in sorted(each, key=len, reverse=True))


# A tracker's mark, and lone invisible characters, count as blank.
_BLANK = re.compile(r"[\s\u1427\u200b-\u200f\u2060\u00ad\u034f]*")
# "> ", and the initials that some programs put before it.
_QUOTED = re.compile(r"[ \t]{0,3}(?:[A-Z]{1,3})?>")
_DELIMITER = re.compile(r"[ \t]{0,3}(?:--|—|–|-- ?-|_{5,})[ \t]*")
_DEVICE = re.compile(rf"[ \t*_\[(]*+(?:{phrases.DEVICE})[.!\])*_ \t]*", re.IGNORECASE)
_MARKER_FORWARDED = re.compile(
    rf"[ \t*_]*+(?:-{{2,}}+[ \t]*+(?:{_alternatives(phrases.FORWARDED)})\b.{{0,80}}?-{{2,}}"
    rf"|(?:{_alternatives(phrases.FORWARDED)})[ \t]*[:\uff1a])[ \t*_]*",
    re.IGNORECASE,
)
_MARKER_ORIGINAL = re.compile(
    rf"[ \t*_]*+-{{2,}}+[ \t]*+(?:{_alternatives(phrases.ORIGINAL)})\b.{{0,40}}?-{{2,}}[ \t*_]*", re.IGNORECASE
)
_RULE = re.compile(r"[ \t]*(?:-{5,}|_{5,}|={5,}|\*{5,})[ \t]*")
_ADDRESS = r"[^\s<>@]{1,80}@[^\s<>@]{1,80}"
_WHEN = re.compile(rf"(?:19|20)\d\d|\d{{1,2}}[:.]\d\d|{_ADDRESS}")
_WROTE = rf"(?:^|(?<=[\s>\d])|(?<=[\u3000-\uffff]))(?:{_alternatives(phrases.WROTE)})"
_ENDS = re.compile(rf"{_WROTE}[^:\uff1a]{{0,40}}[:\uff1a]\s*$|<\s?{_ADDRESS}>\s*[:\uff1a]\s*$", re.IGNORECASE)
_ENDS_WITH_DATE = re.compile(rf"{_WROTE}\s.{{0,80}}[:\uff1a]\s*$", re.IGNORECASE)
_BEGINS = re.compile(rf"[\s*]*(?:(?:{_alternatives(phrases.BEGINS)})[\s.,]+\S|\d{{1,4}}[-/.年 ])", re.IGNORECASE)
# Without any of these a line begins nothing; a quick look that spares the others.
_MAY_BEGIN = re.compile(r"[\d@<:\uff1a]|[-_=*]{5}")
_OLD_GMAIL = re.compile(r"\s*\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d .{1,200}")

_LABELS = {
    label: group
    for group, labels in (
        ("to", phrases.TO),
        ("sent", phrases.SENT),
        ("subject", phrases.SUBJECT),
        ("from", phrases.FROM),
    )
    for label in labels.split()
}
_LABELLED = re.compile(r"[ \t]*\*?([^\s:\uff1a*][^:\uff1a*\n]{0,20}?)[ \t]?\*?[:\uff1a]\*?(?:[ \t]|[^\s/]|$)(.{0,300})")


def kinds_of(lines: Sequence[str]) -> list[Line]:
    """One for each."""
    texts = [line.rstrip("\n")[:_LONGEST] for line in lines]
    kinds = [_kind(text) for text in texts]
    found = [Line(kind=kind, group=index) for index, kind in enumerate(kinds)]
    for index in range(len(texts)):
        single = found[index].group == index and found[index].kind in {Kind.TEXT, Kind.DELIMITER}
        if single and _MAY_BEGIN.search(texts[index]):
            _group(found, texts, index)
    return found


def _kind(text: str) -> Kind:
    if _BLANK.fullmatch(text):
        return Kind.BLANK
    for kind, pattern in (
        (Kind.FORWARDED, _MARKER_FORWARDED),
        (Kind.ORIGINAL, _MARKER_ORIGINAL),
        (Kind.DELIMITER, _DELIMITER),
        (Kind.DEVICE, _DEVICE),
    ):
        if pattern.fullmatch(text):
            return kind
    return Kind.QUOTED if _QUOTED.match(text) else Kind.TEXT


def _group(found: list[Line], texts: Sequence[str], index: int) -> None:
    """Joins the lines of a header block or of a wrapped attribution that begin here."""
    end, kind = _header_block(texts, index), Kind.HEADER
    if end == index:
        end, kind = _attribution(texts, found, index), Kind.ATTRIBUTION
    for each in range(index, end):
        if not (kind is Kind.HEADER and found[each].kind is Kind.BLANK):
            found[each] = Line(kind=kind, group=index)


# --- header blocks ------------------------------------------------------------------------------------


def _header_block(texts: Sequence[str], start: int) -> int:
    """Where the block that starts here ends; the start itself when there is none."""
    ruled = bool(_RULE.fullmatch(texts[start]))
    first = _past_blank(texts, start + 1) if ruled else start
    labels: list[str] = []
    end, values, index = start, "", first
    while index < min(len(texts), start + _BLOCK_LINES) and index <= max(end, first) + _CONTINUED:
        match = _LABELLED.match(texts[index])
        if index == first and not match:
            return start
        label = _label(match[1]) if match else None
        if match and (label or (ruled and index in {first, end})):
            labels.append(label or "other")
            values += match[2] if label == "from" or not values else ""
            end = index + 1
        index += 1
    return end if _is_block(labels, values, ruled=ruled) else start


def _label(text: str) -> str | None:
    return _LABELS.get(text.strip().lower().replace(" ", ""))


def _past_blank(texts: Sequence[str], index: int) -> int:
    while index < len(texts) and _BLANK.fullmatch(texts[index]):
        index += 1
    return index


def _is_block(labels: Sequence[str], values: str, *, ruled: bool) -> bool:
    """Labels alone aren't enough: a traveller also writes From, To and Date."""
    if len(labels) < _HEADER_LINES:
        return False
    known = set(labels)
    if "from" not in known:
        return ruled and "@" in values
    return "@" in values or {"subject", "sent"} <= known


# --- attributions -------------------------------------------------------------------------------------


def _attribution(texts: Sequence[str], found: Sequence[Line], start: int) -> int:
    """Where the attribution that starts here ends; the start itself when there is none."""
    if _OLD_GMAIL.fullmatch(texts[start]):
        return start + 1 if not _wraps(texts, start) else _end_of_wrapped(texts, found, start)
    return start + 1 if _introduces_quote(texts, found, start) else _end_of_wrapped(texts, found, start)


def _introduces_quote(texts: Sequence[str], found: Sequence[Line], start: int) -> bool:
    """As "Ann wrote:", which names neither day nor address: the signs of the quote are right behind it."""
    behind = _past_blank(texts, start + 1)
    return behind < len(texts) and found[behind].kind is Kind.QUOTED and bool(_ENDS.search(texts[start]))


def _wraps(texts: Sequence[str], start: int) -> bool:
    return not texts[start].rstrip().endswith((":", "\uff1a")) and texts[start].rstrip().endswith("<")


def _end_of_wrapped(texts: Sequence[str], found: Sequence[Line], start: int) -> int:
    joined = ""
    for end in range(start + 1, min(start + _WINDOW, len(texts)) + 1):
        # A wrapped address may begin its line with the sign of a quote's inside.
        if found[end - 1].kind not in {Kind.TEXT, Kind.QUOTED} or (
            found[end - 1].kind is Kind.QUOTED and end > start + 1
        ):
            return start
        joined = f"{joined} {texts[end - 1].strip()}".strip()
        if len(joined) > _LONGEST:
            return start
        if _is_attribution(joined, lines=end - start):
            return end
        if end == start + 1 and not _may_go_on(joined):
            return start
    return start


def _may_go_on(text: str) -> bool:
    """Whether a first line looks like the beginning of a wrapped attribution."""
    begins = bool(_BEGINS.match(text)) and any(character.isdigit() for character in text)
    return begins or text.endswith("<") or bool(re.search(rf"<?{_ADDRESS}>?", text) and _ENDS_LIKE_WROTE.search(text))


_ENDS_LIKE_WROTE = re.compile(rf"{_WROTE}(?:\s.{{0,80}})?$", re.IGNORECASE)


def _is_attribution(text: str, *, lines: int) -> bool:
    if not _WHEN.search(text):
        return False
    begins = bool(_BEGINS.match(text))
    if _ENDS.search(text):
        return begins or lines == 1 or "@" in text
    return "@" in text and bool(_ENDS_WITH_DATE.search(text))
