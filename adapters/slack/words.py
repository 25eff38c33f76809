"""Slack's markup as plain text, and our plain text where Slack reads no markup in it.

What a client sent is told twice: as `blocks`, which say exactly what is text and what is a mention or bold, and as
`text`, where "snake_case" and "_italic_" look alike (docs.slack.dev, "Formatting message text").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count

import emoji

from adapters.payload import part, parts, text
from store.model import Json

# All blocks of a post together: Slack refuses more than some 13,000 with what holds them, and says nowhere how many.
MOST = 10_000
_RUN = 2900  # characters of one rich text; Slack takes 3,000
_NOTIFICATION, _TEXT = 4_000, 40_000  # characters of `text`: an edit takes the first, a post the second

_CONTROL = re.compile("[\0\ud800-\udfff]")  # neither a database nor UTF-8 takes them
_US = "\0"  # a mention of the app, until it is known where it stands: no text has one when it has been cleaned
_US_FIRST = re.compile(rf"\s*(?:{_US}[,:]?\s*)+")
_HELD = "\ud800"  # likewise for what is read by itself, while the markup around it is
_WHOLE = re.compile(r"```\n?(?P<fenced>.*?)\n?```|`(?P<code>[^`\n]+)`|<(?P<entity>[^<>\n]*)>", re.DOTALL)
# Markers on the outside of words; between two letters they belong to the word. No two ways to match: it is linear.
_STYLES = tuple(
    re.compile(rf"(?<![\w{mark}]){mark}(?![\s{mark}])((?:[^{mark}\n]|(?<=\w){mark}(?=\w))+)(?<!\s){mark}(?![\w{mark}])")
    for mark in (r"\*", "_", "~")
)
_ESCAPED = re.compile("&(lt|gt|amp);")
_SHORTCODE = re.compile(r":([a-z0-9_+'-]{1,100}):(?::skin-tone-([2-6]):)?")
_FLAG = re.compile("flag-([a-z])([a-z])")
_TONES = {"2": "🏻", "3": "🏼", "4": "🏽", "5": "🏾", "6": "🏿"}
_NESTED = 5  # lists within lists


def plain(message: Json, *, names: Mapping[str, str], app_user: str) -> str:
    """What somebody wrote, without the app's own name in front; of a message only passed on, what that one says.

    `names` of people, groups and channels, by id.
    """
    reader = _Reader(names, app_user)
    said = reader.message(message)
    if not said.strip():
        said = "\n".join(filter(None, (reader.shared(each) for each in parts(message, "attachments"))))
    return said.strip()


def mentioned(message: Json) -> frozenset[str]:
    """The ids of the users that a message mentions."""
    return frozenset(re.findall(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>", text(message, "text"))) | frozenset(
        user for block in parts(message, "blocks") for user in _users(block)
    )


def mrkdwn(said: str) -> str:
    """Text in which Slack finds no mention and no link behind a label: for notifications, where blocks aren't shown.

    Longer than blocks can hold, it is all there is. Asterisks stay: nothing surely stops Slack from reading them as
    bold but `mrkdwn` set to false at the post, and an invisible character in a serial number is copied with it.
    """
    most = _NOTIFICATION if length(said) <= MOST else _TEXT
    escaped = shortened(said, most).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped if length(escaped) <= most else re.sub("&[a-z]*…?$", "", shortened(escaped, most)[:-1]) + "…"


def post(said: str) -> Json:
    """A text as it is posted; where it is too long for blocks it stands alone, and is read as it is."""
    return {"text": mrkdwn(said), "blocks": rich(said), "mrkdwn": False}


# What somebody wrote may name any address: nothing of it is fetched and shown under our name.
NO_PREVIEWS: Json = {"unfurl_links": False, "unfurl_media": False}


def rich(said: str) -> list[Json]:
    """The text in elements that read no markup at all; none for a text that is empty or too long for blocks."""
    whole = clean(said)
    if not whole.strip() or length(whole) > MOST:
        return []
    size = _RUN // 2  # were each character an emoji
    runs = [run(whole[start : start + size]) for start in range(0, len(whole), size)]
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": runs}]}]


def run(said: str, **style: bool) -> Json:
    element: Json = {"type": "text", "text": said or " "}
    return {**element, "style": style} if style else element


def shortened(said: str, most: int) -> str:
    """Within a limit of Slack's, and without what can't be sent."""
    whole = clean(said)
    if length(whole) <= most:
        return whole
    return whole.encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", "ignore") + "…"


def length(said: str) -> int:
    """How long a text is for Slack at most: it may count an emoji as two."""
    return len(said.encode("utf-16-le", "surrogatepass")) // 2


def clean(said: str) -> str:
    return _CONTROL.sub("", said)


def _told(payload: Json, name: str) -> str:
    return clean(text(payload, name))


class _Reader:
    def __init__(self, names: Mapping[str, str], app_user: str) -> None:
        self._names = names
        self._app_user = app_user

    def message(self, message: Json) -> str:
        said = self._blocks(message) or self._markup(_told(message, "text"))
        first = _US_FIRST.match(said)
        return said[first.end() if first else 0 :].replace(_US, self._named("@", self._app_user))

    def shared(self, attachment: Json) -> str:
        """A message that was passed on without a word of one's own."""
        inner = (self.message(part(each, "message")) for each in parts(attachment, "message_blocks"))
        whole = "\n".join(filter(None, inner))
        return whole or self.message({"text": text(attachment, "text") or text(attachment, "fallback")})

    def _blocks(self, message: Json) -> str:
        """Empty where the client sent none, or others than what a person's typing makes."""
        told = parts(message, "blocks")
        if not told or any(block.get("type") != "rich_text" for block in told):
            return ""
        said = ""
        for each in (element for block in told for element in parts(block, "elements")):
            said += ("\n" if said and not said.endswith("\n") else "") + self._element(each, 0)
        return said

    def _markup(self, said: str) -> str:
        """What stands between angle brackets or is code is read by itself, and put back into what is around it."""
        held = map(self._held, _WHOLE.finditer(said))
        return re.sub(_HELD, lambda _: next(held), _styled(_WHOLE.sub(_HELD, said)))

    def _held(self, found: re.Match[str]) -> str:
        code = found["fenced"] or found["code"]
        return self._entity(found["entity"] or "") if code is None else _unescaped(code)

    def _element(self, element: Json, depth: int) -> str:
        match element.get("type"):
            case "rich_text_list":
                return self._list(element, depth)
            case "rich_text_quote":
                return "\n".join(f"> {line}" for line in self._inline(element).split("\n"))
            case _:
                return self._inline(element)

    def _list(self, element: Json, depth: int) -> str:
        numbers = count(_number(element, "offset") + 1) if element.get("style") == "ordered" else None
        indent = "  " * min(_number(element, "indent"), _NESTED)
        items = (self._element(each, depth + 1) if depth < _NESTED else "" for each in parts(element, "elements"))
        return "\n".join(f"{indent}{f'{next(numbers)}.' if numbers else '•'} {item}" for item in items)

    def _inline(self, element: Json) -> str:
        return "".join(self._word(each) for each in parts(element, "elements"))

    def _word(self, word: Json) -> str:  # noqa: PLR0911 -- one for each kind of element
        match word.get("type"):
            case "user":
                return self._user(_told(word, "user_id"), "")
            case "link":
                return _link(_told(word, "url"), _told(word, "text"))
            case "emoji":
                return _emoji(_told(word, "name"), text(word, "unicode"), word.get("skin_tone"))
            case "broadcast":
                return f"@{_told(word, 'range')}"
            case "channel":
                return self._named("#", _told(word, "channel_id"))
            case "usergroup":
                return self._named("@", _told(word, "usergroup_id"))
            case "date":
                return _told(word, "fallback")
            case "color":
                return _told(word, "value")
            case _:
                return _told(word, "text")

    def _entity(self, inside: str) -> str:
        """What stands between angle brackets."""
        target, _, label = inside.partition("|")
        label = _unescaped(label)
        if target.startswith("@"):
            return self._user(target[1:], label)
        if target.startswith("#"):
            return self._named("#", target[1:], label)
        if target.startswith("!date"):
            return label
        if target.startswith("!"):
            return self._named("@", target[1:].rpartition("^")[2], label)
        return _link(_unescaped(target), label)

    def _user(self, user: str, label: str) -> str:
        return _US if user and user == self._app_user else self._named("@", user, label)

    def _named(self, sign: str, native_id: str, label: str = "") -> str:
        name = clean(self._names.get(native_id, "")) or label or native_id
        return f"{sign}{name.removeprefix(sign)}"


def _number(element: Json, name: str) -> int:
    found = element.get(name)
    return found if isinstance(found, int) and 0 <= found < 10**9 else 0


def _link(url: str, label: str) -> str:
    """An address alone where the words before it say the same; a telephone number as it was typed."""
    if url.startswith("tel:"):
        return label or url.removeprefix("tel:")
    if url.startswith("mailto:"):
        return url.removeprefix("mailto:").partition("?")[0]
    if not label or _bare(label) == _bare(url):
        return url
    return f"{label} ({url})"


def _bare(url: str) -> str:
    return re.sub("^https?://", "", url).removesuffix("/")


def _emoji(name: str, unicode: str, tone: object) -> str:
    try:
        if unicode:
            return clean("".join(chr(int(point, 16)) for point in unicode.split("-")))
    except (ValueError, OverflowError):
        pass
    return _shortcode(name, str(tone) if isinstance(tone, int) else None)


def _shortcode(name: str, tone: str | None) -> str:
    if flag := _FLAG.fullmatch(name):
        return "".join(chr(ord("🇦") + ord(letter) - ord("a")) for letter in flag.groups())
    shown = emoji.emojize(f":{name}:", language="alias")
    if shown == f":{name}:":
        return shown + (f":skin-tone-{tone}:" if tone else "")
    return shown + _TONES.get(tone or "", "")


def _styled(said: str) -> str:
    """Markup around whole words goes; within words it is what people wrote."""
    for style in _STYLES:
        said = style.sub(r"\1", said)
    return _unescaped(_SHORTCODE.sub(lambda found: _shortcode(found[1], found[2]), said))


def _unescaped(said: str) -> str:
    return _ESCAPED.sub(lambda found: {"lt": "<", "gt": ">", "amp": "&"}[found[1]], said)


def _users(element: Json) -> Iterator[str]:
    waiting = [element]
    while waiting:
        each = waiting.pop()
        if each.get("type") == "user":
            yield text(each, "user_id")
        waiting += parts(each, "elements")
