"""Slack's markup as plain text, and our plain text where Slack reads no markup in it.

What a client sent is told twice: as `blocks`, which say exactly what is text and what is a mention or bold, and as
`text`, where "snake_case" and "_italic_" look alike (docs.slack.dev, "Formatting message text").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count

import emoji

from adapters.slack.payload import parts, text
from store.model import Json

SECTION = 2900  # characters of one rich text; Slack takes 3,000
MOST = 12_000  # characters of one post
_CONTROL = re.compile("[\0\ud800-\udfff]")
_ENTITY = re.compile(r"<([^<>\n]*)>")
_STYLE = re.compile(r"(?<![\w*_~`])([*_~`])(?=\S)([^\n]*?\S)\1(?![\w*_~`])")
_SHORTCODE = re.compile(r":([a-z0-9_+'-]{1,100}):(?::skin-tone-([2-6]):)?")
_TONES = {"2": "🏻", "3": "🏼", "4": "🏽", "5": "🏾", "6": "🏿"}
_NESTED = 5  # lists within lists


def plain(message: Json, *, names: Mapping[str, str], app_user: str) -> str:
    """What somebody wrote, without the app's own name in front."""
    reader = _Reader(names, app_user)
    said = reader.blocks(message) or reader.markup(text(message, "text"))
    if not said.strip():
        said = "\n".join(_shared(each, reader) for each in parts(message, "attachments"))
    return _CONTROL.sub("", said).strip()


def mentioned(message: Json) -> frozenset[str]:
    """The ids of the users that a message mentions."""
    return frozenset(re.findall(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>", text(message, "text"))) | frozenset(
        user for block in parts(message, "blocks") for user in _users(block)
    )


def mrkdwn(said: str) -> str:
    """Text in which Slack finds no mention and no link: it is shown where blocks are not, in notifications."""
    escaped = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return shortened(escaped, MOST)


def rich(said: str) -> list[Json]:
    """The text in elements that read no markup at all."""
    whole = shortened(said, MOST)
    pieces = [whole[start : start + SECTION] for start in range(0, len(whole), SECTION)] or [" "]
    return [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [run(each)]}]} for each in pieces
    ]


def run(said: str, **style: bool) -> Json:
    element: Json = {"type": "text", "text": said or " "}
    return {**element, "style": style} if style else element


def shortened(said: str, most: int) -> str:
    return said if len(said) <= most else said[: most - 1] + "…"


class _Reader:
    def __init__(self, names: Mapping[str, str], app_user: str) -> None:
        self._names = names
        self._app_user = app_user

    def blocks(self, message: Json) -> str:
        """Empty where the client sent none, or others than what a person's typing makes."""
        told = parts(message, "blocks")
        if not told or any(block.get("type") != "rich_text" for block in told):
            return ""
        lines = [self._element(each, 0) for block in told for each in parts(block, "elements")]
        return self._without_us("\n".join(lines))

    def markup(self, said: str) -> str:
        pieces = re.split(r"(<[^<>\n]*>)", said)
        read = [self._entity(each[1:-1]) if _ENTITY.fullmatch(each) else _styled(each) for each in pieces]
        return self._without_us("".join(read))

    def _without_us(self, said: str) -> str:
        return re.sub(rf"^(?:\s*@{re.escape(self._app_user)}\b[,:]?\s*)+", "", said) if self._app_user else said

    def _element(self, element: Json, depth: int) -> str:
        match element.get("type"):
            case "rich_text_list":
                return self._list(element, depth)
            case "rich_text_quote":
                return "\n".join(f"> {line}" for line in self._inline(element).split("\n"))
            case _:
                return self._inline(element)

    def _list(self, element: Json, depth: int) -> str:
        numbers = count(int(element.get("offset") or 0) + 1) if element.get("style") == "ordered" else None
        indent = "  " * min(int(element.get("indent") or 0), _NESTED)
        items = (self._element(each, depth + 1) if depth < _NESTED else "" for each in parts(element, "elements"))
        return "\n".join(f"{indent}{f'{next(numbers)}.' if numbers else '•'} {item}" for item in items)

    def _inline(self, element: Json) -> str:
        return "".join(self._word(each) for each in parts(element, "elements"))

    def _word(self, word: Json) -> str:  # noqa: PLR0911 -- one for each kind of element
        match word.get("type"):
            case "text":
                return text(word, "text")
            case "user":
                return self._user(text(word, "user_id"), "")
            case "link":
                return _link(text(word, "url"), text(word, "text"))
            case "emoji":
                return _emoji(text(word, "name"), text(word, "unicode"), word.get("skin_tone"))
            case "broadcast":
                return f"@{text(word, 'range')}"
            case "channel":
                return f"#{text(word, 'channel_id')}"
            case "usergroup":
                return f"@{text(word, 'usergroup_id')}"
            case "date":
                return text(word, "fallback")
            case _:
                return text(word, "text")

    def _entity(self, inside: str) -> str:
        """What stands between angle brackets."""
        target, _, label = inside.partition("|")
        label = _unescaped(label)
        if target.startswith("@"):
            return self._user(target[1:], label)
        if target.startswith("#"):
            return f"#{label or target[1:]}"
        if target.startswith("!"):
            return _special(target[1:], label)
        return _link(_unescaped(target), label)

    def _user(self, user: str, label: str) -> str:
        """Our own stays an id, by which it is known at the beginning."""
        return f"@{user if user == self._app_user else self._names.get(user) or label or user}"


def _special(name: str, label: str) -> str:
    if name.startswith("date"):
        return label
    return f"@{(label or name.rpartition('^')[2]).removeprefix('@')}"


def _link(url: str, label: str) -> str:
    """An address alone where the words before it say the same."""
    bare = re.sub(r"^(?:mailto:|tel:)", "", url)
    if bare != url:
        return label if label and label != bare and "@" not in bare and "@" not in label else bare
    if not label or label in {url, re.sub(r"^https?://", "", url), re.sub(r"^https?://|/$", "", url)}:
        return label if label and label != url and not url.startswith("http") else url
    return f"{label} ({url})"


def _emoji(name: str, unicode: str, tone: object) -> str:
    try:
        if unicode:
            return "".join(chr(int(point, 16)) for point in unicode.split("-"))
    except (ValueError, OverflowError):
        pass
    return _shortcode(name, str(tone) if isinstance(tone, int) else None)


def _shortcode(name: str, tone: str | None) -> str:
    shown = emoji.emojize(f":{name}:", language="alias")
    return shown + _TONES.get(tone or "", "") if shown != f":{name}:" else shown


def _styled(said: str) -> str:
    """Markup around whole words goes; within words it is what people wrote."""
    while (fewer := _STYLE.sub(r"\2", said)) != said:
        said = fewer
    return _SHORTCODE.sub(lambda found: _shortcode(found[1], found[2]), _unescaped(said))


def _unescaped(said: str) -> str:
    return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _shared(attachment: Json, reader: _Reader) -> str:
    """A message that was passed on without a word of one's own."""
    return reader.markup(text(attachment, "text") or text(attachment, "fallback"))


def _users(element: Json) -> Iterator[str]:
    waiting = [element]
    while waiting:
        each = waiting.pop()
        if each.get("type") == "user":
            yield text(each, "user_id")
        waiting += parts(each, "elements")
