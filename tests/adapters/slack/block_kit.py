"""What Slack refuses in Block Kit, written down from its public reference (docs.slack.dev, "Block Kit", "Views").

Only what the app uses is allowed here: a kind of block or element that is not listed is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from store.model import Json

_STYLES = {"bold", "italic", "strike", "code"}


class Refused(AssertionError):
    """Slack would answer `invalid_blocks` or `invalid_arguments`."""


def assert_message(blocks: list[Json]) -> None:
    _blocks(blocks, most=50, allowed={"header", "section", "context", "actions", "divider", "rich_text"})
    total = sum(map(_length, _texts(blocks)))
    _must(total <= 11_000, f"msg_blocks_too_long: {total} characters")


def assert_view(view: Json) -> None:
    _keys(view, {"type", "blocks"}, {"title", "submit", "close", "callback_id", "private_metadata"})
    _must(view["type"] in {"modal", "home"}, view["type"])
    _text_within(view.get("callback_id", "x"), 255)
    _must(len(view.get("private_metadata", "")) <= 3000, "private_metadata is too long")
    if view["type"] == "modal":
        _plain(view["title"], 24)
        for each in ("submit", "close"):
            if each in view:
                _plain(view[each], 24)
    else:
        _must(not {"title", "submit", "close"} & view.keys(), "a home tab has no title and no buttons of its own")
    allowed = {"header", "section", "context", "actions", "divider", "rich_text", "input"}
    _blocks(view["blocks"], most=100, allowed=allowed)
    inputs = any(each["type"] == "input" for each in view["blocks"])
    _must(not inputs or view["type"] == "home" or "submit" in view, "a modal with inputs needs `submit`")
    _must(len(json.dumps(view)) <= 250_000, "view_too_large")


def assert_options(answer: Json) -> None:
    """The answer to an external select's question."""
    _keys(answer, {"options"})
    _must(len(answer["options"]) <= 100, "too many options")
    _options(answer["options"])


def assert_errors(view: Json, answer: Json) -> None:
    """The answer to a submission, by its view."""
    _keys(answer, {"response_action", "errors"})
    _must(answer["response_action"] == "errors", answer["response_action"])
    inputs = {each["block_id"] for each in view["blocks"] if each["type"] == "input"}
    _must(bool(answer["errors"]), "no errors")
    for block_id, problem in answer["errors"].items():
        _must(block_id in inputs, f"{block_id} is no input block of the view")
        _text_within(problem, 2000)


def _blocks(blocks: list[Json], *, most: int, allowed: set[str]) -> None:
    _must(0 < len(blocks) <= most, f"{len(blocks)} blocks")
    ids = [each["block_id"] for each in blocks if "block_id" in each]
    _must(len(ids) == len(set(ids)), "a block_id is there twice")
    for each in ids:
        _text_within(each, 255)
    for block in blocks:
        _must(block.get("type") in allowed, f"{block.get('type')} is not allowed here")
        _BLOCKS[block["type"]]({name: value for name, value in block.items() if name != "block_id"})


def _header(block: Json) -> None:
    _keys(block, {"type", "text"})
    _plain(block["text"], 150)


def _section(block: Json) -> None:
    _keys(block, {"type"}, {"text", "fields", "accessory"})
    _must("text" in block or "fields" in block, "a section says nothing")
    if "text" in block:
        _any_text(block["text"], 3000)
    if "fields" in block:
        _must(0 < len(block["fields"]) <= 10, f"{len(block['fields'])} fields")
        for each in block["fields"]:
            _any_text(each, 2000)
    if "accessory" in block:
        _element(block["accessory"], _ACTIONS)


def _context(block: Json) -> None:
    _keys(block, {"type", "elements"})
    _must(0 < len(block["elements"]) <= 10, f"{len(block['elements'])} elements")
    for each in block["elements"]:
        _any_text(each, 3000)


def _actions(block: Json) -> None:
    _keys(block, {"type", "elements"})
    _must(0 < len(block["elements"]) <= 25, f"{len(block['elements'])} elements")
    ids = [each["action_id"] for each in block["elements"]]
    _must(len(ids) == len(set(ids)), "an action_id is there twice")
    for each in block["elements"]:
        _element(each, _ACTIONS)


def _divider(block: Json) -> None:
    _keys(block, {"type"})


def _input(block: Json) -> None:
    _keys(block, {"type", "label", "element"}, {"hint", "optional"})
    _plain(block["label"], 2000)
    if "hint" in block:
        _plain(block["hint"], 2000)
    _must(isinstance(block.get("optional", False), bool), "optional")
    _element(block["element"], _INPUTS)


def _rich_text(block: Json) -> None:
    _keys(block, {"type", "elements"})
    _must(bool(block["elements"]), "an empty rich text")
    for each in block["elements"]:
        _keys(each, {"type", "elements"})
        _must(each["type"] in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}, each["type"])
        _must(bool(each["elements"]), "an empty rich text")
        for run in each["elements"]:
            _keys(run, {"type", "text"}, {"style"})
            _must(run["type"] == "text", f"{run['type']}: what people wrote is text and nothing else")
            _must(run["text"] != "", "an empty text")
            _text_within(f"{run['text']}.", 3001)  # blanks alone are fine between others
            _must(run.get("style", {"bold": True}).keys() <= _STYLES, "style")


_BLOCKS: dict[str, Callable[[Json], None]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "input": _input,
    "rich_text": _rich_text,
}


def _element(element: Json, allowed: dict[str, Callable[[Json], None]]) -> None:
    _must(element.get("type") in allowed, f"{element.get('type')} is not allowed here")
    _text_within(element["action_id"], 255)
    if "placeholder" in element:
        _plain(element["placeholder"], 150)
    allowed[element["type"]]({name: each for name, each in element.items() if name not in {"action_id", "placeholder"}})


def _button(element: Json) -> None:
    _keys(element, {"type", "text"}, {"value", "url", "style"})
    _plain(element["text"], 75)
    if "value" in element:
        _text_within(element["value"], 2000)
    if "url" in element:
        _text_within(element["url"], 3000)
        _must(element["url"].startswith(("https://", "http://", "slack://")), "url")
    _must(element.get("style", "primary") in {"primary", "danger"}, "style")


def _plain_text_input(element: Json) -> None:
    _keys(element, {"type"}, {"multiline", "initial_value", "max_length", "min_length"})
    most = element.get("max_length", 3000)
    _must(1 <= most <= 3000, "max_length")
    if "initial_value" in element:
        _text_within(element["initial_value"], most)
        _must(element.get("multiline", False) or "\n" not in element["initial_value"], "a line has no line breaks")


def _datepicker(element: Json) -> None:
    _keys(element, {"type"}, {"initial_date"})
    year, month, day = map(int, element.get("initial_date", "2000-01-01").split("-"))
    _must(1 <= month <= 12 and 1 <= day <= 31 and year > 0, "initial_date")


def _datetimepicker(element: Json) -> None:
    _keys(element, {"type"}, {"initial_date_time"})
    moment = element.get("initial_date_time", 1_000_000_000)
    _must(type(moment) is int and 1_000_000_000 <= moment <= 9_999_999_999, "initial_date_time: ten digits")


def _static_select(element: Json) -> None:
    _keys(element, {"type", "options"}, {"initial_option"})
    _must(0 < len(element["options"]) <= 100, f"{len(element['options'])} options")
    _options(element["options"])
    if "initial_option" in element:
        _must(element["initial_option"] in element["options"], "initial_option is none of the options")


def _multi_static_select(element: Json) -> None:
    _keys(element, {"type", "options"}, {"initial_options"})
    _must(0 < len(element["options"]) <= 100, f"{len(element['options'])} options")
    _options(element["options"])
    if "initial_options" in element:
        _must(bool(element["initial_options"]), "initial_options is empty")
        _options(element["initial_options"])
        for each in element["initial_options"]:
            _must(each in element["options"], "one of initial_options is none of the options")


def _external_select(element: Json) -> None:
    _keys(element, {"type"}, {"initial_option", "min_query_length"})
    if "initial_option" in element:
        _options([element["initial_option"]])


def _multi_external_select(element: Json) -> None:
    _keys(element, {"type"}, {"initial_options", "min_query_length"})
    if "initial_options" in element:
        _must(0 < len(element["initial_options"]) <= 100, "initial_options")
        _options(element["initial_options"])


def _radio_buttons(element: Json) -> None:
    _keys(element, {"type", "options"}, {"initial_option"})
    _must(0 < len(element["options"]) <= 10, f"{len(element['options'])} options")
    _options(element["options"])
    if "initial_option" in element:
        _must(element["initial_option"] in element["options"], "initial_option is none of the options")


_ACTIONS = {"button": _button}
_INPUTS: dict[str, Callable[[Json], None]] = {
    "plain_text_input": _plain_text_input,
    "datepicker": _datepicker,
    "datetimepicker": _datetimepicker,
    "static_select": _static_select,
    "multi_static_select": _multi_static_select,
    "external_select": _external_select,
    "multi_external_select": _multi_external_select,
    "radio_buttons": _radio_buttons,
}


def _options(options: list[Json]) -> None:
    for each in options:
        _keys(each, {"text", "value"}, {"description"})
        _plain(each["text"], 75)
        _text_within(each["value"], 150)
        if "description" in each:
            _plain(each["description"], 75)
    values = [each["value"] for each in options]
    _must(len(values) == len(set(values)), "two options have one value")


def _any_text(text: Json, most: int) -> None:
    if text.get("type") == "mrkdwn":
        _keys(text, {"type", "text"}, {"verbatim"})
        _text_within(text["text"], most)
    else:
        _plain(text, most)


def _plain(text: Json, most: int) -> None:
    _keys(text, {"type", "text"}, {"emoji"})
    _must(text["type"] == "plain_text", f"{text['type']} where only plain text may stand")
    _must(text.get("emoji") is False, "`:x:` in what people wrote would become an emoji")
    _text_within(text["text"], most)


def _text_within(text: Any, most: int) -> None:
    _must(isinstance(text, str), f"{text!r} is no text")
    _must(bool(text.strip()), "an empty text")
    _must(_length(text) <= most, f"longer than {most}: {text[:40]!r}…")
    _must("\0" not in text, "NUL")
    text.encode()  # no lone surrogates


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2  # an emoji counts as two, to be safe


def _texts(part: Any) -> Iterable[str]:
    """Everything that is shown or sent back in a message's blocks."""
    if isinstance(part, dict):
        for name, each in part.items():  # pyright: ignore[reportUnknownVariableType]
            if name == "text" and isinstance(each, str):
                yield each
            else:
                yield from _texts(each)
    elif isinstance(part, list):
        for each in part:  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(each)


def _keys(part: Json, needed: set[str], possible: Iterable[str] = ()) -> None:
    missing, unknown = needed - part.keys(), part.keys() - needed - set(possible)
    _must(not missing and not unknown, f"{part.get('type')}: missing {missing}, unknown {unknown}")


def _must(right: bool, problem: str) -> None:  # noqa: FBT001 -- reads as assert does
    if not right:
        raise Refused(problem)
